//! One row of the ledger, as a value.

use schema::{Fingerprint, Schema};

use crate::Version;
use crate::digest::digest;

/// One applied step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The version to which the step led.
    pub version: Version,
    /// The step's name, without its number.
    pub name: String,
    /// [`digest`] of the `up.sql` that was run.
    pub up_digest: String,
    /// The `down.sql` that undoes it; `None` for a step that is irreversible.
    pub down_sql: Option<String>,
    /// The losses of the down migration: `table` or `table.column`, one per line.
    pub down_loses: String,
    /// [`Entry::digest_of_back`] of the two fields above.
    pub down_digest: String,
    /// The time of the run, as RFC 3339 in UTC.
    pub applied_at: String,
    /// The engine that wrote the row.
    pub applied_by: String,
    /// The `up.sql` that was run, for showing later edits; `None` in rows of older engines.
    pub up_sql: Option<String>,
    /// [`Schema::fingerprint`] of the file after the step, prefixed with the number of its form,
    /// such as `1:0f…`. `None` in rows of older engines, and if the run began with an empty file,
    /// whose schema follows from the steps.
    pub schema_fingerprint: Option<String>,
    /// [`Catalogue::chain_digest`](crate::Catalogue::chain_digest) of all steps up to this one, at
    /// the time of the last run that wrote to the file. `None` in rows of older engines and of
    /// steps that only a different build knows.
    pub chain_digest: Option<String>,
}

impl Entry {
    /// Whether the entry records a different schema of the file at this version.
    pub(crate) fn denies(&self, schema: &Schema) -> bool {
        let form = format!("{}:", Fingerprint::FORM);
        let noted = self.schema_fingerprint.as_deref();
        // A fingerprint of a different form is not comparable.
        let noted = noted.filter(|noted| noted.starts_with(&form));
        noted.is_some_and(|noted| noted != note(schema.fingerprint()))
    }

    /// The digest of the stored down migration, which protects it: a build without the step runs
    /// it.
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

/// Formats a fingerprint for the ledger.
pub(crate) fn note(fingerprint: Fingerprint) -> String {
    format!("{}:{fingerprint}", Fingerprint::FORM)
}
