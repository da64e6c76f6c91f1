//! The report of a run.

use std::path::Path;

use migrations::Report;
use serde_json::json;

use super::display;
use super::output::Output;

/// Prints the result of an upgrade.
pub(super) fn report_upgrade(path: &Path, report: &Report, output: &mut Output) {
    let shown = path.display();
    if report.adopted {
        output.line(format_args!(
            "adopted `{shown}`: its schema is that of version {}",
            report.from
        ));
    }
    if !report.steps.is_empty() {
        output.line(format_args!(
            "`{shown}`: version {} to {}",
            report.from, report.to
        ));
    } else if report.adopted {
        output.line(format_args!("`{shown}` is at version {}", report.to));
    } else {
        output.line(format_args!(
            "`{shown}` is at version {} already, there is nothing to do",
            report.to
        ));
    }
    report_run(path, report, output);
}

/// Prints the steps and the backup of a run.
pub(super) fn report_run(path: &Path, report: &Report, output: &mut Output) {
    let backup = report.backup.as_deref();
    let backup = backup.map(|backup| display::backup_path(path, backup));
    output.add_json(json!({ "file": path.to_string_lossy() }));
    output.run(report, backup.as_deref());
}
