//! The stage from executions to state differences: what a script did to the rows of one database.

pub(crate) mod effect;
pub(crate) mod rows;
