//! Golden databases: SQL text that a person can review, frozen by digest.

#![expect(clippy::disallowed_methods, reason = "golden databases are files")]

pub(crate) mod filled;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use migrations::{Catalogue, Down, Step, Version, digest};
use rusqlite::Connection;
use schema::sql::{quote_name, quote_text};
use schema::{Schema, TableKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::subject::{Subject, show};
use observe::Value;
use sandbox::Sandbox;

/// One golden database, in memory.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The version that its folder claims.
    pub version: Version,
    /// The name of its file without extension, such as `golden`.
    pub name: String,
    /// Its file, relative to the subject's root.
    pub file: String,
    /// The database's bytes.
    pub image: Vec<u8>,
}

/// Makes a database in memory from the text of a fixture.
///
/// # Errors
/// If SQLite refuses a statement, or a statement reaches another file or does not end.
pub fn load(script: &str) -> Result<Connection, Error> {
    let sandbox = Sandbox::open(&[])?;
    sandbox.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    sandbox
        .run_script(script)
        .map_err(|halt| format!("line {}: {}", halt.statement.line, halt.why))?;
    sandbox.execute_batch("COMMIT; PRAGMA foreign_keys = ON")?;
    // The caller sets functions and limits of its own.
    Ok(sandbox::from_image(&sandbox.image()?)?)
}

/// The digest that freezes a fixture: SHA-256 of its text with `\n` line ends, so that `sha256sum`
/// gives the same on a checkout that keeps them.
pub fn text_digest(text: &str) -> String {
    let hash = Sha256::digest(text.replace("\r\n", "\n").as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a database as the text of a fixture: schema, rows in order of rowid or key, sequences,
/// `user_version` and `application_id`, so that loading it gives the same observation.
///
/// # Errors
/// If the database cannot be read, or contains a virtual table whose rows plain INSERTs cannot
/// restore.
pub fn dump(connection: &Connection) -> Result<String, Error> {
    let schema = Schema::read(connection)?;
    let mut text = String::new();
    let objects = stored_objects(connection)?;
    let owned_by_sqlite = |name: &str| name.to_ascii_lowercase().starts_with("sqlite_");
    for (_, name, sql) in objects.iter().filter(|(kind, ..)| kind == "table") {
        let Some(table) = schema.table(name).filter(|_| !owned_by_sqlite(name)) else {
            continue;
        };
        if let TableKind::Virtual { module, .. } = &table.kind
            && !module.eq_ignore_ascii_case("fts5")
        {
            return Err(Error::from(format!(
                "`{name}` is a virtual table of `{module}`: write its fixture by hand"
            )));
        }
        text.push_str(&format!("{sql};\n"));
        dump_rows(connection, table, &mut text).map_err(|error| format!("`{name}`: {error}"))?;
        text.push('\n');
    }
    for (_, _, sql) in objects.iter().filter(|(kind, ..)| kind != "table") {
        text.push_str(&format!("{sql};\n"));
    }
    if schema.tables().any(|table| {
        table
            .primary_key
            .as_ref()
            .is_some_and(|key| key.autoincrement)
    }) {
        dump_sequences(connection, &mut text)?;
    }
    for pragma in ["user_version", "application_id"] {
        let value: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
        text.push_str(&format!("PRAGMA {pragma} = {value};\n"));
    }
    Ok(text)
}

pub(crate) fn stored_objects(
    connection: &Connection,
) -> rusqlite::Result<Vec<(String, String, String)>> {
    let mut statement = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid",
    )?;
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

/// The columns that restore a table's rows, quoted, and the query that returns them in order of
/// rowid or key.
pub(crate) fn row_query(
    connection: &Connection,
    table: &schema::Table,
) -> rusqlite::Result<(Vec<String>, String)> {
    let mut columns: Vec<String> = table
        .stored_columns()
        .map(|column| quote_name(&column.name))
        .collect();
    let implicit = !table.without_rowid && table.rowid_alias().is_none();
    if implicit && rowid_matters(connection, table)? {
        columns.insert(0, "rowid".to_owned());
    }
    let order = match &table.primary_key {
        Some(key) if table.without_rowid => {
            let names: Vec<_> = key
                .columns
                .iter()
                .map(|part| quote_name(&part.name))
                .collect();
            names.join(", ")
        }
        _ => "rowid".to_owned(),
    };
    let (list, name) = (columns.join(", "), quote_name(&table.name));
    let query = format!("SELECT {list} FROM main.{name} ORDER BY {order}");
    Ok((columns, query))
}

fn dump_rows(
    connection: &Connection,
    table: &schema::Table,
    text: &mut String,
) -> rusqlite::Result<()> {
    let (columns, query) = row_query(connection, table)?;
    let (list, name) = (columns.join(", "), quote_name(&table.name));
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<String> = (0..columns.len())
            .map(|place| {
                row.get_ref(place)
                    .map(|value| Value::from(value).to_sql_text())
            })
            .collect::<rusqlite::Result<_>>()?;
        text.push_str(&format!(
            "INSERT INTO {name} ({list}) VALUES ({});\n",
            values.join(", ")
        ));
    }
    Ok(())
}

/// Whether inserting the rows again would change their rowids.
fn rowid_matters(connection: &Connection, table: &schema::Table) -> rusqlite::Result<bool> {
    let name = quote_name(&table.name);
    connection.query_row(
        &format!("SELECT count(*) <> coalesce(max(rowid), 0) FROM main.{name}"),
        [],
        |row| row.get(0),
    )
}

fn dump_sequences(connection: &Connection, text: &mut String) -> rusqlite::Result<()> {
    let Ok(mut statement) =
        connection.prepare("SELECT name, seq FROM sqlite_sequence ORDER BY name")
    else {
        return Ok(()); // Without an AUTOINCREMENT table there is no `sqlite_sequence`.
    };
    text.push_str("DELETE FROM sqlite_sequence;\n");
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, mark) = (row.get::<_, String>(0)?, row.get::<_, i64>(1)?);
        let name = quote_text(&name);
        text.push_str(&format!(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ({name}, {mark});\n"
        ));
    }
    Ok(())
}

