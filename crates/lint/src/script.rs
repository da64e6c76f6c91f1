//! What a script says: its statements, and what follows from their text alone.

pub(crate) mod affected_tables;
pub(crate) mod dialect;
pub(crate) mod key_relevance;
pub(crate) mod lineage;
pub(crate) mod statement;
