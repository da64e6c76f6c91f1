//! What single statements need that others do not get.

/// What a statement needs that others do not get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// `VACUUM` attaches a database of its own, and `ATTACH` of one in memory is what it says.
    pub(crate) attaches: bool,
    /// After `PRAGMA writable_schema = ON` a script writes `sqlite_schema`, and the tables of a
    /// virtual table.
    pub(crate) writes_schema: bool,
}

impl Needs {
    pub(crate) fn of(sql: &str) -> Needs {
        // Any other statement may be long, and its first word tells.
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

/// The literals that name a database in memory, or a temporary one, which is in memory here.
const IN_MEMORY: [&str; 2] = ["''", "':memory:'"];
