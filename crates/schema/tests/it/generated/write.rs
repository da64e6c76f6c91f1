//! A generated schema as SQL, in as many spellings as there are random bytes.

use schema::{Conflict, TriggerTime};

use super::pools::NAMES;
use super::render::{expression, trigger_on, trigger_when};
use super::spec::{ColumnSpec, Dice, ForeignSpec, KeySpec, Spec, TableSpec};

/// The statements that make the schema.
pub(super) fn create(spec: &Spec, dice: &mut Dice<'_>) -> String {
    let mut w = Writer {
        sql: String::new(),
        dice,
    };
    for table in &spec.tables {
        w.table(table, spec);
    }
    for (name, columns, tokenizer) in &spec.full_text {
        w.word("CREATE VIRTUAL TABLE").name(name).word("USING");
        let columns = columns.join(", ");
        w.raw(&format!("fts5({columns}, tokenize = '{tokenizer}');\n"));
    }
    for index in &spec.indexes {
        let table = &spec.tables[index.table];
        w.word("CREATE");
        if index.unique {
            w.word("UNIQUE");
        }
        w.word("INDEX")
            .name(index.name)
            .word("ON")
            .name(table.name)
            .raw("(");
        for (at, (part, collation, descending)) in index.parts.iter().enumerate() {
            w.comma(at);
            match part {
                Ok(at) => w.reference(table.columns[*at].name),
                Err(made) if collation.is_some() => {
                    w.raw("(").text(&expression(made, table)).raw(")")
                }
                Err(made) => w.condition(&expression(made, table)),
            };
            w.order(*collation, *descending);
        }
        w.raw(")");
        if let Some(filter) = &index.filter {
            w.word("WHERE").condition(&expression(filter, table));
        }
        w.raw(";\n");
    }
    for view in &spec.views {
        w.word("CREATE VIEW").name(view.name);
        if let Some([one, two]) = view.columns {
            w.raw("(").name(one).raw(",").name(two).raw(")");
        }
        let query = expression(&view.query, &spec.tables[view.table]);
        w.word("AS").text(&query).raw(";\n");
    }
    for trigger in &spec.triggers {
        let (on, table) = trigger_on(trigger, spec);
        w.word("CREATE TRIGGER").name(trigger.name);
        if trigger.time != TriggerTime::Before || w.dice.rarely() {
            w.word(&trigger.time.to_string());
        }
        w.word(&trigger.event.to_string());
        for (at, column) in trigger.columns.iter().enumerate() {
            w.word(if at == 0 { "OF" } else { "," });
            w.name(table.columns[*column].name);
        }
        w.word("ON").name(on);
        if w.dice.rarely() {
            w.word("FOR EACH ROW");
        }
        if let Some(when) = trigger_when(trigger, table) {
            w.word("WHEN").condition(&when);
        }
        w.word("BEGIN");
        for command in &trigger.body {
            w.text(&expression(command, table)).raw(";");
        }
        w.word("END").raw(";\n");
    }
    w.sql
}

struct Writer<'a, 'b> {
    sql: String,
    dice: &'a mut Dice<'b>,
}

