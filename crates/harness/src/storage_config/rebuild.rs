//! Rebuilds a database in a different storage configuration.

use rusqlite::{Connection, params_from_iter};
use schema::sql::quote_name;
use schema::{Schema, TableKind};

use super::{FILE, StorageConfig};
use crate::error::Error;
use crate::fixture;
use observe::Value;
use simulator::{Device, Machine};

/// The maximum size of the free pages between the others, in bytes, so that large pages do not cost
/// more.
const FREE: u32 = 65_536;

/// The header fields that SQLite before 2010 did not have: the file's size, and the change counter
/// for which it is valid.
/// <https://sqlite.org/fileformat2.html#in_header_database_size>
const SIZE_IN_PAGES: std::ops::Range<usize> = 28..32;
const SIZE_VALID_FOR: std::ops::Range<usize> = 92..96;
const RESERVED: usize = 20;
/// The header field with the start of the cells of the first page; an empty page has none, so they
/// begin at its end.
const CELLS: std::ops::Range<usize> = 105..107;

impl StorageConfig {
    /// The database in `image` rebuilt in this configuration. Text that its encoding cannot
    /// represent, such as U+FFFF in UTF-16, changes.
    ///
    /// # Errors
    /// If it cannot be read, or contains a virtual table whose rows plain INSERTs cannot restore.
    pub fn rebuild(self, image: &[u8]) -> Result<Machine, Error> {
        let source = sandbox::from_image(image)?;
        let machine = Machine::with_file(Device::default(), FILE, &self.first_page()?)?;
        let connection = machine.connect(FILE)?;
        self.set(&connection)?;
        let made = connection
            .execute_batch("PRAGMA foreign_keys = OFF; BEGIN")
            .and_then(|()| self.put_filler(&connection));
        made?;
        copy(&source, &connection)?;
        // SQLite stores the encoding only in a file that has had a table.
        connection.execute_batch("DROP TABLE harness_filler; COMMIT")?;
        drop(connection);
        self.finish(&machine)
    }

    /// A database of one page without tables, with bytes reserved. Only its header and the end of
    /// its page show that.
    fn first_page(self) -> Result<Vec<u8>, Error> {
        if self.reserved_bytes() == 0 {
            return Ok(Vec::new());
        }
        let machine = Machine::new(Device::default())?;
        let connection = machine.connect(FILE)?;
        self.set(&connection)?;
        connection.execute_batch("PRAGMA user_version = 1")?;
        drop(connection);
        let mut page = machine.file(FILE).unwrap_or_default();
        let usable = self.page_size() - u32::from(self.reserved_bytes());
        let end = usable.to_be_bytes();
        if let Some(reserved) = page.get_mut(RESERVED) {
            *reserved = self.reserved_bytes();
        }
        if let (Some(cells), Some(end)) = (page.get_mut(CELLS), end.get(2..)) {
            cells.copy_from_slice(end);
        }
        Ok(page)
    }

    /// Adds a table whose pages are free after it is dropped.
    fn put_filler(self, connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch("CREATE TABLE harness_filler (bytes BLOB)")?;
        if self.free_pages() {
            let size = self.page_size().min(FREE / 4);
            let insert = "INSERT INTO harness_filler VALUES (zeroblob(?1))";
            for _ in 0..(FREE / self.page_size()).clamp(4, 12) {
                connection.execute(insert, [size])?;
            }
        }
        Ok(())
    }

    /// Sets the properties of the whole file: its header and the journal mode.
    fn finish(self, machine: &Machine) -> Result<Machine, Error> {
        let mut bytes = machine.file(FILE).unwrap_or_default();
        if self.old_format() {
            for place in [SIZE_IN_PAGES, SIZE_VALID_FOR] {
                if let Some(bytes) = bytes.get_mut(place) {
                    bytes.fill(0);
                }
            }
        }
        let machine = Machine::with_file(Device::default(), FILE, &bytes)?;
        let connection = machine.connect(FILE)?;
        let journal = format!("PRAGMA journal_mode = {}", self.journal());
        connection.query_row(&journal, [], |_| Ok(()))?;
        Ok(machine)
    }
}

/// Copies schema, rows, sequences and the application's header fields, as [`fixture::dump`] writes
/// them. Values are bound, because `CAST(X'…' AS TEXT)` reads the bytes in the encoding of the
/// file.
fn copy(source: &Connection, target: &Connection) -> Result<(), Error> {
    let schema = Schema::read(source)?;
    let objects = fixture::stored_objects(source)?;
    for (_, name, sql) in objects.iter().filter(|(kind, ..)| kind == "table") {
        let Some(table) = schema.table(name).filter(|_| !is_of_sqlite(name)) else {
            continue;
        };
        if let TableKind::Virtual { module, .. } = &table.kind
            && !module.eq_ignore_ascii_case("fts5")
        {
            return Err(Error::from(format!(
                "`{name}` is a virtual table of `{module}`"
            )));
        }
        target.execute_batch(sql)?;
        copy_rows(source, target, table).map_err(|error| format!("`{name}`: {error}"))?;
    }
    for (_, _, sql) in objects.iter().filter(|(kind, ..)| kind != "table") {
        target.execute_batch(sql)?;
    }
    copy_marks(source, target)?;
    for pragma in ["user_version", "application_id"] {
        let value: i64 = source.pragma_query_value(None, pragma, |row| row.get(0))?;
        target.pragma_update(None, pragma, value)?;
    }
    Ok(())
}

fn is_of_sqlite(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("sqlite_")
}

fn copy_rows(
    source: &Connection,
    target: &Connection,
    table: &schema::Table,
) -> rusqlite::Result<()> {
    let (columns, query) = fixture::row_query(source, table)?;
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
    let mut insert = target.prepare(&format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quote_name(&table.name),
        columns.join(", "),
        places.join(", ")
    ))?;
    let mut statement = source.prepare(&query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..columns.len()).map(|place| row.get_ref(place).map(Value::from));
        let values = values.collect::<rusqlite::Result<Vec<Value>>>()?;
        insert.execute(params_from_iter(values))?;
    }
    Ok(())
}

/// Copies the AUTOINCREMENT counters, if a table has one.
fn copy_marks(source: &Connection, target: &Connection) -> rusqlite::Result<()> {
    let Ok(mut statement) = source.prepare("SELECT name, seq FROM sqlite_sequence") else {
        return Ok(());
    };
    target.execute_batch("DELETE FROM sqlite_sequence")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        target.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
            [Value::from(row.get_ref(0)?), Value::from(row.get_ref(1)?)],
        )?;
    }
    Ok(())
}
