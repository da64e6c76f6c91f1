//! The rehearsal: a run on a copy of the file, and its effect on every row.
//!
//! The copy is beside the file, because there is space for it if there is space for the backup; it
//! is removed at the end. SQLite itself compares the rows, so memory use stays small for any file
//! size.

#![expect(
    clippy::disallowed_methods,
    reason = "a report says how long a run took"
)]

pub(crate) mod compare;
mod declarations;

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use schema::Schema;

use crate::Version;
use crate::backup::copy::{Copy, copy_beside};
use crate::backup::names::{Draft, remove_abandoned};
use crate::backup::{self, RunBackup};
use crate::catalogue::Catalogue;
use crate::connect::{self, Missing};
use crate::error::{self, Error};
use crate::file::FileState;
use crate::files::Files;
use crate::notes::Declaration;
use crate::options::{Backups, Options};
use crate::outcome::Outcome;
use crate::planned_step::Direction;
use crate::report::Report;
use crate::run::{self, Task};

use compare::{Pair, TableChange};
use declarations::Declarations;

/// Whether going back restores the previous state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WayBack {
    /// The same schema and the same rows.
    #[default]
    Same,
    /// The differences, one sentence each.
    Differs(Vec<String>),
    /// There is no down migration, or it fails; the reason.
    None(String),
}

/// The result of a run on a copy of the file.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rehearsal {
    /// The report of the run.
    pub report: Report,
    /// Every table, with the changes to its rows.
    pub tables: Vec<TableChange>,
    /// Losses and changes without a declaration in the notes, one sentence each.
    pub undeclared: Vec<String>,
    /// Problems that `integrity_check` reports on the result; empty if there are none.
    pub integrity: Vec<String>,
    /// The duration of the run, without copying and comparing.
    pub elapsed: Duration,
    /// The size of the file before the run, in bytes.
    pub bytes_before: u64,
    /// The size of the copy after the run, in bytes.
    pub bytes_after: u64,
    /// Whether going back from there restores the previous state.
    pub way_back: WayBack,
}

/// The copies of a rehearsal; they are removed with it.
struct Copies {
    before: Copy,
    after: Copy,
}

/// The aim of a rehearsed run: the version to adopt at first, if any, and the target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    pub(crate) expected: Option<Version>,
    pub(crate) target: Version,
}

/// A copy of the file for runs.
struct Stage<'a> {
    catalogue: &'a Catalogue,
    options: &'a Options,
    connection: Connection,
}

impl Stage<'_> {
    /// Makes the run that is rehearsed.
    fn go(&mut self, aim: Aim) -> Result<Report, Error> {
        if let Some(expected) = aim.expected {
            self.run(Task::Upgrade {
                target: expected,
                expected: Some(expected),
            })?;
        }
        self.go_to(aim.target)
    }

    /// Goes up or back to `target`.
    fn go_to(&mut self, target: Version) -> Result<Report, Error> {
        let version = FileState::read(&self.connection)?.version(self.catalogue)?;
        self.run(if target < version {
            Task::Rollback { target }
        } else {
            let expected = None;
            Task::Upgrade { target, expected }
        })
    }

    fn run(&mut self, task: Task) -> Result<Report, Error> {
        let backup = RunBackup::new(self.options);
        let (catalogue, options) = (self.catalogue, self.options);
        let done = run::run(&mut self.connection, catalogue, options, task, &backup);
        // Whatever the state of the copy, the file itself is unchanged.
        done.map_err(|error| match error.outcome() {
            Outcome::Unknown => error.with_outcome(Outcome::RolledBack),
            _ => error,
        })
    }
}

/// Makes a run on a copy of `connection`'s file, compares, and goes back.
pub(crate) fn rehearse(
    catalogue: &Catalogue,
    connection: &Connection,
    options: &Options,
    aim: Aim,
) -> Result<Rehearsal, Error> {
    let copies = copies_of(connection, options)?;
    let (before, after) = (copies.before.path(), copies.after.path());
    let files = options.files;
    let quiet = options
        .accept_loss(true)
        .backups(Backups::Off)
        .rehearse(false)
        .progress(None);
    let bytes_before = size(files, before);
    let state = FileState::read(&connect::reading(before, files)?)?;
    let old = state.schema.clone();
    let mut stage = Stage {
        catalogue,
        options: &quiet,
        connection: connect::open(after, Missing::Refuse, &quiet)?.0,
    };
    let started = Instant::now();
    let report = stage.go(aim)?;
    let elapsed = started.elapsed();
    let copy = &stage.connection;
    let new = FileState::read(copy)?.schema;
    attach(copy, before)?;
    let declared = Declarations::read(catalogue, &report, &state);
    let pair = Pair {
        connection: copy,
        old: &old,
        new: &new,
        renames: &declared.renames,
    };
    let tables = pair.compare()?;
    let undeclared = declared.undeclared(&tables);
    let integrity = integrity(copy)?;
    let bytes_after = size(files, after);
    detach(copy)?;
    let way_back = go_back(&mut stage, &report, before, &old, &declared.losses)?;
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
    let file = backup::find_file_path(connection, options.files)?;
    if let Some(file) = &file {
        remove_abandoned(options.files, file);
    }
    let copy = |draft| copy_beside(connection, file.as_deref(), draft, options);
    Ok(Copies {
        before: copy(Draft::Before)?,
        after: copy(Draft::After)?,
    })
}

/// A path for SQLite, byte by byte, whether or not it is UTF-8.
struct Bytes<'a>(&'a Path);

impl ToSql for Bytes<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes = self.0.as_os_str().as_encoded_bytes();
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(bytes)))
    }
}

fn attach(connection: &Connection, path: &Path) -> Result<(), Error> {
    connection
        .execute("ATTACH DATABASE ?1 AS old", [Bytes(path)])
        .map(drop)
        .map_err(error::sqlite)
}

fn detach(connection: &Connection) -> Result<(), Error> {
    connection
        .execute_batch("DETACH DATABASE old")
        .map_err(error::sqlite)
}

fn size(files: &dyn Files, path: &Path) -> u64 {
    files.look(path).map_or(0, |info| info.bytes)
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

/// Goes back to the version of the original and compares with it.
fn go_back(
    stage: &mut Stage<'_>,
    report: &Report,
    before: &Path,
    old: &Schema,
    losses: &[Declaration],
) -> Result<WayBack, Error> {
    if report.to == report.from {
        return Ok(WayBack::Same);
    }
    if let Err(error) = stage.go_to(report.from) {
        return Ok(WayBack::None(error.to_string()));
    }
    let connection = &stage.connection;
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

impl Rehearsal {
    /// The direction of the run.
    pub fn direction(&self) -> Direction {
        if self.report.to < self.report.from {
            Direction::Down
        } else {
            Direction::Up
        }
    }

    /// An upper limit for the disk space that the run needs beside the file: its backup, its
    /// journal and its growth.
    pub fn bytes_needed(&self) -> u64 {
        let growth = self.bytes_after.saturating_sub(self.bytes_before);
        self.bytes_before.saturating_mul(2).saturating_add(growth)
    }

    /// The version to which the run leads.
    pub fn target(&self) -> Version {
        self.report.to
    }
}
