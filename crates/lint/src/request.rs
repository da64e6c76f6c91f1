//! The request: a history, the model of its tool, the options, and the steps to check. Every stage
//! reads it, and none changes it.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::runner::tool_model::{ForeignKeys, Model};
use crate::step_choice::{find_step, join_names};
use folders::{History, Migration};

/// A history with all that decides how it is checked.
pub(crate) struct Request {
    pub(crate) history: Arc<History>,
    pub(crate) options: Arc<Options>,
    pub(crate) model: Model,
    /// The places of the steps to check; those before them only run.
    pub(crate) places: Range<usize>,
}

impl Request {
    /// Resolves the names of steps in `options`, and picks the model of the tool.
    ///
    /// # Errors
    /// When the history contains no step of a name that `options` mention.
    pub(crate) fn new(history: &Arc<History>, options: &Arc<Options>) -> Result<Request, Error> {
        let place_of = |name: &Option<String>| {
            let Some(name) = name else { return Ok(None) };
            find_step(history, name).map(Some).map_err(|several| {
                let text = match join_names(&several) {
                    names if names.is_empty() => format!("no step is called `{name}`"),
                    names => format!("several steps fit `{name}`: {names}"),
                };
                Error::new(ErrorKind::UnknownStep, text)
            })
        };
        let model = Model::of(history.layout).for_history(history);
        let (from, to) = (place_of(&options.from)?, place_of(&options.to)?);
        let end = to.map_or(history.steps.len(), |place| place + 1);
        Ok(Request {
            history: Arc::clone(history),
            options: Arc::clone(options),
            model,
            places: from.unwrap_or(0).min(end)..end,
        })
    }

    /// The step at `place`.
    pub(crate) fn step(&self, place: usize) -> Option<&Migration> {
        self.history.steps.get(place)
    }

    /// Whether foreign keys are on only if the application turns them on, and the options leave
    /// that open.
    pub(crate) fn is_unsure_of_keys(&self) -> bool {
        self.options.foreign_keys.is_none()
            && self.model.foreign_keys == ForeignKeys::OffUnlessAsked
    }
}

/// Whether `options` select the step at `place` for the report.
pub(crate) fn is_selected(history: &History, options: &Options, place: usize) -> bool {
    let step = history.steps.get(place);
    step.is_some_and(|step| (options.only.as_ref()).is_none_or(|only| only.contains(&step.name)))
}
