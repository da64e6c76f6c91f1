//! How a verdict reads.
