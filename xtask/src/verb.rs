//! The verbs that need no compiled catalogue.

pub mod ci;
pub mod new_version;
pub mod resolve;
pub mod sabotage;
