//! `plan`: what would be done.

use std::path::Path;

use clap::Args;
use migrations::Options;

use super::{Failure, Screen, open};
use crate::{CURRENT_VERSION, catalogue};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version to go to, up or back; the current one unless told otherwise.
    #[arg(long, value_name = "N")]
    to: Option<u32>,
}

pub(super) fn run(path: &Path, arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let migrator = open(path, Options::default())?;
    let version = migrator.version()?;
    // A newer file is refused unless the way back was asked for.
    let target = arguments.to.unwrap_or(version.max(CURRENT_VERSION));
    let plan = migrator.plan_to(target)?;
    screen.text(&plan.describe(catalogue())?)?;
    Ok(screen.at_risk(&migrator.at_risk(&plan)?)?)
}
