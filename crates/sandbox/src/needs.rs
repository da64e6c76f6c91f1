//! Permissions that single statements need and others do not get.

/// Permissions that a statement needs and others do not get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Whether it attaches a database: `VACUUM` its own, `ATTACH` one in memory.
    pub(crate) attaches: bool,
    /// Whether a script may write `sqlite_schema` and the tables of a virtual table, as after
    /// `PRAGMA writable_schema = ON`.
    pub(crate) writes_schema: bool,
}

impl Needs {
    pub(crate) fn of(sql: &str) -> Needs {
        // Any other statement may be long, and its first word decides.
        let first = schema::sql::statements(sql.get(..64).unwrap_or(sql));
        let starts = |word: &str| {
            let first = first.first().map(|first| first.text).unwrap_or_default();
            (first.get(..word.len())).is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if !["vacuum", "attach", "pragma"].into_iter().any(starts) {
            return Needs::default();
        }
        let words = schema::sql::fold(&schema::sql::canonical(sql));
        let words = words.split(|c: char| c.is_whitespace() || c == ';');
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let attaches = match words.as_slice() {
            ["vacuum", rest @ ..] => !rest.contains(&"into"),
            ["attach", "database", name, "as", ..] | ["attach", name, "as", ..] => {
                IN_MEMORY.contains(name)
            }
            _ => false,
        };
        Needs {
            attaches,
            writes_schema: words.iter().any(|word| word.contains("writable_schema")),
        }
    }
}

/// The literals for a database in memory, or for a temporary one, which is in memory here.
const IN_MEMORY: [&str; 2] = ["''", "':memory:'"];
