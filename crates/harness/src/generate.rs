//! Databases made from a schema alone: every table gets rows that satisfy what it declares.
//!
//! ```text
//! Schema ─▶ plan ─▶ build (each row tried on SQLite) ─▶ content ─▶ shrink
//! ```
//!
//! A [`Generator`] reads columns, keys, references and conditions out of a [`Schema`], draws values that
//! ought to satisfy them, and lets SQLite judge each row on a database that never commits. So triggers,
//! collations, partial indexes and whatever a CHECK says hold by trial, and what cannot be filled is
//! [reported](Unseeded) in SQLite's own words. The same seed gives the same database on every machine.
//!
//! [`Temper`] tells ordinary values from those at the edges. What hangs on a value at the edges can be seen
//! from the [marks](Mark) of a database that was shrunk: ordinary values are simpler than any of them, so a
//! mark that is left is one that it takes.
//!
//! ```
//! use harness::generate::{Generator, Temper};
//! use rusqlite::Connection;
//! use schema::Schema;
//!
//! let empty = Connection::open_in_memory()?;
//! empty.execute_batch(
//!     "CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);
//!      CREATE TABLE item (
//!          list_id INTEGER NOT NULL REFERENCES list(id),
//!          state TEXT NOT NULL CHECK (state IN ('open', 'done'))
//!      );",
//! )?;
//! let generator = Generator::new(&Schema::read(&empty)?, &empty)?.temper(Temper::Hostile);
//! let made = generator.generate(7);
//! assert!(made.unseeded.is_empty());
//! made.content.put_into(&empty)?;
//! let rows: i64 = empty.query_row("SELECT count(*) FROM item", [], |row| row.get(0))?;
//! assert!(rows > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// What a schema asks of its rows.
mod condition;
mod plan;

// Values.
mod need;
mod pattern;
mod word;
mod hostile;

// Rows.
mod model;
mod trial;
mod build;

// The way back to the smallest database.
mod simpler;
mod tree;

use std::fmt;
use std::rc::Rc;

pub(crate) use condition::literals;
pub(crate) use hostile::why;

use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rusqlite::Connection;
use schema::Schema;
use schema::sql::{fold, quote_name};

use self::build::Order;
use self::model::{Cell, Row};
use self::plan::{Filling, Own, Plan};
use self::tree::Contents;
use self::trial::Trial;
use crate::dice::Dice;
use crate::fixture;
use crate::observe::Value;
use crate::subject::Content;

/// What the values are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temper {
    /// What an ordinary application would have: words, small numbers, dates, documents.
    #[default]
    Plain,
    /// A third of the values at the edges of what SQLite stores: the empty text, `0x00` inside text,
    /// 2^53 + 1, infinities, texts that look like numbers, other types than the column names, long values.
    Hostile,
}

/// A database that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Its rows.
    pub content: Content,
    /// The values at the edges among them. None stands where a CHECK, a default or the application's own
    /// strategy names the value.
    pub hostile: Vec<Mark>,
    /// The tables that hold no rows, each with the reason.
    pub unseeded: Vec<Unseeded>,
}

/// A value at the edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The row, by its place in [`Content::inserts`].
    pub insert: usize,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What is unusual about the value, such as `a NUL inside text`.
    pub why: &'static str,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}.{}` holds {}", self.table, self.column, self.why)
    }
}

/// A table that could not be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseeded {
    /// The table.
    pub table: String,
    /// Why, in SQLite's words.
    pub reason: String,
}

/// How many rows a table gets at most, unless [`Generator::rows`] says otherwise.
const ROWS: usize = 5;

/// Makes databases of one schema.
///
/// It belongs to one thread: it holds the database on which rows are tried.
#[derive(Clone, Debug)]
pub struct Generator {
    schema: Rc<Schema>,
    image: Rc<Vec<u8>>,
    own: Own,
    temper: Temper,
    rows: usize,
    nulls: bool,
    only_empty: bool,
    foreign_keys: bool,
}

/// A generator that is ready to make.
#[derive(Debug)]
struct Workshop {
    plan: Plan,
    trial: Trial,
    given: Vec<Row>,
    highest: Vec<i64>,
    temper: Temper,
    rows: usize,
    nulls: bool,
    only_empty: bool,
}

impl Generator {
    /// A generator for `schema`, which is the one of `database`, or a part of it: tables that are not in
    /// `schema` stay as they are. Rows that stand in the database may be referred to.
    ///
    /// # Errors
    /// When the database cannot be copied.
    pub fn new(schema: &Schema, database: &Connection) -> Result<Generator, String> {
        Ok(Generator {
            schema: Rc::new(schema.clone()),
            image: Rc::new(fixture::image(database)?),
            own: Own::new(),
            temper: Temper::Plain,
            rows: ROWS,
            nulls: true,
            only_empty: false,
            foreign_keys: true,
        })
    }

