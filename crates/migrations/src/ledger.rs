//! The ledger: the table in the file that records the applied steps and their down migrations.

use jiff::fmt::temporal::DateTimePrinter;
use rusqlite::{Connection, ErrorCode, params};
use schema::Fingerprint;

use crate::Version;
use crate::catalogue::Catalogue;
use crate::digest::digest;
use crate::entry::{Entry, note};
use crate::error::{self, Error};
use crate::step::Step;

/// The ledger's name in the file.
pub const LEDGER_TABLE: &str = "schema_migrations";

/// Not STRICT, so that the file stays readable by SQLite before 3.37.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS main.schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    up_digest TEXT NOT NULL,
    down_sql TEXT,
    down_loses TEXT NOT NULL,
    down_digest TEXT NOT NULL,
    applied_at TEXT NOT NULL,
    applied_by TEXT NOT NULL,
    up_sql TEXT,
    schema_fingerprint TEXT,
    chain_digest TEXT
)";

/// The columns that ledgers of older engines lack, completely or in part.
const LATER: [&str; 3] = ["up_sql", "schema_fingerprint", "chain_digest"];

/// A script that [`Migrator::repair`](crate::Migrator::repair) recorded again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// The script, such as `0002_note_label/down.sql`.
    pub script: String,
    /// The text in the file before the repair.
    pub before: String,
    /// The text in the file now: the same statements with different whitespace or comments.
    pub after: String,
}

impl Entry {
    /// Compares the entry with the catalogue's step for its version, if there is one.
    pub(crate) fn check(&self, catalogue: &Catalogue) -> Result<(), Error> {
        if self.down_digest != Entry::digest_of_back(self.down_sql.as_deref(), &self.down_loses) {
            return Err(error::stored_back_damaged(self.version, &self.name));
        }
        let Some(step) = catalogue.step(self.version) else {
            return Ok(());
        };
        if catalogue.up_digest(self.version) != Some(self.up_digest.as_str()) {
            let stored = self.up_sql.as_deref().ok_or(self.up_digest.as_str());
            // A text that does not match its own digest is not what was applied, so it is not
            // shown.
            let stored = stored.and_then(|text| {
                if digest(text) == self.up_digest {
                    Ok(text)
                } else {
                    Err(self.up_digest.as_str())
                }
            });
            let script = format!("{}/up.sql", step.folder());
            return Err(error::history_edited(
                &script,
                &self.name,
                stored,
                step.up(),
            ));
        }
        if self.down_sql.as_deref().map(digest) != step.down_sql().map(digest) {
            let script = format!("{}/down.sql", step.folder());
            let stored = Ok(self.down_sql.as_deref().unwrap_or_default());
            let present = step.down_sql().unwrap_or_default();
            return Err(error::history_edited(&script, &self.name, stored, present));
        }
        Ok(())
    }
}

/// Reads all entries in order of version; `None` if the file has no ledger.
pub(crate) fn read(connection: &Connection) -> Result<Option<Vec<Entry>>, Error> {
    if !has(connection, "type = 'table' AND name")? {
        return Ok(None);
    }
    // A trigger would run with the engine's own writes, which nothing watches.
    if has(connection, "type = 'trigger' AND tbl_name")? {
        return Err(error::ledger_has_trigger());
    }
    let later: Vec<String> = LATER
        .iter()
        .map(|column| {
            if has_column(connection, column)? {
                Ok((*column).to_owned())
            } else {
                Ok("NULL".to_owned())
            }
        })
        .collect::<Result<_, Error>>()?;
    let sql = format!(
        "SELECT version, name, up_digest, down_sql, down_loses, down_digest, applied_at, \
         applied_by, {}
         FROM main.schema_migrations ORDER BY version",
        later.join(", ")
    );
    let mut statement = connection.prepare(&sql).map_err(error::ledger_unreadable)?;
    let rows = statement.query_map([], |row| {
        Ok(Entry {
            version: row.get(0)?,
            name: row.get(1)?,
            up_digest: row.get(2)?,
            down_sql: row.get(3)?,
            down_loses: row.get(4)?,
            down_digest: row.get(5)?,
            applied_at: row.get(6)?,
            applied_by: row.get(7)?,
            up_sql: row.get(8)?,
            schema_fingerprint: row.get(9)?,
            chain_digest: row.get(10)?,
        })
    });
    let entries = rows
        .and_then(Iterator::collect)
        .map_err(error::ledger_unreadable)?;
    Ok(Some(entries))
}

