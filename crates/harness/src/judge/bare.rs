//! What can be seen of a step without a row: that it fails, what it leaves out, and whether its way back comes back.

use std::sync::Arc;

use schema::{ChangeKind, Schema};

use super::chain;
use super::finding::{Class, Direction, Severity, Told};
use super::remade::remade;
use super::run::{Engine, Failure, Oddity};
use super::step::Trial;
use super::structure;
use crate::folder::Down;

impl Trial<'_> {
    /// What can be seen without a row.
    pub(super) fn without_rows(&self) -> Vec<Told> {
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
            let lost = structure::lost(before, after, &self.forth, &up.lines);
            for lost in lost
                .into_iter()
                .chain(remade(before, after, &self.forth, &up.lines))
            {
                let told = (Class::ObjectLost, lost.severity, Direction::Up);
                found.push(self.told(told, lost.name, lost.message).at(lost.line));
            }
        }
        self.way_back(before, after, &mut found);
        found
    }

    fn fails(&self, failure: &Failure, after_a_break: bool) -> Told {
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
        self.told((Class::StepFails, severity, Direction::Up), "", message)
            .at(Some(failure.line))
    }

    fn oddities(&self, oddities: &[(usize, Oddity)], direction: Direction, found: &mut Vec<Told>) {
        for (line, odd) in oddities {
            let (class, severity, object, message) = match odd {
                Oddity::Pragma(name, why, protects) => {
                    // What would have kept rows from harm, or what nobody knows, is worth more than a note.
                    let severity = if *protects { Severity::Warning } else { Severity::Note };
                    let message = format!("`PRAGMA {name}` does nothing here: {why}");
                    (Class::PragmaWithoutEffect, severity, name.clone(), message)
                }
                Oddity::EndsTransaction => (
                    Class::LeavesTransaction,
                    Severity::Warning,
                    String::new(),
                    "the file ends the transaction that the tool opened: what follows commits by itself, and a failure behind it leaves the step half done".to_owned(),
                ),
                Oddity::LeavesOpen => (
                    Class::LeavesTransaction,
                    Severity::Error,
                    String::new(),
                    "the file leaves a transaction open that the tool does not know of: what it did is gone when the connection closes".to_owned(),
                ),
                Oddity::NothingToCommit => (
                    Class::LeavesTransaction,
                    Severity::Error,
                    "commit".to_owned(),
                    "the tool's own COMMIT fails, because the file ended its transaction and opened none: the work is done and the step counts as failed".to_owned(),
                ),
            };
            found.push(
                self.told((class, severity, direction), object, message)
                    .at(Some(*line)),
            );
        }
    }

    /// The way back on a database without rows.
    fn way_back(&self, before: &Arc<Schema>, after: &Arc<Schema>, found: &mut Vec<Told>) {
        let stored = |place: usize| self.chain.stored.get(place);
        let severity = |real| {
            let same = stored(self.place) == stored(self.place + 1);
            match same || schema::diff(before, after).is_empty() {
                true => Severity::Note,
                false => real,
            }
        };
        let down = match self.down {
            Down::NoSuchThing => return,
            Down::Missing => {
                let message =
                    "there is no way back: the tool refuses to go back, or stops half way";
                let told = (
                    Class::DownMissing,
                    severity(Severity::Warning),
                    Direction::Down,
                );
                return found.push(self.told(told, "", message));
            }
            Down::Empty(script) | Down::OnlyComments(script) => {
                let message = "the way back says nothing: the tool takes the step for undone, and everything it made is still there";
                let told = (Class::DownEmpty, severity(Severity::Error), Direction::Down);
                return found.push(self.told(told, "", message).at(Some(script.line)));
            }
            Down::Script(_) => &self.step.down,
        };
        let (Some(down), Some(image)) = (down, self.chain.images.get(self.place + 1)) else {
            return;
        };
        let Ok(engine) = Engine::open(&image, self.mode(), self.options) else {
            return;
        };
        let ran = engine.run(&down.lines, down.around(self.mode()), |_, _| ());
        self.oddities(&ran.oddities, Direction::Down, found);
        if let Some(failure) = ran.failure {
            if failure.is_no_fault() {
                return;
            }
            let message = format!("the way back fails on an empty database: {}", failure.words);
            let told = (Class::DownFails, Severity::Error, Direction::Down);
            return found.push(self.told(told, "", message).at(Some(failure.line)));
        }
        if chain::stored(&engine.connection).ok().as_ref() == stored(self.place) {
            return;
        }
        let Ok(back) = Schema::read(&engine.connection) else {
            return;
        };
        let mut differs: Vec<Told> = Vec::new();
        for (change, severity, message) in structure::differences(before, &back) {
            let lost = |told: &Told| told.class == Class::ObjectLost && told.object == change.name;
            if change.kind == ChangeKind::Drop && found.iter().any(lost) {
                // The step took it, and that is told.
                continue;
            }
            let class = (Class::DownDiffers, severity, Direction::Down);
            let about = change.table.as_deref().unwrap_or(&change.name);
            let line = down.lines.iter().rev().find(|line| line.mentions(about));
            let told = self
                .told(class, change.name, message)
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
