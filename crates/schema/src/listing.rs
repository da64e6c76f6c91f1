//! A whole schema as text.

use std::collections::BTreeMap;
use std::fmt;

use crate::schema::Schema;
use crate::sql::{fold, show_name};

/// A stable listing for review, which can be stored and compared: all tables by name, each with its
/// columns, constraints, indexes and triggers, then the views with theirs. Spellings with the same
/// meaning are shown the same.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        let mut gap = |f: &mut fmt::Formatter<'_>| {
            if std::mem::take(&mut first) {
                Ok(())
            } else {
                writeln!(f)
            }
        };
        let belonging = Belonging::new(self);
        for (key, table) in &self.tables {
            gap(f)?;
            writeln!(f, "table {}", show_name(&table.name))?;
            let rows = table.rows();
            let named = rows.iter().filter(|(_, rest)| !rest.is_empty());
            let width = named
                .map(|(name, _)| name.chars().count())
                .max()
                .unwrap_or(0);
            for (name, rest) in &rows {
                match rest.as_str() {
                    "" => writeln!(f, "  {name}")?,
                    rest => writeln!(f, "  {name:width$}  {rest}")?,
                }
            }
            belonging.write(key, f)?;
        }
        for (key, view) in &self.views {
            gap(f)?;
            writeln!(f, "view {}", show_name(&view.name))?;
            writeln!(f, "  {}", view.text())?;
            belonging.write(key, f)?;
        }
        belonging.write_orphans(self, &mut gap, f)
    }
}

/// Indexes and triggers by the folded name of their table.
struct Belonging<'a> {
    lines: BTreeMap<String, Vec<(&'a str, String)>>,
}

impl<'a> Belonging<'a> {
    fn new(schema: &'a Schema) -> Belonging<'a> {
        let mut all = Belonging {
            lines: BTreeMap::new(),
        };
        for index in schema.indexes() {
            let text = index.text();
            let (kind, text) = match text.strip_prefix("UNIQUE ") {
                Some(text) => ("unique index", text),
                None => ("index", text.as_str()),
            };
            let line = format!("{} {text}", show_name(&index.name));
            all.lines
                .entry(fold(&index.table))
                .or_default()
                .push((kind, line));
        }
        for trigger in schema.triggers() {
            let line = format!("{} {}", show_name(&trigger.name), trigger.text());
            all.lines
                .entry(fold(&trigger.table))
                .or_default()
                .push(("trigger", line));
        }
        all
    }

    fn write(&self, key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, line) in self.lines.get(key).into_iter().flatten() {
            writeln!(f, "  {kind} {line}")?;
        }
        Ok(())
    }

    /// Writes the objects whose table is not listed, such as an index of a shadow table.
    fn write_orphans(
        &self,
        schema: &Schema,
        gap: &mut impl FnMut(&mut fmt::Formatter<'_>) -> fmt::Result,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        for (key, lines) in &self.lines {
            if schema.tables.contains_key(key) || schema.views.contains_key(key) {
                continue;
            }
            gap(f)?;
            for (kind, line) in lines {
                writeln!(f, "{kind} {line}")?;
            }
        }
        Ok(())
    }
}
