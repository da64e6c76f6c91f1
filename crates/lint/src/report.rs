//! A verdict in the formats that people, programs, test reporters, code scanning and workflows
//! read. One file a format; the names of rules and severities are the same in all.

mod wording;
mod summary;
mod groups;
mod format;
mod printable;

mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;

pub use format::{Format, UnknownFormat};
pub use github::annotate_failure;
pub use markdown::describe_failure;
pub use summary::{Detail, Report};

use schema::escape;
use serde_json::Value;

impl Report<'_> {
    /// The whole text in one format, which ends with a line end. JSON and SARIF contain exactly the
    /// names in the folder; the other formats escape them, and no name begins a line or moves a
    /// cursor.
    pub fn render(&self, format: Format) -> String {
        let document = |value| escape::json(&format!("{value:#}\n")).into_owned();
        let write: fn(&Report<'_>) -> String = match format {
            Format::Json => return document(self.to_json()),
            Format::Sarif => return document(sarif::value(self)),
            Format::Text => text::write,
            Format::Junit => junit::write,
            Format::Github => github::write,
            Format::Markdown => markdown::write,
        };
        let verdict = printable::verdict(self.verdict);
        write(&printable::report(self, &verdict))
    }

    /// The document of [`Format::Json`] as a value.
    pub fn to_json(&self) -> Value {
        json::value(self)
    }
}