/// Whether the file is at `catalogue`'s current version with the catalogue's steps. This reads the
/// header and one row, whose digest covers all steps. False only means that the run must examine
/// the file closely.
pub(crate) fn is_current(connection: &Connection, catalogue: &Catalogue) -> Result<bool, Error> {
    let sql = "SELECT version, up_digest, down_sql, chain_digest FROM main.schema_migrations
               ORDER BY version DESC LIMIT 1";
    let mut statement = match connection.prepare(sql) {
        Ok(statement) => statement,
        Err(source) => match source.sqlite_error_code() {
            // No ledger, or an older or unknown one; any other error would stop the run as well.
            None | Some(ErrorCode::Unknown) => return all_as_recorded(connection, catalogue),
            Some(_) => return Err(error::sqlite(source)),
        },
    };
    let mut rows = statement.raw_query();
    let Some(row) = rows.next().map_err(error::ledger_unreadable)? else {
        return Ok(false);
    };
    let head = || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let (version, up_digest, down_sql, chain): (_, String, Option<String>, Option<String>) =
        head().map_err(error::ledger_unreadable)?;
    // The open row keeps the file locked: the header belongs to the same snapshot and needs no
    // second lock.
    if !header_says(connection, catalogue, version)? {
        return Ok(false);
    }
    let same = catalogue.up_digest(version) == Some(up_digest.as_str())
        && same_back(catalogue, down_sql.as_deref());
    if same && chain == catalogue.chain_digest(version) {
        Ok(true)
    } else {
        // Comments and line ends do not count.
        all_as_recorded(connection, catalogue)
    }
}

/// Whether the newest row and the header are at `catalogue`'s current version.
fn header_says(
    connection: &Connection,
    catalogue: &Catalogue,
    version: Version,
) -> Result<bool, Error> {
    let header = |name: &str| -> Result<i64, Error> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(error::sqlite)
    };
    let current = catalogue.current_version();
    if version != current || header("user_version")? != i64::from(current) {
        return Ok(false);
    }
    let ours = i64::from(catalogue.application_id());
    Ok(ours == 0 || [0, ours].contains(&header("application_id")?))
}

/// Whether `recorded` is the down migration of the catalogue's newest step; comments do not count.
fn same_back(catalogue: &Catalogue, recorded: Option<&str>) -> bool {
    let ours = catalogue.steps().last().and_then(Step::down_sql);
    recorded == ours || (ours.is_some() && recorded.map(digest) == ours.map(digest))
}

/// Compares every row with its step.
fn all_as_recorded(connection: &Connection, catalogue: &Catalogue) -> Result<bool, Error> {
    let Some(entries) = read(connection)? else {
        return Ok(false);
    };
    let newest = entries.last().map_or(0, |entry| entry.version);
    let gapless = (1..)
        .zip(&entries)
        .all(|(version, entry)| entry.version == version);
    let same = || entries.iter().all(|entry| entry.check(catalogue).is_ok());
    Ok(header_says(connection, catalogue, newest)? && gapless && same())
}

/// Creates the ledger if there is none, and adds the missing columns to that of an older engine.
pub(crate) fn create(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(CREATE).map_err(error::sqlite)?;
    for column in LATER {
        if !has_column(connection, column)? {
            let sql = format!("ALTER TABLE main.{LEDGER_TABLE} ADD COLUMN {column} TEXT");
            connection.execute_batch(&sql).map_err(error::sqlite)?;
        }
    }
    Ok(())
}

fn has_column(connection: &Connection, column: &str) -> Result<bool, Error> {
    connection
        .column_exists(Some("main"), LEDGER_TABLE, column)
        .map_err(error::sqlite)
}

