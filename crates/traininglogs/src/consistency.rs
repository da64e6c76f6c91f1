//! Consistency rules of a file: its derived rows match its sessions.

use std::collections::BTreeMap;

use migrations::Version;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::document::Document;
use crate::error::Error;
use crate::exercises::{exercise_id, id_by_trigger};
use crate::value::Owned;

/// The inconsistencies of a file of `version`, one sentence each.
///
/// From version 2 on, each session has exactly the rows in `exercises_index` that an upgrade would
/// give it, and there are no others; a row of a trigger of version 6 has an id of a different kind.
/// From version 5 on, each session has exactly one row in `session_metadata`, and each such row has
/// a session.
///
/// # Errors
/// When the file cannot be read, or is not at `version`.
pub fn inconsistencies(connection: &Connection, version: Version) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    if version >= 2 {
        index(connection, &mut found)?;
    }
    if version >= 5 {
        metadata(connection, &mut found)?;
    }
    Ok(found)
}

/// For each item, the number on one side minus the number on the other.
type Balance<T> = BTreeMap<T, i64>;

/// Session, row, name and date; in this order, so that the findings are grouped by session.
type IndexRow = [Owned; 4];

fn index(connection: &Connection, found: &mut Vec<String>) -> Result<(), Error> {
    let mut balance: Balance<IndexRow> = BTreeMap::new();
    let mut by_trigger: BTreeMap<Owned, Owned> = BTreeMap::new();
    let sessions = "SELECT id, created_at, raw_json FROM training_sessions WHERE id IS NOT NULL";
    let mut statement = connection.prepare(sessions)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, created_at) = (row.get_ref(0)?, row.get_ref(1)?);
        let Ok(document) = Document::read(row.get_ref(2)?) else {
            continue;
        };
        let date = document.date.as_deref().map_or(Owned::Null, text);
        for (position, name) in document.exercises.iter().enumerate() {
            let row = text(&exercise_id(id, created_at, position).to_string());
            by_trigger.insert(id_by_trigger(&id.into(), position), row.clone());
            *balance
                .entry([id.into(), row, text(name), date.clone()])
                .or_default() -= 1;
        }
    }
    let mut statement = connection
        .prepare("SELECT session_id, id, exercise_name, date_logged FROM exercises_index")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let value = |index| row.get_ref(index).map(Owned::from);
        let id = value(1)?;
        let id = by_trigger.get(&id).cloned().unwrap_or(id);
        *balance
            .entry([value(0)?, id, value(2)?, value(3)?])
            .or_default() += 1;
    }
    for ([session, row, name, date], count) in balance {
        let [session, row, name, date] = [session, row, name, date].map(|value| value.literal());
        let what = format!("in exercises_index: {row} ({name}, {date})");
        match count {
            0 => {}
            ..0 => found.push(format!("session {session} lacks a row {what}")),
            _ => found.push(format!("session {session} has a row too many {what}")),
        }
    }
    Ok(())
}

fn metadata(connection: &Connection, found: &mut Vec<String>) -> Result<(), Error> {
    let mut balance: Balance<Owned> = BTreeMap::new();
    let sides = [
        ("SELECT id FROM training_sessions", -1),
        ("SELECT session_id FROM session_metadata", 1),
    ];
    for (sql, weight) in sides {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            *balance.entry(row.get_ref(0)?.into()).or_default() += weight;
        }
    }
    for (session, count) in balance {
        let session = session.literal();
        match count {
            0 => {}
            ..0 => found.push(format!("session {session} lacks a row in session_metadata")),
            _ => found.push(format!(
                "session {session} has a row too many in session_metadata"
            )),
        }
    }
    Ok(())
}

fn text(text: &str) -> Owned {
    Owned::from(ValueRef::Text(text.as_bytes()))
}
