//! Each rule finds its planted histories, and lets its near misses pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod applications;
mod case;
mod format;
mod group;
mod idioms;
mod model;
mod shapes;
mod planted;
mod report;
