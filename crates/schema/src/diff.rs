//! Compares two schemas.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Change, ChangeKind, Object};
use crate::normal::{DECLARATION, Fact, Normal, NormalColumn, NormalObject, NormalTable};
use crate::risk::{self, Risk};
use crate::schema::Schema;
use crate::sql::show_name;
use crate::table::{Column, Table, TableKind};

/// Lists all changes from `before` to `after`. The list is empty exactly when the two mean the
/// same, which is when their [fingerprints](Schema::fingerprint) are equal.
///
/// A renamed object is listed as dropped and added; a [`Comparison`](crate::Comparison) knows
/// renames and can ignore the order of columns.
///
/// The order is meant for reading: new tables, then the changes of each table, dropped tables, then
/// indexes, triggers and views, each by name. Statements cannot be run in this order.
pub fn diff(before: &Schema, after: &Schema) -> Vec<Change> {
    let (before, after) = (Normal::new(before), Normal::new(after));
    let mut changes = Changes(Vec::new());
    for (key, table) in &after.tables {
        if !before.tables.contains_key(key) {
            let text = table.table.describe().join(", ");
            let at = Place::from_table(Object::Table, table.table);
            changes.add(at, text, Risk::NONE);
        }
    }
    for (key, old) in &before.tables {
        if let Some(new) = after.tables.get(key) {
            let sides = Sides {
                before: before.schema,
                after: after.schema,
                old: old.table,
                new: new.table,
            };
            changes.table(old, new, &sides);
        }
    }
    for (key, table) in &before.tables {
        if !after.tables.contains_key(key) {
            let text = table.table.describe().join(", ");
            let at = Place::from_table(Object::Table, table.table);
            changes.drop(at, text, risk::drop_table(table.table, before.schema));
        }
    }
    changes.objects(
        Object::Index,
        (&before.indexes, &after.indexes),
        |index| (&index.name, Some(&index.table), index.text()),
        |property, old, new| risk::index(property, (old, before.schema), (new, after.schema)),
    );
    changes.objects(
        Object::Trigger,
        (&before.triggers, &after.triggers),
        |trigger| (&trigger.name, Some(&trigger.table), trigger.text()),
        |property, old, new| old.map_or(Risk::NONE, |old| risk::trigger(property, old, new)),
    );
    changes.objects(
        Object::View,
        (&before.views, &after.views),
        |view| (&view.name, None, view.text()),
        |_, old, _| old.map_or(Risk::NONE, |_| risk::view_changed()),
    );
    changes.0
}

/// Two schemas are equal when [`diff`] finds no change between them.
impl PartialEq for Schema {
    fn eq(&self, other: &Schema) -> bool {
        diff(self, other).is_empty()
    }
}

impl Eq for Schema {}

/// The object of a change.
#[derive(Clone)]
struct Place {
    object: Object,
    name: String,
    table: Option<String>,
}

impl Place {
    fn from_table(object: Object, table: &Table) -> Place {
        Place {
            object,
            name: show_name(&table.name),
            table: Some(table.name.clone()),
        }
    }

    fn from_column(table: &Table, column: &Column) -> Place {
        let name = format!("{}.{}", show_name(&table.name), show_name(&column.name));
        Place {
            object: Object::Column,
            name,
            table: Some(table.name.clone()),
        }
    }
}

/// A table that both schemas have, with its two schemas.
struct Sides<'a> {
    before: &'a Schema,
    after: &'a Schema,
    old: &'a Table,
    new: &'a Table,
}

impl<'a> Sides<'a> {
    fn was(&self) -> (&'a Table, &'a Schema) {
        (self.old, self.before)
    }

    fn is(&self) -> (&'a Table, &'a Schema) {
        (self.new, self.after)
    }
}

