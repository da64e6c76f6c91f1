//! Tables, constraints, indexes, triggers and views as text. Two texts of one kind are equal
//! exactly when their meanings are equal, so these texts are also compared.

use std::fmt;

use crate::schema::{
    Index, IndexPart, PartKind, Trigger, TriggerEvent, TriggerParts, TriggerTime, View,
};
use crate::sql::{quote_name, show_name};
use crate::table::{
    Check, Column, Conflict, ForeignKey, IndexedColumn, PrimaryKey, Table, TableKind, Unique,
};

impl Table {
    /// Describes the table for a reader, one line per declaration: its columns in order, then its
    /// constraints and options. A primary key of one column is in the line of the column.
    pub fn describe(&self) -> Vec<String> {
        let rows = self.rows();
        rows.into_iter()
            .map(|(name, rest)| join(&name, &rest))
            .collect()
    }

    /// The lines of `describe`, with column lines split after the name.
    pub(crate) fn rows(&self) -> Vec<(String, String)> {
        let mut rows: Vec<(String, String)> = Vec::new();
        let inline = self
            .primary_key
            .as_ref()
            .filter(|key| key.columns.len() == 1);
        for column in &self.columns {
            let mut rest = column.declaration();
            let key = inline.filter(|key| {
                key.columns
                    .iter()
                    .all(|only| only.name.eq_ignore_ascii_case(&column.name))
            });
            if let Some(key) = key {
                rest = join(&rest, &key.beside());
            }
            rows.push((show_name(&column.name), rest));
        }
        let mut line = |text: String| rows.push((text, String::new()));
        if let Some(key) = self.primary_key.as_ref().filter(|_| inline.is_none()) {
            line(format!("PRIMARY KEY{}", key.text()));
        }
        sorted(
            self.uniques
                .iter()
                .map(|unique| format!("UNIQUE{}", unique.text())),
        )
        .for_each(&mut line);
        sorted(self.checks.iter().map(Check::text)).for_each(&mut line);
        sorted(
            self.foreign_keys
                .iter()
                .map(|key| format!("FOREIGN KEY{}", key.text())),
        )
        .for_each(&mut line);
        if self.without_rowid {
            line("WITHOUT ROWID".to_owned());
        }
        if self.strict {
            line("STRICT".to_owned());
        }
        match &self.kind {
            TableKind::Ordinary => {}
            kind => line(kind.text()),
        }
        rows
    }
}

impl TableKind {
    /// The kind, with its content.
    pub(crate) fn text(&self) -> String {
        match self {
            TableKind::Ordinary => "ordinary".to_owned(),
            TableKind::Virtual { module, arguments } => {
                format!("USING {}({})", show_name(module), arguments.join(", "))
            }
            TableKind::Unparsed { text } => text.clone(),
        }
    }
}

impl Column {
    /// The declaration of the column without its name. Types are shown in upper case, because their
    /// case means nothing.
    pub(crate) fn declaration(&self) -> String {
        let mut text = self.type_text().unwrap_or_default();
        let mut add = |part: Option<String>| {
            if let Some(part) = part {
                text = join(&text, &part);
            }
        };
        add(self.not_null_text());
        add(self
            .default
            .as_ref()
            .map(|value| format!("DEFAULT {value}")));
        add(self
            .collation
            .as_ref()
            .map(|name| format!("COLLATE {}", collation(name))));
        add(self.generated_text());
        add(self.hidden.then(|| "HIDDEN".to_owned()));
        text
    }

    pub(crate) fn type_text(&self) -> Option<String> {
        self.declared_type
            .as_ref()
            .map(|name| name.to_ascii_uppercase())
    }

    pub(crate) fn not_null_text(&self) -> Option<String> {
        self.not_null
            .then(|| format!("NOT NULL{}", on_conflict(self.not_null_on_conflict)))
    }

    pub(crate) fn generated_text(&self) -> Option<String> {
        self.generated.as_ref().map(|generated| {
            let kept = if generated.stored {
                "STORED"
            } else {
                "VIRTUAL"
            };
            format!("AS ({}) {kept}", generated.expression)
        })
    }
}

