//! The rehearsal: a run made on a copy of the file, and what it did to every row.
//!
//! The copy stands beside the file, because there it has room if the backup has; it is removed at
//! the end. Rows are compared by SQLite itself, so memory stays small whatever the file's size.

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

/// Whether going back gives what was there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WayBack {
    /// The same schema and the same rows.
    #[default]
    Same,
    /// The differences, one sentence each.
    Differs(Vec<String>),
    /// There is none, or it fails: why.
    None(String),
}

/// The result of a run on a copy of the file.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rehearsal {
    /// The report of the run.
    pub report: Report,
    /// Every table, with what happened to its rows.
    pub tables: Vec<TableChange>,
    /// Losses and changes that no notes declare, one sentence each.
    pub undeclared: Vec<String>,
    /// Problems that `integrity_check` reports on the result; empty if there are none.
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

/// The copies that a rehearsal works on; they go with it.
struct Copies {
    before: Copy,
    after: Copy,
}

/// Where a rehearsed run goes: adopted at one version first where that is expected, then to
/// another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    pub(crate) expected: Option<Version>,
    pub(crate) target: Version,
}

/// A copy of the file that runs are made on.
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

    /// Goes up or back, wherever `target` is.
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
        // Whatever is in the copy, the file itself is as it was.
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

/// A path as SQLite takes it: byte by byte, whether it is text or not.
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

/// Goes back to where the copy came from and compares with what was there.
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

    /// Room that the run needs on the disk beside the file, at most: its backup, its journal and
    /// its growth.
    pub fn bytes_needed(&self) -> u64 {
        let growth = self.bytes_after.saturating_sub(self.bytes_before);
        self.bytes_before.saturating_mul(2).saturating_add(growth)
    }

    /// The version the run leads to.
    pub fn target(&self) -> Version {
        self.report.to
    }
}
