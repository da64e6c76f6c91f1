//! Compares two databases of any size without holding their rows.
//!
//! Each table is read once on both sides, and the digests of its rows are added up in some hundred
//! sums; equal sums mean equal rows, in any order. If sums differ, their rows are read again, and
//! the digests of these go into a scratch database that SQLite keeps on disk. It finds the rows and
//! the columns that differ; only the first few of each kind are read in full. So memory holds two
//! rows and SQLite's caches.

mod side;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use schema::Table;

use self::side::Side;
use crate::compare::differences;
use crate::difference::{Difference, SHOWN, show_row};
use crate::error::Error;
use crate::ledger_table::LedgerTable;
use crate::observation::Observation;
use crate::value::Value;

/// The differences between two databases.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The number of rows that were compared, on the side that has more.
    pub rows: u64,
    /// All differences. Of many rows that differ in the same way, it has the first few, with the
    /// number of the others.
    pub found: Vec<Difference>,
}

/// Compares two databases: schema, the rows of all tables with their types, counters of
/// `sqlite_sequence`, ledger, `user_version` and `application_id`. Memory does not grow with the
/// files.
///
/// Each side is read several times, and must not change in between. If other connections may write,
/// begin a transaction on both sides.
///
/// # Errors
/// If a database cannot be read.
pub fn compare(
    before: &Connection,
    after: &Connection,
    ledger: Option<LedgerTable>,
) -> Result<Comparison, Error> {
    let old = Observation::without_rows(before, ledger)?;
    let new = Observation::without_rows(after, ledger)?;
    let mut all = differences(&old, &new, &[]);
    for table in old
        .sequences
        .keys()
        .chain(new.sequences.keys())
        .collect::<BTreeSet<_>>()
    {
        let mark = |side: &Observation| {
            let mark = side.sequences.get(table);
            mark.map_or("none".to_owned(), i64::to_string)
        };
        if mark(&old) != mark(&new) {
            all.push(Difference::new(
                format!("sqlite_sequence, {table}"),
                mark(&old),
                mark(&new),
            ));
        }
    }
    let mut comparison = Comparison::default();
    for table in old.schema.tables() {
        let Some(other) = new.schema.table(&table.name) else {
            continue; // The comparison of the schemas reports it.
        };
        let sides = Sides {
            table,
            before: Side::of(before, &old, table, &new, other),
            after: Side::of(after, &new, other, &old, table),
        };
        let compared = sides.compare(&mut all);
        comparison.rows += compared.map_err(|error| Error::in_table(&table.name, error))?;
    }
    comparison.found = all;
    Ok(comparison)
}

/// A table in both databases.
struct Sides<'a> {
    table: &'a Table,
    before: Side<'a>,
    after: Side<'a>,
}

/// Rows that differ in one way: their number, and the first of them by their row numbers on both
/// sides.
#[derive(Default)]
struct Kind {
    count: usize,
    first: BTreeSet<(Option<u64>, Option<u64>)>,
}

/// Equal rows of which one side has more.
struct Seen {
    key: i64,
    columns: Vec<u8>,
    /// The surplus of the earlier side.
    more: i64,
    /// The number of one such row.
    number: u64,
}