/// A changed property: its name, its value before and its value after.
type Altered = (&'static str, Option<String>, Option<String>);

/// The properties that differ.
fn altered(old: &[Fact], new: &[Fact]) -> Vec<Altered> {
    let value = |facts: &[Fact], wanted: &str| {
        let mut facts = facts.iter();
        facts
            .find(|(property, _)| *property == wanted)
            .and_then(|(_, value)| value.clone())
    };
    let added = new
        .iter()
        .filter(|(property, _)| !old.iter().any(|(other, _)| other == property));
    let properties = old.iter().chain(added).map(|(property, _)| *property);
    properties
        .map(|property| (property, value(old, property), value(new, property)))
        .filter(|(_, before, after)| before != after)
        .collect()
}

/// Objects of one kind by folded name.
type Objects<'a, T> = BTreeMap<&'a str, NormalObject<'a, T>>;

struct Changes(Vec<Change>);

impl Changes {
    fn push(
        &mut self,
        kind: ChangeKind,
        at: Place,
        (property, before, after): (Option<&'static str>, Option<String>, Option<String>),
        risk: Risk,
    ) {
        let Place {
            object,
            name,
            table,
        } = at;
        self.0.push(Change {
            kind,
            object,
            name,
            table,
            property,
            before,
            after,
            guess: false,
            risk,
        });
    }

    fn add(&mut self, at: Place, text: String, risk: Risk) {
        self.push(ChangeKind::Add, at, (None, None, Some(text)), risk);
    }

    fn drop(&mut self, at: Place, text: String, risk: Risk) {
        self.push(ChangeKind::Drop, at, (None, Some(text), None), risk);
    }

    fn alter(&mut self, at: Place, (property, before, after): Altered, risk: Risk) {
        self.push(ChangeKind::Alter, at, (Some(property), before, after), risk);
    }

    /// Compares indexes, triggers and views: each has a name, properties, and a text that contains
    /// them all.
    fn objects<'a, T>(
        &mut self,
        object: Object,
        (before, after): (&Objects<'a, T>, &Objects<'a, T>),
        describe: impl Fn(&'a T) -> (&'a String, Option<&'a String>, String),
        risk: impl Fn(Option<&str>, Option<&T>, Option<&T>) -> Risk,
    ) {
        let keys: BTreeSet<&&str> = before.keys().chain(after.keys()).collect();
        let place = |of: &'a T| {
            let (name, table, text) = describe(of);
            let at = Place {
                object,
                name: show_name(name),
                table: table.cloned(),
            };
            (at, text)
        };
        for key in keys {
            match (before.get(*key), after.get(*key)) {
                (None, None) => {}
                (None, Some(new)) => {
                    let (at, text) = place(new.object);
                    self.add(at, text, risk(None, None, Some(new.object)));
                }
                (Some(old), None) => {
                    let (at, text) = place(old.object);
                    self.drop(at, text, risk(None, Some(old.object), None));
                }
                (Some(old), Some(new)) => {
                    let (at, text) = place(new.object);
                    let mut changes = altered(&old.facts, &new.facts);
                    if changes
                        .iter()
                        .any(|(property, ..)| *property == DECLARATION)
                    {
                        // One of the two is known only as a whole text.
                        let (_, was) = place(old.object);
                        changes = vec![(DECLARATION, Some(was), Some(text))];
                    }
                    for change in changes {
                        let risk = risk(Some(change.0), Some(old.object), Some(new.object));
                        self.alter(at.clone(), change, risk);
                    }
                }
            }
        }
    }

    /// Compares a table that both schemas have.
    fn table(&mut self, old: &NormalTable<'_>, new: &NormalTable<'_>, sides: &Sides<'_>) {
        let at = Place::from_table(Object::Table, new.table);
        if old.kind != new.kind {
            let (was, is) = (&old.table.kind, &new.table.kind);
            let change = (kind_property(was, is), Some(was.text()), Some(is.text()));
            self.alter(at.clone(), change, risk::not_understood());
        }
        for change in altered(&old.options, &new.options) {
            let risk = match change.0 {
                "STRICT" => risk::strict(old.table, new.table),
                _ => risk::without_rowid(old.table, new.table),
            };
            self.alter(at.clone(), change, risk);
        }
        self.columns(old, new, sides);
        self.primary_key(old, new, sides);
        self.uniques(old, new, sides);
        self.checks(old, new);
        self.foreign_keys(old, new);
    }

    fn columns(&mut self, old: &NormalTable<'_>, new: &NormalTable<'_>, sides: &Sides<'_>) {
        let (was, is) = (by_key(&old.columns), by_key(&new.columns));
        for column in &new.columns {
            if !was.contains_key(column.key.as_str()) {
                let at = Place::from_column(new.table, column.column);
                let risk = risk::add_column(column.column);
                self.add(at, column.column.declaration(), risk);
            }
        }
        for column in &old.columns {
            let Some(same) = is.get(column.key.as_str()) else {
                let at = Place::from_column(new.table, column.column);
                let risk = risk::drop_column(column.column);
                self.drop(at, column.column.declaration(), risk);
                continue;
            };
            let pair = (column.column, same.column);
            for change in altered(&column.facts, &same.facts) {
                let risk = risk::column(change.0, pair, new.table, sides.after);
                self.alter(Place::from_column(new.table, same.column), change, risk);
            }
        }
        let common = |columns: &[NormalColumn<'_>], others: &BTreeMap<&str, &NormalColumn<'_>>| {
            let common = columns
                .iter()
                .filter(|column| others.contains_key(column.key.as_str()));
            common
                .map(|column| column.key.clone())
                .collect::<Vec<String>>()
        };
        let (before, after) = (common(&old.columns, &is), common(&new.columns, &was));
        if before != after {
            let list = |names: Vec<String>| {
                let names: Vec<String> = names.iter().map(|name| show_name(name)).collect();
                Some(names.join(", "))
            };
            let at = Place::from_table(Object::ColumnOrder, new.table);
            let texts = (None, list(before), list(after));
            self.push(ChangeKind::Alter, at, texts, risk::column_order());
        }
    }

    fn primary_key(&mut self, old: &NormalTable<'_>, new: &NormalTable<'_>, sides: &Sides<'_>) {
        let at = Place::from_table(Object::PrimaryKey, new.table);
        let text = |table: &Table| table.primary_key.as_ref().map(|key| key.text());
        let risk = |property: &str| risk::primary_key(property, sides.was(), sides.is());
        match (&old.primary_key, &new.primary_key) {
            (Some(was), Some(is)) => {
                for change in altered(was, is) {
                    let risk = risk(change.0);
                    self.alter(at.clone(), change, risk);
                }
            }
            (None, Some(_)) => {
                self.add(at, text(new.table).unwrap_or_default(), risk("key"));
            }
            (Some(_), None) => {
                self.drop(at, text(old.table).unwrap_or_default(), risk("key"));
            }
            (None, None) => {}
        }
    }

    /// Compares `UNIQUE` constraints by their text: a different text is a different constraint.
    /// Order and duplicates have no meaning.
    fn uniques(&mut self, old: &NormalTable<'_>, new: &NormalTable<'_>, sides: &Sides<'_>) {
        let at = Place::from_table(Object::Unique, new.table);
        let find = |table: &'_ Table, text: &str| {
            table
                .uniques
                .iter()
                .find(|unique| unique.text() == text)
                .cloned()
        };
        for text in new.uniques.difference(&old.uniques) {
            let risk = find(new.table, text).map(|unique| {
                risk::add_key(&unique.columns, unique.on_conflict, sides.was(), new.table)
            });
            self.add(at.clone(), text.clone(), risk.unwrap_or_default());
        }
        for text in old.uniques.difference(&new.uniques) {
            let risk = find(old.table, text)
                .map(|unique| risk::drop_key(&unique.columns, old.table, sides.is()));
            self.drop(at.clone(), text.clone(), risk.unwrap_or_default());
        }
    }

    /// Compares `CHECK` constraints: a named one may change, one without a name is identified by
    /// its text.
    fn checks(&mut self, old: &NormalTable<'_>, new: &NormalTable<'_>) {
        let place = |name: &Option<String>| {
            let mut at = Place::from_table(Object::Check, new.table);
            if let Some(name) = name {
                at.name = format!("{}.{name}", at.name);
            }
            at
        };
        let (mut before, mut after) = (old.checks.clone(), new.checks.clone());
        let named = |of: &BTreeSet<(Option<String>, String)>| -> BTreeMap<String, String> {
            let named = of.iter().cloned();
            named
                .filter_map(|(name, condition)| Some((name?, condition)))
                .collect()
        };
        let others = named(&old.checks);
        for (name, is) in named(&new.checks) {
            let Some(was) = others.get(&name).filter(|was| **was != is) else {
                continue;
            };
            let name = Some(name);
            before.remove(&(name.clone(), was.clone()));
            after.remove(&(name.clone(), is.clone()));
            let risk = risk::add_check(&is, old.table);
            let texts = (None, Some(was.clone()), Some(is));
            self.push(ChangeKind::Alter, place(&name), texts, risk);
        }
        for (name, condition) in after.difference(&before) {
            let risk = risk::add_check(condition, old.table);
            self.add(place(name), condition.clone(), risk);
        }
        for (name, condition) in before.difference(&after) {
            self.drop(place(name), condition.clone(), Risk::NONE);
        }
    }

    /// Compares foreign keys, which are identified by their columns and the columns to which they
    /// refer; the other properties may change.
    fn foreign_keys(&mut self, old: &NormalTable<'_>, new: &NormalTable<'_>) {
        let at = Place::from_table(Object::ForeignKey, new.table);
        let text = |target: &str, actions: &BTreeSet<String>| {
            let all = actions.iter().map(|action| format!("{target} {action}"));
            all.map(|text| text.trim_end().to_owned())
                .collect::<Vec<_>>()
                .join(", ")
        };
        for (target, actions) in &new.foreign_keys {
            match old.foreign_keys.get(target) {
                None => self.add(at.clone(), text(target, actions), risk::add_foreign_key()),
                Some(same) if same == actions => {}
                Some(other) => {
                    let list = |actions: &BTreeSet<String>| {
                        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
                        Some(actions.join(", ")).filter(|text| !text.is_empty())
                    };
                    let mut at = at.clone();
                    at.name = format!("{}{target}", at.name);
                    let texts = (None, list(other), list(actions));
                    self.push(ChangeKind::Alter, at, texts, Risk::NONE);
                }
            }
        }
        for (target, actions) in &old.foreign_keys {
            if !new.foreign_keys.contains_key(target) {
                self.drop(at.clone(), text(target, actions), Risk::NONE);
            }
        }
    }
}

fn by_key<'a, 'b>(columns: &'a [NormalColumn<'b>]) -> BTreeMap<&'a str, &'a NormalColumn<'b>> {
    let by_key = columns.iter().map(|column| (column.key.as_str(), column));
    by_key.collect()
}

/// The name of the property for a difference of kinds.
fn kind_property(old: &TableKind, new: &TableKind) -> &'static str {
    match (old, new) {
        (TableKind::Virtual { .. }, _) | (_, TableKind::Virtual { .. }) => "VIRTUAL",
        _ => DECLARATION,
    }
}
