//! The risks of each kind of change on the way from one schema to another.
//!
//! Each rule is a pure function of what a change is made of, and says which page of SQLite's
//! documentation it rests on. `tests/it/risks.rs` has a line for each.

mod keys;

use std::fmt;
use std::ops::BitOr;

use serde::Serialize;

use crate::schema::{Index, IndexPart, PartKind, Schema, Trigger, TriggerTime};
use crate::sql::fold;
use crate::table::{Affinity, Column, Conflict, IndexedColumn, PrimaryKey, Table};
use keys::{holds, index_key, index_key_of_any, key, unique_keys};

/// The risks when a database of the first schema becomes one of the second, whatever
/// statements lead there. It is told without looking at rows: what *can* happen, not what will.
///
/// | from the first schema to the second | loses | fails | breaks | because |
/// |---|---|---|---|---|
/// | a table, a trigger that is not `INSTEAD OF`, a view or a plain index is added | | | | nothing there refers to it |
/// | a table goes | yes | if a foreign key leads to it | yes | [`DROP TABLE` deletes the rows, and is refused if that violates a key](https://sqlite.org/foreignkeys.html#fk_schemacommands) |
/// | a table or column is renamed | if guessed | | yes | [references in the schema follow, those in programs do not](https://sqlite.org/lang_altertable.html#altertabrename) |
/// | what could not be parsed, or is virtual, becomes another | yes | yes | yes | what it means is not known here |
/// | `WITHOUT ROWID` comes | unless an id was the rowid | yes | yes | [there is no rowid to keep, and its key refuses NULL](https://sqlite.org/withoutrowid.html#differences_from_ordinary_rowid_tables) |
/// | `STRICT` comes | | yes | | [a value of another type is refused](https://sqlite.org/stricttables.html) |
/// | `STRICT` goes | if a column is `ANY` | | if a column is `ANY` | [only there `ANY` converts nothing](https://sqlite.org/stricttables.html#the_any_datatype) |
/// | a column is added | | if NULL is refused and the default is not a literal, or it is stored | if NULL is refused without a default | [each row must get a value](https://sqlite.org/lang_altertable.html#altertabaddcol) |
/// | a column goes | unless it is generated | | yes | [its content is purged](https://sqlite.org/lang_altertable.html#altertabdropcol) |
/// | a column gets another affinity | unless it becomes `BLOB` | in a `STRICT` table | yes | [values are converted: '007' is 7](https://sqlite.org/datatype3.html#type_affinity) |
/// | `NOT NULL` comes | with `ON CONFLICT IGNORE` or `REPLACE` | with any other | | [a NULL is refused, skipped or replaced](https://sqlite.org/lang_conflict.html) |
/// | `NOT NULL` goes | | | yes | readers meet a NULL that never was |
/// | a `DEFAULT` changes | | | | rows keep their values |
/// | a `COLLATE` changes | | if the column is in a unique key | yes | [what is equal, and what comes first](https://sqlite.org/datatype3.html#collating_sequences) |
/// | a column becomes generated, or computed otherwise | if it held values | if stored, or NULL is refused | yes | [the value is the expression's](https://sqlite.org/gencol.html) |
/// | the order of columns changes | | | yes | `SELECT *` and `INSERT` without columns, nothing else |
/// | a unique key comes, or gets other columns | with `ON CONFLICT IGNORE` or `REPLACE` | unless a part of it was unique before | | [a second row of a key is refused, skipped, or deletes the first](https://sqlite.org/lang_conflict.html) |
/// | a unique key goes | | | unless another is the same | [`ON CONFLICT (…)` needs it](https://sqlite.org/lang_upsert.html), and [so do foreign keys to it](https://sqlite.org/foreignkeys.html#fk_indexes) |
/// | `AUTOINCREMENT` goes | yes | | | [ids of deleted rows are used again](https://sqlite.org/autoinc.html) |
/// | a key becomes the rowid, or ceases to be it | | when it becomes | yes | [the rowid holds integers only](https://sqlite.org/lang_createtable.html#rowid) |
/// | a `CHECK` comes or changes | | unless the condition was there | | [rows are held to it](https://sqlite.org/lang_createtable.html#check_constraints) |
/// | a foreign key comes | | yes | | [an orphan violates it](https://sqlite.org/foreignkeys.html) |
/// | a `CHECK`, a foreign key or a plain index goes | | | | nothing is refused that was allowed |
/// | an index computes an expression | | yes | | [it is evaluated for each row](https://sqlite.org/expridx.html) |
/// | an `INSTEAD OF` trigger goes or waits for something else | | | yes | [without it the view cannot be written](https://sqlite.org/lang_createtrigger.html#instead_of_triggers) |
/// | a view goes or asks something else | | | yes | its readers get other columns or rows |
///
/// ```
/// # use rusqlite::Connection;
/// # use schema::{Schema, diff};
/// # let schema = |sql: &str| -> Result<Schema, Box<dyn std::error::Error>> {
/// #     let conn = Connection::open_in_memory()?;
/// #     conn.execute_batch(sql)?;
/// #     Ok(Schema::read(&conn)?)
/// # };
/// let before = schema("CREATE TABLE note(id INTEGER PRIMARY KEY, label TEXT)")?;
/// let after = schema("CREATE TABLE note(id INTEGER PRIMARY KEY, label TEXT UNIQUE)")?;
/// let change = &diff(&before, &after)[0];
/// assert!(change.risk.can_fail_on_data);
/// assert_eq!(change.risk.to_string(), "can fail on data");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Risk {
    /// A value that a database of the first schema holds may be gone or be another one in the
    /// second, without an error. What a later `DELETE` takes along is not meant.
    pub can_lose_data: bool,
    /// Rows may be in the way: the second schema refuses what the first allowed. A program written
    /// for the first may be refused for the same reason when it writes.
    pub can_fail_on_data: bool,
    /// A statement written for the first schema, naming the columns that it needs, may be refused
    /// by the second whatever the rows are, or answer otherwise. Only a change of the order of
    /// columns is about statements that do not name them.
    pub breaks_readers: bool,
}

