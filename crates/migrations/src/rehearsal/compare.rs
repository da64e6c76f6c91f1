//! Compares two files row by row, with SQLite itself.

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Rename, Schema, Table, TableKind};

use crate::error::{self, Error};

/// The changes to the rows of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableChange {
    /// The name of the table, before the run if it existed then.
    pub table: String,
    /// The number of rows before; `None` for a new table.
    pub before: Option<u64>,
    /// The number of rows after; `None` for a table that is gone.
    pub after: Option<u64>,
    /// Rows that are gone, by key if there is one.
    pub gone: u64,
    /// Rows that are new, in a table that existed before.
    pub appeared: u64,
    /// Columns that stayed, with the number of rows whose value or type changed.
    pub changed: Vec<(String, u64)>,
    /// Columns that are gone, with the number of rows that had a value in them.
    pub dropped: Vec<(String, u64)>,
    /// Tables whose deleted rows took rows of this table along, with the number of those rows.
    pub went_with: Vec<(String, u64)>,
}

impl TableChange {
    /// Whether every row and every value is unchanged.
    pub fn is_untouched(&self) -> bool {
        self.before == self.after
            && self.gone + self.appeared == 0
            && self.changed.is_empty()
            && self.dropped.is_empty()
    }
}

/// The two files to compare: `main` and, attached, `old`.
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
            changes.push(match self.new.table(&name) {
                Some(new) => self.compare_table(old, new)?,
                None => self.dropped_table(old)?,
            });
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
                        "SELECT count(*) FROM {from} WHERE NOT EXISTS (SELECT 1 FROM {to} WHERE \
                         {same})"
                    )
                };
                let (o, n) = (format!("old.{o} AS o"), format!("main.{n} AS n"));
                change.gone = self.count(&missing(&o, &n))?;
                if change.gone > 0 {
                    change.went_with = self.went_with(old, &missing(&o, &n))?;
                }
                change.appeared = self.count(&missing(&n, &o))?;
                for (a, b, column) in &both {
                    let rows = self.count(&format!(
                        "SELECT count(*) FROM {o} JOIN {n} ON {same}
                         WHERE o.{a} IS NOT n.{b} COLLATE BINARY OR typeof(o.{a}) <> typeof(n.{b})"
                    ))?;
                    if rows > 0 {
                        change.changed.push((column.clone(), rows));
                    }
                }
            }
            // Without a key, rows are equal or not, and duplicates count separately.
            None => (change.gone, change.appeared) = self.as_multisets(&o, &n, &both)?,
        }
        Ok(change)
    }

    /// The number of rows that are only in `old`, and only in `new`, by types and values in `both`.
    fn as_multisets(
        &self,
        old: &str,
        new: &str,
        both: &[(String, String, String)],
    ) -> Result<(u64, u64), Error> {
        let list = |names: Vec<&String>| -> String {
            let each = (1..).zip(names);
            each.map(|(n, name)| format!("typeof({name}) AS t{n}, {name} AS v{n}, "))
                .collect()
        };
        let all = format!(
            "SELECT {}1 AS n FROM old.{old} UNION ALL SELECT {}-1 FROM main.{new}",
            list(both.iter().map(|(own, _, _)| own).collect()),
            list(both.iter().map(|(_, own, _)| own).collect())
        );
        let parts = (1..=both.len()).map(|n| format!("t{n}, v{n} COLLATE BINARY"));
        let group = match both {
            [] => String::new(),
            _ => format!(" GROUP BY {}", parts.collect::<Vec<_>>().join(", ")),
        };
        let sums = format!("SELECT sum(n) AS n FROM ({all}){group}");
        let beyond = |sign: &str| {
            self.count(&format!(
                "SELECT coalesce(sum({sign}n), 0) FROM ({sums}) WHERE {sign}n > 0"
            ))
        };
        Ok((beyond("")?, beyond("-")?))
    }

    /// The rows counted by `gone` whose parent row is gone, too, by parent.
    fn went_with(&self, old: &Table, gone: &str) -> Result<Vec<(String, u64)>, Error> {
        let mut found = Vec::new();
        for key in &old.foreign_keys {
            let Some(parent) = self.old.table(&key.parent) else {
                continue;
            };
            let implied = parent.primary_key.iter().flat_map(|key| &key.columns);
            let columns: Vec<String> = match key.parent_columns.as_slice() {
                [] => implied.map(|part| part.name.clone()).collect(),
                named => named.to_vec(),
            };
            let known = |name: &String| parent.column(name).is_some();
            let fits = columns.len() == key.columns.len() && columns.iter().all(known);
            if !fits {
                continue;
            }
            let points =
                key.columns.iter().zip(&columns).map(|(own, theirs)| {
                    format!("p.{} = o.{}", quote_name(theirs), quote_name(own))
                });
            let points = points.collect::<Vec<_>>().join(" AND ");
            // If the key column itself is gone, no row can be identified by it.
            let kept = self.new.table(&self.new_name(&parent.name)).filter(|new| {
                let kept = |column| new.column(&self.new_column(&parent.name, column)).is_some();
                columns.iter().all(|column| kept(column))
            });
            let still = kept.map(|new| {
                let same = columns.iter().map(|column| {
                    let to = self.new_column(&parent.name, column);
                    format!("q.{} = p.{}", quote_name(&to), quote_name(column))
                });
                let same = same.collect::<Vec<_>>().join(" AND ");
                let name = quote_name(&new.name);
                format!(" AND NOT EXISTS (SELECT 1 FROM main.{name} AS q WHERE {same})")
            });
            let rows = self.count(&format!(
                "{gone} AND EXISTS (SELECT 1 FROM old.{} AS p WHERE {points}{})",
                quote_name(&parent.name),
                still.unwrap_or_default()
            ))?;
            if rows > 0 {
                found.push((parent.name.clone(), rows));
            }
        }
        Ok(found)
    }

    /// The condition that a row `o` of the old table is the row `n` of the new one: the primary
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

    /// The present name of an earlier table: the renames of the steps are applied one after the
    /// other.
    fn new_name(&self, table: &str) -> String {
        self.follow(table, None).0
    }

    fn new_column(&self, table: &str, column: &str) -> String {
        let followed = self.follow(table, Some(column)).1;
        followed.unwrap_or_else(|| column.to_owned())
    }

    fn follow(&self, table: &str, column: Option<&str>) -> (String, Option<String>) {
        let (mut table, mut column) = (table.to_owned(), column.map(str::to_owned));
        // Notes name the table of a column as it was before the step or as the same step renamed
        // it.
        let mut before = table.clone();
        for rename in self.renames {
            let same = |name: &str| rename.table.eq_ignore_ascii_case(name);
            match &rename.column {
                None if same(&table) => {
                    before = std::mem::replace(&mut table, rename.to.clone());
                }
                Some(old) if same(&table) || same(&before) => {
                    let is = |column: &String| column.eq_ignore_ascii_case(old);
                    if column.as_ref().is_some_and(is) {
                        column = Some(rename.to.clone());
                    }
                }
                _ => {}
            }
        }
        (table, column)
    }
}

fn ordinary(schema: &Schema) -> impl Iterator<Item = &Table> {
    schema
        .tables()
        .filter(|table| table.kind == TableKind::Ordinary)
}
