//! Compares a table before and after a step, constraint by constraint: which are kept, and which
//! are replaced by others that do the same.

use std::collections::BTreeSet;

use schema::sql::fold;
use schema::{Affinity, Check, ForeignKey, PartKind, Schema, Table};

use crate::script::lineage::{Lineage, TableLineage};
use crate::script::names::words_of;
use crate::script::statement::{Effect, Statement};
use crate::script::unique_keys::{Key, Part, unique_keys};

/// Names of columns, folded.
pub(crate) type Names = BTreeSet<String>;

/// A table that keeps its rows, as it is declared before and after.
pub(crate) struct KeptTable<'a> {
    pub(crate) kin: &'a TableLineage,
    pub(crate) was: &'a Table,
    pub(crate) now: &'a Table,
    pub(crate) before: &'a Schema,
    pub(crate) after: &'a Schema,
    pub(crate) lineage: &'a Lineage,
    pub(crate) statements: &'a [Statement],
}

impl KeptTable<'_> {
    /// The name of a column after the step; `None` where a statement drops it or a rebuild leaves
    /// it out.
    pub(crate) fn column_now(&self, name: &str) -> Option<String> {
        let own = fold(name);
        let dropped = |line: &Statement| {
            matches!(&line.effect, Effect::DropColumn(table, column)
                if self.kin.is(table) && *column == own)
        };
        if self.statements.iter().any(dropped) {
            return None;
        }
        let now = self.kin.column_now(&own)?;
        self.now.column(&now).map(|_| now)
    }

    fn columns_now<'n>(&self, names: impl IntoIterator<Item = &'n String>) -> Option<Names> {
        let names = names.into_iter();
        names.map(|name| self.column_now(name)).collect()
    }

    /// The columns of a unique key that is lost; `None` where it is kept or replaced, or where a
    /// column of it is gone.
    pub(crate) fn lost_key(&self, columns: &[schema::IndexedColumn]) -> Option<Names> {
        let key = self.columns_now(columns.iter().map(|part| &part.name))?;
        let keys = UniqueKey::all(self.after, self.now);
        if keys
            .iter()
            .any(|own| own.whole && own.columns.is_subset(&key))
        {
            return None;
        }
        let old: Vec<(Names, bool)> = UniqueKey::all(self.before, self.was)
            .iter()
            .filter_map(|own| Some((self.columns_now(&own.columns)?, own.whole)))
            .collect();
        let is_old = |own: &UniqueKey| {
            let mut old = old.iter();
            old.any(|(columns, whole)| *columns == own.columns && *whole == own.whole)
        };
        let replaces = |own: &UniqueKey| !is_old(own) && !own.columns.is_disjoint(&key);
        (!keys.iter().any(replaces)).then_some(key)
    }

    /// The columns of a CHECK that is lost.
    pub(crate) fn lost_check(&self, check: &Check) -> Option<Names> {
        let columns = self.columns_now(&columns_of(check, self.was))?;
        if columns.is_empty() {
            return None;
        }
        let old: Vec<Vec<String>> = (self.was.checks.iter())
            .map(|own| self.words_now(own))
            .collect();
        let own = self.words_now(check);
        let checks = self.now.checks.iter();
        let replaced = checks.clone().any(|now| {
            let words = words_of(&now.expression);
            let overlaps = || !columns_of(now, self.now).is_disjoint(&columns);
            words == own || (!old.contains(&words) && overlaps())
        });
        let replaced = replaced
            || self.is_guarded_otherwise(check, &columns)
            || columns.iter().any(|column| self.has_new_type(column));
        (!replaced).then_some(columns)
    }

    /// Whether a new foreign key, NOT NULL, STRICT or a trigger does what a CHECK did.
    fn is_guarded_otherwise(&self, check: &Check, columns: &Names) -> bool {
        let words = words_of(&check.expression);
        let has = |word: &str| words.iter().any(|own| own == word);
        let keys = self.now.foreign_keys.iter().filter(|key| {
            let columns = fold_all(&key.columns);
            let own = |was: &ForeignKey| self.columns_now(&was.columns).as_ref() == Some(&columns);
            !self.was.foreign_keys.iter().any(own)
        });
        let keyed = keys
            .clone()
            .any(|key| fold_all(&key.columns).is_subset(columns));
        let typed = self.now.strict && !self.was.strict && has("typeof");
        let not_null = has("null") && columns.iter().all(|name| is_not_null(self.now, name));
        let triggers = self.after.triggers().filter(|trigger| {
            fold(&trigger.table) == fold(&self.now.name)
                && !self.before.triggers().any(|was| was.text == trigger.text)
        });
        let mut guards = triggers.map(|trigger| words_of(&trigger.text));
        let guarded = guards.any(|words| {
            let has = |word: &String| words.contains(word);
            has(&"raise".to_owned()) && columns.iter().any(has)
        });
        keyed || typed || not_null || guarded
    }

    /// Whether a new CHECK refuses NULL in a column.
    pub(crate) fn has_new_null_check(&self, column: &str) -> bool {
        self.now.checks.iter().any(|check| {
            let words = words_of(&check.expression);
            let has = |word: &str| words.iter().any(|own| own == word);
            has(column) && (has("null") || has("notnull"))
        })
    }

    fn has_new_type(&self, column: &str) -> bool {
        let was = self.was.columns.iter();
        let mut was = was.filter(|was| self.column_now(&was.name).as_deref() == Some(column));
        let (Some(was), Some(now)) = (was.next(), self.now.column(column)) else {
            return false;
        };
        // `CREATE TABLE … AS SELECT` writes NUM for some.
        let class = |affinity| match affinity {
            Affinity::Integer | Affinity::Real | Affinity::Numeric => 0,
            Affinity::Text => 1,
            Affinity::Blob => 2,
        };
        class(was.affinity) != class(now.affinity)
    }

    /// The words of a CHECK before, with columns under their new names.
    fn words_now(&self, check: &Check) -> Vec<String> {
        let words = words_of(&check.expression).into_iter();
        let is_column = |word: &String| self.was.column(word).is_some();
        words
            .map(|word| {
                if is_column(&word) {
                    self.column_now(&word).unwrap_or(word)
                } else {
                    word
                }
            })
            .collect()
    }

    /// The state of a foreign key after the step.
    pub(crate) fn find_foreign_key(&self, key: &ForeignKey) -> KeyNow<'_> {
        let Some(columns) = self.columns_now(&key.columns) else {
            return KeyNow::Gone;
        };
        let parent = self.parent_now(key);
        let Some(parent) = parent.filter(|parent| self.after.table(parent).is_some()) else {
            return KeyNow::Gone;
        };
        let keys = &self.now.foreign_keys;
        let same = keys.iter().find(|own| {
            fold_all(&own.columns) == columns
                && [&parent, &fold(&key.parent)].contains(&&fold(&own.parent))
        });
        if let Some(own) = same {
            return KeyNow::Kept(own);
        }
        let old: Vec<Names> = (self.was.foreign_keys.iter())
            .filter_map(|own| self.columns_now(&own.columns))
            .collect();
        let replaces = |own: &ForeignKey| {
            let now = fold_all(&own.columns);
            now == columns || (!old.contains(&now) && !now.is_disjoint(&columns))
        };
        if keys.iter().any(replaces) {
            KeyNow::Gone
        } else {
            KeyNow::Lost(columns)
        }
    }

    /// The parent of a key after the step; `None` where it is dropped, or never was there.
    fn parent_now(&self, key: &ForeignKey) -> Option<String> {
        let kin = self.lineage.kin.get(&fold(&key.parent))?;
        kin.after.clone()
    }
}

