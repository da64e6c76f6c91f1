//! The stage from executions and state differences to diagnostics. Each check takes values and
//! returns diagnostics; none runs SQL.

pub(crate) mod constraint_lost;
pub(crate) mod dangling;
pub(crate) mod empty_database;
pub(crate) mod failure;
pub(crate) mod fired_triggers;
pub(crate) mod health;
pub(crate) mod kept_constraints;
pub(crate) mod loss;
pub(crate) mod nondeterministic;
pub(crate) mod rebuilt_objects;
pub(crate) mod referrers;
pub(crate) mod severity;
pub(crate) mod structure;
pub(crate) mod substitutes;
pub(crate) mod text_for_column;
pub(crate) mod values;
pub(crate) mod way_back;
