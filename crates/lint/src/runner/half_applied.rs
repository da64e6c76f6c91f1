//! The remains of a script that fails in the middle and runs outside a transaction.

use std::collections::BTreeSet;

use rusqlite::Connection;
use schema::sql::quote_name;

/// The remains of a script that failed after some of its statements had taken effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HalfApplied {
    /// How many statements had run.
    pub(crate) statements: usize,
    /// The tables that are gone.
    pub(crate) gone: Vec<String>,
    /// The tables that came and hold rows.
    pub(crate) filled: Vec<String>,
    /// The tables that came and hold none.
    pub(crate) empty: Vec<String>,
    /// Whether the same file, run again, stops at a statement that ran before.
    pub(crate) blocked: bool,
}

impl HalfApplied {
    /// The clause that follows the reason of the failure.
    pub(crate) fn describe(&self) -> String {
        let list = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let mut parts = vec![match self.statements {
            1 => "it runs without a transaction, so the statement before the failure stays"
                .to_owned(),
            count => format!(
                "it runs without a transaction, so the {count} statements before the failure stay"
            ),
        }];
        if !self.gone.is_empty() {
            let verb = if self.gone.len() == 1 { "is" } else { "are" };
            parts.push(format!("{} {verb} gone", list(&self.gone)));
        }
        if !self.filled.is_empty() {
            let only = if self.gone.is_empty() { "" } else { "only " };
            parts.push(format!("rows are {only}in {}", list(&self.filled)));
        }
        if !self.empty.is_empty() {
            parts.push(format!("{} came without rows", list(&self.empty)));
        }
        parts.push(if self.blocked {
            "the file cannot be run again, because a statement that ran before fails then"
                .to_owned()
        } else {
            "the file can be run again".to_owned()
        });
        parts.join("; ")
    }
}

/// The names of the tables of a database.
pub(crate) fn table_names(connection: &Connection) -> BTreeSet<String> {
    let read = || -> rusqlite::Result<BTreeSet<String>> {
        let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE \
                   'sqlite\\_%' ESCAPE '\\'";
        let mut statement = connection.prepare(sql)?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect()
    };
    read().unwrap_or_default()
}

/// Whether a table holds a row.
pub(crate) fn has_rows(connection: &Connection, table: &str) -> bool {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM main.{})", quote_name(table));
    connection
        .query_row(&sql, [], |row| row.get(0))
        .unwrap_or(false)
}
