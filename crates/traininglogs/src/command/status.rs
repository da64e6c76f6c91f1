//! `status`: where the file stands.

use std::path::Path;

use migrations::Options;

use super::screen::plain;
use super::{Failure, Screen, open};
use crate::database::refuse_newer;
use crate::{CURRENT_VERSION, catalogue};

pub(super) fn run(path: &Path, screen: &mut Screen) -> Result<(), Failure> {
    let migrator = open(path, Options::default())?;
    let state = migrator.state()?;
    let version = state.version(catalogue())?;
    let place = match version {
        0 => "it is empty; fill it with `traininglogs init`",
        CURRENT_VERSION => "up to date",
        older if older < CURRENT_VERSION => "bring it up with `traininglogs migrate`",
        _ => "newer than this build",
    };
    screen.line(format_args!(
        "`{}` is at version {version} of {CURRENT_VERSION}: {place}",
        path.display()
    ))?;
    for entry in state.ledger.unwrap_or_default() {
        let (name, by) = (plain(&entry.name), plain(&entry.applied_by));
        let at = plain(&entry.applied_at);
        screen.line(format_args!("  {}  {name}, {at}, {by}", entry.version))?;
    }
    Ok(refuse_newer(&migrator)?)
}
