//! # Fresh equals upgraded
//!
//! Version N made on an empty file has the same schema as version N reached from any earlier
//! version. Otherwise two users of the same release have different databases, and the next step is
//! tested on one of them only.
//!
//! Schemas are compared by meaning, so differences in the text that `ALTER TABLE` leaves do not
//! count. A fixture whose schema is not that of its version breaks this law, too.

use crate::check::{Check, Law};
use crate::evidence::step_file;
use crate::finding::{Finding, Findings};
use crate::journey::{Checkpoint, Trace};
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "fresh equals upgraded",
    checks: &[Check::Trace(check)],
};

fn check(subject: &Subject<'_>, walk: &Trace, findings: &mut Findings) {
    compare(subject, walk, &walk.start, findings);
    let upgraded = match walk.journey.shape() {
        crate::Shape::UpAndBack => &walk.midpoint,
        crate::Shape::DownAndBack => &walk.end,
    };
    if let Some(station) = upgraded {
        compare(subject, walk, station, findings);
    }
}

fn compare(subject: &Subject<'_>, walk: &Trace, station: &Checkpoint, findings: &mut Findings) {
    let Ok(fresh) = subject.catalogue.schema_at(station.version) else {
        findings.add(Finding::new(
            format!("version {}", station.version),
            "cannot be made on an empty file",
        ));
        return;
    };
    findings.checked();
    for change in schema::diff(&fresh, &station.observation.schema) {
        let finding = Finding::new(
            &change.name,
            format!(
                "an upgraded file of version {} differs from a fresh one: {change}",
                station.version
            ),
        );
        let file = step_file(subject, walk.journey, "up.sql");
        findings.add(
            finding
                .in_file(file)
                .hint("let the step do the same whatever the file contains"),
        );
    }
}
