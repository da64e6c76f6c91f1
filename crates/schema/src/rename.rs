//! A schema as it would be after `ALTER TABLE … RENAME`.
//!
//! SQLite rewrites every reference to a renamed object. This module does the same to the normalised
//! text, but only where a word is unambiguous: a view or a trigger that is not rewritten is
//! reported as changed, which is one line too many; a wrong rewrite would hide a change.

use crate::schema::{Index, PartKind, Schema, Trigger};
use crate::sql::token::{Kind, tokens};
use crate::sql::{fold, show_name};
use crate::table::{IndexedColumn, Table};

/// A table or a column with a new name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Rename {
    /// The table, by its old name; for a column, the new name is accepted, too.
    pub table: String,
    /// The column, or `None` if the table itself is renamed.
    pub column: Option<String>,
    /// The new name.
    pub to: String,
}

impl Rename {
    /// Creates the rename of a table.
    pub fn table(table: &str, to: &str) -> Rename {
        Rename {
            table: table.to_owned(),
            column: None,
            to: to.to_owned(),
        }
    }

    /// Creates the rename of a column.
    pub fn column(table: &str, column: &str, to: &str) -> Rename {
        Rename {
            table: table.to_owned(),
            column: Some(column.to_owned()),
            to: to.to_owned(),
        }
    }
}

/// Whether two names are the same to SQLite.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn replace(name: &mut String, from: &str, to: &str) {
    if same(name, from) {
        *name = to.to_owned();
    }
}

/// The words of normalised text, each with the text before and after it.
fn split_words(text: &str) -> Vec<(&str, &str, &str)> {
    let words: Vec<&str> = tokens(text)
        .filter(|token| token.kind != Kind::Blank)
        .map(|token| token.text)
        .collect();
    let at = |at: Option<usize>| at.and_then(|at| words.get(at)).copied().unwrap_or_default();
    let here = 0..words.len();
    here.map(|here| (at(here.checked_sub(1)), at(Some(here)), at(Some(here + 1))))
        .collect()
}

/// Replaces each word `from` of normalised text for which `belongs` agrees, given the words before
/// and after it.
fn rewrite(text: &mut String, from: &str, to: &str, belongs: impl Fn(&str, &str) -> bool) {
    let (from, to) = (show_name(from), show_name(to));
    let mut around = split_words(text).into_iter();
    let mut new = String::with_capacity(text.len());
    for token in tokens(text) {
        let replaced = token.kind != Kind::Blank
            && around
                .next()
                .is_some_and(|(before, word, after)| word == from && belongs(before, after));
        new.push_str(if replaced { &to } else { token.text });
    }
    *text = new;
}

/// Renames a table where it qualifies a column.
fn rewrite_qualifier(text: &mut String, from: &str, to: &str) {
    rewrite(text, from, to, |_, after| after == ".");
}

/// Renames a column in an expression, but not a qualifier, a function, a collation or an alias.
fn rewrite_column(text: &mut String, from: &str, to: &str) {
    rewrite(text, from, to, |before, after| {
        after != "." && after != "(" && before != "COLLATE" && before != "AS"
    });
}

impl Table {
    fn each_expression(&mut self, mut rewrite: impl FnMut(&mut String)) {
        for check in &mut self.checks {
            rewrite(&mut check.expression);
        }
        for column in &mut self.columns {
            if let Some(generated) = &mut column.generated {
                rewrite(&mut generated.expression);
            }
        }
    }

    /// Renames the table itself.
    pub(crate) fn rename(&mut self, to: &str) {
        let from = std::mem::replace(&mut self.name, to.to_owned());
        self.each_expression(|text| rewrite_qualifier(text, &from, to));
        self.rename_parent(&from, to);
        // A full-text table has a hidden column of its own name.
        for column in self.columns.iter_mut().filter(|column| column.hidden) {
            replace(&mut column.name, &from, to);
        }
    }

    fn rename_parent(&mut self, from: &str, to: &str) {
        for key in &mut self.foreign_keys {
            replace(&mut key.parent, from, to);
        }
    }

    /// Renames a column wherever the table itself names it.
    pub(crate) fn rename_column(&mut self, from: &str, to: &str) {
        for column in &mut self.columns {
            replace(&mut column.name, from, to);
        }
        let in_key = |columns: &mut Vec<IndexedColumn>| {
            for column in columns {
                replace(&mut column.name, from, to);
            }
        };
        self.uniques
            .iter_mut()
            .map(|unique| &mut unique.columns)
            .chain(self.primary_key.iter_mut().map(|key| &mut key.columns))
            .for_each(in_key);
        for key in &mut self.foreign_keys {
            for column in &mut key.columns {
                replace(column, from, to);
            }
        }
        let own = self.name.clone();
        self.rename_parent_column(&own, from, to);
        self.each_expression(|text| rewrite_column(text, from, to));
    }

