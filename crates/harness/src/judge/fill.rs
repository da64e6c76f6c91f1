//! Databases with rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use schema::sql::{fold, quote_name};
use schema::{Schema, TableKind};

use super::Options;
use super::model::Mode;
use super::run::Engine;
use super::touch::with_parents;
use crate::generate::{Generator, Temper};

/// What the rows of a database are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// What an application would have.
    Plain,
    /// The same without NULL.
    WithoutNulls,
    /// Values at the edges among them.
    Hostile,
}

/// Tables without rows, each with the reason.
pub(super) type Unseeded = BTreeMap<String, String>;

/// A database of one version with rows.
pub(super) fn fill(
    image: &[u8],
    schema: &Schema,
    rows: Rows,
    only: Option<&BTreeSet<String>>,
    options: &Options,
) -> Result<(Arc<Vec<u8>>, Unseeded), String> {
    let mode = Mode {
        foreign_keys: true,
        transaction: None,
    };
    let engine = Engine::open(image, mode, options)?;
    let mut part = schema.clone();
    if let Some(only) = only {
        let all = with_parents(schema, only);
        let others = schema
            .tables()
            .filter(|table| !all.contains(&fold(&table.name)));
        part = others.fold(part, |part, table| part.without_table(&table.name));
    }
    let schema = &part;
    let mut generator = Generator::new(schema, &engine.connection)?.rows(options.rows);
    generator = match rows {
        Rows::Plain => generator,
        Rows::WithoutNulls => generator.without_nulls(),
        Rows::Hostile => generator.temper(Temper::Hostile),
    };
    let made = generator.generate(options.seed);
    made.content
        .put_into(&engine.connection)
        .map_err(|error| error.to_string())?;
    if rows != Rows::WithoutNulls {
        empty_a_row_of_each(&engine, schema);
    }
    let unseeded = made.unseeded.into_iter().map(|own| (own.table, own.reason));
    Ok((Arc::new(engine.image()?), unseeded.collect()))
}

/// Leaves every column of one row empty that the schema lets be empty: a few rows made by chance may hold no NULL,
/// and whether NULL is in the way must not hang on chance.
fn empty_a_row_of_each(engine: &Engine, schema: &Schema) {
    for table in schema.tables() {
        let key = table.primary_key.iter().flat_map(|key| &key.columns);
        let key: Vec<String> = key.map(|part| fold(&part.name)).collect();
        let ordinary = table.kind == TableKind::Ordinary && !table.without_rowid;
        let open = table
            .stored_columns()
            .filter(|column| ordinary && !column.not_null && !key.contains(&fold(&column.name)));
        let open: Vec<String> = open
            .map(|column| format!("{} = NULL", quote_name(&column.name)))
            .collect();
        if open.is_empty() {
            continue;
        }
        let name = quote_name(&table.name);
        let set = |columns: &str| {
            let sql = format!(
                "UPDATE main.{name} SET {columns} WHERE rowid = (SELECT max(rowid) FROM main.{name})"
            );
            engine.connection.execute_batch(&sql)
        };
        if set(&open.join(", ")).is_err() {
            for column in &open {
                // A CHECK or a trigger may know better.
                let _ = set(column);
            }
        }
    }
}

/// Makes the databases of the steps, and remembers what could not be filled.
pub(super) struct Store<'a> {
    images: &'a [Arc<Vec<u8>>],
    schemas: &'a [Arc<Schema>],
    options: &'a Options,
    pub(super) unseeded: Mutex<Unseeded>,
}

impl<'a> Store<'a> {
    pub(super) fn new(
        images: &'a [Arc<Vec<u8>>],
        schemas: &'a [Arc<Schema>],
        options: &'a Options,
    ) -> Store<'a> {
        Store {
            images,
            schemas,
            options,
            unseeded: Mutex::default(),
        }
    }

    /// A database of the version with rows in the tables of `only` and in those that they refer to.
    pub(super) fn make(
        &self,
        version: usize,
        rows: Rows,
        only: &BTreeSet<String>,
    ) -> Option<Arc<Vec<u8>>> {
        let (image, schema) = (self.images.get(version)?, self.schemas.get(version)?);
        if only.is_empty() {
            return Some(Arc::clone(image));
        }
        let (image, unseeded) = match fill(image, schema, rows, Some(only), self.options) {
            Ok(made) => made,
            Err(reason) => {
                let all = only.iter().map(|table| (table.clone(), reason.clone()));
                (Arc::clone(image), all.collect())
            }
        };
        if rows == Rows::Plain {
            let mut known = self.unseeded.lock().unwrap_or_else(PoisonError::into_inner);
            known.extend(unseeded);
        }
        Some(image)
    }
}
