//! # Again does nothing
//!
//! Running a finished upgrade writes nothing: no step runs, and the file's bytes stay the same.
//! What the application itself does each time it opens a file counts, too.

use crate::check::{Check, Law};
use crate::finding::{Finding, Findings};
use crate::journey::Trace;
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "again does nothing",
    checks: &[Check::Trace(check)],
};

fn check(_: &Subject<'_>, walk: &Trace, findings: &mut Findings) {
    let Some(again) = &walk.again else { return };
    findings.checked();
    let object = format!(
        "upgrade of a file at version {}",
        walk.journey.from.max(walk.journey.via)
    );
    for ran in &again.ran {
        findings.add(Finding::new(&object, ran));
    }
    if again.changed {
        findings.add(
            Finding::new(&object, "wrote to a file that was finished")
                .hint("what runs at every start must leave a finished file alone"),
        );
    }
}
