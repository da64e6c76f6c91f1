//! Checks a step on the empty database: that it fails, what it leaves out, and whether its down
//! migration comes back.

use schema::ChangeKind;

use crate::checks::constraint_lost;
use crate::checks::rebuilt_objects::find_remade;
use crate::checks::{structure, text_for_column};
use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::runner::execute::{Failure, Irregularity};
use crate::runner::half_applied::HalfApplied;
use crate::runner::step::{StepRun, WayBack};
use folders::Down;

/// Checks a step without rows. `way_back` is the outcome of the down migration, where the runner
/// ran it.
pub(crate) fn check(run: &StepRun<'_>, way_back: Option<&WayBack>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let Some(past) = run.past() else {
        return found;
    };
    if run.step.up.is_some() {
        found.extend(check_irregularities(
            run,
            Direction::Up,
            &past.irregularities,
        ));
        if let Some(failure) = &past.failure {
            if !failure.is_no_fault() {
                found.push(explain_failure(run, failure, past.after_a_break));
            }
            return found;
        }
        let statements = run.statements(Direction::Up);
        let lost = structure::find_lost(run.before, run.after, &run.lineage, statements);
        let remade = find_remade(run.before, run.after, &run.lineage, statements);
        let origin = run.origin(Direction::Up);
        found.extend(lost.into_iter().chain(remade).map(|lost| {
            let rule = Rule::ObjectLost;
            Diagnostic::new(rule, lost.severity, origin, lost.name, lost.message)
                .with_line(lost.line)
        }));
        let schemas = (run.before.as_ref(), run.after.as_ref());
        let lost = constraint_lost::check(origin, schemas, &run.lineage, statements);
        found.extend(lost);
        found.extend(text_for_column::check(run, Direction::Up, &past.quoted));
    }
    found.extend(check_declared_way_back(run));
    if let Some(way_back) = way_back {
        let mut more = check_way_back(run, way_back, &found);
        found.append(&mut more);
    }
    found
}

fn explain_failure(run: &StepRun<'_>, failure: &Failure, after_a_break: bool) -> Diagnostic {
    let words = failure.words.as_str();
    let left = ["already exists", "duplicate column", "error in "];
    let follows = after_a_break
        && (words.starts_with("no such ") || left.iter().any(|left| words.contains(left)));
    let (severity, hint) = if follows {
        let hint = ", for which an earlier step that did not run to its end may be to blame";
        (Severity::Note, hint)
    } else {
        (Severity::Error, "")
    };
    let left = failure.half_applied.as_ref().map(HalfApplied::describe);
    let left = left.map_or_else(String::new, |left| format!("; {left}"));
    let message = format!("the step fails on an empty database: {words}{hint}{left}");
    let origin = run.origin(Direction::Up);
    Diagnostic::new(Rule::StepFails, severity, origin, "", message).with_line(Some(failure.line))
}

fn check_irregularities(
    run: &StepRun<'_>,
    direction: Direction,
    irregularities: &[(usize, Irregularity)],
) -> Vec<Diagnostic> {
    let diagnostic = |(line, irregularity): &(usize, Irregularity)| {
        let (rule, severity, object, message) = match irregularity {
            Irregularity::Pragma(name, why, protects) => {
                // What would have kept rows from harm, or what nobody knows, is worth more than a
                // note.
                let severity = if *protects { Severity::Warning } else { Severity::Note };
                let message = format!("`PRAGMA {name}` does nothing here: {why}");
                (Rule::PragmaWithoutEffect, severity, name.as_str(), message)
            }
            Irregularity::JournalMode(words, wrapped) => {
                let rule = match direction {
                    Direction::Up => Rule::StepFails,
                    Direction::Down => Rule::DownFails,
                };
                let message = explain_journal_mode(run, words, *wrapped);
                (rule, Severity::Error, "journal_mode", message)
            }
            Irregularity::EndsTransaction => (
                Rule::LeavesTransaction,
                Severity::Warning,
                "",
                "the file ends the transaction that the tool opened: what follows commits by \
                 itself, and a failure after it leaves the step half done".to_owned(),
            ),
            Irregularity::LeavesOpen => (
                Rule::LeavesTransaction,
                Severity::Error,
                "",
                "the file leaves a transaction open that the tool does not know of: what it did is \
                 gone when the connection closes".to_owned(),
            ),
            Irregularity::NothingToCommit => (
                Rule::LeavesTransaction,
                Severity::Error,
                "commit",
                "the tool's own COMMIT fails, because the file ended its transaction and opened \
                 none: the work is done and the step counts as failed".to_owned(),
            ),
        };
        Diagnostic::new(rule, severity, run.origin(direction), object, message)
            .with_line(Some(*line))
    };
    irregularities.iter().map(diagnostic).collect()
}

