//! Comparing two schemas.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Change, ChangeKind, Object};
use crate::schema::Schema;
use crate::sql::{fold, show_name};
use crate::table::{Check, Column, ForeignKey, PrimaryKey, Table, TableKind};

/// All changes from `before` to `after`; none exactly when the two mean the same.
///
/// They are ordered to be read: new tables, then table by table what changed in it, tables that
/// went, then indexes, triggers and views, each by name. The order is not one in which statements
/// could be run.
pub fn diff(before: &Schema, after: &Schema) -> Vec<Change> {
    let mut changes = Changes(Vec::new());
    for (key, table) in &after.tables {
        if !before.tables.contains_key(key) {
            let text = table.describe().join(", ");
            changes.add(
                Object::Table,
                show_name(&table.name),
                Some(&table.name),
                text,
            );
        }
    }
    for (key, old) in &before.tables {
        if let Some(new) = after.tables.get(key) {
            changes.table(old, new);
        }
    }
    for (key, table) in &before.tables {
        if !after.tables.contains_key(key) {
            let text = table.describe().join(", ");
            changes.drop(
                Object::Table,
                show_name(&table.name),
                Some(&table.name),
                text,
            );
        }
    }
    changes.objects(Object::Index, &before.indexes, &after.indexes, |index| {
        (&index.name, Some(&index.table), index.text())
    });
    changes.objects(
        Object::Trigger,
        &before.triggers,
        &after.triggers,
        |trigger| (&trigger.name, Some(&trigger.table), trigger.text()),
    );
    changes.objects(Object::View, &before.views, &after.views, |view| {
        (&view.name, None, view.text())
    });
    changes.0
}

struct Changes(Vec<Change>);

impl Changes {
    fn push(
        &mut self,
        kind: ChangeKind,
        object: Object,
        name: String,
        table: Option<&str>,
        before: Option<String>,
        after: Option<String>,
    ) {
        let table = table.map(str::to_owned);
        self.0.push(Change {
            kind,
            object,
            name,
            table,
            property: None,
            before,
            after,
        });
    }

    fn add(&mut self, object: Object, name: String, table: Option<&str>, text: String) {
        self.push(ChangeKind::Add, object, name, table, None, Some(text));
    }

    fn drop(&mut self, object: Object, name: String, table: Option<&str>, text: String) {
        self.push(ChangeKind::Drop, object, name, table, Some(text), None);
    }

    /// A property that is not the same, if it is not.
    fn property(
        &mut self,
        (object, name, table): (Object, &str, &str),
        property: &'static str,
        before: Option<String>,
        after: Option<String>,
    ) {
        if before != after {
            let (name, table) = (name.to_owned(), Some(table));
            self.push(ChangeKind::Alter, object, name, table, before, after);
            if let Some(change) = self.0.last_mut() {
                change.property = Some(property);
            }
        }
    }