/// The state of a foreign key after the step.
pub(crate) enum KeyNow<'a> {
    /// It is there, perhaps with another action.
    Kept(&'a ForeignKey),
    /// It is lost, with its columns after the step.
    Lost(Names),
    /// Another key replaces it, or its columns or its parent are dropped.
    Gone,
}

/// Columns that are kept unique.
struct UniqueKey {
    columns: Names,
    /// Whether it holds for these columns of all rows: neither partial nor over an expression.
    whole: bool,
}

impl UniqueKey {
    fn new(key: &Key, table: &Table) -> UniqueKey {
        let columns = key.parts.iter().flat_map(Part::columns);
        let is_column = |part: &Part| matches!(part.kind, PartKind::Column(_));
        UniqueKey {
            columns: columns
                .filter(|name| table.column(name).is_some())
                .collect(),
            whole: key.filter.is_none() && key.parts.iter().all(is_column),
        }
    }

    fn all(schema: &Schema, table: &Table) -> Vec<UniqueKey> {
        let keys = unique_keys(schema, table);
        keys.iter().map(|key| UniqueKey::new(key, table)).collect()
    }
}

fn columns_of(check: &Check, table: &Table) -> Names {
    let words = words_of(&check.expression).into_iter();
    words.filter(|word| table.column(word).is_some()).collect()
}

fn is_not_null(table: &Table, name: &str) -> bool {
    table.column(name).is_some_and(|column| column.not_null)
}

fn fold_all(names: &[String]) -> Names {
    names.iter().map(|name| fold(name)).collect()
}
