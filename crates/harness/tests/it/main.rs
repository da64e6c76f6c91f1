//! The proof is proved: planted bugs are caught, near misses pass, and reports read well.

mod case;
mod fixtures;
mod generated;
mod laws;
mod planted;
mod report;
