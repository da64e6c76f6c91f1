//! The rows made so far.

use std::collections::{BTreeMap, HashSet};

use observe::Value;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use stdx::Rng;

use crate::generated::{Profile, Unseeded};
use crate::model::{Model, Row};
use crate::plan::Plan;
use crate::trial::Trial;

/// Strategies of the application, each for one cell: they know how to simplify their value.
pub(crate) type OwnTrees = BTreeMap<(usize, usize), Box<dyn ValueTree<Value = Value>>>;

/// The input of a build.
pub(crate) struct BuildContext<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) trial: &'a Trial,
    /// Rows that are already in the database.
    pub(crate) given: &'a [Row],
    /// The highest rowid of each table.
    pub(crate) highest: &'a [i64],
    pub(crate) profile: Profile,
    pub(crate) rows: usize,
    pub(crate) nulls: bool,
    /// Whether only empty tables get rows.
    pub(crate) only_empty: bool,
}

/// The result of a build.
pub(crate) struct Made {
    pub(crate) model: Model,
    pub(crate) own: OwnTrees,
    pub(crate) unseeded: Vec<Unseeded>,
}

/// A row that must be made later, because an earlier one refers to it.
pub(crate) struct Promise {
    /// The rows that refer to it, each with the place of its reference.
    pub(crate) children: Vec<(usize, usize)>,
    pub(crate) values: Vec<(usize, Value)>,
}

pub(crate) struct Builder<'a, 'r> {
    pub(crate) order: &'a BuildContext<'a>,
    pub(crate) runner: &'r mut TestRunner,
    pub(crate) rng: Rng,
    pub(crate) model: Model,
    pub(crate) own: OwnTrees,
    /// The rows of each table.
    pub(crate) rows: Vec<Vec<usize>>,
    /// The values in each key of each table.
    pub(crate) keys: Vec<Vec<HashSet<Vec<Value>>>>,
    pub(crate) next_id: Vec<i64>,
    pub(crate) filled: Vec<bool>,
    pub(crate) promises: Vec<Vec<Promise>>,
    /// Whether one long value may still be made.
    pub(crate) roomy: bool,
    pub(crate) unseeded: Vec<Unseeded>,
}
