//! The engine: opens a current file, and applies many small steps.

use std::path::Path;

use migrations::{Catalogue, Migrator, Options, Step, digest};
use rusqlite::Connection;

use crate::{Outcome, measured, twice};
use many::{TABLES, steps};

#[path = "../../../crates/migrations/benches/many/mod.rs"]
mod many;

const LEDGER: &str =
    "CREATE TABLE ledger (version INTEGER PRIMARY KEY, name TEXT NOT NULL, up_digest TEXT NOT NULL,
    down_sql TEXT, down_loses TEXT NOT NULL, down_digest TEXT NOT NULL, applied_at TEXT NOT NULL,
    applied_by TEXT NOT NULL, up_sql TEXT)";

fn options() -> Options {
    Options::default().allow_undocumented(true)
}

/// Makes a current file.
fn current(path: &Path, count: u32) -> Outcome {
    let catalogue = Catalogue::new(steps(count, TABLES))?;
    Migrator::create(&catalogue, path, options())?.upgrade()?;
    Ok(())
}

fn first_select(connection: &Connection) -> Outcome {
    let tables: i64 = connection.query_row("SELECT count(*) FROM t1", [], |row| row.get(0))?;
    match tables {
        0 => Ok(()),
        other => Err(format!("{other} rows instead of none").into()),
    }
}

/// The work of an application at each start: it builds its catalogue, opens a current file, and
/// runs a query.
pub(crate) fn opening(folder: &Path, count: u32) -> Outcome {
    let path = folder.join("counted.db");
    current(&path, count)?;
    // As `migrations::steps!` embeds them.
    let steps: &'static [Step] = steps(count, TABLES).leak();
    twice(&mut || {
        let catalogue = Catalogue::new(steps)?;
        let mut file = Migrator::open(&catalogue, &path, options())?;
        let report = file.upgrade()?;
        if report.steps.is_empty() && report.to == count {
            first_select(file.connection())
        } else {
            Err("the file was not up to date".into())
        }
    })
}

/// The same work by SQLite alone: the part that is not the engine's.
pub(crate) fn opening_raw(folder: &Path, count: u32) -> Outcome {
    let path = folder.join("counted.db");
    current(&path, count)?;
    twice(&mut || {
        let connection = Connection::open(&path)?;
        user_version(&connection, count)?;
        first_select(&connection)
    })
}

pub(crate) fn opening_by_header(folder: &Path, count: u32) -> Outcome {
    let path = folder.join("counted.db");
    current(&path, count)?;
    let catalogue = Catalogue::new(steps(count, TABLES))?;
    twice(&mut || {
        if Migrator::open_by_header(&catalogue, &path, options())?.is_some() {
            Ok(())
        } else {
            Err("the file was not up to date".into())
        }
    })
}

pub(crate) fn opening_header_raw(folder: &Path, count: u32) -> Outcome {
    let path = folder.join("counted.db");
    current(&path, count)?;
    twice(&mut || user_version(&Connection::open(&path)?, count))
}

fn user_version(connection: &Connection, expected: u32) -> Outcome {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == expected {
        Ok(())
    } else {
        Err(format!("version {version} instead of {expected}").into())
    }
}

/// Applies all steps to a fresh file.
pub(crate) fn applying(folder: &Path, count: u32) -> Outcome {
    let path = folder.join("counted.db");
    let catalogue = Catalogue::new(steps(count, count))?;
    measured(&mut || {
        let mut file = Migrator::create(&catalogue, &path, options())?;
        let report = file.upgrade()?;
        if report.steps.len() == count as usize {
            Ok(())
        } else {
            Err("not all steps were applied".into())
        }
    })
}

/// The same work by SQLite alone, with a ledger like the engine's.
pub(crate) fn applying_raw(folder: &Path, count: u32) -> Outcome {
    let path = folder.join("counted.db");
    let steps = steps(count, count);
    measured(&mut || {
        let mut connection = Connection::open(&path)?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(LEDGER)?;
        for step in &steps {
            transaction.execute_batch(step.up())?;
            let back = step.down_sql().unwrap_or_default();
            transaction
                .prepare_cached(
                    "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, 'raw', ?7)",
                )?
                .execute((
                    step.version(),
                    step.name(),
                    digest(step.up()),
                    back,
                    digest(back),
                    "2025-01-02T18:30:00.000Z",
                    step.up(),
                ))?;
        }
        transaction.pragma_update(None, "user_version", count)?;
        Ok(transaction.commit()?)
    })
}
