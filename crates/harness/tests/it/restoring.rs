//! Restoring a backup with a fault anywhere: the file contains either its former content or that of
//! the backup.

use std::time::Duration;

use harness::crash_test::{CrashTest, SetupStats};
use migrations::{Options, replace_content};
use rusqlite::Connection;
use rusqlite::backup::StepResult;
use simulator::{Claimed, Fault, Sampling};

/// A database with `rows` rows, each with this text.
fn database(page_size: u32, rows: u32, text: &str) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA page_size = {page_size}; VACUUM;
             CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); PRAGMA user_version = {rows};
             WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO note SELECT i, printf('{text} %0400d', i) FROM n"
        ))
        .unwrap();
    connection
}

fn bytes(connection: &Connection) -> Vec<u8> {
    connection.serialize("main").unwrap().to_vec()
}

fn survives(target: &[u8], backup: &Connection) {
    // No other thread releases the injected lock, so waiting is useless.
    let options = Options::default().busy_timeout(Duration::ZERO);
    let restore =
        |mut connection: Connection| match replace_content(backup, &mut connection, &options) {
            Ok(()) => Claimed::After,
            Err(_) => Claimed::Unknown,
        };
    let passage = CrashTest::new(target, &restore).unwrap().durable();
    let sampling = Sampling {
        points: 260,
        seeds: 6,
        seed: 1,
    };
    let (mut looks, mut after) = (0, 0);
    for SetupStats { setup, stats } in passage.cut(&sampling).unwrap() {
        let listed: Vec<String> = stats.failures.iter().map(ToString::to_string).collect();
        assert_eq!(stats.wrong, 0, "{setup}: {}", listed.join("\n"));
        looks += stats.looks;
        after += stats.after;
    }
    assert!(0 < after && after < looks, "{after} of {looks}");
}

#[test]
fn over_a_file_that_is_larger() {
    survives(
        &bytes(&database(4096, 200, "new")),
        &database(4096, 100, "old"),
    );
}

#[test]
fn over_a_file_that_is_smaller() {
    survives(
        &bytes(&database(4096, 50, "new")),
        &database(4096, 150, "old"),
    );
}

#[test]
fn over_a_file_with_other_pages() {
    survives(
        &bytes(&database(4096, 60, "new")),
        &database(1024, 90, "old"),
    );
    survives(
        &bytes(&database(1024, 60, "new")),
        &database(4096, 90, "old"),
    );
}

#[test]
fn over_nothing() {
    survives(&[], &database(4096, 50, "old"));
}

/// In journal mode DELETE, a restore that only syncs as much as its setup can be undone by a power
/// cut, and a file that becomes shorter can be damaged.
#[test]
fn a_copy_that_leaves_syncing_to_the_setup_is_caught() {
    let backup = database(4096, 100, "old");
    let restore = |mut connection: Connection| {
        let copy = rusqlite::backup::Backup::new(&backup, &mut connection);
        match copy.and_then(|copy| copy.step(1_000)) {
            Ok(StepResult::Done) => Claimed::After,
            _ => Claimed::Unknown,
        }
    };
    let target = bytes(&database(4096, 200, "new"));
    let passage = CrashTest::new(&target, &restore).unwrap().durable();
    let sampling = Sampling {
        points: 260,
        seeds: 24,
        seed: 1,
    };
    let all = passage.cut_by(&[Fault::PowerLoss], &sampling).unwrap();
    let listed: Vec<String> = all
        .iter()
        .flat_map(|SetupStats { setup, stats }| {
            stats
                .failures
                .iter()
                .map(move |failure| format!("{setup}, {failure}"))
        })
        .collect();
    let found = |words: &str| {
        listed
            .iter()
            .any(|one| one.starts_with("DELETE FULL") && one.contains(words))
    };
    assert!(
        found("the file is as it was before") && found("it is damaged"),
        "{listed:#?}"
    );
    assert!(
        !listed
            .iter()
            .any(|one| one.starts_with("DELETE EXTRA") || one.starts_with("WAL FULL"))
    );
}
