//! The plan: the steps of a run on one file, computed from values before anything is written.

use std::fmt::Write as _;

use schema::{escape, sql};

use crate::Version;
use crate::catalogue::Catalogue;
use crate::entry::Entry;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::non_transactional;
use crate::notes::Declaration;
use crate::planned_step::{Direction, PlannedStep};
use crate::step::Down;

/// The steps of one run on one file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The file's version.
    pub from: Version,
    /// The version after the run.
    pub to: Version,
    /// The steps in execution order; empty if there is nothing to do.
    pub steps: Vec<PlannedStep>,
}

/// Plans the steps that bring a file from its version to `target`.
///
/// # Errors
/// When the file must not be touched (see [`FileState::version`]), is newer than the catalogue and
/// the target is not below it, the target is unknown, or a step to undo has no down migration.
pub fn plan(catalogue: &Catalogue, file: &FileState, target: Version) -> Result<Plan, Error> {
    let from = file.version(catalogue)?;
    let current = catalogue.current_version();
    if from > current && target >= from {
        return Err(error::newer(from, current, file.can_go_back_to(current)));
    }
    if target > current {
        return Err(error::target_unknown(target, current));
    }
    let steps = if target >= from {
        (from + 1..=target)
            .filter_map(|version| up(catalogue, version))
            .collect()
    } else {
        let entries = file.ledger.as_deref().unwrap_or_default();
        let undone = entries.iter().filter(|entry| entry.version > target);
        undone
            .rev()
            .map(|entry| down(catalogue, entry))
            .collect::<Result<Vec<_>, _>>()?
    };
    Ok(Plan {
        from,
        to: target,
        steps,
    })
}

fn up(catalogue: &Catalogue, version: Version) -> Option<PlannedStep> {
    let step = catalogue.step(version)?;
    Some(PlannedStep {
        version,
        folder: step.folder().to_owned(),
        direction: Direction::Up,
        sql: step.up().to_owned(),
        losses: catalogue.notes(version)?.up_losses.clone(),
        non_transactional: step.non_transactional().is_some(),
    })
}

fn down(catalogue: &Catalogue, entry: &Entry) -> Result<PlannedStep, Error> {
    let known = catalogue.step(entry.version);
    let folder = match known {
        Some(step) => step.folder().to_owned(),
        None => format!("{:04}_{}", entry.version, entry.name),
    };
    let Some(sql) = &entry.down_sql else {
        let reason = known.and_then(|step| match step.down() {
            Down::Irreversible(reason) => Some(&**reason),
            Down::Sql(_) => None,
        });
        return Err(error::irreversible(&folder, reason));
    };
    let words = catalogue
        .notes(entry.version)
        .map(|notes| notes.down_losses.as_slice());
    let losses = entry.down_loses.lines().map(|object| {
        let known = words
            .unwrap_or_default()
            .iter()
            .find(|loss| loss.object() == object);
        Declaration::new(object, known.map_or("", |loss| &loss.why))
    });
    Ok(PlannedStep {
        version: entry.version,
        folder,
        direction: Direction::Down,
        sql: sql.clone(),
        losses: losses.collect(),
        non_transactional: non_transactional::is_non_transactional_script(sql)
            && known.is_none_or(|step| step.non_transactional().is_some()),
    })
}

impl Plan {
    /// Keeps the steps before the first that runs outside a transaction.
    pub(crate) fn keep_transactional_steps(&mut self) {
        let inside = self
            .steps
            .iter()
            .take_while(|step| !step.non_transactional)
            .count();
        self.truncate(inside);
    }

    /// The version of the file after the first step.
    pub(crate) fn after_first(&self) -> Version {
        let mut first = self.clone();
        first.truncate(1);
        first.to
    }

    /// Keeps the first `steps` steps.
    pub(crate) fn truncate(&mut self, steps: usize) {
        if steps >= self.steps.len() {
            return;
        }
        self.steps.truncate(steps);
        self.to = self
            .steps
            .last()
            .map_or(self.from, |last| match last.direction {
                Direction::Up => last.version,
                Direction::Down => last.version - 1,
            });
    }

    /// Whether the plan goes up or down; up when there is nothing to do.
    pub fn direction(&self) -> Direction {
        if self.to < self.from {
            Direction::Down
        } else {
            Direction::Up
        }
    }

    /// Describes the plan for a reader: the changes, the scripts that will run and those that would
    /// undo them, how data moves and what is at risk. Text from the file is escaped.
    ///
    /// # Errors
    /// When the schema of a version cannot be built from the catalogue.
    pub fn describe(&self, catalogue: &Catalogue) -> Result<String, Error> {
        let mut text = String::from("MIGRATION PLAN\n");
        let _ = writeln!(text, "Current Version: {}", self.from);
        let _ = writeln!(text, "New Version: {}", self.to);
        if self.steps.is_empty() {
            text.push_str("Changes: none, the file is at this version already\n");
            return Ok(text);
        }
        section(&mut text, "Changes", &self.changes(catalogue)?);
        section(&mut text, "Migration SQL", &self.scripts(catalogue));
        section(&mut text, "Rollback", &self.undoing(catalogue));
        section(&mut text, "Data Migration", &self.data_migration(catalogue));
        let risks = self.risks(catalogue);
        let risks = if risks.is_empty() {
            "none".to_owned()
        } else {
            risks.join("\n")
        };
        section(&mut text, "Data at risk", &risks);
        Ok(text)
    }