impl Sides<'_> {
    fn compare(&self, all: &mut Vec<Difference>) -> rusqlite::Result<u64> {
        let (old, new) = (self.before.sums()?, self.after.sums()?);
        let rows = old.0.max(new.0);
        if old == new {
            return Ok(rows);
        }
        let pairs = old.1.iter().zip(&new.1).enumerate();
        let differing: BTreeSet<usize> = pairs
            .filter(|(_, (a, b))| a != b)
            .map(|(place, _)| place)
            .collect();
        // An empty name gives a temporary database on disk, which is deleted with its connection.
        let scratch = Connection::open("")?;
        scratch.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;
             CREATE TABLE seen (key INTEGER, columns BLOB, side INTEGER, number INTEGER)",
        )?;
        for (side, number) in [(&self.before, 1), (&self.after, -1)] {
            let mut insert = scratch.prepare("INSERT INTO seen VALUES (?1, ?2, ?3, ?4)")?;
            side.each(|place, _, digest| {
                if differing.contains(&digest.sum()) {
                    insert.execute(params![
                        digest.key.cast_signed(),
                        digest.columns,
                        number,
                        place.cast_signed()
                    ])?;
                }
                Ok(true)
            })?;
        }
        let kinds = self.kinds(&scratch)?;
        self.report(kinds, all)?;
        Ok(rows)
    }

    /// Groups the rows that one side has more often by kind; two rows with the same key are one
    /// changed row.
    fn kinds(
        &self,
        scratch: &Connection,
    ) -> rusqlite::Result<BTreeMap<(Option<usize>, bool), Kind>> {
        let mut kinds: BTreeMap<(Option<usize>, bool), Kind> = BTreeMap::new();
        let mut add = |kind, rows: usize, old: Option<u64>, new: Option<u64>| {
            let kind = kinds.entry(kind).or_default();
            kind.count += rows;
            // The rows come in the order of digests; people look for the first ones in the file.
            kind.first.insert((old, new));
            if kind.first.len() > SHOWN {
                kind.first.pop_last();
            }
        };
        let mut waiting: Option<Seen> = None;
        let alone = |one: Option<Seen>, add: &mut dyn FnMut(_, usize, _, _)| {
            if let Some(Seen { more, number, .. }) = one {
                let rows = usize::try_from(more.unsigned_abs()).unwrap_or(usize::MAX);
                let (old, new) = if more > 0 {
                    (Some(number), None)
                } else {
                    (None, Some(number))
                };
                add((None, more < 0), rows, old, new);
            }
        };
        let mut statement = scratch.prepare(
            "SELECT key, columns, sum(side) AS more, min(number) FROM seen
             GROUP BY key, columns HAVING more <> 0 ORDER BY key, more DESC",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(3)?;
            let next = Seen {
                key: row.get(0)?,
                columns: row.get(1)?,
                more: row.get(2)?,
                number: number.cast_unsigned(),
            };
            match waiting.take() {
                Some(old)
                    if self.before.keyed
                        && old.key == next.key
                        && (old.more, next.more) == (1, -1) =>
                {
                    for (place, (was, is)) in old
                        .columns
                        .chunks(8)
                        .zip(next.columns.chunks(8))
                        .enumerate()
                    {
                        if was != is {
                            add((Some(place), false), 1, Some(old.number), Some(next.number));
                        }
                    }
                }
                other => {
                    alone(other, &mut add);
                    waiting = Some(next);
                }
            }
        }
        alone(waiting, &mut add);
        Ok(kinds)
    }

    fn report(
        &self,
        kinds: BTreeMap<(Option<usize>, bool), Kind>,
        all: &mut Vec<Difference>,
    ) -> rusqlite::Result<()> {
        let shown = || kinds.values().flat_map(|kind| &kind.first);
        let old = self
            .before
            .fetch(&shown().filter_map(|(old, _)| *old).collect())?;
        let new = self
            .after
            .fetch(&shown().filter_map(|(_, new)| *new).collect())?;
        let columns: Vec<&str> = self.before.columns.iter().map(String::as_str).collect();
        for ((place, more), kind) in &kinds {
            for (at, (was, is)) in kind.first.iter().enumerate() {
                let (was, is) = (
                    was.and_then(|was| old.get(&was)),
                    is.and_then(|is| new.get(&is)),
                );
                let one = |row: Option<&Vec<Value>>| match (row, place) {
                    (None, _) => "no such row".to_owned(),
                    (Some(row), Some(place)) => {
                        row.get(*place).map_or(String::new(), Value::to_string)
                    }
                    (Some(row), None) => show_row(&columns, row),
                };
                let column = place
                    .and_then(|place| columns.get(place))
                    .map(|name| (*name).to_owned());
                let name = column
                    .as_ref()
                    .map_or(String::new(), |column| format!(".{column}"));
                let key = was.or(is).map_or(String::new(), |row| self.name(row));
                let last = at + 1 == kind.first.len();
                all.push(Difference {
                    object: format!("{}{name}{key}", self.table.name),
                    table: Some(self.table.name.clone()),
                    column,
                    before: one(was),
                    after: one(is),
                    more: *more,
                    rest: if last {
                        kind.count.saturating_sub(kind.first.len())
                    } else {
                        0
                    },
                });
            }
        }
        Ok(())
    }

    /// `, id 7`.
    fn name(&self, row: &[Value]) -> String {
        if !self.before.keyed {
            return String::new();
        }
        let named = self.before.key.iter().filter_map(|place| {
            Some(format!(
                ", {} {}",
                self.before.columns.get(*place)?,
                row.get(*place)?
            ))
        });
        named.collect()
    }
}
