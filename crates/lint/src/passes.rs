//! The passes over a history. Each calls the stages in their order (run, compare, check, weigh),
//! hands every value on to the next, and returns diagnostics; no stage calls another.

pub(crate) mod long_runs;
pub(crate) mod names;
pub(crate) mod rows;
pub(crate) mod tested;
