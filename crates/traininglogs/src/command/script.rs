//! `plan --sql`: the plan as one script for the `sqlite3` shell.

use std::fmt::Write as _;
use std::path::Path;

use migrations::{
    AtRisk, Direction, Entry, FileState, LEDGER_TABLE, Plan, PlannedStep, Step, Version, escape,
};
use rusqlite::Connection;

use super::command_line::command_line;
use super::output::count;
use crate::error::{self, Error};
use crate::{APPLICATION_ID, catalogue};

/// A script that brings the file from the plan's start to its end, as the engine would: in one
/// transaction, with foreign keys checked before the COMMIT, and with ledger and header updated.
///
/// The script begins with checks, so that on a different file it fails before it writes.
///
/// # Errors
/// When a step has code in Rust, runs outside a transaction or is unknown to this build, or the
/// file's schema is not that of its version.
pub(super) fn script(
    path: &Path,
    state: &FileState,
    plan: &Plan,
    risks: &[AtRisk],
) -> Result<String, Error> {
    let (from, to) = (plan.from, plan.to);
    let mut scripts = Vec::new();
    for step in &plan.steps {
        scripts.push((step, find_sql(path, plan, step)?));
    }
    let known = (1..=catalogue().current_version()).contains(&from);
    if known && catalogue().schema_at(from)? != state.schema {
        let remedy = command_line(path, "status");
        return Err(error::script_of_drifted(from, &remedy));
    }
    let mut text = format!("-- Brings a training log from version {from} to version {to}.\n");
    if plan.steps.is_empty() {
        text.push_str("-- There is nothing to do.\n");
        return Ok(text);
    }
    for risk in risks {
        let _ = writeln!(
            text,
            "-- It loses {}, of {}: {}",
            escape::line(&risk.object),
            count(risk.rows, "row"),
            escape::line(&risk.why)
        );
    }
    text.push_str(
        "-- Take a backup first, then: sqlite3 -bail FILE < SCRIPT
-- Without -bail the shell goes on after an error, and would commit half of it.
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

-- Only a file that is where this script begins gets past here.\n",
    );
    begin(&mut text, from);
    let ledger = catalogue().build(to.min(catalogue().current_version()))?;
    if from == 0 {
        let _ = writeln!(text, "\n{};", ledger_table(&ledger)?);
    }
    let lacking = lacking_columns(state, from);
    for (step, sql) in scripts {
        let _ = writeln!(text, "\n-- {}\n{}", step.file(), sql.trim_end());
        // The last statement may lack its semicolon, or a comment may follow it.
        if !sql.trim_end().ends_with(';') {
            text.push_str(";\n");
        }
        record(&mut text, step, &ledger, &lacking)?;
    }
    end(&mut text, to);
    Ok(text)
}

/// The columns of the ledger that the script does not fill: the ledger of an older engine lacks
/// some, and only a run can record the schema.
fn lacking_columns(state: &FileState, from: Version) -> Vec<&'static str> {
    let entries = state.ledger.as_deref().unwrap_or_default();
    let has = |value: fn(&Entry) -> bool| from == 0 || entries.iter().any(value);
    let mut lacking = vec!["schema_fingerprint"];
    if !has(|entry| entry.up_sql.is_some()) {
        lacking.push("up_sql");
    }
    if !has(|entry| entry.chain_digest.is_some()) {
        lacking.push("chain_digest");
    }
    lacking
}

/// The statement that records the step in the ledger, or removes its row.
fn record(
    text: &mut String,
    step: &PlannedStep,
    ledger: &Connection,
    lacking: &[&str],
) -> Result<(), Error> {
    let version = step.version;
    match (step.direction, version) {
        (Direction::Up, _) => text.push_str(&ledger_row(ledger, version, lacking)?),
        (Direction::Down, 1) => {
            let _ = writeln!(text, "DROP TABLE main.{LEDGER_TABLE};");
        }
        (Direction::Down, _) => {
            let _ = writeln!(
                text,
                "DELETE FROM main.{LEDGER_TABLE} WHERE version = {version};"
            );
        }
    }
    Ok(())
}

