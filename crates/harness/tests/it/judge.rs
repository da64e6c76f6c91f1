//! Each class of the judge finds its planted histories, and lets its near misses pass.

mod applications;
mod case;
mod format;
mod idioms;
mod model;
mod planted;
mod report;