    /// What the values are like.
    #[must_use]
    pub fn temper(mut self, temper: Temper) -> Generator {
        self.temper = temper;
        self
    }

    /// How many rows a table gets at most; each gets one at least.
    #[must_use]
    pub fn rows(mut self, most: usize) -> Generator {
        self.rows = most.max(1);
        self
    }

    /// Takes the values of a column from `strategy`. They are no values at the edges, whatever they are.
    /// A column that refers to another table still refers to it, and keys still hold.
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

    /// Leaves no column empty that can be filled.
    #[must_use]
    pub fn without_nulls(mut self) -> Generator {
        self.nulls = false;
        self
    }

    /// Fills only tables that hold no rows.
    #[must_use]
    pub fn only_empty(mut self) -> Generator {
        self.only_empty = true;
        self
    }

    /// Whether SQLite checks foreign keys when it judges a row; it does unless this says otherwise. Rows
    /// refer to rows that are there in any case. Without the check, tables can be filled whose foreign keys
    /// SQLite cannot check, such as one to a table that is not there.
    #[must_use]
    pub fn foreign_keys(mut self, on: bool) -> Generator {
        self.foreign_keys = on;
        self
    }

    /// A strategy for whole databases. What fails is shrunk: rows go first, with what refers to them, then
    /// values become simple, and each database on the way is one that SQLite takes.
    ///
    /// # Errors
    /// When the database on which rows are tried cannot be opened.
    pub fn strategy(&self) -> Result<impl Strategy<Value = Generated> + use<>, String> {
        self.workshop()
            .map(|workshop| Contents::new(Rc::new(workshop)))
    }

    /// One database. For many, take [`Generator::strategy`], which prepares everything once.
    pub fn generate(&self, seed: u64) -> Generated {
        let strategy = match self.workshop() {
            Ok(workshop) => Contents::new(Rc::new(workshop)),
            Err(reason) => return self.none(&reason),
        };
        strategy
            .make(&mut runner(seed))
            .unwrap_or_else(|reason| self.none(&reason))
    }

    /// No rows, for one reason.
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

    fn workshop(&self) -> Result<Workshop, String> {
        let mut plan = Plan::of(&self.schema, &self.own);
        let trial = Trial::open(&self.image, self.foreign_keys)?;
        // The table of marks has no key: a second row for a table would be one too many.
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
        Ok(Workshop {
            plan,
            trial,
            given,
            highest,
            temper: self.temper,
            rows: self.rows,
            nulls: self.nulls,
            only_empty: self.only_empty,
        })
    }
}

impl Workshop {
    fn order(&self) -> Order<'_> {
        Order {
            plan: &self.plan,
            trial: &self.trial,
            given: &self.given,
            highest: &self.highest,
            temper: self.temper,
            rows: self.rows,
            nulls: self.nulls,
            only_empty: self.only_empty,
        }
    }
}

/// Some rows that stand in the database, to refer to.
fn given_rows(trial: &Trial, place: usize, table: &plan::TablePlan) -> Vec<Row> {
    const ENOUGH: usize = 20;
    let names: Vec<_> = table
        .columns
        .iter()
        .map(|column| quote_name(&column.name))
        .collect();
    let sql = format!(
        "SELECT {} FROM {} LIMIT {ENOUGH}",
        names.join(", "),
        quote_name(&table.name)
    );
    let read = || -> rusqlite::Result<Vec<Row>> {
        let mut statement = trial.connection().prepare(&sql)?;
        let cells = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Row> {
            let cell = |at| {
                Ok(Cell {
                    value: Value::from(row.get_ref(at)?),
                    named: true,
                })
            };
            Ok(Row {
                table: place,
                cells: (0..names.len())
                    .map(cell)
                    .collect::<rusqlite::Result<_>>()?,
                links: vec![None; table.references.len()],
                alive: true,
                given: true,
            })
        };
        statement.query_map([], cells)?.collect()
    };
    // What cannot be read cannot be referred to, and the insert will say why.
    read().unwrap_or_default()
}

/// How often values against a condition are drawn.
const AGAINST: usize = 4;

/// Values that a condition over `columns` does not allow, as far as it is understood, by the column's place.
pub(crate) fn against(condition: &str, columns: &[String]) -> Vec<(usize, Value)> {
    let broken = condition::Condition::read_against(condition, columns);
    let mut dice = Dice::new(1);
    let mut found = Vec::new();
    for _ in 0..AGAINST {
        let mut wishes = condition::Wishes::default();
        broken.choose(&mut dice, &mut wishes);
        for (column, need) in wishes.needs {
            let value = need::meet(&[need], schema::Affinity::Blob, &mut dice);
            found.extend(value.map(|value| (column, value)));
        }
    }
    found
}

/// A runner whose chance is the same for the same seed.
pub(crate) fn runner(seed: u64) -> TestRunner {
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
