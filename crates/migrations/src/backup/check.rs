//! Checks that every page of a database can be read.

use rusqlite::Connection;

use crate::error::{self, Error};

/// Runs [`quick_check`](https://sqlite.org/pragma.html#pragma_quick_check), which reads every page.
/// Values that violate NOT NULL, CHECK or a STRICT type are not damage: they were written that way
/// and are copied that way.
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
