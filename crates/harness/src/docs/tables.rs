//! The block `tables`: every object of the newest version with its declaration and its words.

use std::fmt::Write as _;

use migrations::Version;
use schema::{Schema, Table, Trigger, View, escape};

use super::objects::{current, exists, schema_at};
use crate::error::Error;
use crate::subject::Subject;
use schema::markdown::{block, code};

pub(super) fn tables(subject: &Subject<'_>) -> Result<String, Error> {
    let schema = current(subject)?;
    let mut text = String::new();
    for table in schema.tables() {
        describe_table(subject, table, &mut text)?;
        belongings(subject, &schema, &table.name, &mut text)?;
    }
    for view in schema.views() {
        describe_view(subject, view, &mut text)?;
        belongings(subject, &schema, &view.name, &mut text)?;
    }
    text.push('\n');
    Ok(text)
}

fn describe_table(subject: &Subject<'_>, table: &Table, text: &mut String) -> Result<(), Error> {
    let words = Words::of(subject, &table.name)?;
    let _ = writeln!(text, "\n### {}\n\n{words}\n", code(&table.name));
    text.push_str("| column | type | since | meaning |\n|---|---|---|---|\n");
    let mut lines = table.describe().into_iter();
    for (column, line) in table.columns.iter().zip(&mut lines) {
        if column.hidden {
            continue;
        }
        let words = Words::of(subject, &format!("{}.{}", table.name, column.name))?;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            code(&column.name),
            cell(&declaration(&column.name, &line)),
            words.since,
            cell(&sentence(&words.text))
        );
    }
    // The text below the columns in a declaration is below them here.
    for line in lines {
        let _ = writeln!(text, "\n- {}", code(&line));
    }
    Ok(())
}

fn describe_view(subject: &Subject<'_>, view: &View, text: &mut String) -> Result<(), Error> {
    let words = Words::of(subject, &view.name)?;
    let columns = match view.columns.as_slice() {
        [] => String::new(),
        named => {
            let named: Vec<String> = named.iter().map(|name| code(name)).collect();
            format!("Its columns: {}.\n\n", named.join(", "))
        }
    };
    let (name, query) = (code(&view.name), block("sql", &view.text));
    let _ = write!(text, "\n### {name} (view)\n\n{words}\n\n{columns}{query}");
    Ok(())
}

/// Writes the indexes and triggers of a table or a view.
fn belongings(
    subject: &Subject<'_>,
    schema: &Schema,
    name: &str,
    text: &mut String,
) -> Result<(), Error> {
    let own = |table: &str| table.eq_ignore_ascii_case(name);
    for index in schema.indexes().filter(|index| own(&index.table)) {
        let words = Words::of(subject, &index.name)?;
        let (name, since) = (code(&index.name), words.since);
        let shown = code(&index.to_string());
        let words = sentence(&words.text);
        let _ = writeln!(
            text,
            "\n- index {name} {shown}, since version {since}: {words}"
        );
    }
    for trigger in schema.triggers().filter(|trigger| own(&trigger.table)) {
        let words = Words::of(subject, &trigger.name)?;
        let (name, since) = (code(&trigger.name), words.since);
        let words = sentence(&words.text);
        let _ = writeln!(
            text,
            "\n- trigger {name} {}, since version {since}: {words}",
            code(&when(trigger))
        );
    }
    Ok(())
}

/// The event that fires a trigger; its description and the SQL of its version document the rest.
fn when(trigger: &Trigger) -> String {
    let Some(parts) = &trigger.parts else {
        return format!("ON {}", trigger.table);
    };
    let columns = match parts.columns.as_slice() {
        [] => String::new(),
        named => format!(" OF {}", named.join(", ")),
    };
    let condition = parts.when.as_ref();
    let condition = condition.map_or(String::new(), |when| format!(" WHEN {when}"));
    let (time, event) = (parts.time, parts.event);
    format!("{time} {event}{columns} ON {}{condition}", trigger.table)
}

/// A column's line without its name.
fn declaration(name: &str, line: &str) -> String {
    let shown = schema::sql::show_name(name);
    let rest = line.strip_prefix(&shown).unwrap_or(line).trim();
    match rest {
        "" => "any".to_owned(),
        rest => rest.to_owned(),
    }
}

/// The description of an object, from the version that last described it, and the version that
/// added it.
struct Words {
    text: String,
    since: Version,
}

impl Words {
    /// Goes back through the versions, and follows declared renames to the former names.
    fn of(subject: &Subject<'_>, object: &str) -> Result<Words, Error> {
        let mut name = object.to_owned();
        let mut words = Words {
            text: String::new(),
            since: subject.catalogue.current_version(),
        };
        for version in (1..=subject.catalogue.current_version()).rev() {
            if !exists(&schema_at(subject, version)?, &name) {
                break;
            }
            words.since = version;
            let Some(notes) = subject.catalogue.notes(version) else {
                continue;
            };
            if words.text.is_empty() {
                words.text = notes.meaning(&name).unwrap_or_default().to_owned();
            }
            name = before(&name, &notes.renames);
        }
        Ok(words)
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Since version {}. {}", self.since, sentence(&self.text))
    }
}

