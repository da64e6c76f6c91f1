//! The fate of each shipped step in the folder: kept, edited, moved to a different version, or
//! gone.

use schema::sql;

use crate::fault::{Fault, FaultKind, Harm};
use crate::history::{History, Migration};
use crate::layout_name::LayoutName;
use crate::tool_records::Records;

/// A step, and its SQL without comments and whitespace.
pub(crate) struct Step<'a> {
    pub(crate) migration: &'a Migration,
    pub(crate) text: &'a str,
    pub(crate) canonical: String,
}

impl Step<'_> {
    /// The name after its number.
    fn core(&self) -> &str {
        let is_number = |c: char| c.is_ascii_digit() || ['V', '_', '-', '.', '/'].contains(&c);
        self.name().trim_start_matches(is_number)
    }

    fn is_version_of(&self, other: &Step<'_>) -> bool {
        self.migration.version == other.migration.version
    }

    pub(crate) fn name(&self) -> &str {
        &self.migration.name
    }

    pub(crate) fn file(&self) -> &str {
        let script = self.migration.up.as_ref();
        script.map_or("", |script| script.file.as_str())
    }
}

/// The steps that go forward. Flyway runs a repeatable one whenever it changes.
pub(crate) fn steps(history: &History) -> Vec<Step<'_>> {
    let steps = history.steps.iter().filter_map(|migration| {
        let text = migration.up.as_ref()?.text.as_str();
        Some(Step {
            migration,
            text,
            canonical: sql::canonical(text.trim_start_matches('\u{feff}')),
        })
    });
    let repeatable = |step: &Step<'_>| history.layout == "flyway" && step.name().starts_with("R__");
    steps.filter(|step| !repeatable(step)).collect()
}

/// The fate of a shipped step in the folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The step at this place has its version and its statements.
    Kept(usize),
    /// The step at this place has its version, and different statements.
    Edited(usize),
    /// The step at this place has its statements or its name, and a different version.
    Moved(usize),
    Gone,
}

/// A folder, and the same folder at a revision that was shipped.
pub(crate) struct Comparison<'a> {
    pub(crate) layout: LayoutName,
    pub(crate) records: Records,
    pub(crate) since: &'a str,
    pub(crate) shipped: Vec<Step<'a>>,
    pub(crate) present: Vec<Step<'a>>,
}

impl Comparison<'_> {
    pub(crate) fn fates(&self) -> Vec<Fate> {
        let kept: Vec<Option<usize>> = self.shipped.iter().map(|old| self.kept(old)).collect();
        let mut used: Vec<usize> = kept.iter().flatten().copied().collect();
        let mut fates = Vec::new();
        for (old, kept) in self.shipped.iter().zip(&kept) {
            if let Some(place) = kept {
                fates.push(Fate::Kept(*place));
                continue;
            }
            let same = |place: &usize| {
                let step = self.present.get(*place);
                !used.contains(place) && step.is_some_and(|new| new.canonical == old.canonical)
            };
            // Edited as well, it still has its name after the number.
            let named = |place: &usize| {
                let step = self.present.get(*place).filter(|new| {
                    let is_shipped = self.shipped.iter().any(|old| old.is_version_of(new));
                    !is_shipped && new.core() == old.core()
                });
                !used.contains(place) && old.core().len() > 2 && step.is_some()
            };
            let replaced = self
                .of_version(old)
                .and_then(|place| self.present.get(place));
            let is_replaced = replaced.is_none_or(|new| new.core() != old.core());
            let all = || 0..self.present.len();
            let moved = all().find(same).filter(|_| !old.canonical.is_empty());
            let moved = moved.or_else(|| all().find(named).filter(|_| is_replaced));
            fates.push(match (moved, self.of_version(old)) {
                (Some(place), _) => {
                    used.push(place);
                    Fate::Moved(place)
                }
                (None, Some(place)) => Fate::Edited(place),
                (None, None) => Fate::Gone,
            });
        }
        fates
    }

    /// The place of the step with the version and the statements of a shipped one.
    fn kept(&self, old: &Step<'_>) -> Option<usize> {
        self.present.iter().position(|new| {
            new.migration.version == old.migration.version && new.canonical == old.canonical
        })
    }

    /// The place of the step with the version of a shipped one, and with its name if there are two.
    pub(crate) fn of_version(&self, old: &Step<'_>) -> Option<usize> {
        let of_version = |new: &Step<'_>| new.migration.version == old.migration.version;
        let named = |new: &Step<'_>| of_version(new) && new.name() == old.name();
        let present = || self.present.iter();
        present()
            .position(named)
            .or_else(|| present().position(of_version))
    }

    pub(crate) fn fault(&self, kind: FaultKind, harm: Harm, files: &[&str], why: String) -> Fault {
        let (file, related) = files.split_first().unwrap_or((&"", &[]));
        let mut fault = Fault::new(kind, harm, *file, why);
        fault.related = related.iter().map(|file| (*file).to_owned()).collect();
        fault.since = Some(self.since.to_owned());
        fault
    }

    /// The steps of the folder that no database has.
    pub(crate) fn new_steps<'s>(&'s self, fates: &'s [Fate]) -> impl Iterator<Item = &'s Step<'s>> {
        let known = |place: usize| {
            fates.iter().any(|fate| match fate {
                Fate::Kept(own) | Fate::Edited(own) | Fate::Moved(own) => *own == place,
                Fate::Gone => false,
            })
        };
        let present = self.present.iter().enumerate();
        present
            .filter(move |(place, _)| !known(*place))
            .map(|(_, step)| step)
    }
}

/// The first names, and the number of the others.
pub(crate) fn join(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len().saturating_sub(SHOWN) {
        0 => match shown.split_last() {
            Some((last, before)) if !before.is_empty() => {
                format!("{} and {last}", before.join(", "))
            }
            _ => shown.join(""),
        },
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
