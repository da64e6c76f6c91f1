//! The risks of each kind of change from one schema to another.
//!
//! Each rule is a pure function of the parts of a change, and refers to a page of SQLite's
//! documentation. `tests/it/risks.rs` has a line for each.

mod keys;

use std::fmt;
use std::ops::BitOr;

use serde::Serialize;

use crate::schema::{Index, IndexPart, PartKind, Schema, Trigger, TriggerTime};
use crate::sql::fold;
use crate::table::{Affinity, Column, Conflict, IndexedColumn, PrimaryKey, Table};
use keys::{holds, index_key, index_key_of_any, key, unique_keys};

/// The risks when a database of the first schema becomes one of the second, whatever statements do
/// it. Rows are not read: a risk is what *can* happen, not what will.
///
/// The list gives for each change from the first schema to the second whether it loses data, fails
/// on data, or breaks readers:
///
/// - A table, view, plain index or trigger (other than `INSTEAD OF`) is added: none; nothing uses
///   it yet.
/// - A table is dropped: loses; fails if a foreign key refers to it; breaks. [`DROP TABLE` deletes
///   the rows, and is refused if that violates a
///   key](https://sqlite.org/foreignkeys.html#fk_schemacommands).
/// - A table or column is renamed: loses if guessed; breaks. [References in the schema follow,
///   those in programs do not](https://sqlite.org/lang_altertable.html#altertabrename).
/// - A virtual or unparsed object is altered: loses, fails, breaks. Its meaning is not known here.
/// - `WITHOUT ROWID` is added: loses unless an id was the rowid; fails; breaks. [There is no rowid
///   to keep, and the key refuses
///   NULL](https://sqlite.org/withoutrowid.html#differences_from_ordinary_rowid_tables).
/// - `STRICT` is added: fails. [A value of a different type is
///   refused](https://sqlite.org/stricttables.html).
/// - `STRICT` is removed: loses and breaks if a column is `ANY`. [Only in a `STRICT` table, `ANY`
///   converts nothing](https://sqlite.org/stricttables.html#the_any_datatype).
/// - A column is added: fails if it refuses NULL and its default is not a literal, or if it is
///   stored; breaks if it refuses NULL and has no default. [Each row needs a
///   value](https://sqlite.org/lang_altertable.html#altertabaddcol).
/// - A column is dropped: loses unless it is generated; breaks. [Its content is
///   purged](https://sqlite.org/lang_altertable.html#altertabdropcol).
/// - The affinity of a column changes: loses unless it becomes `BLOB`; fails in a `STRICT` table;
///   breaks. [Values are converted: '007' becomes
///   7](https://sqlite.org/datatype3.html#type_affinity).
/// - `NOT NULL` is added: loses with `ON CONFLICT IGNORE` or `REPLACE`; fails with any other
///   action. [A NULL is refused, skipped or replaced](https://sqlite.org/lang_conflict.html).
/// - `NOT NULL` is removed: breaks. Readers may get NULL.
/// - A `DEFAULT` changes: none; rows keep their values.
/// - A `COLLATE` changes: fails if the column is in a unique key; breaks. [Equality and order
///   change](https://sqlite.org/datatype3.html#collating_sequences).
/// - A column becomes generated, or its expression changes: loses if it had its own values; fails
///   if it is stored or refuses NULL; breaks. [The value is that of the
///   expression](https://sqlite.org/gencol.html).
/// - The order of columns changes: breaks only `SELECT *` and `INSERT` without columns.
/// - A unique key is added, or its columns change: loses with `ON CONFLICT IGNORE` or `REPLACE`;
///   fails unless a part of it was unique before. [A second row of a key is refused, skipped, or
///   deletes the first](https://sqlite.org/lang_conflict.html).
/// - A unique key is dropped: breaks unless an equal one remains. [`ON CONFLICT (…)` needs
///   it](https://sqlite.org/lang_upsert.html), and [so do foreign keys to
///   it](https://sqlite.org/foreignkeys.html#fk_indexes).
/// - `AUTOINCREMENT` is removed: loses. [Ids of deleted rows are
///   reused](https://sqlite.org/autoinc.html).
/// - A key becomes the rowid, or is no longer the rowid: fails if it becomes the rowid; breaks.
///   [The rowid contains only integers](https://sqlite.org/lang_createtable.html#rowid).
/// - A `CHECK` is added or changes: fails unless the condition existed. [Rows must satisfy
///   it](https://sqlite.org/lang_createtable.html#check_constraints).
/// - A foreign key is added: fails. [An orphan violates it](https://sqlite.org/foreignkeys.html).
/// - A `CHECK`, a foreign key or a plain index is dropped: none; nothing is refused that was
///   allowed.
/// - An index computes an expression: fails. [It is evaluated for each
///   row](https://sqlite.org/expridx.html).
/// - An `INSTEAD OF` trigger is dropped or its event changes: breaks. [Without it the view cannot
///   be written](https://sqlite.org/lang_createtrigger.html#instead_of_triggers).
/// - A view is dropped or its query changes: breaks. Its readers get different columns or rows.
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
    /// A value in a database of the first schema may be gone or changed in the second, without an
    /// error. Losses by a later `DELETE` do not count.
    pub can_lose_data: bool,
    /// Rows may conflict: the second schema refuses what the first allowed. For the same reason, a
    /// write of a program for the first schema may be refused.
    pub can_fail_on_data: bool,
    /// A statement for the first schema that names its columns may fail on the second, whatever the
    /// rows are, or return a different result. Only a change of the order of columns concerns
    /// statements that do not name them.
    pub breaks_readers: bool,
}