impl Risk {
    /// Nothing can go wrong.
    pub const NONE: Risk = Risk {
        can_lose_data: false,
        can_fail_on_data: false,
        breaks_readers: false,
    };

    const LOSES: Risk = Risk {
        can_lose_data: true,
        ..Risk::NONE
    };
    const FAILS: Risk = Risk {
        can_fail_on_data: true,
        ..Risk::NONE
    };
    const BREAKS: Risk = Risk {
        breaks_readers: true,
        ..Risk::NONE
    };
    /// Nothing is known, so nothing can be ruled out.
    const UNKNOWN: Risk = Risk {
        can_lose_data: true,
        can_fail_on_data: true,
        breaks_readers: true,
    };

    /// Whether anything can go wrong.
    pub fn any(self) -> bool {
        self != Risk::NONE
    }

    fn only_if(self, applies: bool) -> Risk {
        if applies { self } else { Risk::NONE }
    }
}

impl BitOr for Risk {
    type Output = Risk;

    /// The risks of both together.
    fn bitor(self, other: Risk) -> Risk {
        Risk {
            can_lose_data: self.can_lose_data | other.can_lose_data,
            can_fail_on_data: self.can_fail_on_data | other.can_fail_on_data,
            breaks_readers: self.breaks_readers | other.breaks_readers,
        }
    }
}

impl fmt::Display for Risk {
    /// `can lose data, can fail on data, breaks readers`, as much of it as is true; `no risk`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (self.can_lose_data, "can lose data"),
            (self.can_fail_on_data, "can fail on data"),
            (self.breaks_readers, "breaks readers"),
        ];
        let words: Vec<&str> = words
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, word)| *word)
            .collect();
        match words.as_slice() {
            [] => f.write_str("no risk"),
            words => f.write_str(&words.join(", ")),
        }
    }
}

pub(crate) fn drop_table(table: &Table, before: &Schema) -> Risk {
    let referred = before.tables().any(|other| {
        let mut keys = other.foreign_keys.iter();
        other.name != table.name && keys.any(|key| key.parent.eq_ignore_ascii_case(&table.name))
    });
    Risk::LOSES | Risk::BREAKS | Risk::FAILS.only_if(referred)
}

/// A guess rules nothing out: if it is wrong, something was dropped.
pub(crate) fn rename(guessed_drop: Option<Risk>) -> Risk {
    Risk::BREAKS | guessed_drop.unwrap_or_default()
}

pub(crate) fn not_understood() -> Risk {
    Risk::UNKNOWN
}

pub(crate) fn without_rowid(old: &Table, new: &Table) -> Risk {
    let comes = Risk::FAILS | Risk::BREAKS | Risk::LOSES.only_if(old.rowid_alias().is_none());
    comes.only_if(new.without_rowid)
}

