//! What can be seen of a step without a row: that it fails, what it leaves out, and whether its way back comes back.

use std::sync::Arc;

use schema::{ChangeKind, Schema};

use crate::checks::rebuilt_objects::remade;
use crate::checks::structure;
use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::runner::execute::{Failure, Irregularity, Runner};
use crate::runner::step::StepRun;
use crate::runner::versions;
use folders::Down;

impl StepRun<'_> {
    /// What can be seen without a row.
    pub(crate) fn without_rows(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let (Some(past), Some(before), Some(after)) =
            (self.chain.ups.get(self.place), self.before(), self.after())
        else {
            return found;
        };
        if let Some(up) = &self.step.up {
            self.oddities(&past.oddities, Direction::Up, &mut found);
            if let Some(failure) = &past.failure {
                if !failure.is_no_fault() {
                    found.push(self.fails(failure, past.after_a_break));
                }
                return found;
            }
            let lost = structure::lost(before, after, &self.forth, &up.statements);
            for lost in lost
                .into_iter()
                .chain(remade(before, after, &self.forth, &up.statements))
            {
                let told = (Rule::ObjectLost, lost.severity, Direction::Up);
                found.push(self.told(told, lost.name, lost.message).at(lost.line));
            }
        }
        self.way_back(before, after, &mut found);
        found
    }

    fn fails(&self, failure: &Failure, after_a_break: bool) -> Diagnostic {
        let words = failure.words.as_str();
        let left = ["already exists", "duplicate column", "error in "];
        let follows = after_a_break
            && (words.starts_with("no such ") || left.iter().any(|left| words.contains(left)));
        let (severity, hint) = match follows {
            true => (
                Severity::Note,
                ", for which an earlier step that did not run to its end may be to blame",
            ),
            false => (Severity::Error, ""),
        };
        let message = format!(
            "the step fails on an empty database: {}{hint}",
            failure.words
        );
        self.told((Rule::StepFails, severity, Direction::Up), "", message)
            .at(Some(failure.line))
    }

    fn oddities(
        &self,
        oddities: &[(usize, Irregularity)],
        direction: Direction,
        found: &mut Vec<Diagnostic>,
    ) {
        for (line, odd) in oddities {
            let (rule, severity, object, message) = match odd {
                Irregularity::Pragma(name, why, protects) => {
                    // What would have kept rows from harm, or what nobody knows, is worth more than a note.
                    let severity = if *protects { Severity::Warning } else { Severity::Note };
                    let message = format!("`PRAGMA {name}` does nothing here: {why}");
                    (Rule::PragmaWithoutEffect, severity, name.clone(), message)
                }
                Irregularity::EndsTransaction => (
                    Rule::LeavesTransaction,
                    Severity::Warning,
                    String::new(),
                    "the file ends the transaction that the tool opened: what follows commits by itself, and a failure behind it leaves the step half done".to_owned(),
                ),
                Irregularity::LeavesOpen => (
                    Rule::LeavesTransaction,
                    Severity::Error,
                    String::new(),
                    "the file leaves a transaction open that the tool does not know of: what it did is gone when the connection closes".to_owned(),
                ),
                Irregularity::NothingToCommit => (
                    Rule::LeavesTransaction,
                    Severity::Error,
                    "commit".to_owned(),
                    "the tool's own COMMIT fails, because the file ended its transaction and opened none: the work is done and the step counts as failed".to_owned(),
                ),
            };
            found.push(
                self.told((rule, severity, direction), object, message)
                    .at(Some(*line)),
            );
        }
    }

    /// The way back on a database without rows.
    fn way_back(&self, before: &Arc<Schema>, after: &Arc<Schema>, found: &mut Vec<Diagnostic>) {
        let stored = |place: usize| self.chain.stored.get(place);
        let severity = |real| {
            let same = stored(self.place) == stored(self.place + 1);
            match same || schema::diff(before, after).is_empty() {
                true => Severity::Note,
                false => real,
            }
        };
        let down = match self.down {
            Down::Unsupported => return,
            Down::Missing => {
                let message =
                    "there is no way back: the tool refuses to go back, or stops half way";
                let told = (
                    Rule::DownMissing,
                    severity(Severity::Warning),
                    Direction::Down,
                );
                return found.push(self.told(told, "", message));
            }
            Down::Empty(script) | Down::OnlyComments(script) => {
                let message = "the way back says nothing: the tool takes the step for undone, and everything it made is still there";
                let told = (Rule::DownEmpty, severity(Severity::Error), Direction::Down);
                return found.push(self.told(told, "", message).at(Some(script.line)));
            }
            Down::Script(_) => &self.step.down,
        };
        let (Some(down), Some(image)) = (down, self.chain.images.get(self.place + 1)) else {
            return;
        };
        let Ok(engine) = Runner::open(&image, self.mode(), self.options) else {
            return;
        };
        let ran = engine.run(&down.statements, down.around(self.mode()), |_, _| ());
        self.oddities(&ran.oddities, Direction::Down, found);
        if let Some(failure) = ran.failure {
            if failure.is_no_fault() {
                return;
            }
            let message = format!("the way back fails on an empty database: {}", failure.words);
            let told = (Rule::DownFails, Severity::Error, Direction::Down);
            return found.push(self.told(told, "", message).at(Some(failure.line)));
        }
        if versions::stored(&engine.connection).ok().as_ref() == stored(self.place) {
            return;
        }
        let Ok(back) = Schema::read(&engine.connection) else {
            return;
        };
        let mut differs: Vec<Diagnostic> = Vec::new();
        for (change, severity, message) in structure::differences(before, &back) {
            let lost =
                |told: &Diagnostic| told.rule == Rule::ObjectLost && told.object == change.name;
            if change.kind == ChangeKind::Drop && found.iter().any(lost) {
                // The step took it, and that is told.
                continue;
            }
            let rule = (Rule::DownDiffers, severity, Direction::Down);
            let about = change.table.as_deref().unwrap_or(&change.name);
            let line = down
                .statements
                .iter()
                .rev()
                .find(|line| line.mentions(about));
            let told = self
                .told(rule, change.name, message)
                .at(line.map(|line| line.line));
            match differs.iter_mut().find(|other| other.key() == told.key()) {
                Some(other) => {
                    other.severity = other.severity.max(told.severity);
                    other.message = format!("{}; {}", other.message, told.message);
                }
                None => differs.push(told),
            }
        }
        found.append(&mut differs);
    }
}
