//! Databases with rows, made once for each version and let go when nobody needs them any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use schema::sql::{fold, quote_name};
use schema::{Schema, TableKind};

use super::Options;
use super::model::Mode;
use super::run::Engine;
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
    options: &Options,
) -> Result<(Arc<Vec<u8>>, Unseeded), String> {
    let mode = Mode {
        foreign_keys: true,
        transaction: None,
    };
    let engine = Engine::open(image, mode, options)?;
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

/// The plain database of each version: the step to it goes back on it, and the step from it goes forward.
pub(super) struct Store<'a> {
    images: &'a [Arc<Vec<u8>>],
    schemas: &'a [Arc<Schema>],
    options: &'a Options,
    slots: Vec<Mutex<Slot>>,
    pub(super) unseeded: Mutex<Unseeded>,
}

#[derive(Default)]
struct Slot {
    image: Option<Arc<Vec<u8>>>,
    asked: usize,
}

/// How often each version is asked for.
const USES: usize = 2;

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
            slots: images.iter().map(|_| Mutex::default()).collect(),
            unseeded: Mutex::default(),
        }
    }

    pub(super) fn plain(&self, version: usize) -> Option<Arc<Vec<u8>>> {
        let mut slot = self
            .slots
            .get(version)?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        slot.asked += 1;
        let made = match slot.image.take() {
            Some(image) => image,
            None => self.make(version, Rows::Plain)?,
        };
        if slot.asked < USES {
            slot.image = Some(Arc::clone(&made));
        }
        Some(made)
    }

    pub(super) fn make(&self, version: usize, rows: Rows) -> Option<Arc<Vec<u8>>> {
        let (image, schema) = (self.images.get(version)?, self.schemas.get(version)?);
        let (image, unseeded) = match fill(image, schema, rows, self.options) {
            Ok(made) => made,
            Err(reason) => {
                let all = schema
                    .tables()
                    .map(|table| (table.name.clone(), reason.clone()));
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