/// Writes the header, the second half of the checks, and the end of the transaction.
fn end(text: &mut String, to: Version) {
    let id = if to == 0 { 0 } else { APPLICATION_ID };
    let _ = write!(
        text,
        "
PRAGMA user_version = {to};
PRAGMA application_id = {id};
UPDATE temp.plan SET violations_after = (SELECT count(*) FROM pragma_foreign_key_check);
DROP TABLE temp.plan;
COMMIT;
"
    );
}

/// Finds the SQL of a step in this build and never in the file: the shell would run stored SQL
/// without the engine's safeguards.
fn find_sql(path: &Path, plan: &Plan, step: &PlannedStep) -> Result<&'static str, Error> {
    if step.non_transactional {
        let remedy = command_line(path, &format!("plan --to {}", plan.to));
        return Err(error::outside_in_script(&step.folder, &remedy));
    }
    let known = catalogue().step(step.version);
    let sql = match (step.direction, known, known.and_then(Step::code)) {
        (Direction::Up, _, Some(code)) => {
            let remedy = command_line(path, &format!("migrate --to {}", step.version));
            return Err(error::code_in_script(&step.folder, code.name, &remedy));
        }
        (Direction::Up, Some(known), None) => Some(known.up()),
        (_, known, _) => known.and_then(Step::down_sql),
    };
    sql.ok_or_else(|| {
        let remedy = command_line(path, &format!("rollback --to {}", plan.to));
        error::unknown_in_script(&step.folder, &remedy)
    })
}

/// Writes a temporary table whose constraints are the checks; the shell prints the name of the one
/// that fails.
fn begin(text: &mut String, from: Version) {
    let _ = write!(
        text,
        "CREATE TEMP TABLE plan (
    user_version CONSTRAINT \"the file is at version {from}\" CHECK (user_version IS {from}),
    ledger CONSTRAINT \"the ledger ends at version {from}\" CHECK (ledger IS {from}),
    violations_before,
    violations_after CONSTRAINT \"no row lost the row that it points at\"
        CHECK (violations_after <= violations_before)
);
INSERT INTO temp.plan
SELECT (SELECT user_version FROM pragma_user_version),
       ({}),
       (SELECT count(*) FROM pragma_foreign_key_check),
       0;
",
        match from {
            // An empty file has no ledger, either.
            0 => "SELECT count(*) FROM main.sqlite_schema".to_owned(),
            _ => format!("SELECT max(version) FROM main.{LEDGER_TABLE}"),
        }
    );
}

/// The statement that makes the ledger, read from `database`.
fn ledger_table(database: &Connection) -> Result<String, Error> {
    let sql = "SELECT sql FROM sqlite_schema WHERE name = ?1";
    Ok(database.query_row(sql, [LEDGER_TABLE], |row| row.get(0))?)
}

/// The statement that writes the row of `version`, read from `database`; only time and origin
/// differ.
fn ledger_row(database: &Connection, version: u32, lacking: &[&str]) -> Result<String, Error> {
    let mut statement = database.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    let mut columns: Vec<String> = statement
        .query_map([LEDGER_TABLE], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let by = concat!(
        "sqlite3, script of traininglogs ",
        env!("CARGO_PKG_VERSION")
    );
    columns.retain(|column| !lacking.contains(&column.as_str()));
    let mut values = Vec::new();
    for column in &columns {
        values.push(match column.as_str() {
            "applied_at" => "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')".to_owned(),
            "applied_by" => format!("'{by}'"),
            _ => {
                let sql = format!("SELECT quote({column}) FROM {LEDGER_TABLE} WHERE version = ?1");
                database.query_row(&sql, [version], |row| row.get(0))?
            }
        });
    }
    Ok(format!(
        "INSERT INTO main.{LEDGER_TABLE} ({})\nVALUES ({});\n",
        columns.join(", "),
        values.join(", ")
    ))
}