/// Fills in what rows of older engines lack. The caller has checked that their steps are those of
/// `catalogue` and that the schema has the given `fingerprint`, which a run on an empty file did
/// not record.
pub(crate) fn complete(
    connection: &Connection,
    catalogue: &Catalogue,
    fingerprint: Option<Fingerprint>,
) -> Result<(), Error> {
    let stale: Vec<(Version, Option<String>)> = connection
        .prepare("SELECT version, chain_digest FROM main.schema_migrations")
        .and_then(|mut statement| {
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .map_err(error::ledger_unreadable)?;
    for (version, chain) in &stale {
        let known = catalogue.chain_digest(*version);
        if known.is_some() && known != *chain {
            let sql = "UPDATE main.schema_migrations SET chain_digest = ?1 WHERE version = ?2";
            connection
                .execute(sql, params![known, version])
                .map_err(error::sqlite)?;
        }
    }
    let newest = stale.iter().map(|(version, _)| *version).max();
    match (newest, fingerprint) {
        (Some(version), Some(fingerprint)) => note_schema(connection, version, fingerprint),
        _ => Ok(()),
    }
}

/// Records the schema after the step to `version`.
pub(crate) fn note_schema(
    connection: &Connection,
    version: Version,
    fingerprint: Fingerprint,
) -> Result<(), Error> {
    let sql = "UPDATE main.schema_migrations SET schema_fingerprint = ?1 WHERE version = ?2";
    connection
        .execute(sql, params![note(fingerprint), version])
        .map(drop)
        .map_err(error::sqlite)
}

/// Records that `step` was applied.
pub(crate) fn record(
    connection: &Connection,
    catalogue: &Catalogue,
    step: &Step,
    adopted: bool,
) -> Result<(), Error> {
    let version = step.version();
    let losses = catalogue
        .notes(version)
        .map(|notes| notes.down_losses.as_slice());
    let loses: Vec<String> = losses
        .unwrap_or_default()
        .iter()
        .map(|loss| loss.object())
        .collect();
    let loses = loses.join("\n");
    let how = if adopted {
        "adopted by migrations "
    } else {
        "migrations "
    };
    connection
        .execute(
            "INSERT INTO main.schema_migrations
             (version, name, up_digest, down_sql, down_loses, down_digest, applied_at, \
             applied_by, up_sql,
              chain_digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                version,
                step.name(),
                catalogue.up_digest(version),
                step.down_sql(),
                loses,
                Entry::digest_of_back(step.down_sql(), &loses),
                current_time(),
                format!("{how}{}", env!("CARGO_PKG_VERSION")),
                step.up(),
                catalogue.chain_digest(version),
            ],
        )
        .map_err(error::sqlite)?;
    Ok(())
}

/// Records the texts of `catalogue` where only whitespace and comments differ; the caller has
/// checked that nothing else does.
pub(crate) fn repair(
    connection: &Connection,
    catalogue: &Catalogue,
    entries: &[Entry],
) -> Result<Vec<Repaired>, Error> {
    let mut repaired = Vec::new();
    create(connection)?;
    complete(connection, catalogue, None)?;
    for entry in entries {
        let Some(step) = catalogue.step(entry.version) else {
            continue;
        };
        let mut differs = |file: &str, before: Option<&str>, after: Option<&str>| {
            // A text that the file does not store is not written now, because its original wording
            // is unknown.
            let (Some(before), Some(after)) = (before, after) else {
                return false;
            };
            if before != after {
                repaired.push(Repaired {
                    script: format!("{}/{file}", step.folder()),
                    before: before.to_owned(),
                    after: after.to_owned(),
                });
            }
            before != after
        };
        if differs("up.sql", entry.up_sql.as_deref(), Some(step.up())) {
            let sql = "UPDATE main.schema_migrations SET up_sql = ?1 WHERE version = ?2";
            connection
                .execute(sql, params![step.up(), entry.version])
                .map_err(error::sqlite)?;
        }
        if differs("down.sql", entry.down_sql.as_deref(), step.down_sql()) {
            let digest = Entry::digest_of_back(step.down_sql(), &entry.down_loses);
            connection
                .execute(
                    "UPDATE main.schema_migrations SET down_sql = ?1, down_digest = ?2 WHERE \
                     version = ?3",
                    params![step.down_sql(), digest, entry.version],
                )
                .map_err(error::sqlite)?;
        }
    }
    Ok(repaired)
}

/// Removes the entry of a step that was undone; version 0 has no ledger at all.
pub(crate) fn forget(connection: &Connection, version: Version) -> Result<(), Error> {
    let sql = match version {
        1 => "DROP TABLE main.schema_migrations".to_owned(),
        _ => format!("DELETE FROM main.schema_migrations WHERE version = {version}"),
    };
    connection.execute_batch(&sql).map_err(error::sqlite)
}

/// Whether the file has an object of this kind whose name, or whose table's name, is the ledger's.
fn has(connection: &Connection, kind_and_name: &str) -> Result<bool, Error> {
    let sql = format!(
        "SELECT count(*) FROM main.sqlite_schema WHERE {kind_and_name} = ?1 COLLATE NOCASE"
    );
    connection
        .query_row(&sql, [LEDGER_TABLE], |row| row.get::<_, i64>(0))
        .map(|count| count > 0)
        .map_err(error::sqlite)
}

/// The time in UTC, always with milliseconds and `Z`.
fn current_time() -> String {
    DateTimePrinter::new()
        .precision(Some(3))
        .timestamp_to_string(&jiff::Timestamp::now())
}
