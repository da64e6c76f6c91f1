//! `notes.md`: the description of a step in fixed sections, with the lines that programs read.

use schema::Rename;

/// The sections of every `notes.md`, in their order.
pub const SECTIONS: [&str; 5] = ["Task", "Why", "Columns", "Data migration", "Rollback"];

/// Whether builds of the previous version still work on a file of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compatibility {
    /// True for `supported`, which the proof then tests.
    pub supported: bool,
    /// The reason after it.
    pub why: String,
}

/// The description of a new table, column, index, trigger or view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meaning {
    /// `table`, `table.column`, or the name of an index, trigger or view.
    pub object: String,
    /// The description, with the unit if there is one.
    pub text: String,
}

/// An intended effect of a step on data, declared in its notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The table of the rows.
    pub table: String,
    /// The column, or `None` for whole rows.
    pub column: Option<String>,
    /// The reason, for the reader.
    pub why: String,
}

impl Declaration {
    /// Reads `table` or `table.column`.
    pub(crate) fn new(object: &str, why: &str) -> Declaration {
        let (table, column) = split_object(object);
        Declaration {
            table,
            column,
            why: why.to_owned(),
        }
    }

    /// `table` or `table.column`.
    pub fn object(&self) -> String {
        match &self.column {
            Some(column) => format!("{}.{column}", self.table),
            None => self.table.clone(),
        }
    }

    /// Whether this declaration covers `column` of `table`; names fold as SQLite folds them.
    pub fn covers(&self, table: &str, column: &str) -> bool {
        self.table.eq_ignore_ascii_case(table)
            && self
                .column
                .as_deref()
                .is_none_or(|own| own.eq_ignore_ascii_case(column))
    }
}

/// A parsed `notes.md`.
///
/// Parsing never fails: [`Notes::problems`] reports what is missing or malformed, so that a step
/// under construction can already run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notes {
    /// The text of the first heading.
    pub title: String,
    /// *Task*, without its compatibility line.
    pub task: String,
    /// The line `Backwards compatibility: …` of *Task*.
    pub compatibility: Option<Compatibility>,
    /// `Slower:` lines of *Task*: declared queries that this version makes slower on purpose, each
    /// named in place of a table.
    pub slower: Vec<Declaration>,
    /// *Why*.
    pub why: String,
    /// *Columns*: an entry for each new table, column, index, trigger and view.
    pub meanings: Vec<Meaning>,
    /// *Data migration*, with its declarations.
    pub data_migration: String,
    /// *Rollback*, with its declarations.
    pub rollback: String,
    /// `Loses:` lines of *Data migration*: what the step itself drops.
    pub up_losses: Vec<Declaration>,
    /// `Changes:` lines of *Data migration*: columns whose values it rewrites.
    pub changes: Vec<Declaration>,
    /// `Alters:` lines of *Data migration*: columns or tables whose declaration the step changes.
    pub alters: Vec<Declaration>,
    /// `Renames:` lines of *Data migration*.
    pub renames: Vec<Rename>,
    /// `Adds:` lines of *Data migration*: older tables into which the step inserts rows.
    pub adds: Vec<Declaration>,
    /// `Loses:` lines of *Rollback*: what going back drops and no later upgrade restores.
    pub down_losses: Vec<Declaration>,
    /// `Remade:` lines of *Rollback*: what going back drops and the next upgrade creates again
    /// unchanged.
    pub remade: Vec<Declaration>,
    /// `Changes:` lines of *Rollback*: columns that keep the values which the step gave them.
    pub down_changes: Vec<Declaration>,
    sections: Vec<(String, String)>,
    malformed: Vec<String>,
}

