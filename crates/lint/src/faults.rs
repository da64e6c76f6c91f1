//! The stage from faults of the history as a whole to findings. Nothing runs for them: the folder
//! alone shows them.

use crate::finding::{Direction, Finding, Severity, When};
use crate::reproduce::command_for_run;
use crate::request::{Request, is_selected};
use crate::rule::Rule;
use folders::{Fault, FaultKind, Harm, History};

/// Adds the findings of the history as a whole to those of the steps: each before the others of its
/// step, and those about no step of the folder first.
pub(crate) fn add_faults(request: &Request, findings: Vec<Finding>) -> Vec<Finding> {
    let history = &request.history;
    let selected = history
        .faults
        .iter()
        .filter(|fault| is_wanted(request, fault));
    let mut placed: Vec<(Option<usize>, Finding)> = selected
        .map(|fault| {
            let place = place_of(history, &fault.file);
            (place, finding(request, fault, place))
        })
        .collect();
    placed.extend(findings.into_iter().map(|finding| {
        let place = history
            .steps
            .iter()
            .position(|step| step.name == finding.step);
        (place, finding)
    }));
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, finding)| finding).collect()
}

/// The place of the step that has a file, or whose folder it is.
fn place_of(history: &History, file: &str) -> Option<usize> {
    let is_own = |own: &str| {
        let rest = own.strip_prefix(file);
        !file.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    history.steps.iter().position(|step| {
        let mut scripts = step.up.iter().chain(step.down.script());
        scripts.any(|script| is_own(&script.file))
    })
}

/// Whether the options ask for a step that the fault is about. One that is about no step of the
/// folder concerns every run.
fn is_wanted(request: &Request, fault: &Fault) -> bool {
    let history = &request.history;
    let files = std::iter::once(&fault.file).chain(&fault.related);
    let places: Vec<usize> = files.filter_map(|file| place_of(history, file)).collect();
    let wanted = |place: &usize| {
        request.places.contains(place) && is_selected(history, &request.options, *place)
    };
    places.is_empty() || fault.since.is_some() || places.iter().any(wanted)
}

fn finding(request: &Request, fault: &Fault, place: Option<usize>) -> Finding {
    let step = place.and_then(|place| request.step(place));
    let up = step.and_then(|step| step.up.as_ref());
    let is_up = up.is_some_and(|up| up.file == fault.file) || step.is_none();
    let is_down = !is_up
        && step.is_some_and(|step| {
            step.down
                .script()
                .is_some_and(|down| down.file == fault.file)
        });
    let severity = match fault.harm {
        Harm::None => Severity::Note,
        Harm::Possible => Severity::Warning,
        Harm::Certain => Severity::Error,
    };
    let name = step.map_or(&fault.name, |step| &step.name);
    let mut finding = Finding::new(rule(fault.kind), severity, name, fault.why.clone());
    finding.direction = if is_down {
        Direction::Down
    } else {
        Direction::Up
    };
    finding.file = match up {
        // A step of a folder is shown in its script.
        Some(up) if !is_down => up.file.clone(),
        _ => fault.file.clone(),
    };
    finding.when = When::new("both", request.model.transaction);
    finding.repeat = command_for_run(request, fault.since.as_deref());
    finding
}

fn rule(kind: FaultKind) -> Rule {
    match kind {
        FaultKind::DuplicateVersion => Rule::DuplicateVersion,
        FaultKind::OutOfOrder => Rule::OutOfOrder,
        FaultKind::EditedAfterApply => Rule::EditedAfterApply,
        FaultKind::MissingAppliedFile => Rule::MissingAppliedFile,
        _ => Rule::RefusedByTool,
    }
}