pub(crate) fn strict(old: &Table, new: &Table) -> Risk {
    let pairs = old
        .columns
        .iter()
        .filter_map(|column| Some((column, new.column(&column.name)?)));
    let goes = pairs
        .map(|(old, new)| affinity(old.affinity, new.affinity))
        .fold(Risk::NONE, Risk::bitor);
    if new.strict { Risk::FAILS } else { goes }
}

pub(crate) fn add_column(column: &Column) -> Risk {
    let generated = column.generated.as_ref();
    let literal = column.default.as_deref().is_some_and(is_constant);
    let refused = column.not_null && !column.hidden;
    Risk::FAILS.only_if(generated.is_some_and(|generated| generated.stored || refused))
        | Risk::FAILS.only_if(generated.is_none() && refused && !literal)
        | Risk::BREAKS.only_if(generated.is_none() && refused && column.default.is_none())
}

/// Whether `ALTER TABLE` may give the default to rows that are there: not an expression, and not
/// the time at which it is asked.
fn is_constant(default: &str) -> bool {
    !default.starts_with('(') && !default.starts_with("CURRENT_")
}

pub(crate) fn drop_column(column: &Column) -> Risk {
    Risk::BREAKS | Risk::LOSES.only_if(column.generated.is_none() && !column.hidden)
}

pub(crate) fn column_order() -> Risk {
    Risk::BREAKS
}

/// A property of a column that both tables have.
pub(crate) fn column(
    property: &str,
    (old, new): (&Column, &Column),
    table: &Table,
    after: &Schema,
) -> Risk {
    match property {
        // The change of the table from or to `STRICT` tells of what that does to affinities.
        "type" => {
            let risk = affinity(old.affinity, new.affinity);
            risk | Risk::FAILS.only_if(table.strict && risk.any())
        }
        "NOT NULL" => not_null(old, new),
        "DEFAULT" => Risk::NONE,
        "COLLATE" => {
            let mut keys = unique_keys(table, after).into_iter();
            let in_key = keys.any(|key| key.contains_key(&fold(&new.name)));
            Risk::BREAKS | Risk::FAILS.only_if(in_key)
        }
        "GENERATED" => generated(old, new),
        "HIDDEN" => Risk::BREAKS,
        _ => Risk::UNKNOWN,
    }
}

fn affinity(old: Affinity, new: Affinity) -> Risk {
    let numbers = |affinity| matches!(affinity, Affinity::Numeric | Affinity::Integer);
    if old == new || (numbers(old) && numbers(new)) {
        return Risk::NONE;
    }
    Risk::BREAKS | Risk::LOSES.only_if(new != Affinity::Blob)
}

fn not_null(old: &Column, new: &Column) -> Risk {
    match (old.not_null, new.not_null) {
        (true, false) => Risk::BREAKS,
        (false, true) => match new.not_null_on_conflict {
            Some(Conflict::Ignore) => Risk::LOSES,
            // Without a default to take, it is as `ABORT`.
            Some(Conflict::Replace) if new.default.is_some() => Risk::LOSES,
            _ => Risk::FAILS,
        },
        _ => Risk::NONE,
    }
}

fn generated(old: &Column, new: &Column) -> Risk {
    match (&old.generated, &new.generated) {
        (Some(old), Some(new)) if old.expression == new.expression => Risk::NONE,
        (old, Some(made)) => {
            Risk::BREAKS
                | Risk::LOSES.only_if(old.is_none())
                | Risk::FAILS.only_if(made.stored || new.not_null)
        }
        (_, None) => Risk::BREAKS,
    }
}

/// A second row of a key that comes.
fn second_row(on_conflict: Option<Conflict>) -> Risk {
    match on_conflict {
        Some(Conflict::Ignore | Conflict::Replace) => Risk::LOSES,
        None | Some(Conflict::Rollback | Conflict::Fail) => Risk::FAILS,
    }
}

/// A key of `new` that `old` does not have. If `old` lets no second row pass for a part of it,
/// there is none for the whole.
pub(crate) fn add_key(
    columns: &[IndexedColumn],
    on_conflict: Option<Conflict>,
    (old, before): (&Table, &Schema),
    new: &Table,
) -> Risk {
    let held = holds(&key(new, columns), &unique_keys(old, before));
    second_row(on_conflict).only_if(!held)
}

