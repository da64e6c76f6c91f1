//! A report whose texts are safe to print, whatever the folder and its databases contain.

use schema::escape;

use crate::finding::Finding;
use crate::report::summary::Report;
use crate::verdict::Verdict;

/// The verdict with every text on one line. All formats but JSON and SARIF begin with this, so that
/// none of them can forget a text, and add their own escapes.
pub(crate) fn verdict(verdict: &Verdict) -> Verdict {
    let mut printable = verdict.clone();
    // A field that is added must be decided about here.
    let Verdict {
        layout,
        root,
        judged,
        unseeded,
        gaps,
        substitutes,
        unjudged,
        untested,
        stopped,
        findings,
        source: _,
        steps: _,
        journeys: _,
    } = &mut printable;
    line(layout);
    line(root);
    for judged in judged {
        line(&mut judged.step);
        judged.scripts.iter_mut().for_each(|(_, file)| line(file));
    }
    for (table, reason) in unseeded {
        line(table);
        line(reason);
    }
    for gap in gaps {
        line(&mut gap.file);
        line(&mut gap.why);
    }
    for own in substitutes {
        line(&mut own.name);
        line(&mut own.file);
        line(&mut own.why);
    }
    for unjudged in unjudged {
        line(&mut unjudged.step);
        line(&mut unjudged.why);
    }
    for untested in untested {
        line(&mut untested.step);
        line(&mut untested.file);
        line(&mut untested.why);
    }
    stopped.iter_mut().for_each(line);
    findings.iter_mut().for_each(finding);
    printable
}

/// The report around such a verdict.
pub(crate) fn report<'a>(report: &Report<'_>, verdict: &'a Verdict) -> Report<'a> {
    let mut notes = report.notes.clone();
    notes.iter_mut().for_each(line);
    Report {
        verdict,
        folder: escape::line(&report.folder).into_owned(),
        fail_on: report.fail_on,
        known: report.known,
        none_asked: report.none_asked,
        allow_gaps: report.allow_gaps,
        fail_on_gaps: report.fail_on_gaps,
        detail: report.detail,
        notes,
    }
}

fn finding(finding: &mut Finding) {
    let Finding {
        step,
        file,
        object,
        shown,
        message,
        repeat,
        rule: _,
        severity: _,
        direction: _,
        line: _,
        rows: _,
        when: _,
        group: _,
        folder_steps: _,
    } = finding;
    [step, file, object, message, repeat]
        .into_iter()
        .chain(shown)
        .for_each(line);
}

fn line(text: &mut String) {
    let escaped = escape::line(text);
    if escaped != text.as_str() {
        *text = escaped.into_owned();
    }
}