impl PrimaryKey {
    /// The key as a table constraint, from its parenthesis on. Whether it is the rowid follows from
    /// the text: a single `INTEGER` that does not descend, in a table with rowids.
    pub(crate) fn text(&self) -> String {
        let never_again = if self.autoincrement {
            " AUTOINCREMENT"
        } else {
            ""
        };
        format!(
            "{}{}{never_again}",
            columns(&self.columns),
            on_conflict(self.on_conflict)
        )
    }

    /// A key of one column as a column constraint.
    fn beside(&self) -> String {
        let only = self.columns.first();
        let never_again = if self.autoincrement {
            " AUTOINCREMENT"
        } else {
            ""
        };
        format!(
            "PRIMARY KEY{}{}{never_again}",
            only.map(IndexedColumn::suffix).unwrap_or_default(),
            on_conflict(self.on_conflict)
        )
    }
}

impl Unique {
    /// The constraint from its parenthesis on.
    pub(crate) fn text(&self) -> String {
        format!(
            "{}{}",
            columns(&self.columns),
            on_conflict(self.on_conflict)
        )
    }
}

impl IndexedColumn {
    fn suffix(&self) -> String {
        suffix(self.collation.as_deref(), self.descending)
    }
}

impl Check {
    /// The constraint, with its name.
    fn text(&self) -> String {
        let check = format!("CHECK {}", self.condition());
        match &self.name {
            Some(name) => format!("CONSTRAINT {} {check}", show_name(name)),
            None => check,
        }
    }

    /// The condition in its parentheses.
    pub(crate) fn condition(&self) -> String {
        format!("({})", self.expression)
    }
}

impl ForeignKey {
    /// The columns, the parent table and its columns, which identify the key.
    pub(crate) fn target(&self) -> String {
        let names = |all: &[String]| {
            let all: Vec<String> = all.iter().map(|name| show_name(name)).collect();
            format!("({})", all.join(", "))
        };
        let parents = match self.parent_columns.as_slice() {
            [] => String::new(),
            some => names(some),
        };
        format!(
            "{} REFERENCES {}{parents}",
            names(&self.columns),
            show_name(&self.parent)
        )
    }

    /// Its actions.
    pub(crate) fn actions(&self) -> String {
        let mut text = String::new();
        for (event, action) in [("DELETE", self.on_delete), ("UPDATE", self.on_update)] {
            if let Some(action) = action {
                text = join(&text, &format!("ON {event} {action}"));
            }
        }
        if let Some(name) = &self.match_ {
            text = join(&text, &format!("MATCH {}", collation(name)));
        }
        if self.deferred {
            text = join(&text, "DEFERRABLE INITIALLY DEFERRED");
        }
        text
    }

    /// The constraint from its parenthesis on.
    pub(crate) fn text(&self) -> String {
        join(&self.target(), &self.actions())
    }
}

impl Index {
    /// The text without the name: `ON t(a DESC) WHERE a > 0`, and `UNIQUE` in front.
    pub(crate) fn text(&self) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let table = show_name(&self.table);
        match self.statement() {
            Some(statement) => format!("{unique}ON {table}: {statement}"),
            None => {
                let filter = self
                    .filter
                    .as_ref()
                    .map(|filter| format!(" WHERE {filter}"));
                let filter = filter.unwrap_or_default();
                format!("{unique}ON {table}{}{filter}", self.key_text())
            }
        }
    }

    /// The whole statement, if it could not be parsed.
    pub(crate) fn statement(&self) -> Option<&str> {
        self.filter.as_deref().filter(|_| self.columns.is_empty())
    }

    /// The indexed parts, in their parentheses.
    pub(crate) fn key_text(&self) -> String {
        let parts: Vec<String> = self.columns.iter().map(IndexPart::text).collect();
        format!("({})", parts.join(", "))
    }
}