/// A key of `old` that `new` does not have.
pub(crate) fn drop_key(
    columns: &[IndexedColumn],
    old: &Table,
    (new, after): (&Table, &Schema),
) -> Risk {
    Risk::BREAKS.only_if(!unique_keys(new, after).contains(&key(old, columns)))
}

/// A primary key that comes, goes, or becomes another.
pub(crate) fn primary_key(
    property: &str,
    (old, before): (&Table, &Schema),
    (new, after): (&Table, &Schema),
) -> Risk {
    let (was, is) = (old.primary_key.as_ref(), new.primary_key.as_ref());
    if property == "rowid alias" {
        let becomes = is.is_some_and(|key| key.rowid_alias);
        return Risk::BREAKS | Risk::FAILS.only_if(becomes);
    }
    let comes = is.map_or(Risk::NONE, |is| {
        let alias = is.rowid_alias && was.is_none();
        add_key(&is.columns, is.on_conflict, (old, before), new)
            | (Risk::FAILS | Risk::BREAKS).only_if(alias)
    });
    let goes = was.map_or(Risk::NONE, |was| {
        let alias = was.rowid_alias && is.is_none();
        let again = was.autoincrement && !is.is_some_and(|is: &PrimaryKey| is.autoincrement);
        drop_key(&was.columns, old, (new, after))
            | Risk::BREAKS.only_if(alias)
            | Risk::LOSES.only_if(again)
    });
    comes | goes
}

/// A `CHECK` that comes or says something else.
pub(crate) fn add_check(condition: &str, old: &Table) -> Risk {
    let held = old
        .checks
        .iter()
        .any(|check| check.condition() == condition);
    Risk::FAILS.only_if(!held)
}

pub(crate) fn add_foreign_key() -> Risk {
    Risk::FAILS
}

/// An index that comes, goes, or becomes another in one property.
pub(crate) fn index(
    property: Option<&str>,
    (old, before): (Option<&Index>, &Schema),
    (new, after): (Option<&Index>, &Schema),
) -> Risk {
    let unparsed = |index: &&Index| index.statement().is_some();
    if old.iter().chain(&new).any(unparsed) {
        // Whatever it says, an index holds nothing of its own.
        return (Risk::FAILS | Risk::BREAKS).only_if(property != Some("table"));
    }
    let computes = |index: &Index| {
        let part = |part: &IndexPart| matches!(part.kind, PartKind::Expression(_));
        index.columns.iter().any(part)
    };
    let comes = new.map_or(Risk::NONE, |index| {
        let Some(old_table) = before.table(&index.table) else {
            // A table that was not there has no rows.
            return Risk::NONE;
        };
        let held = || {
            let table = after.table(&index.table);
            let key = table.and_then(|table| index_key_of_any(table, index));
            key.is_some_and(|key| holds(&key, &unique_keys(old_table, before)))
        };
        Risk::FAILS.only_if(computes(index) || (index.unique && !held()))
    });
    let goes = old
        .filter(|index| index.unique)
        .map_or(Risk::NONE, |index| {
            let same = before.table(&index.table).and_then(|table| {
                let keys = unique_keys(after.table(&index.table)?, after);
                Some(keys.contains(&index_key(table, index)?))
            });
            Risk::BREAKS.only_if(!same.unwrap_or(false))
        });
    match (property, old, new) {
        (Some("UNIQUE"), Some(_), Some(new)) => {
            if new.unique {
                comes
            } else {
                goes
            }
        }
        (Some("key" | "WHERE" | "table"), Some(old), Some(new)) => {
            let unique_key = old.unique && new.unique;
            comes.only_if(unique_key || computes(new)) | goes.only_if(unique_key)
        }
        _ => comes | goes,
    }
}

/// A trigger that went or became another.
pub(crate) fn trigger(property: Option<&str>, old: &Trigger, new: Option<&Trigger>) -> Risk {
    let instead = |trigger: &Trigger| {
        let parts = trigger.parts.as_ref();
        parts.is_none_or(|parts| parts.time == TriggerTime::InsteadOf)
    };
    match (property, new) {
        (Some("WHEN" | "body"), Some(_)) => Risk::NONE,
        (_, new) => Risk::BREAKS.only_if(instead(old) || new.is_some_and(instead)),
    }
}

pub(crate) fn view_changed() -> Risk {
    Risk::BREAKS
}
