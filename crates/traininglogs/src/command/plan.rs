//! `plan`: shows the steps of a run.

use std::path::Path;

use clap::Args;
use migrations::{Migrator, Options, Plan};
use serde_json::json;

use super::backup_args;
use super::open::open;
use super::output::Output;
use super::rehearsal;
use super::script;
use crate::error::Error;
use crate::{CURRENT_VERSION, catalogue};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version to go to, up or back; by default the current one
    #[arg(long, value_name = "N")]
    to: Option<u32>,
    /// Also try the run on a copy, and report its effect on every table
    #[arg(long)]
    rehearse: bool,
    /// Refuse unless the file is at this version. A file without a ledger is adopted at it, on the
    /// copy
    #[arg(long, value_name = "N", requires = "rehearse")]
    from_version: Option<u32>,
    /// Print one script for `sqlite3 -bail` instead of the plan; it also updates the ledger
    #[arg(long, conflicts_with = "rehearse")]
    sql: bool,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    let migrator = open(path, backup_args::options(migrations::Backups::default()))?;
    let version = match arguments.from_version {
        None => migrator.version()?,
        Some(expected) => expected,
    };
    // A newer file is refused, unless `--to` asks for the way back.
    let target = arguments.to.unwrap_or(version.max(CURRENT_VERSION));
    if arguments.rehearse {
        return rehearse(path, &migrator, arguments.from_version, target, output);
    }
    let plan = migrator.plan_to(target)?;
    if arguments.sql {
        let sql = script::script(path, &migrator.state()?, &plan, &migrator.at_risk(&plan)?)?;
        output.script(&sql);
        output.add_json(json!({
            "file": path.to_string_lossy(),
            "from": plan.from,
            "to": plan.to,
            "sql": sql,
        }));
        return Ok(());
    }
    show(path, &migrator, &plan, output)
}

/// Shows the plan, runs it on a copy, and reports the result.
///
/// A file without a ledger has no plan before it is adopted, and it is adopted only on the copy.
pub(super) fn rehearse(
    path: &Path,
    migrator: &Migrator<'_>,
    expected: Option<u32>,
    target: u32,
    output: &mut Output,
) -> Result<(), Error> {
    let (plan, done) = match expected {
        None => {
            let plan = migrator.plan_to(target)?;
            show(path, migrator, &plan, output)?;
            if plan.steps.is_empty() {
                return Ok(());
            }
            let done = migrator.rehearse(None, target)?;
            (plan, done)
        }
        Some(expected) => {
            let done = migrator.rehearse(Some(expected), target)?;
            let adopted = catalogue().build(expected)?;
            let adopted = Migrator::with_connection(catalogue(), adopted, Options::default());
            let plan = adopted.plan_to(target)?;
            show(path, migrator, &plan, output)?;
            (plan, done)
        }
    };
    let lost = migrator.at_risk(&plan)?;
    rehearsal::report(&done, &lost, output);
    rehearsal::refuse(&done)
}

fn show(
    path: &Path,
    migrator: &Migrator<'_>,
    plan: &Plan,
    output: &mut Output,
) -> Result<(), Error> {
    let text = plan.describe(catalogue())?;
    output.listing(&text);
    let steps = plan.steps.iter().map(|step| {
        let losses = step
            .losses
            .iter()
            .map(|loss| json!({ "object": loss.object(), "why": loss.why }));
        json!({
            "version": step.version,
            "step": step.folder,
            "script": step.file(),
            "sql": step.sql,
            "losses": losses.collect::<Vec<_>>(),
        })
    });
    output.add_json(json!({
        "file": path.to_string_lossy(),
        "from": plan.from,
        "to": plan.to,
        "steps": steps.collect::<Vec<_>>(),
        "text": text,
    }));
    output.at_risk(&migrator.at_risk(plan)?);
    Ok(())
}
