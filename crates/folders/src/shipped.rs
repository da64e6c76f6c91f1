//! The differences between a folder and the same folder at a revision that was shipped, as far as
//! they harm databases that have its steps.

use schema::sql;

use crate::fates::{Comparison, Fate, Step, join, steps};
use crate::fault::{Fault, FaultKind, Harm};
use crate::history::History;
use crate::layout_name::LayoutName;
use crate::tool_records::{Late, Missing, Records};

/// The faults of `history` at databases that have the steps of `shipped`, which is the same folder
/// at the revision `since`.
pub fn compare_shipped(shipped: &History, history: &History, since: &str) -> Vec<Fault> {
    let Ok(layout) = history.layout.parse() else {
        return Vec::new();
    };
    let comparison = Comparison {
        layout,
        records: Records::of(layout),
        since,
        shipped: steps(shipped),
        present: steps(history),
    };
    comparison.faults()
}

impl Comparison<'_> {
    fn faults(&self) -> Vec<Fault> {
        let fates: Vec<Fate> = self.fates();
        let mut faults = Vec::new();
        faults.extend(self.moved(&fates));
        faults.extend(self.gone(&fates));
        faults.extend(self.edited(&fates));
        faults.extend(self.late(&fates));
        faults
    }

    /// The shipped steps that have a different version now.
    fn moved(&self, fates: &[Fate]) -> Option<Fault> {
        let pairs = self.shipped.iter().zip(fates);
        let moved: Vec<(&Step<'_>, &Step<'_>)> = pairs
            .filter_map(|(old, fate)| match fate {
                Fate::Moved(place) => Some((old, self.present.get(*place)?)),
                _ => None,
            })
            .collect();
        let (old, new) = moved.first()?;
        let (old_name, new_name, since, tool) =
            (old.name(), new.name(), self.since, self.records.tool);
        let more = match moved.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let taken = self
            .of_version(old)
            .and_then(|place| self.present.get(place));
        let taken = taken.map_or(String::new(), |step| {
            format!(", and its version is now `{}`", step.name())
        });
        let then = match (self.records.missing, self.records.late) {
            (_, Late::Counts) => format!(
                "{tool} counts the steps that are applied, so it skips steps there and runs others \
                 twice"
            ),
            (Missing::Refuses, Late::Skips) => {
                format!(
                    "{tool} runs it again there, or stops because the last version is \
                     missing"
                )
            }
            (Missing::Refuses, _) => format!(
                "{tool} stops there, because an applied step is missing or changed; without that \
                 check the SQL would run a second time and fail or change rows twice"
            ),
            (Missing::Ignores, _) => {
                format!("{tool} runs it again there, where it fails or changes rows twice")
            }
        };
        let why = format!(
            "`{old_name}` of `{since}` is gone: it is now `{new_name}`{more}, a new step \
             to every database that has `{old_name}`{taken}: {then}; restore the shipped name"
        );
        let files: Vec<&str> = moved.iter().map(|(_, new)| new.file()).collect();
        let harm = match self.layout {
            LayoutName::Plain => Harm::Possible,
            _ => Harm::Certain,
        };
        Some(self.fault(FaultKind::MissingAppliedFile, harm, &files, why))
    }

    /// The shipped steps that have no counterpart.
    fn gone(&self, fates: &[Fate]) -> Option<Fault> {
        let pairs = self.shipped.iter().zip(fates);
        let gone: Vec<&Step<'_>> = pairs
            .filter(|(_, fate)| **fate == Fate::Gone)
            .map(|(old, _)| old)
            .collect();
        let first = gone.first()?;
        let (since, tool) = (self.since, self.records.tool);
        let names = join(&gone.iter().map(|step| step.name()).collect::<Vec<_>>());
        let (is, them) = if gone.len() == 1 {
            ("is", "it")
        } else {
            ("are", "them")
        };
        let squashed = self.new_steps(fates).find(|new| {
            let made = created(&new.canonical);
            gone.iter().any(|old| {
                created(&old.canonical)
                    .iter()
                    .any(|table| made.contains(table))
            })
        });
        let refuses = match self.records.missing {
            Missing::Refuses => Some(match self.layout {
                // These know the last version alone.
                LayoutName::GolangMigrate => {
                    format!("{tool} stops on every database whose last step is one of these")
                }
                LayoutName::Sqldelight => format!(
                    "{tool} leaves {them} out of the upgrade of an older database, and an \
                     application refuses a database that is newer than its schema"
                ),
                _ => format!("{tool} stops on every database that has {them}"),
            }),
            Missing::Ignores => None,
        };
        let again = squashed.map(|new| {
            format!(
                "`{}` creates the same tables, is a new step to every database that has {them}, \
                 and fails there",
                new.name()
            )
        });
        let nothing =
            || format!("{tool} does not see it: a new database never gets what {them} did");
        let then: Vec<String> = again.clone().into_iter().chain(refuses.clone()).collect();
        let then = match then.as_slice() {
            [] => nothing(),
            then => then.join("; "),
        };
        let harm = match (refuses, again, self.layout) {
            (None, None, _) | (_, _, LayoutName::Plain) => Harm::Possible,
            // `migrate resolve --applied` makes it right on each database.
            (_, _, LayoutName::Prisma) => Harm::Possible,
            _ => Harm::Certain,
        };
        let why = format!(
            "{names} of `{since}` {is} gone from the folder: {then}; restore the shipped files, \
             and ship only new steps"
        );
        let files: Vec<&str> = squashed.map(Step::file).into_iter().collect();
        let mut fault = self.fault(FaultKind::MissingAppliedFile, harm, &files, why);
        if files.is_empty() {
            fault.name = first.name().to_owned();
            fault.file = first.file().to_owned();
        }
        Some(fault)
    }

    /// The new steps that come before a shipped one.
    fn late(&self, fates: &[Fate]) -> Vec<Fault> {
        let kept = fates.iter().filter_map(|fate| match fate {
            Fate::Kept(place) | Fate::Edited(place) => Some(*place),
            Fate::Moved(_) | Fate::Gone => None,
        });
        let Some((last, shipped)) = kept.max().and_then(|at| Some((at, self.present.get(at)?)))
        else {
            return Vec::new();
        };
        // Where shipped steps have moved, a new step takes the place of one: that is one cause.
        let place_of = |step: &Step<'_>| {
            self.present
                .iter()
                .position(|own| std::ptr::eq(own.migration, step.migration))
        };
        let moved = fates.iter().any(|fate| matches!(fate, Fate::Moved(_)));
        let early = self
            .new_steps(fates)
            .filter(|step| place_of(step).is_some_and(|at| at < last));
        let early = early.filter(|_| !(moved && self.records.late == Late::Counts));
        early.map(|step| self.early(step, shipped)).collect()
    }

    fn early(&self, new: &Step<'_>, shipped: &Step<'_>) -> Fault {
        let (name, last) = (new.name(), shipped.name());
        let Records {
            tool, late, unless, ..
        } = self.records;
        // refinery's `U` may come at any time.
        let late = match late {
            Late::Refuses if self.layout == LayoutName::Refinery && name.starts_with('U') => {
                Late::Runs
            }
            late => late,
        };
        let (harm, then) = match late {
            Late::Skips => (
                Harm::Certain,
                format!("{tool} never runs it on a database that has `{last}`"),
            ),
            Late::Refuses => (
                Harm::Certain,
                format!("{tool} stops on every database that has `{last}`{unless}"),
            ),
            Late::Counts => (
                Harm::Certain,
                format!(
                    "{tool} counts the steps that are applied: on a database that has `{last}` it \
                     skips this one and runs the last one again"
                ),
            ),
            Late::Runs => (
                Harm::Possible,
                format!(
                    "{tool} runs it after `{last}` on a database that has that, and before it on a \
                     new one"
                ),
            ),
            Late::Depends => (
                Harm::Possible,
                format!(
                    "an application that records the last step never runs it on a database that \
                     has `{last}`"
                ),
            ),
        };
        let why = format!(
            "`{name}` sorts before `{last}`, which `{}` has: {then}; give it a later number",
            self.since
        );
        self.fault(FaultKind::OutOfOrder, harm, &[new.file()], why)
    }
}

/// The tables that a canonical script creates without `IF NOT EXISTS`.
fn created(canonical: &str) -> Vec<String> {
    let folded = sql::fold(canonical);
    let tables = folded.lines().filter_map(|statement| {
        let rest = statement.strip_prefix("create table ")?;
        let name = rest.split(['(', ' ']).next()?;
        let name = name.trim_matches(['"', '`', '[', ']']);
        (name != "if").then(|| name.to_owned())
    });
    tables.collect()
}
