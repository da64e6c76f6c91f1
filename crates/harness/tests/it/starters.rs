//! Tests of the race of programs: it catches wrong engines as people write them, and accepts
//! correct ones.

use harness::concurrent_starts::{Race, engine, pause, race};
use migrations::Catalogue;
use rusqlite::{Connection, TransactionBehavior};

use crate::case::Case;

/// Two versions without a guard of their own; their rows reveal a step that ran twice.
const CASE: &str = "A case.\n
=== 0001_note/up.sql
CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
INSERT INTO note (body) VALUES ('first');
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_more/up.sql
INSERT INTO note (body) SELECT body || ' again' FROM note;
=== 0002_more/down.sql
DELETE FROM note WHERE body LIKE '% again';
";

/// The number of races with a problem, out of forty.
fn broken(start: &harness::concurrent_starts::Start<'_>) -> usize {
    let case = Case::new(CASE);
    let catalogue = case.catalogue();
    let mut broken = 0;
    for seed in 0..20 {
        for wal in [false, true] {
            let meeting = Race {
                starters: 2 + seed as usize % 5,
                wal,
                reader: seed % 3 == 0,
                seed,
            };
            let wrong = race(&catalogue, 0, &[], &meeting, start);
            let again = race(&catalogue, 0, &[], &meeting, start);
            assert_eq!(wrong, again, "{meeting}: a seed gives the same again");
            broken += usize::from(!wrong.is_empty());
        }
    }
    broken
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let read = |row: &rusqlite::Row<'_>| row.get::<_, u32>(0);
    let version = connection.pragma_query_value(None, "user_version", read)?;
    Ok(version as usize)
}

/// Runs the pending steps after `done`, without reading the version again.
fn run(catalogue: &Catalogue, connection: &Connection, done: usize) -> rusqlite::Result<usize> {
    let pending = &catalogue.steps()[done..];
    for step in pending {
        connection.execute_batch(step.up())?;
        connection.pragma_update(None, "user_version", step.version())?;
    }
    Ok(pending.len())
}

type Done = rusqlite::Result<usize>;

/// Retries as long as the file is busy, as some programs do.
fn stubborn(mut once: impl FnMut() -> Done) -> Result<usize, harness::Error> {
    loop {
        match once() {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                pause()
            }
            done => return done.map_err(harness::Error::from),
        }
    }
}

#[test]
fn the_engine_agrees_with_itself() {
    assert_eq!(broken(&engine), 0);
}

/// The engine reads the version before it begins the transaction, and the version changes in
/// between.
#[test]
fn who_reads_the_version_before_the_transaction_runs_a_step_twice() {
    let start = |catalogue: &Catalogue, mut connection: Connection| {
        let mut once = || -> Done {
            let done = version(&connection)?;
            let behaviour = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(behaviour)?;
            let ran = run(catalogue, &transaction, done)?;
            transaction.commit()?;
            Ok(ran)
        };
        once().map_err(harness::Error::from)
    };
    assert!(broken(&start) > 5);
}

/// A transaction that writes after it has read fails because the file is busy, whatever the
/// timeout.
#[test]
fn who_begins_deferred_fails() {
    let start = |catalogue: &Catalogue, mut connection: Connection| {
        let mut once = || -> Done {
            let transaction = connection.transaction()?;
            let done = version(&transaction)?;
            let ran = run(catalogue, &transaction, done)?;
            transaction.commit()?;
            Ok(ran)
        };
        once().map_err(harness::Error::from)
    };
    assert!(broken(&start) > 5);
}

/// The stamp is in a separate transaction, as in tools that store it elsewhere.
#[test]
fn who_stamps_outside_the_transaction_runs_a_step_twice() {
    let start = |catalogue: &Catalogue, mut connection: Connection| {
        let mut once = || -> Done {
            let done = version(&connection)?;
            for step in &catalogue.steps()[done..] {
                let behaviour = TransactionBehavior::Immediate;
                let transaction = connection.transaction_with_behavior(behaviour)?;
                transaction.execute_batch(step.up())?;
                transaction.commit()?;
                connection.pragma_update(None, "user_version", step.version())?;
            }
            Ok(catalogue.steps().len() - done)
        };
        once().map_err(harness::Error::from)
    };
    assert!(broken(&start) > 5);
}

/// A program that does not wait at all fails, although the rest of its work is correct.
#[test]
fn who_does_not_wait_fails() {
    let start = |catalogue: &Catalogue, connection: Connection| {
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        engine(catalogue, connection)
    };
    assert!(broken(&start) > 5);
}

/// Near misses: other correct ways.
#[test]
fn who_looks_again_inside_the_transaction_is_right() {
    let immediate = |catalogue: &Catalogue, mut connection: Connection| {
        let mut once = || -> Done {
            let behaviour = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(behaviour)?;
            let done = version(&transaction)?;
            let ran = run(catalogue, &transaction, done)?;
            transaction.commit()?;
            Ok(ran)
        };
        once().map_err(harness::Error::from)
    };
    assert_eq!(broken(&immediate), 0);
    let retried = |catalogue: &Catalogue, mut connection: Connection| {
        stubborn(|| {
            let transaction = connection.transaction()?;
            let done = version(&transaction)?;
            let ran = run(catalogue, &transaction, done)?;
            transaction.commit()?;
            Ok(ran)
        })
    };
    assert_eq!(broken(&retried), 0);
    let step_by_step = |catalogue: &Catalogue, mut connection: Connection| {
        let mut ran = 0;
        let mut once = || -> Done {
            for step in catalogue.steps() {
                let behaviour = TransactionBehavior::Immediate;
                let transaction = connection.transaction_with_behavior(behaviour)?;
                if version(&transaction)? + 1 == step.version() as usize {
                    transaction.execute_batch(step.up())?;
                    transaction.pragma_update(None, "user_version", step.version())?;
                    ran += 1;
                }
                transaction.commit()?;
            }
            Ok(ran)
        };
        once().map_err(harness::Error::from)
    };
    assert_eq!(broken(&step_by_step), 0);
}
