//! A different program that has the file open: it runs each line of its standard input as one
//! statement and answers with one line, until the input ends. It knows nothing of migrations.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("give the file's path")?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::ZERO)?;
    let mut output = io::stdout();
    for line in io::stdin().lock().lines() {
        let answer = match first_value(&connection, &line?) {
            Ok(value) => format!("{value:?}"),
            Err(error) => format!("error: {error}"),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn first_value(connection: &Connection, sql: &str) -> rusqlite::Result<Option<Value>> {
    let mut statement = connection.prepare(sql)?;
    statement.query_row([], |row| row.get(0)).optional()
}
