//! The formats in which SQLite writes a time as text.

/// The format of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Date,
    DateTime,
    Time,
}

impl Stamp {
    /// The format that a function of SQLite reads or returns.
    pub(super) fn by_function(name: &str) -> Option<Stamp> {
        match name {
            "date" | "strftime" => Some(Stamp::Date),
            "datetime" | "julianday" | "unixepoch" => Some(Stamp::DateTime),
            "time" => Some(Stamp::Time),
            _ => None,
        }
    }
}