impl Risk {
    /// No risk.
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
    /// Every risk, for a change of unknown meaning.
    const UNKNOWN: Risk = Risk {
        can_lose_data: true,
        can_fail_on_data: true,
        breaks_readers: true,
    };

    /// Whether there is any risk.
    pub fn any(self) -> bool {
        self != Risk::NONE
    }

    fn only_if(self, applies: bool) -> Risk {
        if applies { self } else { Risk::NONE }
    }
}

impl BitOr for Risk {
    type Output = Risk;

    /// Combines two sets of risks.
    fn bitor(self, other: Risk) -> Risk {
        Risk {
            can_lose_data: self.can_lose_data | other.can_lose_data,
            can_fail_on_data: self.can_fail_on_data | other.can_fail_on_data,
            breaks_readers: self.breaks_readers | other.breaks_readers,
        }
    }
}

impl fmt::Display for Risk {
    /// Writes the risks that apply, such as `can lose data, breaks readers`, or `no risk`.
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

/// The risk of a rename. A wrong guess means that something was dropped, so it adds that risk.
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

/// Whether `ALTER TABLE` may give the default to existing rows: not for an expression, and not for
/// the current time.
fn is_constant(default: &str) -> bool {
    !default.starts_with('(') && !default.starts_with("CURRENT_")
}

pub(crate) fn drop_column(column: &Column) -> Risk {
    Risk::BREAKS | Risk::LOSES.only_if(column.generated.is_none() && !column.hidden)
}

pub(crate) fn column_order() -> Risk {
    Risk::BREAKS
}

/// The risk of a changed property of a column that both tables have.
pub(crate) fn column(
    property: &str,
    (old, new): (&Column, &Column),
    table: &Table,
    after: &Schema,
) -> Risk {
    match property {
        // The change of the table to or from `STRICT` covers its effect on affinities.
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
            // Without a default, it works like `ABORT`.
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

/// The risk of a second row with the same key, for a key that is added.
fn second_row(on_conflict: Option<Conflict>) -> Risk {
    match on_conflict {
        Some(Conflict::Ignore | Conflict::Replace) => Risk::LOSES,
        None | Some(Conflict::Rollback | Conflict::Fail) => Risk::FAILS,
    }
}

/// The risk of a key of `new` that `old` does not have. If a part of it is unique in `old`, so is
/// the whole.
pub(crate) fn add_key(
    columns: &[IndexedColumn],
    on_conflict: Option<Conflict>,
    (old, before): (&Table, &Schema),
    new: &Table,
) -> Risk {
    let held = holds(&key(new, columns), &unique_keys(old, before));
    second_row(on_conflict).only_if(!held)
}

/// The risk of a key of `old` that `new` does not have.
pub(crate) fn drop_key(
    columns: &[IndexedColumn],
    old: &Table,
    (new, after): (&Table, &Schema),
) -> Risk {
    Risk::BREAKS.only_if(!unique_keys(new, after).contains(&key(old, columns)))
}

/// The risk of a primary key that is added, dropped, or altered.
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

/// The risk of a `CHECK` that is added or altered.
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

/// The risk of an index that is added, dropped, or altered in one property.
pub(crate) fn index(
    property: Option<&str>,
    (old, before): (Option<&Index>, &Schema),
    (new, after): (Option<&Index>, &Schema),
) -> Risk {
    let unparsed = |index: &&Index| index.statement().is_some();
    if old.iter().chain(&new).any(unparsed) {
        // Whatever its declaration, an index contains no data of its own.
        return (Risk::FAILS | Risk::BREAKS).only_if(property != Some("table"));
    }
    let computes = |index: &Index| {
        let part = |part: &IndexPart| matches!(part.kind, PartKind::Expression(_));
        index.columns.iter().any(part)
    };
    let comes = new.map_or(Risk::NONE, |index| {
        let Some(old_table) = before.table(&index.table) else {
            // A new table has no rows.
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

/// The risk of a trigger that is dropped or altered.
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
