//! `repair`: the steps' texts into the ledger, where only comments changed.

use std::path::Path;

use migrations::Backups;
use serde_json::json;

use super::{Failure, Screen, backing, open};

pub(super) fn run(path: &Path, screen: &mut Screen) -> Result<(), Failure> {
    let repaired = open(path, backing::options(Backups::Off))?.repair()?;
    let file = path.display();
    if repaired.is_empty() {
        screen.line(format_args!(
            "`{file}` keeps every step as this build has it, there is nothing to do"
        ))?;
    }
    for script in &repaired {
        screen.line(format_args!(
            "recorded again: {script} (only blanks and comments differ)"
        ))?;
    }
    screen.tell(json!({ "file": path.to_string_lossy(), "repaired": repaired }));
    Ok(())
}