/// The name of `object` before `renames`.
fn before(object: &str, renames: &[schema::Rename]) -> String {
    let (mut table, mut column) = match object.split_once('.') {
        Some((table, column)) => (table.to_owned(), Some(column.to_owned())),
        None => (object.to_owned(), None),
    };
    for rename in renames {
        let same = |name: &str| name.eq_ignore_ascii_case(&rename.to);
        match &rename.column {
            Some(old)
                if column.as_deref().is_some_and(same)
                    && rename.table.eq_ignore_ascii_case(&table) =>
            {
                column = Some(old.clone());
            }
            None if same(&table) => table.clone_from(&rename.table),
            _ => {}
        }
    }
    match column {
        Some(column) => format!("{table}.{column}"),
        None => table,
    }
}

fn cell(text: &str) -> String {
    let text = text.replace('\n', " ");
    escape::line(&text).replace('|', "\\|")
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.is_empty() || text.ends_with('.') {
        text
    } else {
        format!("{text}.")
    }
}

#[cfg(test)]
mod tests {
    use migrations::{Catalogue, Down, Step};

    use super::*;
    use crate::subject::NoApplication;

    /// Every kind of object, with its declaration and description, also under a later name.
    #[test]
    fn all_that_a_schema_declares_has_its_place() {
        let first = Step::new(
            "0001_shop",
            "CREATE TABLE item (
                nr INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL COLLATE NOCASE DEFAULT 'x|y',
                price REAL CHECK (price >= 0),
                gross REAL AS (price * 1.2) STORED,
                UNIQUE (name, price) ON CONFLICT IGNORE
             ) STRICT;
             CREATE TABLE part (item INTEGER REFERENCES item ON DELETE CASCADE, n,
                PRIMARY KEY (item, n)) WITHOUT ROWID;
             CREATE UNIQUE INDEX part_n ON part (n DESC) WHERE n > 0;
             CREATE TRIGGER no_zero BEFORE UPDATE OF n ON part WHEN new.n = 0
                BEGIN SELECT RAISE(ABORT, 'no'); END;
             CREATE VIEW cheap (label) AS SELECT name FROM item WHERE price < 1;
             CREATE VIRTUAL TABLE words USING fts5(text);",
            Down::Irreversible("no test goes back here".into()),
            "## Columns

- `item`: what is sold
- `item.name`: what it is called
- `part_n`: finds parts
- `no_zero`: no zeros
- `cheap`: what costs little
",
        );
        let second = Step::new(
            "0002_title",
            "ALTER TABLE item RENAME COLUMN name TO title;",
            Down::Irreversible("no test goes back here".into()),
            "## Data migration

- Renames: `item.name` to `title`
",
        );
        let catalogue = Catalogue::new(vec![first, second]).unwrap();
        let subject = Subject {
            root: "".into(),
            versions: "versions".into(),
            fixtures: "fixtures".into(),
            docs: Vec::new(),
            catalogue: &catalogue,
            queries: &[],
            application: &NoApplication,
            title: String::new(),
            repeat: crate::repeat::Repeat::Test,
        };
        let made = tables(&subject).unwrap();
        insta::assert_snapshot!(made.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"), @r"
        ### `item`

        Since version 1. What is sold.

        | column | type | since | meaning |
        |---|---|---|---|
        | `nr` | INTEGER PRIMARY KEY AUTOINCREMENT | 1 |  |
        | `title` | TEXT NOT NULL DEFAULT 'x\|y' COLLATE NOCASE | 1 | What it is called. |
        | `price` | REAL | 1 |  |
        | `gross` | REAL AS (price * 1.2) STORED | 1 |  |

        - `UNIQUE(title, price) ON CONFLICT IGNORE`

        - `CHECK (price >= 0)`

        - `STRICT`

        ### `part`

        Since version 1.

        | column | type | since | meaning |
        |---|---|---|---|
        | `item` | INTEGER NOT NULL | 1 |  |
        | `n` | NOT NULL | 1 |  |

        - `PRIMARY KEY(item, n)`

        - `FOREIGN KEY(item) REFERENCES item ON DELETE CASCADE`

        - `WITHOUT ROWID`

        - index `part_n` `UNIQUE ON part(n DESC) WHERE n > 0`, since version 1: Finds parts.

        - trigger `no_zero` `BEFORE UPDATE OF n ON part WHEN new.n = 0`, since version 1: No zeros.

        ### `words`

        Since version 1.

        | column | type | since | meaning |
        |---|---|---|---|
        | `text` | any | 1 |  |

        - `USING fts5(text)`

        ### `cheap` (view)

        Since version 1. What costs little.

        Its columns: `label`.

        ```sql
        SELECT title FROM item WHERE price < 1
        ```
        ");
    }
}
