//! The stage from scripts to statements: cuts them, parses what each statement states, and derives
//! what follows from their text alone.

pub(crate) mod affected_tables;
pub(crate) mod demands;
pub(crate) mod dialect;
pub(crate) mod expressions;
pub(crate) mod key_relevance;
pub(crate) mod lineage;
pub(crate) mod literals;
pub(crate) mod names;
pub(crate) mod statement;
pub(crate) mod unique_keys;
pub(crate) mod virtual_table;
