//! Questions that several laws ask of a trace or of the subject.

use migrations::{Declaration, Version};
use observe::Excuse;

use crate::finding::Finding;
use crate::journey::{Journey, Trace};
use crate::subject::{Subject, show};

/// The file of a journey's only step; on a longer journey the step is unknown.
pub(crate) fn step_file(subject: &Subject<'_>, journey: Journey, file: &str) -> Option<String> {
    journey
        .only_step()
        .map(|version| subject.step_file(version, file))
}

/// The finding for a journey that failed: the engine's message, and the script that it names.
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

/// The declarations in the notes of the journey's steps, selected by `pick`.
pub(crate) fn declared(
    subject: &Subject<'_>,
    journey: Journey,
    pick: fn(&migrations::Notes) -> &Vec<Declaration>,
) -> Vec<Declaration> {
    let notes = journey
        .steps()
        .filter_map(|version| subject.catalogue.notes(version));
    notes.flat_map(|notes| pick(notes).clone()).collect()
}

/// The declared changes as exceptions for a comparison of two observations.
pub(crate) fn excuses(declared: &[Declaration]) -> Vec<Excuse> {
    let excuse = |own: &Declaration| Excuse {
        table: own.table.clone(),
        column: own.column.clone(),
    };
    declared.iter().map(excuse).collect()
}

/// The versions that a subject has.
pub(crate) fn versions(subject: &Subject<'_>) -> std::ops::RangeInclusive<Version> {
    1..=subject.catalogue.current_version()
}
