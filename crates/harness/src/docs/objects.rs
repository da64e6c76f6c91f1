//! The objects of a schema by name.

use migrations::Version;
use schema::Schema;

use crate::error::Error;
use crate::subject::Subject;

pub(crate) fn exists(schema: &Schema, object: &str) -> bool {
    let object = bare(object);
    let is = |name: &str| bare(name) == object;
    schema.tables().any(|table| {
        is(&table.name)
            || table
                .columns
                .iter()
                .any(|column| is(&format!("{}.{}", table.name, column.name)))
    }) || schema.indexes().any(|index| is(&index.name))
        || schema.triggers().any(|trigger| is(&trigger.name))
        || schema.views().any(|view| is(&view.name))
}

/// A folded name without quotes: notes and changes may quote it or not.
pub(crate) fn bare(name: &str) -> String {
    schema::sql::fold(&name.replace('"', ""))
}

/// The schema of a version.
pub(crate) fn schema_at(subject: &Subject<'_>, version: Version) -> Result<Schema, Error> {
    subject.catalogue.schema_at(version).map_err(Error::from)
}

/// The schema of the newest version.
pub(crate) fn current(subject: &Subject<'_>) -> Result<Schema, Error> {
    schema_at(subject, subject.catalogue.current_version())
}
