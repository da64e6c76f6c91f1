//! A run interrupted anywhere leaves the file before or after, and reports which.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use migrations::{Catalogue, Error, Migrator, Outcome, Report};

use rusqlite::Connection;

use crate::support::*;

/// Interrupts at virtual machine instruction 1, 2, 3 … until the run succeeds. `stubborn` keeps
/// interrupting everything after that, as a handler of a "cancel" button does.
fn cut_everywhere(
    catalogue: &Catalogue,
    stubborn: bool,
    late: i32,
    act: fn(&mut Migrator<'_>) -> Option<Outcome>,
) {
    let master = File::at(catalogue, 1);
    master.sql("INSERT INTO note VALUES (1, 'a'), (2, 'b')");
    let bytes = master.bytes();
    let before = contents(&master.raw());
    let file = File::none();
    let (mut n, mut cuts, mut committed, mut unknown) = (0, 0, 0, 0);
    loop {
        n += 1;
        // Each time like a process that starts.
        schema::clear_thread_cache();
        std::fs::write(&file.path, &bytes).unwrap();
        let mut connection = file.raw();
        connection
            .pragma_update(None, "foreign_keys", true)
            .unwrap();
        let left = Arc::new(AtomicI64::new(n));
        let counter = Arc::clone(&left);
        let handler = move || {
            let left = counter.fetch_sub(1, Ordering::Relaxed) - 1;
            left == 0 || (stubborn && left < 0)
        };
        let hooked: &mut Connection = &mut connection;
        hooked.progress_handler(1, Some(handler)).unwrap();
        let mut migrator = Migrator::with_connection(catalogue, connection, plain());
        let outcome = act(&mut migrator);
        let mut connection = migrator.into_connection();
        let hooked: &mut Connection = &mut connection;
        hooked.progress_handler(0, None::<fn() -> bool>).unwrap();
        assert!(
            connection.is_autocommit(),
            "cut at {n}: the transaction is open"
        );
        assert!(
            value::<bool>(&connection, "PRAGMA foreign_keys"),
            "cut at {n}"
        );
        drop(connection);
        let Some(outcome) = outcome else {
            assert_ne!(
                contents(&file.raw()),
                before,
                "cut at {n}: said it was done"
            );
            if left.load(Ordering::Relaxed) > 0 {
                break;
            }
            continue;
        };
        cuts += 1;
        let same = contents(&file.raw()) == before;
        match outcome {
            Outcome::Untouched | Outcome::RolledBack => assert!(same, "cut at {n}: {outcome:?}"),
            Outcome::Committed => {
                committed += 1;
                assert!(!same, "cut at {n}: {outcome:?}");
            }
            Outcome::CommittedTo(_) => panic!("cut at {n}: {outcome:?}"),
            // Nothing can be read while the handler interrupts everything.
            Outcome::Unknown => {
                unknown += 1;
                assert!(stubborn, "cut at {n}: {outcome:?}");
            }
        }
    }
    assert!(cuts > 100, "{cuts} cuts, {committed} committed");
    // COMMIT returned an error but took effect.
    assert!(
        committed + unknown >= late,
        "{committed} committed, {unknown} unknown"
    );
}

fn small() -> Catalogue {
    catalogue(vec![
        note_step(),
        step(
            "0002_label",
            "ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = body;",
            "ALTER TABLE note DROP COLUMN label;",
        ),
    ])
}

fn cut(result: Result<Report, Error>) -> Option<Outcome> {
    let error = result.err()?;
    let report = error.report();
    assert!(report.contains("interrupted"), "{report}");
    assert!(!report.contains("fix"), "{report}");
    Some(error.outcome())
}

fn upgrade(migrator: &mut Migrator<'_>) -> Option<Outcome> {
    cut(migrator.upgrade())
}

fn rollback(migrator: &mut Migrator<'_>) -> Option<Outcome> {
    cut(migrator.rollback_to(0))
}

#[test]
fn an_interrupt_anywhere_leaves_before_or_after() {
    cut_everywhere(&small(), false, 1, upgrade);
    cut_everywhere(&small(), false, 1, rollback);
}

#[test]
fn an_interrupt_that_goes_on_leaves_before_or_after() {
    cut_everywhere(&small(), true, 1, upgrade);
    cut_everywhere(&small(), true, 1, rollback);
}
