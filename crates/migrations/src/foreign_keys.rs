//! Foreign key violations before and after a run: only those that the run caused count.

use std::collections::BTreeMap;

use rusqlite::{Connection, ErrorCode};
use schema::Schema;
use schema::sql::{fold, quote_name};

use crate::affected_tables;
use crate::authorizer::{Authorizer, Tables};
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::facts::Violation;
use crate::file::FileState;
use crate::plan::Plan;
use crate::report::Dangling;

/// The check of one run: the violations before its first step, in the tables that its steps will
/// touch and their children.
pub(crate) struct KeyCheck {
    concerned: Option<Tables>,
    schema: Schema,
    before: Violations,
}

impl KeyCheck {
    /// Checks before the first step of `plan`, on a file with `schema`.
    pub(crate) fn begin(
        connection: &Connection,
        catalogue: &Catalogue,
        plan: &Plan,
        schema: Schema,
    ) -> Result<KeyCheck, Error> {
        // Without a declared key there is no violation, and no trial run is needed.
        let concerned = if declares_keys(connection)? {
            affected_tables::predict(connection, catalogue, plan)
                .map(|tables| affected_tables::with_children(&tables, &schema))
        } else {
            Some(Tables::new())
        };
        let before = Violations::read(connection, concerned.as_ref())?;
        Ok(KeyCheck {
            concerned,
            schema,
            before,
        })
    }

    /// Checks after the last step, including tables that `authorizer` saw beyond the predicted
    /// ones. Returns the violations that existed before and remain.
    pub(crate) fn finish(
        self,
        connection: &Connection,
        authorizer: &Authorizer,
    ) -> Result<Vec<Dangling>, Error> {
        if !declares_keys(connection)? {
            return Ok(Vec::new());
        }
        let concerned = match self.concerned {
            None => None,
            Some(mut tables) => {
                let after = FileState::read(connection)?.schema;
                tables.extend(authorizer.affected_tables());
                tables.extend(affected_tables::new_tables(&self.schema, &after));
                Some(affected_tables::with_children(&tables, &after))
            }
        };
        Violations::read(connection, concerned.as_ref())?.none_beyond(&self.before)
    }
}

/// All violations in a file, and the tables that SQLite cannot check.
#[derive(Default)]
pub(crate) struct Violations {
    counts: BTreeMap<Violation, usize>,
    uncheckable: BTreeMap<String, rusqlite::Error>,
}

impl Violations {
    /// Asks [SQLite](https://sqlite.org/pragma.html#pragma_foreign_key_check) for the violations in
    /// the tables `only`, or in the whole file. One key whose parent lacks a fitting UNIQUE makes
    /// that check fail; then each table is checked by itself.
    pub(crate) fn read(
        connection: &Connection,
        only: Option<&Tables>,
    ) -> Result<Violations, Error> {
        let mut found = Violations::default();
        if only.is_none() {
            match found.add(connection, "PRAGMA main.foreign_key_check") {
                Ok(()) => return Ok(found),
                Err(source) if mismatch(&source) => found = Violations::default(),
                Err(source) => return Err(error::sqlite(source)),
            }
        }
        let tables: Vec<String> = connection
            .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY name")
            .and_then(|mut statement| {
                let names = statement.query_map([], |row| row.get(0))?;
                names.collect()
            })
            .map_err(error::sqlite)?;
        let concerned = |table: &String| only.is_none_or(|only| only.contains(&fold(table)));
        for table in tables.into_iter().filter(concerned) {
            let check = format!("PRAGMA main.foreign_key_check({})", quote_name(&table));
            match found.add(connection, &check) {
                Ok(()) => {}
                Err(source) if mismatch(&source) => {
                    found.uncheckable.insert(table, source);
                }
                Err(source) => return Err(error::sqlite(source)),
            }
        }
        Ok(found)
    }

    fn add(&mut self, connection: &Connection, check: &str) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(check)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let violation = Violation {
                table: row.get(0)?,
                rowid: row.get(1)?,
                parent: row.get(2)?,
            };
            *self.counts.entry(violation).or_default() += 1;
        }
        Ok(())
    }

    /// Fails on a violation that is not in `before`, and otherwise returns those that are. Keys are
    /// not compared by number, because a step that adds a key renumbers them.
    pub(crate) fn none_beyond(self, before: &Violations) -> Result<Vec<Dangling>, Error> {
        for (table, source) in self.uncheckable {
            if !before.uncheckable.contains_key(&table) {
                return Err(error::foreign_keys_uncheckable(&table, source));
            }
        }
        let mut made = Vec::new();
        let mut old_ones: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (violation, count) in self.counts {
            let old = before.counts.get(&violation).copied().unwrap_or_default();
            // All violations of a table that could not be checked before may be old ones.
            if !before.uncheckable.contains_key(&violation.table) {
                let key = (violation.table.clone(), violation.parent.clone());
                *old_ones.entry(key).or_default() += count.min(old) as u64;
                made.extend(std::iter::repeat_n(violation, count.saturating_sub(old)));
            }
        }
        if !made.is_empty() {
            return Err(error::foreign_keys_violated(&made));
        }
        let dangling = old_ones
            .into_iter()
            .map(|((table, parent), rows)| Dangling {
                table,
                parent,
                rows,
            });
        Ok(dangling.collect())
    }
}

/// Whether any table may declare a foreign key: the keyword has only one spelling.
fn declares_keys(connection: &Connection) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE \
               '%REFERENCES%')";
    connection
        .query_row(sql, [], |row| row.get(0))
        .map_err(error::sqlite)
}

fn mismatch(source: &rusqlite::Error) -> bool {
    source.sqlite_error_code() == Some(ErrorCode::Unknown)
}