/// In memory such a statement does nothing; on a file it fails, unless the file is in that mode.
fn explain_journal_mode(run: &StepRun<'_>, words: &str, wrapped: bool) -> String {
    let remedy = match (wrapped, run.mode().without_transaction) {
        (false, _) => "write the statement before `BEGIN`",
        (true, "") => "set the journal mode where the application opens the file",
        (true, remedy) => remedy,
    };
    format!(
        "the statement fails on a file that is not in this mode already: {words}; {remedy}, in a \
         step of its own"
    )
}

/// A down migration that the folder does not contain, or that is empty.
fn check_declared_way_back(run: &StepRun<'_>) -> Option<Diagnostic> {
    let stored = |place: usize| run.chain.stored.get(place);
    let severity = |real| {
        let same = stored(run.place) == stored(run.place + 1);
        if same || schema::diff(run.before, run.after).is_empty() {
            Severity::Note
        } else {
            real
        }
    };
    let (rule, severity, message, line) = match run.down {
        Down::Unsupported | Down::Script(_) => return None,
        Down::Missing => (
            Rule::DownMissing,
            severity(Severity::Warning),
            "there is no down migration: the tool refuses to go back, or stops half way",
            None,
        ),
        Down::Empty(script) | Down::OnlyComments(script) => (
            Rule::DownEmpty,
            severity(Severity::Error),
            "the down migration is empty: the tool records the step as reverted, but nothing was \
             undone",
            Some(script.line),
        ),
    };
    let origin = run.origin(Direction::Down);
    Some(Diagnostic::new(rule, severity, origin, "", message).with_line(line))
}

/// Checks the down migration. `found` are the diagnostics of the step itself.
fn check_way_back(run: &StepRun<'_>, way_back: &WayBack, found: &[Diagnostic]) -> Vec<Diagnostic> {
    let origin = run.origin(Direction::Down);
    let mut differs = check_irregularities(run, Direction::Down, &way_back.ran.irregularities);
    if let Some(failure) = &way_back.ran.failure {
        if !failure.is_no_fault() {
            let message = format!(
                "the down migration fails on an empty database: {}",
                failure.words
            );
            let fails = Diagnostic::new(Rule::DownFails, Severity::Error, origin, "", message);
            differs.push(fails.with_line(Some(failure.line)));
        }
        return differs;
    }
    let quoted = &way_back.quoted;
    differs.extend(text_for_column::check(run, Direction::Down, quoted));
    let Some(back) = &way_back.other_schema else {
        return differs;
    };
    for (change, severity, message) in structure::differences(run.before, back) {
        let lost = |own: &Diagnostic| own.rule == Rule::ObjectLost && own.object == change.name;
        if change.kind == ChangeKind::Drop && found.iter().any(lost) {
            // The step took it, and a diagnostic reports that.
            continue;
        }
        let about = change.table.as_deref().unwrap_or(&change.name);
        let mut statements = run.statements(Direction::Down).iter().rev();
        let line = statements.find(|line| line.mentions(about));
        let rule = Rule::DownDiffers;
        let own = Diagnostic::new(rule, severity, origin, change.name, message)
            .with_line(line.map(|line| line.line));
        match differs.iter_mut().find(|other| other.key() == own.key()) {
            Some(other) => {
                other.severity = other.severity.max(own.severity);
                other.message = format!("{}; {}", other.message, own.message);
            }
            None => differs.push(own),
        }
    }
    differs
}
