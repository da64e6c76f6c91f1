//! What of a run is harm.

pub(crate) mod empty_database;
pub(crate) mod failure;
pub(crate) mod health;
pub(crate) mod loss;
pub(crate) mod rebuilt_objects;
pub(crate) mod rows;
pub(crate) mod severity;
pub(crate) mod structure;
pub(crate) mod values;
