//! `migrate`: up.

use std::path::Path;

use clap::Args;
use migrations::{Migrator, Options, Report};
use rusqlite::Connection;

use super::{Failure, Screen, open};
use crate::database::refuse_newer;
use crate::error::Error;
use crate::{CURRENT_VERSION, catalogue};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version to go to; the current one unless told otherwise.
    #[arg(long, value_name = "N")]
    to: Option<u32>,
    /// Refuses unless the file is at this version; a file without ledger is adopted at it when its
    /// schema is that of this version.
    #[arg(long, value_name = "N")]
    from_version: Option<u32>,
    /// Shows the plan, tries it on a copy in memory, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Refuses where rows would be left as they are because they cannot be read.
    #[arg(long)]
    strict: bool,
    /// Consents to the losses that the steps declare.
    #[arg(long)]
    accept_loss: bool,
}

pub(super) fn run(path: &Path, arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let options = Options {
        strict: arguments.strict,
        accept_loss: arguments.accept_loss,
        ..Options::default()
    };
    let mut migrator = open(path, options)?;
    if migrator.state()?.ledger.is_some() {
        refuse_newer(&migrator)?;
    }
    let target = arguments.to.unwrap_or(CURRENT_VERSION);
    if arguments.dry_run {
        return rehearse(&migrator, options, arguments.from_version, target, screen);
    }
    let report = match arguments.from_version {
        Some(expected) => migrator.upgrade_from(expected, target)?,
        None => migrator.upgrade_to(target)?,
    };
    tell(path, &report, screen)
}

fn tell(path: &Path, report: &Report, screen: &mut Screen) -> Result<(), Failure> {
    let shown = path.display();
    if report.adopted {
        screen.line(format_args!(
            "adopted `{shown}`: its schema is that of version {}",
            report.from
        ))?;
    }
    if report.steps.is_empty() {
        let more = if report.adopted {
            ""
        } else {
            " already, there is nothing to do"
        };
        screen.line(format_args!("`{shown}` is at version {}{more}", report.to))?;
        return Ok(());
    }
    screen.line(format_args!(
        "`{shown}`: version {} to {}",
        report.from, report.to
    ))?;
    Ok(screen.run(report)?)
}

/// Runs the upgrade on a copy in memory, so that whatever would stop it stops this in the same words.
fn rehearse(
    migrator: &Migrator<'_>,
    options: Options,
    expected: Option<u32>,
    target: u32,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let copy = copy_in_memory(migrator.connection())?;
    let mut copy = Migrator::with_connection(catalogue(), copy, options);
    if let Some(expected) = expected {
        copy.upgrade_from(expected, expected)?;
    }
    let plan = copy.plan_to(target)?;
    if plan.to >= plan.from {
        screen.text(&plan.describe(catalogue())?)?;
        screen.at_risk(&copy.at_risk(&plan)?)?;
    }
    let report = copy.upgrade_to(target)?;
    screen.line("dry run: it works on a copy in memory, and nothing was written")?;
    Ok(screen.remarks(&report)?)
}

fn copy_in_memory(connection: &Connection) -> Result<Connection, Error> {
    let mut copy = Connection::open_in_memory()?;
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if pages == 0 {
        return Ok(copy);
    }
    let mut bytes = connection.serialize("main")?.to_vec();
    // The file format's bytes for "journal" instead of "WAL", which does not exist in memory:
    // https://sqlite.org/fileformat2.html#file_format_version_numbers
    if let Some(versions) = bytes.get_mut(18..20) {
        versions.fill(1);
    }
    copy.deserialize_read_exact("main", bytes.as_slice(), bytes.len(), false)?;
    Ok(copy)
}
