//! Helper for the files of the tools: makes, fills and inspects them.
//!
//! - `look journal FILE MODE` makes the file, or changes its journal mode.
//! - `look fill FILE SESSIONS` writes sessions of five exercises into a file of version 1 of the
//!   training logs.
//! - `look tables FILE` prints `user_version` and each table, with the number of its rows and
//!   indexes.

use std::error::Error;
use std::process::ExitCode;

use rusqlite::{Connection, params};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["journal", file, mode] => {
            let sql = format!("PRAGMA journal_mode = {mode}");
            let set: String = Connection::open(file)?.query_row(&sql, [], |row| row.get(0))?;
            match set.eq_ignore_ascii_case(mode) {
                true => Ok(()),
                false => Err(format!("the journal mode is {set}").into()),
            }
        }
        ["fill", file, sessions] => fill(Connection::open(file)?, sessions.parse()?),
        ["tables", file] => tables(&Connection::open(file)?),
        _ => Err("usage: journal FILE MODE, fill FILE SESSIONS, or tables FILE".into()),
    }
}

fn fill(mut connection: Connection, sessions: u32) -> Result<(), Box<dyn Error>> {
    const NAMES: [&str; 7] = [
        "Squat",
        "Bench Press",
        "Deadlift",
        "Row",
        "Pull-up",
        "Dip",
        "Lunge",
    ];
    let transaction = connection.transaction()?;
    let sql = "INSERT INTO training_sessions (id, created_at, raw_json) VALUES (?1, ?2, ?3)";
    let mut insert = transaction.prepare(sql)?;
    for session in 0..sessions {
        let exercise = |nth: u32| {
            let name = NAMES[(session + nth * 3) as usize % NAMES.len()];
            let kg = 40 + session % 80;
            let set = |reps: u8| format!(r#"{{"reps":{reps},"kg":{kg}}}"#);
            let sets = [set(5), set(5), set(8)].join(",");
            format!(r#"{{"name":"{name}","sets":[{sets}]}}"#)
        };
        let exercises: Vec<String> = (0..5).map(exercise).collect();
        let (month, day) = (session / 28 % 12 + 1, session % 28 + 1);
        let date = format!("{}-{month:02}-{day:02}", 2000 + session / 336);
        let document = format!(
            r#"{{"date":"{date}","exercises":[{}],"notes":"felt good"}}"#,
            exercises.join(",")
        );
        insert.execute(params![
            format!("session-{session:08}"),
            format!("{date}T12:00:00Z"),
            document
        ])?;
    }
    drop(insert);
    Ok(transaction.commit()?)
}

fn tables(connection: &Connection) -> Result<(), Box<dyn Error>> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    println!("user_version {version}");
    let mut names = connection.prepare(
        "SELECT name, (SELECT count(*) FROM sqlite_schema AS i
         WHERE i.type = 'index' AND i.tbl_name = t.name)
         FROM sqlite_schema AS t WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )?;
    let mut rows = names.query([])?;
    while let Some(row) = rows.next()? {
        let (name, indexes): (String, i64) = (row.get(0)?, row.get(1)?);
        let sql = format!("SELECT count(*) FROM \"{name}\"");
        let count: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        println!("{name} {count} {indexes}");
    }
    Ok(())
}
