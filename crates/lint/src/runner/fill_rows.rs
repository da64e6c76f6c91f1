//! Fills the database of a version with rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schema::sql::{fold, quote_name};
use schema::{Schema, Table, TableKind};

use crate::error::Error;
use crate::options::Options;
use crate::runner::chosen_rows::{ChosenRow, Clash, put_clash, put_rows, rows_needed};
use crate::runner::execute::Runner;
use crate::runner::prune::prune;
use crate::runner::tool_model::Mode;
use crate::runner::versions::Chain;
use crate::script::affected_tables::with_parents;
use generate::ValueHints;
use generate::{Generator, Profile};
use observe::search_option;

/// The kinds of rows that a database is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Rows as an application has them, and chosen ones.
    Plain,
    /// The same without the chosen ones.
    Generated,
    /// The same without NULL.
    WithoutNulls,
    /// Values at the edges among them.
    Hostile,
}

/// Tables without rows, each with the reason.
pub(crate) type Unseeded = BTreeMap<String, String>;

/// How rows are put in: only such as keep all keys.
pub(crate) const MODE: Mode = Mode {
    foreign_keys: true,
    transaction: None,
    guarded: false,
    without_transaction: "",
};

/// The rows that are chosen for a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) rows: Vec<ChosenRow>,
    /// Rows that clash with the step, each run for itself.
    pub(crate) clashes: Vec<Clash>,
    /// How many more clashes there are.
    pub(crate) left_out: usize,
    /// How many more rows a table needs for them.
    needed: BTreeMap<String, usize>,
}

impl Chosen {
    pub(crate) fn new(
        schema: &Schema,
        rows: Vec<ChosenRow>,
        (clashes, left_out): (Vec<Clash>, usize),
    ) -> Chosen {
        Chosen {
            needed: rows_needed(schema, &rows, &clashes),
            rows,
            clashes,
            left_out,
        }
    }
}

/// A database of one version with rows, among them such as `hints` speak of.
pub(crate) fn fill(
    image: &[u8],
    schema: &Schema,
    rows: Rows,
    hints: &ValueHints,
    chosen: &Chosen,
    options: &Options,
) -> Result<Filled, Error> {
    let engine = Runner::open(image, MODE, options)?;
    let mut generator = Generator::new(schema, &engine.connection)?.rows(options.rows);
    if rows != Rows::Hostile {
        for (table, more) in &chosen.needed {
            generator = generator.more_rows(table, *more);
        }
    }
    generator = match rows {
        Rows::Plain | Rows::Generated => generator,
        Rows::WithoutNulls => generator.without_nulls(),
        Rows::Hostile => generator.profile(Profile::Hostile),
    };
    let made = generator.generate(options.seed);
    made.content.put_into(&engine.connection)?;
    if rows != Rows::Hostile {
        // Chosen rows are about the same literals, and may need a value that only one row can have.
        let literals = if chosen.rows.is_empty() {
            options.rows
        } else {
            0
        };
        say_what_is_compared(&engine, schema, hints, literals);
    }
    if rows != Rows::WithoutNulls {
        empty_a_row_of_each(&engine, schema);
    }
    leave_gaps(&engine, schema);
    if matches!(rows, Rows::Plain | Rows::WithoutNulls) {
        let with_nulls = rows == Rows::Plain;
        let kept = chosen.rows.iter();
        let kept = kept.filter(|row| with_nulls || row.cells.iter().all(|(_, sql)| sql != "NULL"));
        let kept: Vec<&ChosenRow> = kept.collect();
        put_rows(&engine.connection, schema, &kept);
    }
    forget_rows(&engine, schema);
    search_again(&engine, schema);
    let unseeded = made.unseeded.into_iter().map(|own| (own.table, own.reason));
    Ok(Filled {
        image: Arc::new(engine.image()?),
        unseeded: unseeded.collect(),
    })
}

/// Gives a row of each table the values that the script compares its columns with: a `DELETE` of
/// certain rows shows nothing where there are none.
fn say_what_is_compared(engine: &Runner, schema: &Schema, hints: &ValueHints, rows: usize) {
    for table in schema.tables().filter(|table| has_rowids(table)) {
        let name = quote_name(&table.name);
        for column in table.stored_columns() {
            let own = fold(&column.name);
            let column = quote_name(&column.name);
            if hints.json.contains(&own) {
                let sql = format!(
                    "UPDATE main.{name} SET {column} = '{{\"n\": ' || rowid || '}}' \
                     WHERE {column} IS NOT NULL AND NOT json_valid({column})"
                );
                let _ = engine.connection.execute_batch(&sql);
            }
            let literals = hints.literals.get(&own).into_iter().flatten();
            for (place, literal) in literals.enumerate().take(rows.saturating_sub(1)) {
                let sql = format!(
                    "UPDATE main.{name} SET {column} = {literal} WHERE rowid = \
                     (SELECT rowid FROM main.{name} ORDER BY rowid LIMIT 1 OFFSET {place})"
                );
                // A key, a CHECK or a trigger may know better.
                let _ = engine.connection.execute_batch(&sql);
            }
        }
    }
}

/// Raises the marks of AUTOINCREMENT above the rows that are there, as they are where rows were
/// deleted.
fn forget_rows(engine: &Runner, schema: &Schema) {
    let counts = |table: &Table| (table.primary_key.as_ref()).is_some_and(|key| key.autoincrement);
    for table in schema.tables().filter(|table| counts(table)) {
        let sql = "UPDATE main.sqlite_sequence SET seq = seq + 3 WHERE name = ?1 AND seq < 1000000";
        let _ = engine.connection.execute(sql, [&table.name]);
    }
}

