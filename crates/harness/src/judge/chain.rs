//! Every version of a history without a row, one after the other.

use std::sync::Arc;

use schema::Schema;

use super::Options;
use super::model::{Mode, Model, Transaction};
use super::run::{Engine, Failure, Oddity, Ran};
use super::said::{Line, lines};
use crate::folder::{Down, History, Script};
use crate::hint::Hints;

/// One step, its scripts cut into statements.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) up: Option<Text>,
    pub(super) down: Option<Text>,
    /// What its scripts say of the values in the columns, forward and back.
    pub(super) hints: (Hints, Hints),
}

/// A script, cut into statements, and what the tool opens a transaction around.
pub(super) struct Text {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) lines: Vec<Line>,
    pub(super) around: Transaction,
}

impl Text {
    /// What the tool, or who asked, wants a transaction around.
    pub(super) fn around(&self, mode: Mode) -> Transaction {
        mode.transaction.unwrap_or(self.around)
    }
}

/// All steps of a history.
pub(super) fn steps(history: &History, model: &Model) -> Vec<Step> {
    let steps = history.steps.iter().map(|migration| {
        let text = |script: &Script, alone: bool| Text {
            file: script.file.clone(),
            line: script.line,
            lines: lines(script),
            around: model.around(script, alone),
        };
        let up = (migration.up.as_ref()).map(|script| text(script, migration.no_transaction));
        let down = match &migration.down {
            Down::Script(script) => Some(text(script, migration.down_no_transaction)),
            _ => None,
        };
        Step {
            name: migration.name.clone(),
            hints: (hints(up.iter()), hints(down.iter())),
            up,
            down,
        }
    });
    steps.collect()
}

/// What scripts say of the values in the columns.
pub(super) fn hints<'a>(texts: impl Iterator<Item = &'a Text>) -> Hints {
    let mut hints = Hints::default();
    let lines = texts.flat_map(|text| &text.lines);
    lines.for_each(|line| hints.read(&line.text));
    hints
}

/// The versions of a history under one mode.
pub(super) struct Chain {
    pub(super) mode: Mode,
    /// The database without rows at each version, from before the first step.
    pub(super) images: Vec<Arc<Vec<u8>>>,
    /// The schema of each version.
    pub(super) schemas: Vec<Arc<Schema>>,
    /// What came of each step forward.
    pub(super) ups: Vec<Past>,
}

/// What came of a step on a database without rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    pub(super) failure: Option<Failure>,
    pub(super) oddities: Vec<(usize, Oddity)>,
    /// Whether an earlier step failed or is missing, so that this one may not be to blame.
    pub(super) after_a_break: bool,
}

/// Runs all steps forward, as far as that goes.
pub(super) fn walk(
    steps: &[Step],
    gaps: &[usize],
    base: &[u8],
    mode: Mode,
    options: &Options,
) -> Result<Chain, String> {
    let mut engine = Engine::open(base, mode, options)?;
    let mut chain = Chain {
        mode,
        images: vec![Arc::new(engine.image()?)],
        schemas: Vec::new(),
        ups: Vec::new(),
    };
    let mut broken = false;
    for (place, step) in steps.iter().enumerate() {
        broken = broken || gaps.contains(&place);
        let mut past = Past {
            after_a_break: broken,
            ..Past::default()
        };
        if let Some(up) = &step.up {
            let Ran { failure, oddities } = engine.run(&up.lines, up.around(mode), |_, _| ());
            past.oddities = oddities;
            if failure.is_some() {
                broken = true;
                let before = chain
                    .images
                    .last()
                    .map_or(&[][..], |image| image.as_slice());
                engine = Engine::open(before, mode, options)?;
                engine.run_leniently(&up.lines);
            }
            past.failure = failure;
        }
        // Each step begins with the connection that the tool opens.
        let _ = engine
            .connection
            .pragma_update(None, "foreign_keys", mode.foreign_keys);
        let image = engine.image()?;
        let same = chain.images.last().filter(|last| ***last == image);
        let image = same.map_or_else(|| Arc::new(image), Arc::clone);
        chain.images.push(image);
        chain.ups.push(past);
    }
    Ok(chain)
}

/// The schema of one version.
pub(super) fn schema_of(
    image: &[u8],
    mode: Mode,
    options: &Options,
) -> Result<Arc<Schema>, String> {
    let engine = Engine::open(image, mode, options)?;
    let schema = Schema::read(&engine.connection).map_err(|error| error.to_string())?;
    Ok(Arc::new(schema))
}