impl Notes {
    /// Reads the text of a `notes.md`.
    pub fn parse(text: &str) -> Notes {
        let mut notes = Notes::default();
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                notes
                    .sections
                    .push((heading.trim().to_owned(), String::new()));
            } else if let Some(title) = line.strip_prefix("# ") {
                notes.title = title.trim().to_owned();
            } else if let Some((_, body)) = notes.sections.last_mut() {
                body.push_str(line);
                body.push('\n');
            }
        }
        for (heading, body) in notes.sections.clone() {
            let body = body.trim();
            match heading.as_str() {
                "Task" => {
                    notes.read_task(body);
                    notes.slower = notes.read_declared(body, "Slower:");
                }
                "Why" => notes.why = body.to_owned(),
                "Columns" => notes.read_meanings(body),
                "Data migration" => {
                    notes.data_migration = body.to_owned();
                    notes.up_losses = notes.read_declared(body, "Loses:");
                    notes.changes = notes.read_changes(body);
                    notes.alters = notes.read_declared(body, "Alters:");
                    notes.read_renames(body);
                    notes.adds = notes.read_declared(body, "Adds:");
                }
                "Rollback" => {
                    notes.rollback = body.to_owned();
                    notes.down_losses = notes.read_declared(body, "Loses:");
                    notes.remade = notes.read_declared(body, "Remade:");
                    notes.down_changes = notes.read_changes(body);
                }
                _ => {}
            }
        }
        notes
    }

    /// The problems: missing, unfinished or malformed parts; empty if the notes are complete.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.title.is_empty() {
            problems.push("has no title (`# …`)".to_owned());
        }
        for section in SECTIONS {
            match self
                .sections
                .iter()
                .filter(|(name, _)| name == section)
                .count()
            {
                0 => problems.push(format!("section `## {section}` is missing")),
                1 => {}
                _ => problems.push(format!("section `## {section}` occurs twice")),
            }
        }
        for (name, body) in &self.sections {
            if !SECTIONS.contains(&name.as_str()) {
                problems.push(format!(
                    "section `## {name}` is not one of {}",
                    SECTIONS.join(", ")
                ));
            } else if body.trim().is_empty() {
                problems.push(format!("section `## {name}` is empty"));
            } else if body.contains("TODO") {
                problems.push(format!("section `## {name}` still contains TODO"));
            }
        }
        let order: Vec<&str> = self
            .sections
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        if problems.is_empty() && order != SECTIONS {
            problems.push(format!(
                "sections are not in the order {}",
                SECTIONS.join(", ")
            ));
        }
        match &self.compatibility {
            None if self
                .malformed
                .iter()
                .any(|text| text.contains("Backwards compatibility")) => {}
            None if self.sections.iter().any(|(name, _)| name == "Task") => problems.push(
                "section `## Task` lacks `Backwards compatibility: supported` or `not supported`, \
                 with why"
                    .to_owned(),
            ),
            Some(compatibility) if compatibility.why.is_empty() => {
                problems.push("`Backwards compatibility:` gives no reason".to_owned());
            }
            _ => {}
        }
        problems.extend(self.malformed.iter().cloned());
        problems
    }

    /// The description of `object` (`table`, `table.column`, or the name of another object), if
    /// there is one.
    pub fn meaning(&self, object: &str) -> Option<&str> {
        self.meanings
            .iter()
            .find(|meaning| meaning.object.eq_ignore_ascii_case(object))
            .map(|meaning| meaning.text.as_str())
    }

    fn read_task(&mut self, body: &str) {
        let mut task = String::new();
        let mut lines = body.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(rest) = line.trim().strip_prefix("Backwards compatibility:") else {
                task.push_str(line);
                task.push('\n');
                continue;
            };
            let mut claim = rest.trim().to_owned();
            while let Some(more) = lines.next_if(|more| !more.trim().is_empty()) {
                claim.push(' ');
                claim.push_str(more.trim());
            }
            self.compatibility = read_claim(&claim);
            // An unfinished section is reported as a whole.
            if self.compatibility.is_none() && !claim.contains("TODO") {
                self.malformed.push(format!(
                    "`Backwards compatibility: {claim}` starts with neither `supported` nor `not \
                     supported`"
                ));
            }
        }
        self.task = task.trim().to_owned();
    }

    fn read_meanings(&mut self, body: &str) {
        for item in bullets(body) {
            let Some(rest) = item.strip_prefix('`') else {
                continue;
            };
            let Some((object, text)) = rest.split_once('`') else {
                continue;
            };
            let text = strip_dash(text).to_owned();
            if text.is_empty() {
                self.malformed
                    .push(format!("`{object}` has no description in `## Columns`"));
            }
            self.meanings.push(Meaning {
                object: object.to_owned(),
                text,
            });
        }
    }

    /// Reads `Changes:` lines. They name columns: a whole table would excuse any change in it.
    fn read_changes(&mut self, body: &str) -> Vec<Declaration> {
        let changes = self.read_declared(body, "Changes:");
        for whole in changes.iter().filter(|change| change.column.is_none()) {
            let table = &whole.table;
            self.malformed.push(format!(
                "`Changes: {table}` names no column: write `{table}.column`, or `Alters:` for what \
                 the table declares"
            ));
        }
        changes
            .into_iter()
            .filter(|change| change.column.is_some())
            .collect()
    }

    /// `` Renames: `table.old` to `new` ``, or `` `old` to `new` `` for a table.
    fn read_renames(&mut self, body: &str) {
        for item in bullets(body) {
            let Some(rest) = item.strip_prefix("Renames:") else {
                continue;
            };
            let parts: Vec<&str> = rest.split('`').map(str::trim).collect();
            let [_, object, "to", to, ..] = parts.as_slice() else {
                self.malformed.push(format!(
                    "`{item}` is not of the form Renames: `table.old` to `new`"
                ));
                continue;
            };
            let (table, column) = split_object(object);
            self.renames.push(match column {
                None => Rename::table(&table, to),
                Some(column) => Rename::column(&table, &column, to),
            });
        }
    }

    fn read_declared(&mut self, body: &str, keyword: &str) -> Vec<Declaration> {
        let mut found = Vec::new();
        for item in bullets(body) {
            let Some(rest) = item.strip_prefix(keyword) else {
                continue;
            };
            let declared = rest
                .trim()
                .strip_prefix('`')
                .and_then(|rest| rest.split_once('`'));
            let Some((object, why)) = declared else {
                self.malformed
                    .push(format!("`{item}` names no object in backticks"));
                continue;
            };
            let why = strip_dash(why);
            if why.is_empty() {
                self.malformed.push(format!("`{item}` gives no reason"));
            }
            found.push(Declaration::new(object, why));
        }
        found
    }
}

/// `table.column` or `table`.
fn split_object(object: &str) -> (String, Option<String>) {
    match object.split_once('.') {
        Some((table, column)) => (table.to_owned(), Some(column.to_owned())),
        None => (object.to_owned(), None),
    }
}

fn read_claim(claim: &str) -> Option<Compatibility> {
    let (supported, why) = match claim.strip_prefix("not supported") {
        Some(why) => (false, why),
        None => (true, claim.strip_prefix("supported")?),
    };
    Some(Compatibility {
        supported,
        why: strip_dash(why).to_owned(),
    })
}

/// Removes the separator between a name and its description: a dash, a colon, a comma.
fn strip_dash(text: &str) -> &str {
    text.trim()
        .trim_start_matches(['—', '–', '-', ':', ',', '.'])
        .trim()
}

/// The bullets and plain lines of a section; an indented line continues the previous one.
fn bullets(body: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in body.lines() {
        match items.last_mut() {
            Some(last) if line.starts_with(' ') => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => items.push(line.trim_start_matches(['-', '*', '+']).trim().to_owned()),
        }
    }
    items
}
