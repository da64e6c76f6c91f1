//! The stage from statements to executions: runs scripts in memory as their tool runs them, without
//! rows and on rows, and returns the states around them.

pub(crate) mod chosen_rows;
pub(crate) mod clock_probe;
pub(crate) mod execute;
pub(crate) mod fill_rows;
pub(crate) mod half_applied;
pub(crate) mod image_store;
pub(crate) mod long_run;
pub(crate) mod progress;
pub(crate) mod prune;
pub(crate) mod quoted_text;
pub(crate) mod repair_rows;
pub(crate) mod run_step;
pub(crate) mod state;
pub(crate) mod step;
pub(crate) mod tool_model;
pub(crate) mod try_writes;
pub(crate) mod unresolved;
pub(crate) mod versions;
pub(crate) mod watch;
