//! The block `diagram`: tables and their keys as a Mermaid diagram, which GitHub draws.
//! <https://mermaid.js.org/syntax/entityRelationshipDiagram.html>

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schema::escape;
use schema::sql::fold;
use schema::{ForeignKey, PartKind, Schema, Table};

/// Above this number of tables the diagram shows only key columns, so that its lines can be
/// followed.
const TABLES_IN_FULL: usize = 12;

pub(super) fn diagram(schema: &Schema) -> String {
    let names = Names::of(schema);
    let in_full = schema.tables().count() <= TABLES_IN_FULL;
    let mut text = String::new();
    if !in_full {
        let _ = writeln!(
            text,
            "\nOnly columns of keys are drawn; the tables below have all."
        );
    }
    text.push_str("\n```mermaid\nerDiagram\n");
    for table in schema.tables() {
        entity(table, &names, in_full, &mut text);
    }
    for table in schema.tables() {
        for key in &table.foreign_keys {
            let _ = writeln!(
                text,
                "    {} {}--{} {} : \"{}\"",
                names.get(&key.parent),
                parents(table, key),
                children(schema, table, key),
                names.get(&table.name),
                escape::line(&key.columns.join(", ")).replace('"', "'")
            );
        }
    }
    text.push_str("```\n\n");
    text
}

fn entity(table: &Table, names: &Names, in_full: bool, text: &mut String) {
    let name = names.get(&table.name);
    let mut lines = Vec::new();
    for column in table.columns.iter().filter(|column| !column.hidden) {
        let is = |name: &String| name.eq_ignore_ascii_case(&column.name);
        let in_key = |key: &schema::PrimaryKey| key.columns.iter().any(|part| is(&part.name));
        let mut keys = Vec::new();
        if table.primary_key.as_ref().is_some_and(in_key) {
            keys.push("PK");
        }
        if table
            .foreign_keys
            .iter()
            .flat_map(|key| &key.columns)
            .any(is)
        {
            keys.push("FK");
        }
        let alone = |unique: &&schema::Unique| matches!(&*unique.columns, [only] if is(&only.name));
        if table.uniques.iter().any(|unique| alone(&unique)) {
            keys.push("UK");
        }
        if in_full || !keys.is_empty() {
            let kind = word(column.declared_type.as_deref().unwrap_or("any"));
            let line = format!("{kind} {} {}", word(&column.name), keys.join(", "));
            lines.push(format!("        {}\n", line.trim_end()));
        }
    }
    // Mermaid does not accept empty braces.
    let _ = if lines.is_empty() {
        writeln!(text, "    {name}")
    } else {
        writeln!(text, "    {name} {{\n{}    }}", lines.concat())
    };
}

/// The number of parent rows of a child row: one, or zero if a key column may be NULL.
fn parents(table: &Table, key: &ForeignKey) -> &'static str {
    let set = |name: &String| {
        let alias = table
            .rowid_alias()
            .is_some_and(|alias| alias.eq_ignore_ascii_case(name));
        alias || table.column(name).is_some_and(|column| column.not_null)
    };
    if key.columns.iter().all(set) {
        "||"
    } else {
        "|o"
    }
}

/// The number of child rows of a parent row: at most one if the key's columns are unique.
fn children(schema: &Schema, table: &Table, key: &ForeignKey) -> &'static str {
    let own: Vec<String> = key.columns.iter().map(|name| fold(name)).collect();
    let within = |columns: Vec<&str>| {
        !columns.is_empty() && columns.iter().all(|name| own.contains(&fold(name)))
    };
    let primary = table.primary_key.iter().map(|key| &key.columns);
    let uniques = table.uniques.iter().map(|unique| &unique.columns);
    let mut constraints = primary.chain(uniques);
    let mut indexes = schema.indexes().filter(|index| {
        index.unique && index.filter.is_none() && index.table.eq_ignore_ascii_case(&table.name)
    });
    let unique = constraints
        .any(|columns| within(columns.iter().map(|part| part.name.as_str()).collect()))
        || indexes.any(|index| {
            let columns = index.columns.iter().map(|part| match &part.kind {
                PartKind::Column(name) => Some(name.as_str()),
                PartKind::Expression(_) => None,
            });
            columns.collect::<Option<Vec<_>>>().is_some_and(within)
        });
    if unique { "o|" } else { "o{" }
}

