//! A comparison with knowledge beyond the two schemas: renames and options.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::change::{Change, ChangeKind, Object};
use crate::diff;
use crate::rename::Rename;
use crate::risk;
use crate::schema::Schema;
use crate::sql::{fold, show_name};
use crate::table::{Column, Table};

/// The number of rounds of guessing tables; a round uses the parents found in earlier ones. Each
/// round reads every remaining table.
const ROUNDS: usize = 10;

/// Whether the order of columns counts.
///
/// It matters to `SELECT *` and to `INSERT INTO t VALUES (…)`, and to nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColumnOrder {
    /// A different order is a change of the kind [`Object::ColumnOrder`].
    #[default]
    Report,
    /// A different order is no change.
    Ignore,
}

/// A comparison of two schemas that knows of renames.
///
/// ```
/// # use rusqlite::Connection;
/// # use schema::Schema;
/// use schema::{ColumnOrder, Comparison, Rename};
///
/// # let schema = |sql: &str| -> Result<Schema, Box<dyn std::error::Error>> {
/// #     let conn = Connection::open_in_memory()?;
/// #     conn.execute_batch(sql)?;
/// #     Ok(Schema::read(&conn)?)
/// # };
/// let before = schema("CREATE TABLE note(id INTEGER PRIMARY KEY, label TEXT)")?;
/// let after = schema("CREATE TABLE note(id INTEGER PRIMARY KEY, title TEXT)")?;
/// let lines = |comparison: Comparison| -> Vec<String> {
///     comparison.changes().iter().map(ToString::to_string).collect()
/// };
///
/// let comparison = Comparison::new(&before, &after);
/// assert_eq!(lines(comparison), ["RENAME COLUMN note.label TO title (a guess)"]);
///
/// let declared = [Rename::column("note", "label", "title")];
/// let comparison = Comparison::new(&before, &after).renames(&declared);
/// assert_eq!(lines(comparison), ["RENAME COLUMN note.label TO title"]);
///
/// let comparison = Comparison::new(&before, &after)
///     .guess_renames(false)
///     .column_order(ColumnOrder::Ignore);
/// assert_eq!(lines(comparison), ["ADD COLUMN note.title TEXT", "DROP COLUMN note.label"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    before: &'a Schema,
    after: &'a Schema,
    renames: Vec<Rename>,
    guess: bool,
    column_order: ColumnOrder,
}

impl<'a> Comparison<'a> {
    /// Compares `before` with `after`, with guesses and with the order of columns.
    pub fn new(before: &'a Schema, after: &'a Schema) -> Comparison<'a> {
        Comparison {
            before,
            after,
            renames: Vec::new(),
            guess: true,
            column_order: ColumnOrder::Report,
        }
    }

    /// Declares renames, such as those in the notes of a version. A rename is ignored if its old
    /// name is not in the schema before, or its new name is not new in the schema after; see
    /// [`unmatched_renames`](Comparison::unmatched_renames).
    pub fn renames(mut self, renames: &[Rename]) -> Comparison<'a> {
        self.renames = renames.to_vec();
        self
    }

    /// Sets whether undeclared renames are guessed. A guess needs good evidence and a single
    /// candidate: a dropped and an added table with the same declaration; or a dropped and an added
    /// column with the same declaration, in the same keys and constraints, between the same
    /// neighbours. A guess keeps the risk of a drop.
    pub fn guess_renames(mut self, guess: bool) -> Comparison<'a> {
        self.guess = guess;
        self
    }

    /// Sets whether the order of columns counts.
    pub fn column_order(mut self, column_order: ColumnOrder) -> Comparison<'a> {
        self.column_order = column_order;
        self
    }

    /// The changes: renames of tables, renames of columns, then the others in the order of
    /// [`diff`](crate::diff()), under the new names.
    pub fn changes(&self) -> Vec<Change> {
        let (renamed, mut changes, _) = self.renamed();
        let mut others = diff(&renamed, self.after);
        if self.column_order == ColumnOrder::Ignore {
            others.retain(|change| change.object != Object::ColumnOrder);
        }
        changes.append(&mut others);
        changes
    }

    /// The declared renames that do not fit these two schemas, for which a caller may want an
    /// explanation.
    pub fn unmatched_renames(&self) -> Vec<Rename> {
        self.renamed().2
    }

    /// The schema before under the new names, the renames that lead there, and those that do not
    /// fit.
    fn renamed(&self) -> (Cow<'a, Schema>, Vec<Change>, Vec<Rename>) {
        let mut schema = Cow::Borrowed(self.before);
        let mut changes = Vec::new();
        let mut unmatched = Vec::new();
        let (columns, tables): (Vec<&Rename>, Vec<&Rename>) = self
            .renames
            .iter()
            .partition(|rename| rename.column.is_some());
        for rename in &tables {
            match self.rename_table(&mut schema, rename, false) {
                Some(change) => changes.push(change),
                None => unmatched.push((*rename).clone()),
            }
        }
        for _ in 0..if self.guess { ROUNDS } else { 0 } {
            let known = changes.len();
            for rename in guess_tables(&schema, self.after) {
                changes.extend(self.rename_table(&mut schema, &rename, true));
            }
            if changes.len() == known {
                break;
            }
        }
        for rename in columns {
            // The rename of a column may use the old name of its table.
            let mut rename = rename.clone();
            let table = tables
                .iter()
                .find(|table| table.table.eq_ignore_ascii_case(&rename.table));
            if let Some(table) = table.filter(|_| schema.table(&rename.table).is_none()) {
                rename.table = table.to.clone();
            }
            match self.rename_column(&mut schema, &rename, false) {
                Some(change) => changes.push(change),
                None => unmatched.push(rename),
            }
        }
        if self.guess {
            for rename in guess_columns(&schema, self.after) {
                changes.extend(self.rename_column(&mut schema, &rename, true));
            }
        }
        (schema, changes, unmatched)
    }

    fn rename_table(
        &self,
        schema: &mut Cow<'a, Schema>,
        rename: &Rename,
        guess: bool,
    ) -> Option<Change> {
        let old = schema.table(&rename.table)?;
        let new = self.after.table(&rename.to)?;
        if schema.table(&rename.to).is_some() {
            return None;
        }
        let lost = guess.then(|| risk::drop_table(old, schema));
        let change = Change {
            kind: ChangeKind::Rename,
            object: Object::Table,
            name: show_name(&old.name),
            table: Some(new.name.clone()),
            property: None,
            before: Some(show_name(&old.name)),
            after: Some(show_name(&new.name)),
            guess,
            risk: risk::rename(lost),
        };
        schema.to_mut().rename_table(&rename.table, &new.name);
        Some(change)
    }

    fn rename_column(
        &self,
        schema: &mut Cow<'a, Schema>,
        rename: &Rename,
        guess: bool,
    ) -> Option<Change> {
        let from = rename.column.as_deref()?;
        let old_table = schema.table(&rename.table)?;
        let table = self.after.table(&rename.table)?;
        let (old, new) = (old_table.column(from)?, table.column(&rename.to)?);
        if old_table.column(&rename.to).is_some() {
            return None;
        }
        let lost = guess.then(|| risk::drop_column(old));
        let change = Change {
            kind: ChangeKind::Rename,
            object: Object::Column,
            name: format!("{}.{}", show_name(&table.name), show_name(&old.name)),
            table: Some(table.name.clone()),
            property: None,
            before: Some(show_name(&old.name)),
            after: Some(show_name(&new.name)),
            guess,
            risk: risk::rename(lost),
        };
        schema
            .to_mut()
            .rename_column(&rename.table, from, &new.name);
        Some(change)
    }
}

