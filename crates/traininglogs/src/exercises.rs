//! The rows of `exercises_index`: what a session gets, and the function of version 2 that gives it to
//! the sessions that are there.

use migrations::{BoxError, Code, Remarks};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::document::{Document, Unreadable};
use crate::value::Owned;

/// The function of version 2. It holds its own SQL, because what shipped stays as it is when the
/// application's queries change.
pub(crate) const CODE: Code = Code {
    name: "exercises::fill",
    survey,
    apply: fill,
};

const READ: &str = "SELECT id, created_at, raw_json, rowid FROM training_sessions ORDER BY rowid";

const INSERT: &str = "INSERT INTO exercises_index (id, session_id, exercise_name, date_logged) \
                      VALUES (?1, ?2, ?3, ?4)";

/// The statement that made the index, so that it is made again as it was.
const READ_INDEX: &str = "SELECT sql FROM sqlite_schema WHERE name = 'idx_exercises_name'";

/// All ids of exercises are hashes in this name space, so it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_3a52_0d8e_4b7f_9a64_27c5_e1d0_93b8);

/// The first millisecond that version 7's layout has no place for: some day in the year 10889.
const END_OF_TIME: u64 = 1 << 48;

/// The id of the row for the exercise at `position`, counted from 0, of a session.
///
/// It is the same whenever the same session is read: version 7's layout with `created_at` as its time,
/// so that rows are appended in the order of the sessions, and a hash of session and position for the
/// rest. Where `created_at` is no time, or one that the layout has no place for, it is version 5, the
/// hash alone.
pub fn exercise_id(session_id: ValueRef<'_>, created_at: ValueRef<'_>, position: usize) -> Uuid {
    id_at(milliseconds(created_at), session_id, position)
}

fn id_at(milliseconds: Option<u64>, session_id: ValueRef<'_>, position: usize) -> Uuid {
    let hash = Uuid::new_v5(&NAMESPACE, &unambiguous(session_id, position));
    let Some(milliseconds) = milliseconds else {
        return hash;
    };
    // Bytes 6 and 8 hold version and variant, which are the same in every hash.
    let [a, b, c, d, e, f, _, g, _, h, i, j, ..] = *hash.as_bytes();
    let rest = [a, b, c, d, e, f, g, h, i, j];
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &rest).into_uuid()
}

/// Type, length, bytes and position: no two pairs of session and position share these bytes.
fn unambiguous(session_id: ValueRef<'_>, position: usize) -> Vec<u8> {
    let (tag, bytes) = match Owned::from(session_id) {
        Owned::Null => (0_u8, Vec::new()),
        Owned::Text(bytes) => (1, bytes),
        Owned::Blob(bytes) => (2, bytes),
    };
    let mut all = vec![tag];
    all.extend((bytes.len() as u64).to_le_bytes());
    all.extend(bytes);
    all.extend((position as u64).to_le_bytes());
    all
}

fn milliseconds(created_at: ValueRef<'_>) -> Option<u64> {
    let ValueRef::Text(text) = created_at else {
        return None;
    };
    let time: jiff::Timestamp = std::str::from_utf8(text).ok()?.parse().ok()?;
    let milliseconds = u64::try_from(time.as_millisecond()).ok()?;
    (milliseconds < END_OF_TIME).then_some(milliseconds)
}

/// A session as it is read for its exercises.
struct Row<'a> {
    id: ValueRef<'a>,
    created_at: ValueRef<'a>,
    document: Document<'a>,
}

/// Reads all sessions in the order in which they were logged, hands each to `readable`, and remarks on
/// those that cannot be read.
fn each_session(
    connection: &Connection,
    remarks: &mut Remarks,
    mut readable: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> Result<(), BoxError> {
    let mut statement = connection.prepare(READ)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?;
        if id == ValueRef::Null {
            let rowid: i64 = row.get(3)?;
            remarks.left(
                "training_sessions",
                format!("rowid {rowid}"),
                "its id is NULL",
            );
            continue;
        }
        match Document::read(row.get_ref(2)?) {
            Ok(document) => readable(&Row {
                id,
                created_at: row.get_ref(1)?,
                document,
            })?,
            Err(reason) => {
                remarks.left("training_sessions", Owned::from(id).literal(), why(&reason));
            }
        }
    }
    Ok(())
}

fn why(reason: &Unreadable) -> String {
    format!("its `raw_json` cannot be read: {reason}")
}

fn survey(connection: &Connection, remarks: &mut Remarks) -> Result<(), BoxError> {
    each_session(connection, remarks, |_| Ok(()))
}

/// The index of the names is made when all rows are there: sorted once, and not searched for each row.
fn fill(connection: &Connection, remarks: &mut Remarks) -> Result<(), BoxError> {
    let index: String = connection.query_row(READ_INDEX, [], |row| row.get(0))?;
    connection.execute_batch("DROP INDEX idx_exercises_name")?;
    let mut insert = connection.prepare(INSERT)?;
    let mut buffer = Uuid::encode_buffer();
    each_session(connection, remarks, |session| {
        let date = session.document.date.as_deref();
        let milliseconds = milliseconds(session.created_at);
        for (position, name) in session.document.exercises.iter().enumerate() {
            let id = id_at(milliseconds, session.id, position);
            let id = id.hyphenated().encode_lower(&mut buffer);
            insert.execute(params![&*id, Owned::from(session.id), name, date])?;
        }
        Ok(())
    })?;
    connection.execute_batch(&index)?;
    Ok(())
}
