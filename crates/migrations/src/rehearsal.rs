//! The rehearsal: a run made on a copy of the file, and what it did to every row.
//!
//! The copy stands beside the file, because there it has room if the backup has; it is removed at the end.
//! Rows are compared by SQLite itself, so memory stays small whatever the file's size.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, process};

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Schema, Table, TableKind};

use crate::Version;
use crate::backup::{self, Backups};
use crate::catalogue::Catalogue;
use crate::connect;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::migrator::Migrator;
use crate::notes::{Declared, Rename};
use crate::plan::Direction;
use crate::run::{Options, Report};

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

/// Whether going back gives what was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// The same schema and the same rows.
    Same,
    /// What differs, one sentence each.
    Differs(Vec<String>),
    /// There is none, or it fails: why.
    None(String),
}

/// What a run did to a copy of the file.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// What the run reports.
    pub report: Report,
    /// Every table whose rows the run touched or that came or went.
    pub tables: Vec<TableChange>,
    /// What is lost or changed and no notes declare, one sentence each.
    pub undeclared: Vec<String>,
    /// What `integrity_check` says of the result; empty when all is well.
    pub integrity: Vec<String>,
    /// How long the run took, without copying and comparing.
    pub elapsed: Duration,
    /// The file's size before, in bytes.
    pub bytes_before: u64,
    /// The copy's size after the run, in bytes.
    pub bytes_after: u64,
    /// Whether going back from there gives what was there before.
    pub way_back: WayBack,
}

/// Two files to compare: `main` and, attached, `old`.
struct Pair<'a> {
    connection: &'a Connection,
    old: &'a Schema,
    new: &'a Schema,
    renames: &'a [Rename],
}

/// The copies that a rehearsal works on; they go with it.
struct Copies {
    before: PathBuf,
    after: PathBuf,
}

impl Drop for Copies {
    fn drop(&mut self) {
        for path in [&self.before, &self.after] {
            for ending in ["", "-journal", "-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(ending);
                let _ = fs::remove_file(PathBuf::from(name));
            }
        }
    }
}

/// Runs `go` on a copy of `connection`'s file, compares, and goes back.
pub(crate) fn rehearse(
    catalogue: &Catalogue,
    connection: &Connection,
    options: &Options,
    go: impl Fn(&mut Migrator<'_>) -> Result<Report, Error>,
) -> Result<Rehearsal, Error> {
    let copies = copies_of(connection, options)?;
    let quiet = Options {
        accept_loss: true,
        backups: Backups::Off,
        rehearse: false,
        progress: None,
        ..*options
    };
    let bytes_before = size(&copies.before);
    let old = FileState::read(&connect::reading(&copies.before)?)?.schema;
    let mut migrator = Migrator::open(catalogue, &copies.after, quiet)?;
    let started = Instant::now();
    let report = go(&mut migrator)?;
    let elapsed = started.elapsed();
    let copy = migrator.connection();
    let new = FileState::read(copy)?.schema;
    attach(copy, &copies.before)?;
    let steps = report.steps.iter();
    let notes: Vec<_> = steps
        .filter_map(|step| catalogue.notes(step.version))
        .collect();
    let up = report.to >= report.from;
    let renames: Vec<Rename> = match up {
        true => notes
            .iter()
            .flat_map(|notes| notes.renames.clone())
            .collect(),
        false => Vec::new(),
    };
    let pair = Pair {
        connection: copy,
        old: &old,
        new: &new,
        renames: &renames,
    };
    let tables = pair.compare()?;
    let declared = |pick: fn(&crate::Notes) -> &Vec<Declared>| -> Vec<Declared> {
        notes.iter().flat_map(|notes| pick(notes).clone()).collect()
    };
    let undeclared = match up {
        true => undeclared(
            &tables,
            &declared(|notes| &notes.up_losses),
            &declared(|notes| &notes.changes),
        ),
        false => Vec::new(),
    };
    let integrity = integrity(copy)?;
    let bytes_after = size(&copies.after);
    detach(copy)?;
    let way_back = go_back(
        &mut migrator,
        &report,
        &copies.before,
        &old,
        &declared(|notes| &notes.down_losses),
    )?;
    Ok(Rehearsal {
        report,
        tables,
        undeclared,
        integrity,
        elapsed,
        bytes_before,
        bytes_after,
        way_back,
    })
}

fn copies_of(connection: &Connection, options: &Options) -> Result<Copies, Error> {
    let file = backup::path_of(connection);
    let base = file
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join("memory.db"));
    let name = |which: &str| {
        let mut name = base.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.{which}.rehearsal", process::id()));
        base.with_file_name(name)
    };
    let copies = Copies {
        before: name("before"),
        after: name("after"),
    };
    for path in [&copies.before, &copies.after] {
        backup::copy_to(connection, path, options)?;
    }
    Ok(copies)
}

