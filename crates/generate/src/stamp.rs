//! The ways in which SQLite writes a time as text.

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Date,
    DateTime,
    Time,
}

impl Stamp {
    /// What a function of SQLite reads or gives.
    pub(super) fn by_function(name: &str) -> Option<Stamp> {
        match name {
            "date" | "strftime" => Some(Stamp::Date),
            "datetime" | "julianday" | "unixepoch" => Some(Stamp::DateTime),
            "time" => Some(Stamp::Time),
            _ => None,
        }
    }
}