/// Pairs of a dropped and an added object of equal shape, if each shape occurs once on either side.
fn pairs<'a, T>(
    went: impl Iterator<Item = &'a T>,
    came: impl Iterator<Item = &'a T>,
    shape: impl Fn(&T) -> String,
) -> Vec<(&'a T, &'a T)> {
    let mut by_shape: HashMap<String, (Vec<&T>, Vec<&T>)> = HashMap::new();
    let mut order = Vec::new();
    for one in went {
        let shape = shape(one);
        by_shape.entry(shape.clone()).or_default().0.push(one);
        order.push(shape);
    }
    for one in came {
        by_shape.entry(shape(one)).or_default().1.push(one);
    }
    let pair = |shape| match by_shape.get(&shape) {
        Some((went, came)) => match (went.as_slice(), came.as_slice()) {
            ([went], [came]) => Some((*went, *came)),
            _ => None,
        },
        None => None,
    };
    order.into_iter().filter_map(pair).collect()
}

/// A placeholder for the name in question. SQL text cannot contain a NUL.
const NOBODY: &str = "\0";

fn guess_tables(before: &Schema, after: &Schema) -> Vec<Rename> {
    let went = before
        .tables()
        .filter(|table| after.table(&table.name).is_none());
    let came = after
        .tables()
        .filter(|table| before.table(&table.name).is_none());
    let shape = |table: &Table| {
        let mut table = table.clone();
        table.rename(NOBODY);
        table.describe().join("\n")
    };
    let pairs = pairs(went, came, shape);
    let rename = |(old, new): (&Table, &Table)| Rename::table(&old.name, &new.name);
    pairs.into_iter().map(rename).collect()
}

fn guess_columns(before: &Schema, after: &Schema) -> Vec<Rename> {
    let mut renames = Vec::new();
    for new in after.tables() {
        let Some(old) = before.table(&new.name) else {
            continue;
        };
        let (mine, theirs) = (names(old), names(new));
        let common: HashSet<&String> = mine.intersection(&theirs).collect();
        if common.is_empty() || common.len() == mine.len() || common.len() == theirs.len() {
            continue;
        }
        let candidates = |table: &'_ Table| shapes(table, &common);
        let (went, came) = (candidates(old), candidates(new));
        let pairs = pairs(went.iter(), came.iter(), |(_, shape)| shape.clone());
        for ((from, _), (to, _)) in pairs {
            renames.push(Rename::column(&new.name, from, to));
        }
    }
    renames
}

fn names(table: &Table) -> HashSet<String> {
    table
        .columns
        .iter()
        .map(|column| fold(&column.name))
        .collect()
}

/// The columns that only this table has, each with its place, its declaration, and the constraints
/// that name it.
fn shapes(table: &Table, common: &HashSet<&String>) -> Vec<(String, String)> {
    let is_common = |column: &&Column| common.contains(&fold(&column.name));
    let mut constraints = table.clone();
    constraints.columns.clear();
    let shape = |(at, column): (usize, &Column)| {
        let (before, after) = table.columns.split_at(at);
        let place = [
            before.iter().rev().find(is_common),
            after.iter().find(is_common),
        ];
        let place = place.map(|column| column.map(|column| fold(&column.name)));
        // The rest of the table if there is no other column.
        let mut alone = constraints.clone();
        alone.columns.push(column.clone());
        alone.rename_column(&column.name, NOBODY);
        let lines = alone.describe().into_iter();
        let named: Vec<String> = lines.filter(|text| text.contains(NOBODY)).collect();
        format!("{place:?}\n{}", named.join("\n"))
    };
    let columns = table.columns.iter().enumerate();
    let own = columns.filter(|(_, column)| !is_common(column));
    own.map(|(at, column)| (column.name.clone(), shape((at, column))))
        .collect()
}
