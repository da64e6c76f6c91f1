//! The rows of `exercises_index`: the rows of a session, and the function of version 2 that makes
//! them for existing sessions.

use migrations::{Backfill, BoxError, Made, Source, StepFn};
use rusqlite::types::ValueRef;
use uuid::Uuid;

use crate::document::{Document, Unreadable};
use crate::value::Owned;

/// The function of version 2. It contains its own SQL, because a released version stays the same
/// when the application's queries change.
pub(crate) const CODE: StepFn = StepFn {
    name: "exercises::fill",
    preflight: |connection, skipped| BACKFILL.preflight(connection, skipped, rows),
    apply: |connection, skipped| BACKFILL.run(connection, skipped, rows),
};

/// The sessions in the order in which they were logged, so that rows with their ids are appended.
const BACKFILL: Backfill<'_> = Backfill {
    from: "SELECT id, created_at, raw_json, rowid FROM training_sessions ORDER BY rowid",
    into: "exercises_index",
    columns: &["id", "session_id", "exercise_name", "date_logged"],
};

/// All ids of exercises are hashes in this name space, so it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_3a52_0d8e_4b7f_9a64_27c5_e1d0_93b8);

/// The first millisecond that does not fit into the layout of UUID version 7: a day in the year
/// 10889.
const END_OF_TIME: u64 = 1 << 48;

/// The id of the row for the exercise at `position`, counted from 0, of a session.
///
/// It depends only on the session: UUID version 7 with `created_at` as its time, so that rows are
/// appended in the order of the sessions, and a hash of session and position for the rest. If
/// `created_at` is no time, or one that does not fit into the layout, it is UUID version 5, the
/// hash alone.
pub fn exercise_id(session_id: ValueRef<'_>, created_at: ValueRef<'_>, position: usize) -> Uuid {
    id_at(milliseconds(created_at), session_id, position)
}

/// The id of the same row if a trigger of version 6 (`session_logged`) wrote it: SQL cannot compute
/// the hash.
pub(crate) fn id_by_trigger(session_id: &Owned, position: usize) -> Owned {
    let mut id = match session_id {
        Owned::Text(text) => text.clone(),
        Owned::Null | Owned::Blob(_) => session_id.literal().to_uppercase().into_bytes(),
    };
    id.extend_from_slice(format!("/{position}").as_bytes());
    Owned::Text(id)
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
    let mut all = Vec::with_capacity(bytes.len() + 17);
    all.push(tag);
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

/// Makes the rows of one session, or a note if it cannot be read.
fn rows(session: &Source<'_>, made: &mut Made<'_>) -> Result<(), BoxError> {
    let id = session.get(0);
    if id == ValueRef::Null {
        let rowid = format!("rowid {}", session.shown(3));
        made.skip("training_sessions", rowid, "its id is NULL");
        return Ok(());
    }
    let document = match Document::read(session.get(2)) {
        Ok(document) => document,
        Err(reason) => {
            made.skip("training_sessions", Owned::from(id).literal(), why(&reason));
            return Ok(());
        }
    };
    let date = document.date.as_deref().into();
    let milliseconds = milliseconds(session.get(1));
    let mut buffer = Uuid::encode_buffer();
    for (position, name) in document.exercises.iter().enumerate() {
        let row = id_at(milliseconds, id, position);
        let row: &str = row.hyphenated().encode_lower(&mut buffer);
        made.row(&[row.into(), id, (&**name).into(), date])?;
    }
    Ok(())
}

fn why(reason: &Unreadable) -> String {
    format!("its `raw_json` cannot be read: {reason}")
}