    /// Indexes, triggers and views: each has a name and a text.
    fn objects<'a, T>(
        &mut self,
        object: Object,
        before: &'a BTreeMap<String, T>,
        after: &'a BTreeMap<String, T>,
        tell: impl Fn(&'a T) -> (&'a String, Option<&'a String>, String),
    ) {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let old = before.get(key).map(&tell);
            let new = after.get(key).map(&tell);
            let Some((name, table, _)) = new.as_ref().or(old.as_ref()) else {
                continue;
            };
            let (name, table) = (show_name(name), table.map(String::as_str));
            let kind = match (&old, &new) {
                (None, _) => ChangeKind::Add,
                (_, None) => ChangeKind::Drop,
                (Some(old), Some(new)) if old.2 == new.2 => continue,
                _ => ChangeKind::Alter,
            };
            let (old, new) = (old.map(|old| old.2), new.map(|new| new.2));
            self.push(kind, object, name, table, old, new);
        }
    }

    /// A table that both schemas have.
    fn table(&mut self, old: &Table, new: &Table) {
        let shown = show_name(&new.name);
        let this = (Object::Table, shown.as_str(), new.name.as_str());
        if old.kind != new.kind {
            self.property(
                this,
                kind_property(old, new),
                Some(old.kind.text()),
                Some(new.kind.text()),
            );
        }
        for (property, before, after) in [
            ("WITHOUT ROWID", old.without_rowid, new.without_rowid),
            ("STRICT", old.strict, new.strict),
        ] {
            self.property(this, property, Some(yes(before)), Some(yes(after)));
        }
        self.columns(old, new);
        self.primary_key(old, new);
        self.uniques(old, new);
        self.checks(old, new);
        self.foreign_keys(old, new);
    }

    fn columns(&mut self, old: &Table, new: &Table) {
        let old_columns = by_name(&old.columns);
        let new_columns = by_name(&new.columns);
        let table = Some(new.name.as_str());
        let name =
            |column: &Column| format!("{}.{}", show_name(&new.name), show_name(&column.name));
        for column in &new.columns {
            if !old_columns.contains_key(&fold(&column.name)) {
                self.add(Object::Column, name(column), table, column.declaration());
            }
        }
        for column in &old.columns {
            match new_columns.get(&fold(&column.name)) {
                Some(same) => self.column(&name(same), &new.name, column, same),
                None => self.drop(Object::Column, name(column), table, column.declaration()),
            }
        }
        let common = |columns: &[Column], others: &BTreeMap<String, &Column>| {
            let folded = columns.iter().map(|column| fold(&column.name));
            folded
                .filter(|name| others.contains_key(name))
                .collect::<Vec<String>>()
        };
        let before = common(&old.columns, &new_columns);
        let after = common(&new.columns, &old_columns);
        if before != after {
            let list = |names: Vec<String>| {
                Some(
                    names
                        .iter()
                        .map(|name| show_name(name))
                        .collect::<Vec<_>>()
                        .join(", "),
                )
            };
            let (before, after) = (list(before), list(after));
            let shown = show_name(&new.name);
            self.push(
                ChangeKind::Alter,
                Object::ColumnOrder,
                shown,
                table,
                before,
                after,
            );
        }
    }

    /// A column that both tables have.
    fn column(&mut self, name: &str, table: &str, old: &Column, new: &Column) {
        let this = (Object::Column, name, table);
        self.property(this, "type", old.type_text(), new.type_text());
        self.property(this, "NOT NULL", old.not_null_text(), new.not_null_text());
        self.property(this, "DEFAULT", old.default.clone(), new.default.clone());
        self.property(
            this,
            "COLLATE",
            old.collation.clone(),
            new.collation.clone(),
        );
        self.property(
            this,
            "GENERATED",
            old.generated_text(),
            new.generated_text(),
        );
        self.property(this, "HIDDEN", Some(yes(old.hidden)), Some(yes(new.hidden)));
    }

    fn primary_key(&mut self, old: &Table, new: &Table) {
        let before = old.primary_key.as_ref().map(PrimaryKey::text);
        let after = new.primary_key.as_ref().map(PrimaryKey::text);
        let kind = match (&before, &after) {
            (before, after) if before == after => return,
            (None, _) => ChangeKind::Add,
            (_, None) => ChangeKind::Drop,
            _ => ChangeKind::Alter,
        };
        self.push(
            kind,
            Object::PrimaryKey,
            show_name(&new.name),
            Some(&new.name),
            before,
            after,
        );
    }

    fn uniques(&mut self, old: &Table, new: &Table) {
        let texts = |table: &Table| -> BTreeSet<(String, String)> {
            let name = show_name(&new.name);
            table
                .uniques
                .iter()
                .map(|unique| (name.clone(), unique.text()))
                .collect()
        };
        self.constraints(Object::Unique, &new.name, &texts(old), &texts(new));
    }

    /// A check that has a name may change; one without is what it says.
    fn checks(&mut self, old: &Table, new: &Table) {
        let shown = show_name(&new.name);
        let texts = |table: &Table| -> BTreeSet<(String, String)> {
            let name = |check: &Check| match &check.name {
                Some(name) => format!("{shown}.{}", show_name(name)),
                None => shown.clone(),
            };
            table
                .checks
                .iter()
                .map(|check| (name(check), check.condition()))
                .collect()
        };
        let (mut before, mut after) = (texts(old), texts(new));
        let named = |of: &BTreeSet<(String, String)>| -> BTreeMap<String, String> {
            of.iter()
                .filter(|(name, _)| *name != shown)
                .cloned()
                .collect()
        };
        let others = named(&before);
        for (name, condition) in named(&after) {
            let Some(other) = others.get(&name).filter(|other| **other != condition) else {
                continue;
            };
            before.remove(&(name.clone(), other.clone()));
            after.remove(&(name.clone(), condition.clone()));
            let (was, is) = (Some(other.clone()), Some(condition));
            self.push(
                ChangeKind::Alter,
                Object::Check,
                name,
                Some(&new.name),
                was,
                is,
            );
        }
        self.constraints(Object::Check, &new.name, &before, &after);
    }

    /// Constraints that are what they say: another text is another constraint. The order of
    /// constraints has no meaning, and neither has saying one twice.
    fn constraints(
        &mut self,
        object: Object,
        table: &str,
        before: &BTreeSet<(String, String)>,
        after: &BTreeSet<(String, String)>,
    ) {
        for (name, text) in after.difference(before) {
            self.add(object, name.clone(), Some(table), text.clone());
        }
        for (name, text) in before.difference(after) {
            self.drop(object, name.clone(), Some(table), text.clone());
        }
    }

    /// A foreign key is the same key as long as it leads from the same columns to the same; what it
    /// does may change.
    fn foreign_keys(&mut self, old: &Table, new: &Table) {
        let keyed = |table: &Table| -> BTreeMap<String, BTreeSet<String>> {
            let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for key in &table.foreign_keys {
                keys.entry(key.target())
                    .or_default()
                    .insert(ForeignKey::actions(key));
            }
            keys
        };
        let (before, after) = (keyed(old), keyed(new));
        let shown = show_name(&new.name);
        let table = Some(new.name.as_str());
        let text = |target: &str, actions: &BTreeSet<String>| {
            let all = actions.iter().map(|action| format!("{target} {action}"));
            all.map(|text| text.trim_end().to_owned())
                .collect::<Vec<_>>()
                .join(", ")
        };
        for (target, actions) in &after {
            match before.get(target) {
                None => self.add(
                    Object::ForeignKey,
                    shown.clone(),
                    table,
                    text(target, actions),
                ),
                Some(same) if same == actions => {}
                Some(other) => {
                    let name = format!("{shown}{target}");
                    let list = |actions: &BTreeSet<String>| {
                        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
                        Some(actions.join(", ")).filter(|text| !text.is_empty())
                    };
                    let (before, after) = (list(other), list(actions));
                    self.push(
                        ChangeKind::Alter,
                        Object::ForeignKey,
                        name,
                        table,
                        before,
                        after,
                    );
                }
            }
        }
        for (target, actions) in &before {
            if !after.contains_key(target) {
                self.drop(
                    Object::ForeignKey,
                    shown.clone(),
                    table,
                    text(target, actions),
                );
            }
        }
    }
}

fn by_name(columns: &[Column]) -> BTreeMap<String, &Column> {
    columns
        .iter()
        .map(|column| (fold(&column.name), column))
        .collect()
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// What to call a difference of kinds.
fn kind_property(old: &Table, new: &Table) -> &'static str {
    match (&old.kind, &new.kind) {
        (TableKind::Virtual { .. }, _) | (_, TableKind::Virtual { .. }) => "VIRTUAL",
        _ => "declaration",
    }
}
