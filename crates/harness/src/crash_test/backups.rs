//! Conditions on the backups beside a file, whatever fault interrupts the work.

use crate::error::Error;
use crate::observation::observe;
use std::cell::RefCell;
use std::collections::BTreeSet;

use super::fleeting::without;
use observe::Observation;
use simulator::{Claimed, Ending, Found, Machine, OtherFiles};

/// The file's name on the machine. It has no path, so that it cannot mean a file outside the
/// machine.
pub const FILE: &str = "file.db";

/// The start of each message about the files beside the database.
pub const BESIDE: &str = "beside the file: ";

/// The backups that the work finds and takes.
#[derive(Clone, Debug, Default)]
pub struct Backups {
    /// The backups at the start: names and bytes, the oldest first.
    pub files: Vec<(String, Vec<u8>)>,
    /// The number of backups that the work keeps; `None` for all.
    pub keep: Option<usize>,
}

impl Backups {
    fn old(&self, name: &str) -> Option<&[u8]> {
        let found = self.files.iter().find(|(own, _)| own == name);
        found.map(|(_, bytes)| bytes.as_slice())
    }
}

/// The backups, with the content that they must have.
pub(super) struct Watched<'p> {
    pub(super) backups: &'p Backups,
    pub(super) before: &'p Observation,
    pub(super) after: &'p Observation,
    pub(super) fleeting: &'p BTreeSet<(String, usize)>,
    /// Whether the file contains something to back up.
    pub(super) due: bool,
    /// Whether a backup must contain the file as before, and not a file after some of the steps.
    pub(super) strict: bool,
    /// The bytes of the backups that were checked, each with its content.
    pub(super) whole: RefCell<Vec<(Vec<u8>, Holds)>>,
}

/// The content of a complete backup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Before,
    /// The result of the work: the work ran again and backed up the file that it found.
    After,
    Other,
}

impl Watched<'_> {
    /// Returns the content of these bytes; an error if they are not a whole database.
    fn look(&self, bytes: Vec<u8>) -> Result<Holds, Error> {
        if let Some((_, holds)) = self.whole.borrow().iter().find(|(own, _)| *own == bytes) {
            return Ok(*holds);
        }
        if bytes.is_empty() {
            return Err(Error::from("it is empty"));
        }
        let connection = sandbox::from_image(&bytes)?;
        let said: String =
            connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if said != "ok" {
            return Err(said.into());
        }
        let found = observe(&connection)?;
        let holds = match found == *self.before {
            true => Holds::Before,
            false if without(found, self.fleeting) == *self.after => Holds::After,
            false => Holds::Other,
        };
        self.whole.borrow_mut().push((bytes, holds));
        Ok(holds)
    }
}

impl OtherFiles for Watched<'_> {
    fn problem(&self, machine: &Machine, found: &Found) -> Option<String> {
        let mut kept = false;
        for name in machine.names() {
            let bytes = machine.file(&name).unwrap_or_default();
            if let Some(old) = self.backups.old(&name) {
                if bytes != old {
                    return Some(format!("{BESIDE}`{name}` was changed"));
                }
            } else if is_backup(&name) {
                let wrong = match self.look(bytes) {
                    Err(error) => format!("is not a complete database: {error}"),
                    Ok(Holds::Other) if self.strict => {
                        "does not contain the file's former content".to_owned()
                    }
                    Ok(holds) => {
                        kept |= holds == Holds::Before;
                        continue;
                    }
                };
                return Some(format!("{BESIDE}`{name}` {wrong}"));
            }
        }
        let lost = *found == Found::After && self.due && !kept;
        lost.then(|| {
            format!("{BESIDE}the file is changed, and no backup contains its former content")
        })
    }

    fn leftovers(&self, names: &[String], claimed: Claimed, ended: Ending) -> Option<String> {
        let old: Vec<&String> = self.backups.files.iter().map(|(name, _)| name).collect();
        // When a call fails, SQLite may leave its own files; the next program that opens the file
        // removes them.
        let own = |name: &String| {
            name.strip_prefix(FILE)
                .is_some_and(|rest| rest.starts_with('-'))
        };
        let new = |name: &&String| *name != FILE && !own(name) && !old.contains(name);
        let left = |name: &String| Some(format!("{BESIDE}`{name}` is left over"));
        match claimed {
            Claimed::Unknown => return None,
            Claimed::Before => {
                if let Some(name) = names.iter().find(new) {
                    return left(name);
                }
                let gone = old.iter().find(|name| !names.contains(name));
                let removed = "was removed, although the run failed";
                return gone.map(|name| format!("{BESIDE}`{name}` {removed}"));
            }
            Claimed::After => {}
        }
        if let Some(name) = names.iter().filter(new).find(|name| !is_backup(name)) {
            return left(name);
        }
        if ended == Ending::Retried {
            // The power cut may have restored what was removed.
            return None;
        }
        // The oldest backups are removed first.
        let there = old.iter().find(|name| names.contains(name));
        let gone = old.iter().rev().find(|name| !names.contains(name));
        if let (Some(there), Some(gone)) = (there, gone)
            && old.iter().position(|name| name == there) < old.iter().position(|name| name == gone)
        {
            return Some(format!(
                "{BESIDE}`{gone}` was removed, but the older `{there}` was kept"
            ));
        }
        let number = names.iter().filter(|name| is_backup(name)).count();
        let keep = self.backups.keep.map_or(usize::MAX, |keep| keep.max(1));
        let stay = if self.due {
            keep.min(old.len() + 1)
        } else {
            old.len()
        };
        (ended == Ending::Clean && number != stay)
            .then(|| format!("{BESIDE}{number} backups are left, and {stay} should be"))
    }
}

fn is_backup(name: &str) -> bool {
    let rest = name.strip_prefix(FILE);
    rest.is_some_and(|rest| rest.starts_with(".v") && rest.ends_with(".backup"))
}