/// The digests of a released step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenStep {
    /// The digest of `up.sql`.
    pub up: String,
    /// The digest of `down.sql`; `None` for an irreversible step.
    pub down: Option<String>,
}

impl FrozenStep {
    /// The current digests of `step`.
    pub fn of(step: &Step) -> FrozenStep {
        let down = match step.down() {
            Down::Sql(sql) => Some(digest(sql)),
            Down::Irreversible(_) => None,
        };
        FrozenStep {
            up: digest(step.up()),
            down,
        }
    }
}

/// The lock file `frozen.json` beside the fixtures: the digests of everything that was released.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// The steps, by folder name.
    pub steps: BTreeMap<String, FrozenStep>,
    /// The fixtures, by path below the fixtures folder.
    pub fixtures: BTreeMap<String, String>,
}

impl Frozen {
    /// The lock file's name.
    pub const FILE: &str = "frozen.json";

    /// Reads the lock file in `folder`; without one, nothing is frozen yet.
    ///
    /// # Errors
    /// If it cannot be read or is not such a file.
    pub fn read(folder: &Path) -> Result<Frozen, Error> {
        let path = folder.join(Frozen::FILE);
        if !path.exists() {
            return Ok(Frozen::default());
        }
        let text = fs::read_to_string(&path)?;
        serde_json::from_str(&text).map_err(Error::from)
    }

    /// Writes the lock file into `folder`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(folder.join(Frozen::FILE), text).map_err(Error::from)
    }

    /// The newest version whose step is frozen; 0 for none.
    pub fn newest(&self, catalogue: &Catalogue) -> Version {
        let frozen = catalogue
            .steps()
            .iter()
            .filter(|step| self.steps.contains_key(step.folder()));
        frozen.map(Step::version).max().unwrap_or(0)
    }
}

/// The fixture files of a subject on disk, in order.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Version, path relative to the root, and text.
    pub(crate) found: Vec<(Version, String, String)>,
    /// Paths that cannot be read, each with the reason.
    pub(crate) unreadable: Vec<(String, String)>,
    /// Entries among the fixtures that belong to no existing version.
    pub(crate) strange: Vec<String>,
}

/// Reads the fixture files of a subject.
pub(crate) fn files(subject: &Subject<'_>) -> Files {
    let mut files = Files::default();
    let mut folders = Vec::new();
    for version in 1..=subject.catalogue.current_version() {
        let folder = subject.fixture_folder(version);
        let entries = fs::read_dir(subject.root.join(&folder))
            .into_iter()
            .flatten();
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = show(&folder.join(path.file_name().unwrap_or_default()));
            if path.extension().is_none_or(|ending| ending != "sql") {
                files.strange.push(name);
                continue;
            }
            match fs::read_to_string(&path) {
                Ok(text) => files.found.push((version, name, text)),
                Err(error) => files.unreadable.push((name, error.to_string())),
            }
        }
        folders.push(folder);
    }
    let entries = fs::read_dir(subject.root.join(&subject.fixtures))
        .into_iter()
        .flatten();
    for entry in entries.flatten() {
        let path = subject.fixtures.join(entry.file_name());
        let name = entry.file_name().to_string_lossy().into_owned();
        let like_version = name
            .strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
        if like_version && !folders.contains(&path) {
            files.strange.push(show(&path));
        }
    }
    files.found.sort();
    files
}
