//! The analysis: a request made ready, with its scripts cut into statements and every version of
//! the empty database.

use std::ops::Range;
use std::sync::Arc;

use crate::error::Error;
use crate::finding::{Diagnostic, Origin};
use crate::request::Request;
use crate::runner::tool_model::Mode;
use crate::runner::versions::{self, Chain, Step};
use crate::runner::watch::Watch;
use crate::script::key_relevance;
use stdx::map_parallel;

/// A request made ready for its passes.
pub(crate) struct Analysis {
    pub(crate) request: Arc<Request>,
    pub(crate) steps: Vec<Step>,
    /// The versions of the history, under each mode in which its tool may run it.
    pub(crate) chains: Vec<Chain>,
}

impl Analysis {
    /// Reads the scripts, runs them on empty databases, and reads the schemas between them.
    ///
    /// # Errors
    /// When SQLite refuses a database in memory.
    pub(crate) fn new(request: Request, watch: &Watch) -> Result<Analysis, Error> {
        let (history, options) = (&request.history, &request.options);
        let mut steps = versions::steps(history, &request.model, watch);
        steps.truncate(request.places.end);
        let gaps = history.gaps.iter();
        let gaps: Vec<usize> = gaps.filter_map(|gap| Some(gap.after? + 1)).collect();
        let modes = Mode::all(&request.model, options.foreign_keys, options.transaction);
        let course = versions::Course {
            steps: &steps,
            gaps: &gaps,
            options,
            watch,
        };
        let walked = map_parallel(modes.len(), |at| {
            Some(versions::walk(&course, *modes.get(at)?))
        });
        let mut chains: Vec<Chain> = walked.into_iter().flatten().collect::<Result<_, _>>()?;
        versions::read_schemas(&mut chains, options, watch);
        Ok(Analysis {
            request: Arc::new(request),
            steps,
            chains,
        })
    }

    /// The places of the steps to check.
    pub(crate) fn places(&self) -> Range<usize> {
        self.request.places.clone()
    }

    /// The chains to run for these steps: all, or one for all where foreign keys make no
    /// difference.
    pub(crate) fn chains_to_run(&self, mut places: impl Iterator<Item = usize>) -> &[Chain] {
        let is_one = self.chains.len() > 1 && !places.any(|place| self.depends_on_keys(place));
        if is_one {
            self.chains.get(..1).unwrap_or_default()
        } else {
            &self.chains
        }
    }

    /// Adds the diagnostics of the first `ran` chains for the others, which they stand for.
    pub(crate) fn copy_to_other_chains(
        &self,
        mut diagnostics: Vec<Diagnostic>,
        ran: usize,
    ) -> Vec<Diagnostic> {
        let own = diagnostics.clone();
        for chain in self.chains.iter().skip(ran) {
            diagnostics.extend(own.iter().map(|diagnostic| Diagnostic {
                origin: Origin {
                    mode: chain.mode,
                    ..diagnostic.origin
                },
                ..diagnostic.clone()
            }));
        }
        diagnostics
    }

    /// Whether foreign keys can make a difference for a step.
    fn depends_on_keys(&self, place: usize) -> bool {
        let statements = self.steps.get(place).into_iter().flat_map(|step| {
            let texts = step.up.iter().chain(&step.down);
            texts.flat_map(|text| &text.statements)
        });
        self.chains.iter().any(|chain| {
            let schemas = chain.schemas.iter().skip(place).take(2);
            key_relevance::keys_matter(&schemas.collect::<Vec<_>>(), statements.clone())
        })
    }
}
