//! The laws: what must hold for every catalogue. Each is one file, whose doc comment is its page.

mod again_does_nothing;
mod back_and_forth_keeps;
mod down_restores;
mod everything_is_documented;
mod fresh_equals_upgraded;
mod history_is_frozen;
mod integrity_holds;
mod interruption_is_atomic;
mod lookups_stay_fast;
mod queries_still_prepare;
mod starters_agree;
mod up_preserves;

pub(crate) use everything_is_documented::exists;
use std::fmt;

use migrations::{Declared, Version};

use crate::journey::{Journey, Trace};
use crate::subject::{Subject, show};
use observe::{Difference, Excuse};

/// One law: its name, and how it judges.
pub struct Law {
    /// Its name, as reports print it.
    pub name: &'static str,
    /// Judges one walk.
    pub(crate) walk: Option<fn(&Subject<'_>, &Trace, &mut Findings)>,
    /// Judges the catalogue as a whole, once.
    pub(crate) whole: Option<fn(&Subject<'_>, &mut Findings)>,
    /// Judges one database on the first half of a journey, by making it itself.
    pub(crate) leg: Option<fn(&Subject<'_>, &Probe<'_>, &mut Findings)>,
}

/// One database on the first half of a journey, for laws that make it themselves.
pub(crate) struct Probe<'a> {
    /// Which journey.
    pub journey: Journey,
    /// The database at its start.
    pub image: &'a [u8],
    /// Whether everything is tried.
    pub deep: bool,
    /// Otherwise, at how many points.
    pub points: u64,
    /// Where seeds begin.
    pub seed: u64,
}

/// All laws, in the order in which reports tell them.
pub static LAWS: &[Law] = &[
    fresh_equals_upgraded::LAW,
    up_preserves::LAW,
    down_restores::LAW,
    back_and_forth_keeps::LAW,
    again_does_nothing::LAW,
    interruption_is_atomic::LAW,
    starters_agree::LAW,
    integrity_holds::LAW,
    queries_still_prepare::LAW,
    lookups_stay_fast::LAW,
    history_is_frozen::LAW,
    everything_is_documented::LAW,
];

/// One thing that breaks a law.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What it concerns: `note.label, id 7`, an index, a query, a file.
    pub object: String,
    /// What is wrong with it.
    pub message: String,
    /// The file that a person would open to mend it, relative to the root.
    pub file: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

/// What a law found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// How many comparisons were made; a law that made none has proved nothing.
    pub checked: usize,
    /// At how many points something was made to fail, and of how many.
    pub points: (u64, u64),
    /// What breaks the law.
    pub found: Vec<Finding>,
}

impl Findings {
    pub(crate) fn checked(&mut self) {
        self.checked += 1;
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.found.push(finding);
    }
}

impl Finding {
    pub(crate) fn new(object: impl Into<String>, message: impl fmt::Display) -> Finding {
        Finding {
            object: object.into(),
            message: message.to_string(),
            file: None,
            hint: None,
        }
    }

    pub(crate) fn of(difference: &Difference) -> Finding {
        Finding::new(&difference.object, difference.message())
    }

    pub(crate) fn in_file(mut self, file: Option<String>) -> Finding {
        self.file = file;
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }
}

/// The file of the only step of a journey; on longer ones the step is not known.
pub(crate) fn step_file(subject: &Subject<'_>, journey: Journey, file: &str) -> Option<String> {
    journey
        .only_step()
        .map(|version| subject.step_file(version, file))
}

/// A journey that did not arrive: the engine's words, and the script that they name.
pub(crate) fn not_arrived(
    subject: &Subject<'_>,
    walk: &Trace,
    object: String,
    otherwise: &str,
) -> Finding {
    let message = walk
        .failure
        .as_deref()
        .unwrap_or("the journey did not arrive");
    let is_script = |word: &&str| word.ends_with("/up.sql") || word.ends_with("/down.sql");
    let named = message.split('`').find(is_script);
    let file = named.map(|script| show(&subject.versions.join(script)));
    Finding::new(object, message)
        .in_file(file.or_else(|| step_file(subject, walk.journey, otherwise)))
}

/// What the notes of the journey's steps declare, by `pick`.
pub(crate) fn declared(
    subject: &Subject<'_>,
    journey: Journey,
    pick: fn(&migrations::Notes) -> &Vec<Declared>,
) -> Vec<Declared> {
    let notes = journey
        .steps()
        .filter_map(|version| subject.catalogue.notes(version));
    notes.flat_map(|notes| pick(notes).clone()).collect()
}

/// What is declared, for a comparison of two observations.
pub(crate) fn excuses(declared: &[Declared]) -> Vec<Excuse> {
    let excuse = |own: &Declared| Excuse {
        table: own.table.clone(),
        column: own.column.clone(),
    };
    declared.iter().map(excuse).collect()
}

/// The versions that a subject has.
pub(crate) fn versions(subject: &Subject<'_>) -> std::ops::RangeInclusive<Version> {
    1..=subject.catalogue.current_version()
}