/// The name of each table in the diagram. All names differ, although Mermaid accepts few
/// characters.
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(schema: &Schema) -> Names {
        let mut names = BTreeMap::new();
        let tables = schema.tables().map(|table| &table.name);
        let parents = schema.tables().flat_map(|table| &table.foreign_keys);
        for name in tables.chain(parents.map(|key| &key.parent)) {
            let mut shown = word(name);
            while names
                .iter()
                .any(|(other, taken)| *taken == shown && *other != fold(name))
            {
                shown.push('_');
            }
            names.entry(fold(name)).or_insert(shown);
        }
        Names(names)
    }

    fn get(&self, table: &str) -> &str {
        self.0.get(&fold(table)).map_or("_", String::as_str)
    }
}

/// A name or a type in the characters that Mermaid accepts.
fn word(name: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            c
        } else {
            '_'
        }
    };
    let word: String = name.chars().map(plain).collect();
    match word.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => word,
        _ => format!("_{word}"),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn drawn(sql: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        diagram(&Schema::read(&connection).unwrap())
    }

    #[test]
    fn keys_and_cardinalities_are_drawn() {
        let drawn = drawn(
            "CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT UNIQUE,
                boss REFERENCES person);
             CREATE TABLE pass (person INTEGER NOT NULL REFERENCES person, hash BLOB,
                UNIQUE (person));
             CREATE TABLE \"order\" (nr INTEGER, person INTEGER NOT NULL, total DECIMAL(10, 2),
                PRIMARY KEY (nr, person), FOREIGN KEY (person) REFERENCES person (id));
             CREATE TABLE \"or der\" (nr, person, FOREIGN KEY (nr, person) REFERENCES \"order\");
             CREATE TABLE photo (person REFERENCES person, hidden);
             CREATE UNIQUE INDEX photo_person ON photo (person) WHERE hidden = 0;
             CREATE TABLE face (person REFERENCES person, gone REFERENCES nowhere);
             CREATE UNIQUE INDEX face_person ON face (person);",
        );
        let lines: Vec<_> = drawn.lines().filter(|line| line.contains(" : ")).collect();
        assert_eq!(
            lines,
            [
                "    person |o--o| face : \"person\"",
                "    nowhere |o--o{ face : \"gone\"",
                "    order |o--o{ or_der : \"nr, person\"",
                "    person ||--o{ order : \"person\"",
                "    person ||--o| pass : \"person\"",
                "    person |o--o{ person : \"boss\"",
                "    person |o--o{ photo : \"person\"",
            ]
        );
        assert!(drawn.contains("        TEXT email UK\n"), "{drawn}");
        assert!(drawn.contains("        DECIMAL_10__2_ total\n"), "{drawn}");
    }

    #[test]
    fn thirty_tables_can_still_be_read() {
        let mut sql = String::from("CREATE TABLE t0 (id INTEGER PRIMARY KEY, note TEXT);");
        for n in 1..30 {
            let _ = write!(
                sql,
                "CREATE TABLE t{n} (id INTEGER PRIMARY KEY, \
                 up INTEGER NOT NULL REFERENCES t{}, a, b, c);",
                n / 2
            );
        }
        let drawn = drawn(&sql);
        assert!(
            !drawn.contains("note") && !drawn.contains(" a\n"),
            "{drawn}"
        );
        assert_eq!(drawn.matches("||--o{").count(), 29);
        // Four lines per table, one per key.
        assert_eq!(drawn.lines().count(), 29 * 4 + 3 + 29 + 7);
    }
}
