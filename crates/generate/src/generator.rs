//! Makes databases of one schema.

use std::rc::Rc;

use observe::Value;
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rusqlite::Connection;
use schema::Schema;
use schema::sql::{fold, quote_name};

use crate::generated::{Generated, Profile, Unseeded};
use crate::plan::{ColumnOverrides, Filling, Plan};
use crate::prepared::{Prepared, given_rows};
use crate::shrink::Contents;
use crate::trial::Trial;

/// The maximum number of rows of a table, unless [`Generator::rows`] sets a different one.
const ROWS: usize = 5;

/// Makes databases of one schema.
///
/// A generator belongs to one thread, because it owns the database on which rows are tried.
#[derive(Clone, Debug)]
pub struct Generator {
    schema: Rc<Schema>,
    image: Rc<Vec<u8>>,
    own: ColumnOverrides,
    profile: Profile,
    rows: usize,
    nulls: bool,
    only_empty: bool,
    foreign_keys: bool,
}

impl Generator {
    /// Creates a generator for `schema`, which is that of `database` or a part of it: tables that
    /// are not in `schema` stay unchanged. New rows may refer to rows in the database.
    ///
    /// # Errors
    /// If the database cannot be copied.
    pub fn new(schema: &Schema, database: &Connection) -> rusqlite::Result<Generator> {
        Ok(Generator {
            schema: Rc::new(schema.clone()),
            image: Rc::new(sandbox::image(database)?),
            own: ColumnOverrides::new(),
            profile: Profile::Plain,
            rows: ROWS,
            nulls: true,
            only_empty: false,
            foreign_keys: true,
        })
    }

    /// Sets the kind of the values.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Generator {
        self.profile = profile;
        self
    }

    /// Sets the maximum number of rows of a table; each gets at least one.
    #[must_use]
    pub fn rows(mut self, most: usize) -> Generator {
        self.rows = most.max(1);
        self
    }

    /// Takes the values of a column from `strategy`. They never count as edge values. A column that
    /// refers to another table still refers to it, and keys still hold.
    #[must_use]
    pub fn column(
        mut self,
        table: &str,
        column: &str,
        strategy: BoxedStrategy<Value>,
    ) -> Generator {
        self.own.insert((fold(table), fold(column)), strategy);
        self
    }

    /// Makes no value NULL that can have one.
    #[must_use]
    pub fn without_nulls(mut self) -> Generator {
        self.nulls = false;
        self
    }

    /// Fills only empty tables.
    #[must_use]
    pub fn only_empty(mut self) -> Generator {
        self.only_empty = true;
        self
    }

    /// Sets whether SQLite checks foreign keys when it judges a row; the default is yes. Rows refer
    /// to existing rows in any case. Without the check, a table can be filled although SQLite
    /// cannot check its foreign keys, such as one to a missing table.
    #[must_use]
    pub fn foreign_keys(mut self, on: bool) -> Generator {
        self.foreign_keys = on;
        self
    }

    /// A strategy for whole databases. A failing database shrinks: first rows are removed together
    /// with the rows that refer to them, then values are simplified. SQLite accepts each database
    /// on the way.
    ///
    /// # Errors
    /// If the database on which rows are tried cannot be opened.
    pub fn strategy(&self) -> rusqlite::Result<impl Strategy<Value = Generated> + use<>> {
        self.prepared()
            .map(|prepared| Contents::new(Rc::new(prepared)))
    }

    /// Generates one database. For many, use [`Generator::strategy`], which prepares everything
    /// once.
    pub fn generate(&self, seed: u64) -> Generated {
        let strategy = match self.prepared() {
            Ok(prepared) => Contents::new(Rc::new(prepared)),
            Err(error) => return self.none(&error.to_string()),
        };
        strategy
            .make(&mut seeded_runner(seed))
            .unwrap_or_else(|reason| self.none(&reason))
    }

    /// A result without rows, for one reason.
    fn none(&self, reason: &str) -> Generated {
        let unseeded = self.schema.tables().map(|table| Unseeded {
            table: table.name.clone(),
            reason: reason.to_owned(),
        });
        Generated {
            unseeded: unseeded.collect(),
            ..Generated::default()
        }
    }

    fn prepared(&self) -> rusqlite::Result<Prepared> {
        let mut plan = Plan::of(&self.schema, &self.own);
        let trial = Trial::open(&self.image, self.foreign_keys)?;
        // The table `sqlite_sequence` has no key, so a second row for a table must be avoided here.
        let marked = trial.marked();
        plan.counted.retain(|name| !marked.contains(&fold(name)));
        let mut given = Vec::new();
        let mut highest = Vec::new();
        for (place, table) in plan.tables.iter().enumerate() {
            let name = quote_name(&table.name);
            let rowid = format!("SELECT max(rowid) FROM {name}");
            let most = trial
                .connection()
                .query_row(&rowid, [], |row| row.get::<_, Option<i64>>(0));
            highest.push(most.ok().flatten().unwrap_or(0));
            if table.filling == Filling::Made && table.ordinary {
                given.extend(given_rows(&trial, place, table));
            }
        }
        Ok(Prepared {
            plan,
            trial,
            given,
            highest,
            profile: self.profile,
            rows: self.rows,
            nulls: self.nulls,
            only_empty: self.only_empty,
        })
    }
}

/// A runner with the same random sequence for the same seed.
pub fn seeded_runner(seed: u64) -> TestRunner {
    let mut bytes = [0_u8; 32];
    bytes
        .iter_mut()
        .zip(seed.to_le_bytes())
        .for_each(|(place, byte)| *place = byte);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(
        Config {
            failure_persistence: None,
            ..Config::default()
        },
        rng,
    )
}
