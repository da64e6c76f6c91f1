//! The rows of a database, in the order in which they are inserted.

use observe::Value;
use rusqlite::Connection;
use schema::sql::quote_name;

/// A row to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insert {
    /// The table.
    pub table: String,
    /// Its columns, with their values.
    pub values: Vec<(String, Value)>,
}

/// The rows of a database, in the order in which they are inserted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The rows.
    pub inserts: Vec<Insert>,
}

impl Content {
    /// Inserts all rows, or none. If a row refers to a later one, foreign keys are checked at the
    /// end. <https://sqlite.org/pragma.html#pragma_defer_foreign_keys>
    ///
    /// # Errors
    /// The error of the first row that SQLite refuses.
    pub fn put_into(&self, connection: &Connection) -> rusqlite::Result<()> {
        // Not deferred at first, because that makes SQLite refuse parent rows whose children cannot
        // be checked.
        match self.try_put_into(connection, "SAVEPOINT content") {
            Err(error) if is_foreign_key(&error) => self.try_put_into(
                connection,
                "SAVEPOINT content; PRAGMA defer_foreign_keys = ON",
            ),
            result => result,
        }
    }

    fn try_put_into(&self, connection: &Connection, begin: &str) -> rusqlite::Result<()> {
        connection.execute_batch(begin)?;
        let put = self.insert_all(connection);
        let put = put.and_then(|()| connection.execute_batch("RELEASE content"));
        if put.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK TO content; RELEASE content")?;
        }
        put
    }

    fn insert_all(&self, connection: &Connection) -> rusqlite::Result<()> {
        for insert in &self.inserts {
            let places: Vec<_> = (1..=insert.values.len()).map(|n| format!("?{n}")).collect();
            let sql = format!("{} VALUES ({})", insert.head(), places.join(", "));
            let values = insert.values.iter().map(|(_, value)| value);
            connection
                .prepare_cached(&sql)?
                .execute(rusqlite::params_from_iter(values))?;
        }
        Ok(())
    }

    /// Formats the rows as SQL that a person can paste into `sqlite3`.
    pub fn to_sql(&self) -> String {
        let mut text = String::new();
        for insert in &self.inserts {
            let values: Vec<_> = insert
                .values
                .iter()
                .map(|(_, value)| value.to_sql_text())
                .collect();
            text.push_str(&format!(
                "{} VALUES ({});\n",
                insert.head(),
                values.join(", ")
            ));
        }
        text
    }
}

fn is_foreign_key(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

impl Insert {
    fn head(&self) -> String {
        let columns: Vec<_> = self
            .values
            .iter()
            .map(|(name, _)| quote_name(name))
            .collect();
        format!(
            "INSERT INTO {} ({})",
            quote_name(&self.table),
            columns.join(", ")
        )
    }
}
