//! Everything in a database that must survive a migration.

use std::collections::BTreeMap;

use rusqlite::Connection;
use schema::Schema;
use schema::sql::fold;

use crate::error::Error;
use crate::ledger_table::LedgerTable;
use crate::rows::{Rows, read_rows};
use crate::value::Value;

/// Everything in a database that must survive a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// The schema without the ledger.
    pub schema: Schema,
    /// The rows of each table, by folded name.
    pub tables: BTreeMap<String, Rows>,
    /// The counters of `sqlite_sequence`, by folded table name.
    pub sequences: BTreeMap<String, i64>,
    /// The rows of the ledger, in the columns that [`LedgerTable`] lists; `None` if there is no
    /// ledger.
    pub ledger: Option<Vec<Vec<Value>>>,
    /// `user_version`.
    pub user_version: i32,
    /// `application_id`.
    pub application_id: i32,
}

impl Observation {
    /// Reads everything. The table `ledger`, if given, counts as bookkeeping and not as data.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn read(
        connection: &Connection,
        ledger: Option<LedgerTable>,
    ) -> Result<Observation, Error> {
        let mut observation = Observation::without_rows(connection, ledger)?;
        for table in observation.schema.tables() {
            let rows = read_rows(connection, &observation.schema, table)
                .map_err(|error| Error::in_table(&table.name, error))?;
            observation.tables.insert(fold(&table.name), rows);
        }
        Ok(observation)
    }

    /// Reads everything but the rows of the tables.
    pub(crate) fn without_rows(
        connection: &Connection,
        ledger: Option<LedgerTable>,
    ) -> Result<Observation, Error> {
        let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
        let mut schema = Schema::read(connection)?;
        let mut sequences = read_sequences(connection)?;
        let mut rows = None;
        if let Some(ledger) = ledger {
            rows = ledger.read(connection, &schema)?;
            schema = schema.without_table(ledger.name);
            sequences.remove(&fold(ledger.name));
        }
        Ok(Observation {
            schema,
            tables: BTreeMap::new(),
            sequences,
            ledger: rows,
            user_version: pragma("user_version")?,
            application_id: pragma("application_id")?,
        })
    }

    /// The number of rows in all tables.
    pub fn row_count(&self) -> usize {
        self.tables.values().map(|table| table.rows.len()).sum()
    }
}

/// Reads the counters of `sqlite_sequence`, by folded table name.
///
/// # Errors
/// If the table cannot be read.
pub fn read_sequences(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    let there: bool = connection.query_row(
        "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'sqlite_sequence'",
        [],
        |row| row.get(0),
    )?;
    if !there {
        return Ok(BTreeMap::new());
    }
    let mut statement = connection.prepare("SELECT name, seq FROM sqlite_sequence")?;
    let rows = statement.query_map([], |row| {
        Ok((
            fold(&row.get::<_, String>(0)?),
            row.get::<_, i64>(1).unwrap_or(i64::MAX),
        ))
    })?;
    rows.collect()
}