impl fmt::Display for Index {
    /// Writes the text without the name: `ON t(a DESC) WHERE a > 0`, and `UNIQUE` in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl IndexPart {
    fn text(&self) -> String {
        let part = match &self.kind {
            PartKind::Column(name) => show_name(name),
            // Without parentheses `COLLATE` would apply only to the last operand.
            PartKind::Expression(expression) if self.collation.is_some() => {
                format!("({expression})")
            }
            PartKind::Expression(expression) => expression.clone(),
        };
        format!(
            "{part}{}",
            suffix(self.collation.as_deref(), self.descending)
        )
    }
}

impl Trigger {
    /// The text without the name.
    pub(crate) fn text(&self) -> String {
        format!("ON {}: {}", show_name(&self.table), self.text)
    }
}

impl TriggerParts {
    /// The event, with its columns.
    pub(crate) fn event_text(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|name| show_name(name)).collect();
        match columns.as_slice() {
            [] => self.event.to_string(),
            columns => format!("{} OF {}", self.event, columns.join(", ")),
        }
    }

    /// The statements, each with its semicolon.
    pub(crate) fn body_text(&self) -> String {
        let closed = self.body.iter().map(|statement| format!("{statement};"));
        closed.collect::<Vec<_>>().join(" ")
    }

    /// All parts as one text.
    pub(crate) fn text(&self) -> String {
        let when = self.when.as_ref().map(|when| format!(" WHEN {when}"));
        format!(
            "{} {}{} BEGIN {} END",
            self.time,
            self.event_text(),
            when.unwrap_or_default(),
            self.body_text()
        )
    }
}

impl fmt::Display for TriggerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TriggerTime::Before => "BEFORE",
            TriggerTime::After => "AFTER",
            TriggerTime::InsteadOf => "INSTEAD OF",
        })
    }
}

impl fmt::Display for TriggerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TriggerEvent::Insert => "INSERT",
            TriggerEvent::Update => "UPDATE",
            TriggerEvent::Delete => "DELETE",
        })
    }
}

impl View {
    /// The text without the name.
    pub(crate) fn text(&self) -> String {
        let names = self.columns_text();
        let names = names.map(|names| format!("{names} ")).unwrap_or_default();
        format!("{names}AS {}", self.text)
    }

    /// The declared column names, in their parentheses, if there are any.
    pub(crate) fn columns_text(&self) -> Option<String> {
        let names: Vec<String> = self.columns.iter().map(|name| show_name(name)).collect();
        (!names.is_empty()).then(|| format!("({})", names.join(", ")))
    }
}

fn columns(columns: &[IndexedColumn]) -> String {
    let part = |column: &IndexedColumn| format!("{}{}", show_name(&column.name), column.suffix());
    format!(
        "({})",
        columns.iter().map(part).collect::<Vec<_>>().join(", ")
    )
}

fn suffix(name: Option<&str>, descending: bool) -> String {
    let name = name
        .map(|name| format!(" COLLATE {}", collation(name)))
        .unwrap_or_default();
    format!("{name}{}", if descending { " DESC" } else { "" })
}

/// A collation, or the word after `MATCH`, in upper case, like SQLite's own; so it is never a
/// keyword that needs quotes.
pub(crate) fn collation(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b > 0x7f);
    if plain && !name.is_empty() {
        name.to_owned()
    } else {
        quote_name(name)
    }
}

fn on_conflict(conflict: Option<Conflict>) -> &'static str {
    match conflict {
        None => "",
        Some(Conflict::Rollback) => " ON CONFLICT ROLLBACK",
        Some(Conflict::Fail) => " ON CONFLICT FAIL",
        Some(Conflict::Ignore) => " ON CONFLICT IGNORE",
        Some(Conflict::Replace) => " ON CONFLICT REPLACE",
    }
}

fn join(left: &str, right: &str) -> String {
    let gap = if left.is_empty() || right.is_empty() {
        ""
    } else {
        " "
    };
    format!("{left}{gap}{right}")
}

/// Sorts constraints by their text, because their order has no meaning.
fn sorted(lines: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines.into_iter()
}