    fn rename_parent_column(&mut self, parent: &str, from: &str, to: &str) {
        for key in &mut self.foreign_keys {
            if same(&key.parent, parent) {
                for column in &mut key.parent_columns {
                    replace(column, from, to);
                }
            }
        }
    }
}

impl Schema {
    /// Renames an existing table to a free name.
    pub(crate) fn rename_table(&mut self, from: &str, to: &str) {
        let Some(mut table) = self.tables.remove(&fold(from)) else {
            return;
        };
        table.rename(to);
        self.tables.insert(fold(to), table);
        for other in self.tables.values_mut() {
            other.rename_parent(from, to);
        }
        for index in self.indexes.values_mut() {
            replace(&mut index.table, from, to);
            if same(&index.table, to) {
                index.each_expression(|text| rewrite_qualifier(text, from, to));
            }
        }
        for trigger in self.triggers.values_mut() {
            replace(&mut trigger.table, from, to);
        }
        // A word that may also be a column is left unchanged.
        let ambiguous = self.tables().any(|table| table.column(from).is_some());
        if !ambiguous {
            self.each_query(|text| rewrite(text, from, to, |_, _| true));
        }
    }

    /// Renames an existing column to a name that is free in its table.
    pub(crate) fn rename_column(&mut self, table: &str, from: &str, to: &str) {
        let Some(own) = self.tables.get_mut(&fold(table)) else {
            return;
        };
        own.rename_column(from, to);
        for other in self.tables.values_mut() {
            other.rename_parent_column(table, from, to);
        }
        for index in self.indexes.values_mut() {
            if same(&index.table, table) {
                for part in &mut index.columns {
                    if let PartKind::Column(name) = &mut part.kind {
                        replace(name, from, to);
                    }
                }
                index.each_expression(|text| rewrite_column(text, from, to));
            }
        }
        for trigger in self.triggers.values_mut() {
            let own = same(&trigger.table, table);
            if let Some(parts) = trigger.parts.as_mut().filter(|_| own) {
                for column in &mut parts.columns {
                    replace(column, from, to);
                }
            }
        }
        let only = |text: &str, own: Option<&str>| {
            let words = split_words(text).into_iter().map(|(_, word, _)| word);
            let mut others = words
                .map(crate::sql::unquote_name)
                .chain(own.map(str::to_owned))
                .filter(|word| !same(word, table));
            others.all(|word| {
                let other = self.table(&word);
                !self.views.contains_key(&fold(&word))
                    && other.is_none_or(|other| other.column(from).is_none())
            })
        };
        let views = self.views.iter().filter(|(_, view)| only(&view.text, None));
        let views: Vec<String> = views.map(|(key, _)| key.clone()).collect();
        let is_only = |trigger: &Trigger| only(&trigger.text, Some(&trigger.table));
        let triggers = self.triggers.iter().filter(|(_, trigger)| is_only(trigger));
        let triggers: Vec<String> = triggers.map(|(key, _)| key.clone()).collect();
        for key in views {
            if let Some(view) = self.views.get_mut(&key) {
                rewrite_column(&mut view.text, from, to);
            }
        }
        for key in triggers {
            if let Some(trigger) = self.triggers.get_mut(&key) {
                trigger.each_query(|text| rewrite_column(text, from, to));
            }
        }
    }

    fn each_query(&mut self, mut rewrite: impl FnMut(&mut String)) {
        for view in self.views.values_mut() {
            rewrite(&mut view.text);
        }
        for trigger in self.triggers.values_mut() {
            trigger.each_query(&mut rewrite);
        }
    }
}

impl Index {
    fn each_expression(&mut self, mut rewrite: impl FnMut(&mut String)) {
        for part in &mut self.columns {
            if let PartKind::Expression(text) = &mut part.kind {
                rewrite(text);
            }
        }
        if let Some(filter) = &mut self.filter {
            rewrite(filter);
        }
    }
}

impl Trigger {
    fn each_query(&mut self, mut rewrite: impl FnMut(&mut String)) {
        match &mut self.parts {
            Some(parts) => {
                parts
                    .when
                    .iter_mut()
                    .chain(&mut parts.body)
                    .for_each(rewrite);
                self.text = parts.text();
            }
            None => rewrite(&mut self.text),
        }
    }
}