impl Writer<'_, '_> {
    fn raw(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Writes whitespace or a comment between two words.
    fn gap(&mut self) -> &mut Self {
        let gap = self
            .dice
            .pick(&[" ", " ", " ", "\n", "\t ", " /* it's; */ ", " -- \"x\"\n"]);
        self.raw(gap)
    }

    /// Writes keywords in any case.
    fn word(&mut self, words: &str) -> &mut Self {
        for word in words.split(' ') {
            self.gap();
            let word = match self.dice.roll(3) {
                1 => word.to_ascii_lowercase(),
                _ => word.to_owned(),
            };
            self.raw(&word);
        }
        self.gap()
    }

    /// Writes a name exactly, in any quotes.
    fn name(&mut self, name: &str) -> &mut Self {
        let plain = NAMES.iter().any(|(other, plain)| *other == name && *plain);
        let plain = plain || name == "nowhere" || name == "search";
        let quoted = match self.dice.roll(4) {
            0 | 1 if plain => name.to_owned(),
            2 if !name.contains(']') => format!("[{name}]"),
            3 => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        };
        self.raw(" ").raw(&quoted).raw(" ")
    }

    /// Writes a name in any case.
    fn reference(&mut self, name: &str) -> &mut Self {
        let plain = NAMES.iter().any(|(other, plain)| *other == name && *plain);
        match self.dice.roll(3) {
            1 if plain => self.raw(" ").raw(&name.to_ascii_uppercase()).raw(" "),
            2 => {
                let name = name.to_ascii_uppercase().replace('"', "\"\"");
                self.raw(&format!("\"{name}\""))
            }
            _ => self.name(name),
        }
    }

    /// Writes normalised text, with other gaps outside quotes.
    fn text(&mut self, text: &str) -> &mut Self {
        let mut quote = None;
        self.raw(" ");
        for c in text.chars() {
            match (c, quote) {
                (' ', None) => {
                    self.gap();
                    continue;
                }
                ('\'' | '"', None) => quote = Some(c),
                (c, Some(open)) if c == open => quote = None,
                _ => {}
            }
            self.sql.push(c);
        }
        self.raw(" ")
    }

    /// Writes a whole expression, with or without parentheses.
    fn condition(&mut self, text: &str) -> &mut Self {
        if self.dice.rarely() {
            self.raw("(").text(text).raw(")")
        } else {
            self.text(text)
        }
    }

    fn comma(&mut self, at: usize) -> &mut Self {
        self.raw(if at > 0 { "," } else { "" })
    }

    fn order(&mut self, collation: Option<&str>, descending: bool) -> &mut Self {
        if let Some(collation) = collation {
            self.word("COLLATE").word(collation);
        }
        if descending {
            self.word("DESC");
        } else if self.dice.rarely() {
            self.word("ASC");
        }
        self
    }

    fn on_conflict(&mut self, conflict: Option<Conflict>) -> &mut Self {
        let action = match conflict {
            None if self.dice.rarely() => "ABORT",
            None => return self,
            Some(Conflict::Rollback) => "ROLLBACK",
            Some(Conflict::Fail) => "FAIL",
            Some(Conflict::Ignore) => "IGNORE",
            Some(Conflict::Replace) => "REPLACE",
        };
        self.word("ON CONFLICT").word(action)
    }

    /// Writes a constraint name, which SQLite forgets, or none.
    fn constraint(&mut self) -> &mut Self {
        if self.dice.rarely() {
            self.word("CONSTRAINT").raw("any_name");
        }
        self
    }

    /// Writes the columns of a table, and then the remaining table constraints.
    fn table(&mut self, table: &TableSpec, spec: &Spec) {
        self.word("CREATE TABLE").name(table.name).raw("(");
        let mut uniques: Vec<&KeySpec> = table.uniques.iter().collect();
        let mut foreign_keys: Vec<&ForeignSpec> = table.foreign_keys.iter().collect();
        let mut checks: Vec<usize> = (0..table.checks.len()).collect();
        let mut key = table.primary_key.as_ref();
        for (at, column) in table.columns.iter().enumerate() {
            self.comma(at).name(column.name);
            self.column(column, table);
            let beside =
                |key: &KeySpec| matches!(key.parts.as_slice(), [(only, None, _)] if *only == at);
            let must = table.no_alias || table.autoincrement;
            if key.is_some_and(beside) && (must || self.dice.roll(2) == 0) {
                let own = key.take().expect("just seen");
                self.constraint()
                    .word("PRIMARY KEY")
                    .order(None, own.parts[0].2);
                self.on_conflict(own.on_conflict);
                if table.autoincrement {
                    self.word("AUTOINCREMENT");
                }
            }
            let ascending = |key: &&KeySpec| beside(key) && !key.parts[0].2;
            if let Some(found) = uniques.iter().position(ascending)
                && self.dice.roll(2) == 0
            {
                let own = uniques.remove(found);
                self.constraint()
                    .word("UNIQUE")
                    .on_conflict(own.on_conflict);
            }
            let single = |key: &&ForeignSpec| key.columns == [at];
            if let Some(found) = foreign_keys.iter().position(single)
                && self.dice.roll(2) == 0
            {
                let own = foreign_keys.remove(found);
                self.constraint().references(own, spec);
            }
            // A check in the column definition would be dropped with the column.
            if at == 0 && !checks.is_empty() && self.dice.rarely() {
                let own = checks.remove(0);
                self.check(own, table);
            }
        }
        if let Some(own) = key {
            self.raw(",").constraint().word("PRIMARY KEY");
            self.key(own, table).on_conflict(own.on_conflict);
        }
        if self.dice.rarely() {
            uniques.reverse();
        }
        for own in uniques {
            self.raw(",").constraint().word("UNIQUE");
            self.key(own, table).on_conflict(own.on_conflict);
        }
        for own in checks {
            self.raw(",").check(own, table);
        }
        for own in foreign_keys {
            self.raw(",").constraint().word("FOREIGN KEY").raw("(");
            for (at, column) in own.columns.iter().enumerate() {
                self.comma(at).reference(table.columns[*column].name);
            }
            self.raw(")").references(own, spec);
        }
        self.raw(")");
        let mut options = Vec::new();
        options.extend(table.strict.then_some("STRICT"));
        options.extend(table.without_rowid.then_some("WITHOUT ROWID"));
        if self.dice.rarely() {
            options.reverse();
        }
        for (at, option) in options.iter().enumerate() {
            self.comma(at).word(option);
        }
        self.raw(";\n");
    }

    /// Writes a column without its name and its keys, in any order.
    pub(super) fn column(&mut self, column: &ColumnSpec, table: &TableSpec) {
        let declared = column.declared_type.unwrap_or_default();
        // SQLite forgets the case of its own types.
        let own = ["INTEGER", "INT", "TEXT", "REAL", "BLOB", "ANY"].contains(&declared);
        if own && self.dice.rarely() {
            self.raw(&declared.to_ascii_lowercase()).raw(" ");
        } else {
            self.raw(declared).raw(" ");
        }
        let start = self.dice.roll(4);
        for turn in 0..4 {
            match (start + turn) % 4 {
                0 => {
                    if let Some(conflict) = column.not_null {
                        self.constraint().word("NOT NULL").on_conflict(conflict);
                    } else if self.dice.rarely() {
                        self.word("NULL");
                    }
                }
                1 => self.default(column),
                2 => {
                    if let Some(name) = column.collation {
                        self.word("COLLATE").word(name);
                    } else if self.dice.rarely() {
                        self.word("COLLATE BINARY");
                    }
                }
                _ => {
                    if let Some((made, stored)) = &column.generated {
                        if self.dice.rarely() {
                            // With a comment between the two words, SQLite reads them as part of
                            // the type.
                            self.raw(" GENERATED\n always ");
                        }
                        self.word("AS")
                            .raw("(")
                            .condition(&expression(made, table))
                            .raw(")");
                        if *stored {
                            self.word("STORED");
                        } else if self.dice.rarely() {
                            self.word("VIRTUAL");
                        }
                    }
                }
            }
        }
    }

    fn default(&mut self, column: &ColumnSpec) {
        match column.default {
            Some(value) if value.starts_with('(') => {
                self.word("DEFAULT").text(value);
            }
            Some(value @ ("true" | "CURRENT_TIMESTAMP")) => {
                self.word("DEFAULT").word(value);
            }
            Some(value) if self.dice.rarely() => {
                self.word("DEFAULT").raw("(").raw(value).raw(")");
            }
            Some(value) => {
                self.word("DEFAULT").raw(value).raw(" ");
            }
            None if column.generated.is_none() && self.dice.rarely() => {
                self.word("DEFAULT NULL");
            }
            None => {}
        }
    }

    fn check(&mut self, at: usize, table: &TableSpec) -> &mut Self {
        let (name, check) = &table.checks[at];
        if let Some(name) = name {
            self.word("CONSTRAINT").name(name);
        }
        self.word("CHECK")
            .raw("(")
            .condition(&expression(check, table))
            .raw(")")
    }

    fn key(&mut self, key: &KeySpec, table: &TableSpec) -> &mut Self {
        self.raw("(");
        for (at, (column, collation, descending)) in key.parts.iter().enumerate() {
            self.comma(at).reference(table.columns[*column].name);
            self.order(*collation, *descending);
        }
        self.raw(")")
    }

    fn references(&mut self, key: &ForeignSpec, spec: &Spec) -> &mut Self {
        let parent = spec.tables.get(key.parent);
        self.word("REFERENCES")
            .name(parent.map_or("nowhere", |parent| parent.name));
        for (at, column) in key.parent_columns.iter().enumerate() {
            self.raw(if at == 0 { "(" } else { "," });
            self.name(parent.expect("a table").columns[*column].name);
        }
        if !key.parent_columns.is_empty() {
            self.raw(")");
        }
        let start = self.dice.roll(3);
        for turn in 0..3 {
            match ((start + turn) % 3, key.on_delete, key.on_update, key.match_) {
                (0, Some(action), _, _) => self.word("ON DELETE").word(action),
                (1, _, Some(action), _) => self.word("ON UPDATE").word(action),
                (2, _, _, Some(name)) => self.word("MATCH").word(name),
                _ => self,
            };
        }
        if key.deferred {
            self.word("DEFERRABLE INITIALLY DEFERRED");
        } else if self.dice.rarely() {
            let same = [
                "NOT DEFERRABLE",
                "DEFERRABLE",
                "DEFERRABLE INITIALLY IMMEDIATE",
            ];
            let same = self.dice.pick(&same);
            self.word(same);
        }
        self
    }
}

/// The definition of the last column of a table for `ALTER TABLE … ADD COLUMN`.
pub(super) fn add_column(table: &TableSpec, dice: &mut Dice<'_>) -> String {
    let mut w = Writer {
        sql: String::new(),
        dice,
    };
    let column = table.columns.last().expect("a column");
    w.word("ALTER TABLE")
        .name(table.name)
        .word("ADD COLUMN")
        .name(column.name);
    w.column(column, table);
    w.sql
}