/// Deletes a row from the middle of each table whose rowids are no column of it, so that a script
/// that gives rows other rowids does not pass by chance.
fn leave_gaps(engine: &Runner, schema: &Schema) {
    let refers = |table: &Table, other: &Table| {
        let mut keys = other.foreign_keys.iter();
        keys.any(|key| fold(&key.parent) == fold(&table.name))
    };
    let free = |table: &&Table| {
        has_rowids(table)
            && table.rowid_alias().is_none()
            && !schema.tables().any(|other| refers(table, other))
            && !schema
                .triggers()
                .any(|trigger| fold(&trigger.table) == fold(&table.name))
    };
    for table in schema.tables().filter(free) {
        let name = quote_name(&table.name);
        let sql = format!(
            "DELETE FROM main.{name} WHERE (SELECT count(*) FROM main.{name}) > 2 AND rowid = \
             (SELECT rowid FROM main.{name} ORDER BY rowid LIMIT 1 OFFSET 1)"
        );
        let _ = engine.connection.execute_batch(&sql);
    }
}

/// Rebuilds the search tables, whose content changed without their triggers.
fn search_again(engine: &Runner, schema: &Schema) {
    let shows =
        |table: &&Table| search_option(table, "content").is_some_and(|name| !name.is_empty());
    for table in schema.tables().filter(shows) {
        let name = quote_name(&table.name);
        let sql = format!("INSERT INTO main.{name}({name}) VALUES ('rebuild')");
        let _ = engine.connection.execute_batch(&sql);
    }
}

fn has_rowids(table: &Table) -> bool {
    table.kind == TableKind::Ordinary && !table.without_rowid
}

/// Leaves every column of one row empty that the schema lets be empty: a few rows made by chance
/// may hold no NULL, and whether NULL is in the way must not hang on chance.
fn empty_a_row_of_each(engine: &Runner, schema: &Schema) {
    for table in schema.tables() {
        let key = table.primary_key.iter().flat_map(|key| &key.columns);
        let key: Vec<String> = key.map(|part| fold(&part.name)).collect();
        let open = table.stored_columns().filter(|column| {
            has_rowids(table) && !column.not_null && !key.contains(&fold(&column.name))
        });
        let open: Vec<String> = open
            .map(|column| format!("{} = NULL", quote_name(&column.name)))
            .collect();
        if open.is_empty() {
            continue;
        }
        let name = quote_name(&table.name);
        let set = |columns: &str| {
            let sql = format!(
                "UPDATE main.{name} SET {columns} WHERE rowid = (SELECT max(rowid) FROM \
                 main.{name})"
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

/// One version without the tables that a step cannot reach, ready to be filled.
pub(crate) struct PrunedVersion<'a> {
    image: Arc<Vec<u8>>,
    /// The tables of the step and those that they refer to.
    schema: Schema,
    hints: &'a ValueHints,
    only: BTreeSet<String>,
    chosen: Chosen,
}

/// A database with rows.
pub(crate) struct Filled {
    pub(crate) image: Arc<Vec<u8>>,
    /// The tables that got no rows.
    pub(crate) unseeded: Unseeded,
}

impl<'a> PrunedVersion<'a> {
    /// A version for a step that reaches the tables of `only`.
    pub(crate) fn new(
        chain: &Chain,
        version: usize,
        hints: &'a ValueHints,
        only: &BTreeSet<String>,
        chosen: Chosen,
    ) -> Option<PrunedVersion<'a>> {
        let image = chain.images.get(version)?;
        let schema = chain.schemas.get(version)?;
        let all = with_parents(schema, only);
        let others = schema
            .tables()
            .filter(|table| !all.contains(&fold(&table.name)));
        let whole = Schema::clone(schema);
        let part = others.fold(whole, |part, table| part.without_table(&table.name));
        Some(PrunedVersion {
            image: prune(&image, schema, only).unwrap_or(image),
            schema: part,
            hints,
            only: only.clone(),
            chosen,
        })
    }

    /// The database with rows in the tables of the step and in those that they refer to.
    pub(crate) fn fill(&self, rows: Rows, options: &Options) -> Filled {
        let empty = |unseeded| Filled {
            image: Arc::clone(&self.image),
            unseeded,
        };
        if self.only.is_empty() {
            return empty(Unseeded::new());
        }
        let filled = fill(
            &self.image,
            &self.schema,
            rows,
            self.hints,
            &self.chosen,
            options,
        );
        filled.unwrap_or_else(|reason| {
            let all = self.only.iter();
            empty(
                all.map(|table| (table.clone(), reason.to_string()))
                    .collect(),
            )
        })
    }

    /// The rows of `image` with those of a clash among them; `None` where the schema refuses them.
    pub(crate) fn with_clash(
        &self,
        image: &[u8],
        clash: &Clash,
        options: &Options,
    ) -> Option<Vec<u8>> {
        let engine = Runner::open(image, MODE, options).ok()?;
        put_clash(&engine.connection, &self.schema, clash).then_some(())?;
        engine.image().ok()
    }

    /// The rows that are chosen for the step.
    pub(crate) fn chosen(&self) -> &Chosen {
        &self.chosen
    }
}
