//! The state of a database between two scripts: its rows, counters, and what its checks find.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Schema, Table, TableKind};

use crate::runner::try_writes::RefusedWrites;
use observe::check_agrees_with_content;
use observe::{Rows, read_rows, read_sequences};
use sandbox::Scope;
use sandbox::sqlite_message;

/// Rows, marks and troubles of a database at one moment.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) schema: Arc<Schema>,
    /// The rows of ordinary tables, by folded name.
    pub(crate) tables: BTreeMap<String, Rows>,
    pub(crate) sequences: BTreeMap<String, i64>,
    /// Rows that refer to nothing: child and parent, folded, with one line for each row.
    pub(crate) orphans: BTreeMap<(String, String), Vec<String>>,
    /// The sentences of `integrity_check`.
    pub(crate) integrity: Vec<String>,
    /// The search tables that do not show their content, folded.
    pub(crate) searches: BTreeSet<String>,
    /// The writes that triggers refuse, where the runner tried them.
    pub(crate) refused_writes: RefusedWrites,
}

impl State {
    /// Looks at the tables of `only`.
    pub(crate) fn read(
        connection: &Connection,
        schema: &Arc<Schema>,
        only: &BTreeSet<String>,
    ) -> State {
        let chosen = |name: &str| only.contains(&fold(name));
        let counts =
            |table: &Table| (table.primary_key.as_ref()).is_some_and(|key| key.autoincrement);
        let sequences = schema
            .tables()
            .any(counts)
            .then(|| read_sequences(connection));
        let mut look = State {
            schema: Arc::clone(schema),
            tables: BTreeMap::new(),
            sequences: sequences.and_then(Result::ok).unwrap_or_default(),
            orphans: BTreeMap::new(),
            integrity: Vec::new(),
            searches: BTreeSet::new(),
            refused_writes: RefusedWrites::new(),
        };
        for table in schema.tables().filter(|table| chosen(&table.name)) {
            match &table.kind {
                TableKind::Virtual { module, .. } if module == "fts5" => {
                    if check_agrees_with_content(connection, &table.name).is_err() {
                        look.searches.insert(fold(&table.name));
                    }
                }
                TableKind::Virtual { .. } => {}
                _ => {
                    // A table that cannot be read, say for a collation that is missing, is not
                    // compared, nor is one that a script filled with more than anybody could look
                    // at.
                    let rows = match find_obstacle(connection, table) {
                        Some(why) => Err(why),
                        None => read_rows(connection, schema, table)
                            .map_err(|error| sqlite_message(&error)),
                    };
                    match rows {
                        Ok(rows) => drop(look.tables.insert(fold(&table.name), rows)),
                        Err(why) => {
                            Scope::note(format!("`{}` is not compared: {why}", table.name));
                        }
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

/// Larger tables than this are not compared, in bytes.
const LARGEST: i64 = 64 << 20;

/// Why the rows of a table cannot be held in memory, or compared in time; `None` where they can.
fn find_obstacle(connection: &Connection, table: &Table) -> Option<String> {
    let name = quote_name(&table.name);
    let ask = |sql: String| connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
    let count = ask(format!(
        "SELECT count(*) FROM (SELECT 1 FROM main.{name} LIMIT {})",
        MOST + 1
    ));
    // The reader of the rows notes why that fails.
    let count = count.ok()?;
    if count > MOST {
        return Some(format!("it holds more than {MOST} rows"));
    }
    // A computed value is not in the database, and may be of any size.
    let computed = table.columns.iter().filter(|own| own.generated.is_some());
    let size: Vec<String> = computed
        .map(|column| format!("coalesce(octet_length({}), 0)", quote_name(&column.name)))
        .collect();
    if size.is_empty() {
        return None;
    }
    match ask(format!(
        "SELECT coalesce(sum({}), 0) FROM main.{name}",
        size.join(" + ")
    )) {
        Ok(bytes) if bytes > LARGEST => Some(format!("it holds more than {} MB", LARGEST >> 20)),
        Ok(_) => None,
        Err(error) => Some(sqlite_message(&error)),
    }
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
    // Another check reports a key that SQLite cannot check.
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
