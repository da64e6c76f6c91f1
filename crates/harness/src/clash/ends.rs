//! The versions at both ends of the first half of a journey.

use generate::Generator;
use migrations::{Rename, Version};
use rusqlite::Connection;
use schema::Schema;

use super::demand::{Demand, Pair};
use crate::error::Error;
use crate::rename;
use crate::subject::Subject;

/// The versions at both ends of the first half of a journey.
pub(super) struct Ends<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) from: Version,
    pub(super) via: Version,
    pub(super) before: Schema,
    pub(super) after: Schema,
    pub(super) renames: Vec<Rename>,
}

impl<'a> Ends<'a> {
    pub(super) fn of(
        subject: &'a Subject<'a>,
        from: Version,
        via: Version,
    ) -> Result<Ends<'a>, Error> {
        let report = |error: migrations::Error| error.report();
        let steps = from.min(via) + 1..=from.max(via);
        let mut renames = rename::renames(subject, steps);
        if via < from {
            renames = rename::reversed(renames);
        }
        Ok(Ends {
            subject,
            from,
            via,
            before: subject.catalogue.schema_at(from).map_err(report)?,
            after: subject.catalogue.schema_at(via).map_err(report)?,
            renames,
        })
    }

    /// The schema before, under the names after.
    pub(super) fn before_as_after(&self) -> Result<Schema, Error> {
        rename::schema(self.subject, self.from, &self.renames)
    }

    /// The tables before and after to which a demand applies.
    pub(super) fn pair(&self, demand: &Demand) -> Option<Pair> {
        let new = self.after.table(&demand.table)?.clone();
        let old = rename::table_before(&self.renames, &new.name);
        let old = self.before.table(&old)?.clone();
        let columns = new.stored_columns().filter_map(|column| {
            let name = rename::column_before(&self.renames, &new.name, &column.name);
            let own = old.column(&name).filter(|own| own.generated.is_none())?;
            Some((own.name.clone(), column.name.clone()))
        });
        let columns = columns.collect();
        Some(Pair { old, new, columns })
    }

    /// An empty database of the version after.
    pub(super) fn empty(&self) -> Result<Connection, Error> {
        let built = self.subject.catalogue.build(self.via);
        built.map_err(Error::from)
    }

    /// Rows that are made from the schema of the version after alone.
    pub(super) fn samples(
        &self,
        empty: &Connection,
        rows: usize,
    ) -> Result<generate::Content, Error> {
        let generator = Generator::new(&self.after, empty)?;
        Ok(generator.without_nulls().rows(rows).generate(0).content)
    }
}
