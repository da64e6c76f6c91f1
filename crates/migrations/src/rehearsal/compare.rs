//! Two files compared row by row, by SQLite itself.

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Schema, Table, TableKind};

use crate::error::{self, Error};
use crate::notes::Rename;

/// What happened to the rows of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableChange {
    /// The table, by its name before the run where it had one.
    pub table: String,
    /// How many rows it had; `None` for a table that is new.
    pub before: Option<u64>,
    /// How many rows it has; `None` for a table that is gone.
    pub after: Option<u64>,
    /// Rows that are not there any more, by key where there is one.
    pub gone: u64,
    /// Rows that were not there before, in a table that was.
    pub appeared: u64,
    /// Columns that stayed, with the number of rows whose value or type is another one.
    pub changed: Vec<(String, u64)>,
    /// Columns that went, with the number of rows that had a value in them.
    pub dropped: Vec<(String, u64)>,
}

/// Two files to compare: `main` and, attached, `old`.
pub(super) struct Pair<'a> {
    pub(super) connection: &'a Connection,
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    pub(super) renames: &'a [Rename],
}

impl Pair<'_> {
    pub(super) fn compare(&self) -> Result<Vec<TableChange>, Error> {
        let mut changes = Vec::new();
        let mut seen = Vec::new();
        for old in ordinary(self.old) {
            let name = self.new_name(&old.name);
            seen.push(fold(&name));
            let change = match self.new.table(&name) {
                Some(new) => self.compare_table(old, new)?,
                None => self.dropped_table(old)?,
            };
            let quiet = TableChange {
                table: change.table.clone(),
                before: change.before,
                after: change.before,
                ..TableChange::default()
            };
            if change != quiet {
                changes.push(change);
            }
        }
        for new in ordinary(self.new).filter(|table| !seen.contains(&fold(&table.name))) {
            let sql = format!("SELECT count(*) FROM main.{}", quote_name(&new.name));
            let after = Some(self.count(&sql)?);
            changes.push(TableChange {
                table: new.name.clone(),
                after,
                ..TableChange::default()
            });
        }
        Ok(changes)
    }

    fn dropped_table(&self, old: &Table) -> Result<TableChange, Error> {
        let rows = self.count(&format!(
            "SELECT count(*) FROM old.{}",
            quote_name(&old.name)
        ))?;
        Ok(TableChange {
            table: old.name.clone(),
            before: Some(rows),
            gone: rows,
            ..TableChange::default()
        })
    }

    fn compare_table(&self, old: &Table, new: &Table) -> Result<TableChange, Error> {
        let (o, n) = (quote_name(&old.name), quote_name(&new.name));
        let mut change = TableChange {
            table: old.name.clone(),
            before: Some(self.count(&format!("SELECT count(*) FROM old.{o}"))?),
            after: Some(self.count(&format!("SELECT count(*) FROM main.{n}"))?),
            ..TableChange::default()
        };
        let mut both = Vec::new();
        for column in old.columns.iter().filter(|column| !column.hidden) {
            let to = self.new_column(&old.name, &column.name);
            let name = quote_name(&column.name);
            if new.column(&to).is_some() {
                both.push((name, quote_name(&to), column.name.clone()));
            } else {
                let rows = self.count(&format!("SELECT count({name}) FROM old.{o}"))?;
                change.dropped.push((column.name.clone(), rows));
            }
        }
        match self.key(old, &both) {
            Some(same) => {
                let missing = |from: &str, to: &str| {
                    format!(
                        "SELECT count(*) FROM {from} WHERE NOT EXISTS (SELECT 1 FROM {to} WHERE {same})"
                    )
                };
                let (o, n) = (format!("old.{o} AS o"), format!("main.{n} AS n"));
                change.gone = self.count(&missing(&o, &n))?;
                change.appeared = self.count(&missing(&n, &o))?;
                for (a, b, column) in &both {
                    let rows = self.count(&format!(
                        "SELECT count(*) FROM {o} JOIN {n} ON {same}
                         WHERE o.{a} IS NOT n.{b} OR typeof(o.{a}) <> typeof(n.{b})"
                    ))?;
                    if rows > 0 {
                        change.changed.push((column.clone(), rows));
                    }
                }
            }
            // Without a key, rows are equal or they are not.
            None => {
                let list = |new: bool| -> String {
                    let names = both.iter().map(|(a, b, _)| if new { b } else { a });
                    names
                        .map(|name| format!("typeof({name}), {name}, "))
                        .collect()
                };
                let rows = |table: &str, list: String| {
                    let places: Vec<_> = (1..=both.len() * 2).map(|n| n.to_string()).collect();
                    let group = match places.is_empty() {
                        true => String::new(),
                        false => format!(" GROUP BY {}", places.join(", ")),
                    };
                    format!("SELECT {list}count(*) AS n FROM {table}{group}")
                };
                let (a, b) = (
                    rows(&format!("old.{o}"), list(false)),
                    rows(&format!("main.{n}"), list(true)),
                );
                let beyond = |a: &str, b: &str| {
                    format!("SELECT count(*) FROM (SELECT * FROM ({a}) EXCEPT SELECT * FROM ({b}))")
                };
                change.gone = self.count(&beyond(&a, &b))?;
                change.appeared = self.count(&beyond(&b, &a))?;
            }
        }
        Ok(change)
    }

    /// The condition under which a row `o` of the old table is the row `n` of the new one: the primary
    /// key, as far as its columns stayed.
    fn key(&self, old: &Table, both: &[(String, String, String)]) -> Option<String> {
        let key = old.primary_key.as_ref()?;
        let parts = key.columns.iter().map(|part| {
            let same =
                |(_, _, name): &&(String, String, String)| name.eq_ignore_ascii_case(&part.name);
            both.iter()
                .find(same)
                .map(|(a, b, _)| format!("n.{b} = o.{a}"))
        });
        let parts: Option<Vec<String>> = parts.collect();
        Some(parts?.join(" AND "))
            .filter(|condition| !condition.is_empty())
            .filter(|_| !self.has_null_keys(old))
    }

    /// A key that is not the rowid may be NULL, and NULL equals nothing.
    fn has_null_keys(&self, old: &Table) -> bool {
        let key = old.primary_key.iter().flat_map(|key| &key.columns);
        let nulls: Vec<_> = key
            .map(|part| format!("{} IS NULL", quote_name(&part.name)))
            .collect();
        let sql = format!(
            "SELECT count(*) FROM old.{} WHERE {}",
            quote_name(&old.name),
            nulls.join(" OR ")
        );
        self.count(&sql).unwrap_or(1) > 0
    }

    fn count(&self, sql: &str) -> Result<u64, Error> {
        let count: i64 = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(error::sqlite)?;
        Ok(count.unsigned_abs())
    }

    fn new_name(&self, table: &str) -> String {
        let rename = self
            .renames
            .iter()
            .find(|rename| rename.column.is_none() && rename.table.eq_ignore_ascii_case(table));
        rename.map_or_else(|| table.to_owned(), |rename| rename.to.clone())
    }

    fn new_column(&self, table: &str, column: &str) -> String {
        let rename = self.renames.iter().find(|rename| {
            rename.table.eq_ignore_ascii_case(table)
                && rename
                    .column
                    .as_deref()
                    .is_some_and(|own| own.eq_ignore_ascii_case(column))
        });
        rename.map_or_else(|| column.to_owned(), |rename| rename.to.clone())
    }
}

fn ordinary(schema: &Schema) -> impl Iterator<Item = &Table> {
    schema
        .tables()
        .filter(|table| table.kind == TableKind::Ordinary)
}
