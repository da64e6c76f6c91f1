//! The pages of a database: how many there are, and whether each can be read.

use rusqlite::Connection;

use crate::error::{self, Error};

/// [`quick_check`](https://sqlite.org/pragma.html#pragma_quick_check): reads every page. What it
/// says of values that break a NOT NULL, a CHECK or a STRICT type is no damage: they were written
/// so, and are copied so.
pub(crate) fn check(connection: &Connection) -> Result<(), String> {
    let said = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("PRAGMA main.quick_check")?;
        let lines = statement.query_map([], |row| row.get(0))?;
        lines.collect()
    };
    let said = said().map_err(|error| error.to_string())?;
    let value =
        |line: &str| line.contains(" value in ") || line.starts_with("CHECK constraint failed in ");
    match said.iter().find(|line| *line != "ok" && !value(line)) {
        None => Ok(()),
        Some(said) => {
            let mut lines = said.lines().filter(|line| !line.starts_with("***"));
            Err(lines.next().unwrap_or_default().to_owned())
        }
    }
}

pub(super) fn pages(connection: &Connection) -> Result<u64, Error> {
    header(connection, "page_count")
}

pub(super) fn page_size(connection: &Connection) -> Result<u64, Error> {
    header(connection, "page_size")
}

fn header(connection: &Connection, name: &str) -> Result<u64, Error> {
    let value: i64 = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(error::sqlite)?;
    Ok(value.unsigned_abs())
}
