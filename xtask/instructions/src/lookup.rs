//! The lookups of the training logs, on a thousand sessions of the current version.

use std::path::Path;

use traininglogs::{CURRENT_VERSION, NewSession, Timestamp, TrainingLogs, write_session};

use crate::{Outcome, twice};

const SESSIONS: i64 = 1_000;

/// Noon of 1 January 2010; a session follows every four hours.
const FIRST: i64 = 1_262_347_200;

fn at(session: i64) -> Result<Timestamp, Box<dyn std::error::Error>> {
    Ok(Timestamp::from_second(FIRST + session * 4 * 3_600)?)
}

fn opened(folder: &Path) -> Result<TrainingLogs, Box<dyn std::error::Error>> {
    let logs = TrainingLogs::open(&folder.join("counted.db"))?;
    let connection = logs.connection();
    connection.execute_batch("BEGIN")?;
    for session in 0..SESSIONS {
        let name = if session % 2 == 0 { "Squat" } else { "Row" };
        let created_at = at(session)?.to_string();
        let date = &created_at[..10];
        let document =
            format!(r#"{{"date":"{date}","exercises":[{{"name":"{name}"}},{{"name":"Dip"}}]}}"#);
        let new = NewSession {
            document,
            ..NewSession::default()
        };
        let id = format!("session-{session:06}");
        write_session(connection, CURRENT_VERSION, &id, &created_at, &new)?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(logs)
}

pub(crate) fn last_exercise(folder: &Path, name: &str, there: bool) -> Outcome {
    let logs = opened(folder)?;
    twice(&mut || {
        if logs.last_exercise(name)?.is_some() == there {
            Ok(())
        } else {
            Err(format!("`{name}` gave a wrong result").into())
        }
    })
}

/// Ten days, which are sixty sessions.
pub(crate) fn sessions_between(folder: &Path) -> Outcome {
    let logs = opened(folder)?;
    let (from, to) = (at(300)?, at(360)?);
    twice(&mut || match logs.sessions_between(from, to)?.len() {
        60 => Ok(()),
        other => Err(format!("{other} sessions instead of 60").into()),
    })
}

/// Opens the logs, as the command does first.
pub(crate) fn opening(folder: &Path) -> Outcome {
    let path = folder.join("counted.db");
    drop(opened(folder)?);
    twice(&mut || {
        let logs = TrainingLogs::open(&path)?;
        if logs.report().steps.is_empty() {
            Ok(())
        } else {
            Err("the file was not up to date".into())
        }
    })
}
