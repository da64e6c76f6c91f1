//! One row of the ledger, as a value.

use schema::{Fingerprint, Schema};

use crate::Version;
use crate::digest::digest;

/// One applied step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The version the step led to.
    pub version: Version,
    /// The step's name, without its number.
    pub name: String,
    /// [`digest`] of the `up.sql` that was run.
    pub up_digest: String,
    /// The `down.sql` that undoes it; `None` for a step that is irreversible.
    pub down_sql: Option<String>,
    /// The losses of the down migration: `table` or `table.column`, one a line.
    pub down_loses: String,
    /// [`Entry::digest_of_back`] of the two columns before.
    pub down_digest: String,
    /// When, as RFC 3339 in UTC.
    pub applied_at: String,
    /// Which engine wrote the row.
    pub applied_by: String,
    /// The `up.sql` that was run, to show what became of it; `None` in rows of older engines.
    pub up_sql: Option<String>,
    /// [`Schema::fingerprint`] of the file after the step, behind the number of its form, such as
    /// `1:0f…`. `None` where the run began with an empty file, whose schema is what the steps make,
    /// and in rows of older engines.
    pub schema_fingerprint: Option<String>,
    /// [`Catalogue::chain_digest`](crate::Catalogue::chain_digest) of all steps up to this one, as they were when a run last wrote
    /// to the file; `None` in rows of older engines and of steps that only another build knows.
    pub chain_digest: Option<String>,
}

impl Entry {
    /// Whether it says that the file had another schema when it was at this version.
    pub(crate) fn denies(&self, schema: &Schema) -> bool {
        let form = format!("{}:", Fingerprint::FORM);
        let noted = self.schema_fingerprint.as_deref();
        // Another form compares something else, and says nothing here.
        let noted = noted.filter(|noted| noted.starts_with(&form));
        noted.is_some_and(|noted| noted != note(schema.fingerprint()))
    }

    /// The digest that protects the stored way back: a build that never heard of the step runs it.
    pub fn digest_of_back(down_sql: Option<&str>, down_loses: &str) -> String {
        match down_sql {
            Some(sql) => digest(&format!("{sql}\n;\n'{}'", down_loses.replace('\'', "''"))),
            None => digest(&format!(
                "irreversible;\n'{}'",
                down_loses.replace('\'', "''")
            )),
        }
    }
}

/// A fingerprint as the ledger keeps it.
pub(crate) fn note(fingerprint: Fingerprint) -> String {
    format!("{}:{fingerprint}", Fingerprint::FORM)
}