fn attach(connection: &Connection, path: &Path) -> Result<(), Error> {
    connection
        .execute("ATTACH DATABASE ?1 AS old", [path.to_string_lossy()])
        .map(drop)
        .map_err(error::sqlite)
}

fn detach(connection: &Connection) -> Result<(), Error> {
    connection
        .execute_batch("DETACH DATABASE old")
        .map_err(error::sqlite)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}

fn integrity(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut statement = connection
        .prepare("PRAGMA main.integrity_check")
        .map_err(error::sqlite)?;
    let rows = statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect);
    let said: Vec<String> = rows.map_err(error::sqlite)?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

/// Goes back to where the copy came from and compares with what was there.
fn go_back(
    migrator: &mut Migrator<'_>,
    report: &Report,
    before: &Path,
    old: &Schema,
    losses: &[Declared],
) -> Result<WayBack, Error> {
    let back = match report.to.cmp(&report.from) {
        std::cmp::Ordering::Equal => return Ok(WayBack::Same),
        std::cmp::Ordering::Greater => migrator.rollback_to(report.from),
        std::cmp::Ordering::Less => migrator.upgrade_to(report.from),
    };
    if let Err(error) = back {
        return Ok(WayBack::None(error.to_string()));
    }
    let connection = migrator.connection();
    let new = FileState::read(connection)?.schema;
    let mut differs: Vec<String> = schema::diff(old, &new)
        .iter()
        .map(|change| format!("schema: {change}"))
        .collect();
    attach(connection, before)?;
    let pair = Pair {
        connection,
        old,
        new: &new,
        renames: &[],
    };
    let tables = pair.compare();
    detach(connection)?;
    let down = report.to < report.from;
    for table in tables? {
        let name = &table.table;
        let lost = |column: &str| down && losses.iter().any(|loss| loss.covers(name, column));
        if table.gone + table.appeared > 0 && !lost("") {
            differs.push(format!(
                "{name}: {} rows gone, {} rows appeared",
                table.gone, table.appeared
            ));
        }
        for (column, rows) in table.changed.iter().filter(|(column, _)| !lost(column)) {
            differs.push(format!("{name}.{column}: {rows} rows with another value"));
        }
    }
    Ok(if differs.is_empty() {
        WayBack::Same
    } else {
        WayBack::Differs(differs)
    })
}

impl Pair<'_> {
    fn compare(&self) -> Result<Vec<TableChange>, Error> {
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

fn rows_of(number: u64) -> String {
    format!("{number} {}", if number == 1 { "row" } else { "rows" })
}

/// What an upgrade lost or changed that no notes declare.
fn undeclared(tables: &[TableChange], losses: &[Declared], changes: &[Declared]) -> Vec<String> {
    let mut found = Vec::new();
    for table in tables.iter().filter(|table| table.before.is_some()) {
        let name = &table.table;
        let whole = losses
            .iter()
            .any(|loss| loss.column.is_none() && loss.covers(name, ""));
        if table.gone > 0 && !whole {
            found.push(format!("{name}: {} gone", rows_of(table.gone)));
        }
        for (column, rows) in &table.dropped {
            if !losses.iter().any(|loss| loss.covers(name, column)) && *rows > 0 {
                found.push(format!(
                    "{name}.{column}: dropped, with a value in {rows} rows"
                ));
            }
        }
        for (column, rows) in &table.changed {
            if !changes.iter().any(|change| change.covers(name, column)) {
                found.push(format!(
                    "{name}.{column}: another value in {}",
                    rows_of(*rows)
                ));
            }
        }
    }
    found
}

impl Rehearsal {
    /// The direction of the run.
    pub fn direction(&self) -> Direction {
        if self.report.to < self.report.from {
            Direction::Down
        } else {
            Direction::Up
        }
    }

    /// Room that the run needs on the disk beside the file, at most: its backup, its journal and its
    /// growth.
    pub fn bytes_needed(&self) -> u64 {
        let growth = self.bytes_after.saturating_sub(self.bytes_before);
        self.bytes_before.saturating_mul(2).saturating_add(growth)
    }

    /// The version the run leads to.
    pub fn target(&self) -> Version {
        self.report.to
    }
}
