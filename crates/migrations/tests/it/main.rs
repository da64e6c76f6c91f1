//! The engine's tests, by topic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod support;

mod catalogues;
mod digests;
mod notes;
mod plans;

mod errors;
mod errors_of_backups;
mod errors_of_files;
mod errors_of_paths;
mod errors_of_steps;

mod promises;

mod adoption;
mod atomic;
mod backups;
mod code;
mod consent;
mod copies;
mod directions;
mod backfill;
mod forbidden;
mod foreign_keys;
mod history;
mod interrupts;
mod killed;
mod opening;
mod other_files;
mod non_transactional;
mod paths;
mod per_step;
mod readers;
mod rehearsals;
mod starters;
mod stored;
