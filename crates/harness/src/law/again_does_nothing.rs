//! # Again does nothing
//!
//! A second run of a finished upgrade writes nothing: no step runs, and the file's bytes stay the
//! same. The work that the application does each time it opens a file counts, too.

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
            Finding::new(&object, "changed a file that was already upgraded")
                .hint("code that runs at every start must not change an upgraded file"),
        );
    }
}