    fn changes(&self, catalogue: &Catalogue) -> Result<String, Error> {
        if self.from.max(self.to) > catalogue.current_version() {
            return Ok("not known to this build; the ways back stored in the file will run".into());
        }
        let (before, after) = (
            catalogue.schema_at(self.from)?,
            catalogue.schema_at(self.to)?,
        );
        let changes = schema::Comparison::new(&before, &after)
            .guess_renames(false)
            .renames(&self.renames(catalogue))
            .changes();
        if changes.is_empty() {
            return Ok("none in the schema".to_owned());
        }
        let mut text = String::new();
        for (number, change) in (1..).zip(&changes) {
            let _ = writeln!(text, "{number}. {change}");
            let added = change.kind == schema::ChangeKind::Add;
            if added && change.object == schema::Object::Table {
                let columns = after.table(&change.name).map(schema::Table::describe);
                for line in columns.unwrap_or_default() {
                    let _ = writeln!(text, "     {line}");
                }
            }
        }
        Ok(text)
    }

    /// The renames that the notes of the upward steps declare; going back, a rename is shown as a
    /// removal and an addition.
    fn renames(&self, catalogue: &Catalogue) -> Vec<schema::Rename> {
        let up = self
            .steps
            .iter()
            .filter(|step| step.direction == Direction::Up);
        let notes = up.filter_map(|step| catalogue.notes(step.version));
        notes.flat_map(|notes| notes.renames.clone()).collect()
    }

    fn scripts(&self, catalogue: &Catalogue) -> String {
        let mut text = String::new();
        for step in &self.steps {
            let _ = writeln!(
                text,
                "-- {}\n{}",
                one_line(&step.file()),
                step.sql.trim_end()
            );
            let code = catalogue.step(step.version).and_then(|step| step.code());
            if let (Direction::Up, Some(code)) = (step.direction, code) {
                let _ = writeln!(
                    text,
                    "-- then, in the same transaction: {} (Rust)",
                    code.name
                );
            }
        }
        text
    }

    fn undoing(&self, catalogue: &Catalogue) -> String {
        let mut text = String::new();
        for step in self.steps.iter().rev() {
            let known = catalogue.step(step.version);
            let folder = one_line(&step.folder);
            let (title, sql) = match (step.direction, known.map(|step| (step, step.down()))) {
                (Direction::Up, Some((_, Down::Sql(sql)))) => {
                    (format!("{folder}/down.sql"), sql.to_string())
                }
                (Direction::Up, Some((_, Down::Irreversible(why)))) => {
                    let why = why.trim().lines().map(|line| format!("-- {line}\n"));
                    (format!("{folder}: no way back"), why.collect())
                }
                (Direction::Down, Some((step, _))) => {
                    (format!("{folder}/up.sql"), step.up().to_owned())
                }
                (_, None) => (format!("{folder}: not known to this build"), String::new()),
            };
            let _ = writeln!(text, "-- {title}");
            if !sql.is_empty() {
                let _ = writeln!(text, "{}", sql.trim_end());
            }
        }
        text
    }

    fn data_migration(&self, catalogue: &Catalogue) -> String {
        let mut text = String::new();
        for step in &self.steps {
            let notes = catalogue.notes(step.version);
            let words = notes.map_or("not known to this build", |notes| match step.direction {
                Direction::Up => &notes.data_migration,
                Direction::Down => &notes.rollback,
            });
            let words = match words.trim() {
                "" => "its notes have no text",
                words => words,
            };
            let _ = writeln!(text, "{}: {words}", one_line(&step.folder));
        }
        text
    }

    /// The declared losses: those of undoing the steps (going up), or those of going back.
    fn risks(&self, catalogue: &Catalogue) -> Vec<String> {
        let mut risks = Vec::new();
        for step in &self.steps {
            let back = catalogue
                .notes(step.version)
                .map(|notes| notes.down_losses.as_slice());
            let going_back = match step.direction {
                Direction::Up => back.unwrap_or_default(),
                Direction::Down => &[],
            };
            let because = |why: &str| match why {
                "" => String::new(),
                why => format!(": {why}"),
            };
            for loss in &step.losses {
                let (file, why) = (step.file(), because(&loss.why));
                let object = loss.object();
                risks.push(one_line(&format!("{file}: {object} would be lost{why}")));
            }
            for loss in going_back {
                let (folder, why) = (&step.folder, because(&loss.why));
                let object = loss.object();
                let risk = format!("{folder}/down.sql: going back loses {object}{why}");
                risks.push(one_line(&risk));
            }
        }
        risks
    }

    /// The number of statements that will run.
    pub fn statements(&self) -> usize {
        self.steps
            .iter()
            .map(|step| sql::statements(&step.sql).len())
            .sum()
    }
}

fn section(text: &mut String, title: &str, body: &str) {
    let _ = writeln!(text, "{title}:");
    for line in escape::lines(body.trim_end()).lines() {
        match line {
            "" => text.push('\n'),
            line => {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
}

/// Formats a name for one line of a longer text.
fn one_line(text: &str) -> String {
    escape::line(text).into_owned()
}
