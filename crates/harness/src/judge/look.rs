//! What a database looks like between two scripts: its rows and what speaks against it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Schema, Table, TableKind};

use crate::observe::{Rows, read_rows, read_sequences};
use crate::trouble::agrees_with_content;

/// Rows, marks and troubles of a database at one moment.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) schema: Arc<Schema>,
    /// The rows of ordinary tables, by folded name.
    pub(super) tables: BTreeMap<String, Rows>,
    pub(super) sequences: BTreeMap<String, i64>,
    /// Rows that refer to nothing: child and parent, folded, with one line for each row.
    pub(super) orphans: BTreeMap<(String, String), Vec<String>>,
    /// What `integrity_check` says.
    pub(super) integrity: Vec<String>,
    /// The search tables that do not show their content, folded.
    pub(super) searches: BTreeSet<String>,
}

impl Look {
    /// Looks at the tables of `only`.
    pub(super) fn at(
        connection: &Connection,
        schema: &Arc<Schema>,
        only: &BTreeSet<String>,
    ) -> Look {
        let chosen = |name: &str| only.contains(&fold(name));
        let counts =
            |table: &Table| (table.primary_key.as_ref()).is_some_and(|key| key.autoincrement);
        let sequences = schema
            .tables()
            .any(counts)
            .then(|| read_sequences(connection));
        let mut look = Look {
            schema: Arc::clone(schema),
            tables: BTreeMap::new(),
            sequences: sequences.and_then(Result::ok).unwrap_or_default(),
            orphans: BTreeMap::new(),
            integrity: Vec::new(),
            searches: BTreeSet::new(),
        };
        for table in schema.tables().filter(|table| chosen(&table.name)) {
            match &table.kind {
                TableKind::Virtual { module, .. } if module == "fts5" => {
                    if agrees_with_content(connection, &table.name).is_err() {
                        look.searches.insert(fold(&table.name));
                    }
                }
                TableKind::Virtual { .. } => {}
                _ => {
                    // A table that cannot be read, say for a collation that is missing, is not compared, nor is
                    // one that a script filled with more than anybody could look at.
                    if few(connection, &table.name)
                        && let Ok(rows) = read_rows(connection, schema, table)
                    {
                        look.tables.insert(fold(&table.name), rows);
                    }
                    look.integrity
                        .append(&mut integrity(connection, &table.name));
                    if !table.foreign_keys.is_empty() {
                        look.orphans.append(&mut orphans(connection, &table.name));
                    }
                }
            }
        }
        look
    }
}

/// More rows than these are not compared.
const MOST: i64 = 20_000;

fn few(connection: &Connection, table: &str) -> bool {
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM main.{} LIMIT {})",
        quote_name(table),
        MOST + 1
    );
    let count = connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
    count.map_or(true, |count| count <= MOST)
}

fn orphans(connection: &Connection, table: &str) -> BTreeMap<(String, String), Vec<String>> {
    let read = || -> rusqlite::Result<BTreeMap<(String, String), Vec<String>>> {
        let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
        let sql = format!("PRAGMA main.foreign_key_check({})", quote_name(table));
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let rowid: Option<i64> = row.get(1)?;
            let parent: String = row.get(2)?;
            let place = rowid.map_or_else(String::new, |rowid| format!(", rowid {rowid}"));
            found
                .entry((fold(table), fold(&parent)))
                .or_default()
                .push(format!("{table}{place}: no such row in {parent}"));
        }
        Ok(found)
    };
    // A key that cannot be checked is told as one that dangles.
    read().unwrap_or_default()
}

fn integrity(connection: &Connection, table: &str) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let sql = format!("PRAGMA main.integrity_check({})", quote_name(table));
        let mut statement = connection.prepare(&sql)?;
        let said = statement.query_map([], |row| row.get::<_, String>(0))?;
        said.filter(|sentence| !sentence.as_ref().is_ok_and(|sentence| sentence == "ok"))
            .collect()
    };
    read().unwrap_or_default()
}
