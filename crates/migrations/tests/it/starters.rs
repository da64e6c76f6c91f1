//! Nobody races.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use migrations::{Catalogue, Migrator};

use crate::support::*;

fn eight_starters(journal: &str) {
    const STARTERS: usize = 8;
    let options = plain().busy_timeout(Duration::from_secs(60));
    for round in 0..5 {
        let file = File::none();
        file.sql(&format!("PRAGMA journal_mode = {journal}"));
        let catalogue: Arc<Catalogue> = Arc::new(catalogue(vec![
            note_step(),
            step("0002_rows", "INSERT INTO note (body) VALUES ('once')", ""),
            tag_step(),
        ]));
        let barrier = Arc::new(Barrier::new(STARTERS));
        let starters: Vec<_> = (0..STARTERS)
            .map(|_| {
                let (catalogue, barrier) = (Arc::clone(&catalogue), Arc::clone(&barrier));
                let path = file.path.clone();
                thread::spawn(move || {
                    barrier.wait();
                    let mut migrator = Migrator::create(&catalogue, &path, options).unwrap();
                    migrator.upgrade().map(|report| report.steps.len())
                })
            })
            .collect();
        let mut ran: Vec<usize> = starters
            .into_iter()
            .map(|starter| starter.join().unwrap().unwrap())
            .collect();
        ran.sort_unstable();
        assert_eq!(ran, [0, 0, 0, 0, 0, 0, 0, 3], "{journal}, round {round}");
        assert_eq!(file.value::<i64>("SELECT count(*) FROM note"), 1);
        assert_eq!(
            file.value::<i64>("SELECT count(*) FROM schema_migrations"),
            3
        );
        assert_eq!(file.value::<String>("PRAGMA journal_mode"), journal);
    }
}

/// `journal_mode = WAL` ignores the busy timeout; the engine does not.
#[test]
fn eight_starters_race_for_a_switch_to_wal() {
    for round in 0..5 {
        let wal = step("0002_wal", "PRAGMA journal_mode = WAL;", "")
            .outside_transaction("SQLite does it nowhere else");
        let rows = step("0003_rows", "INSERT INTO note (body) VALUES ('once')", "");
        let file = File::none();
        let catalogue = Arc::new(catalogue(vec![note_step(), wal, rows]));
        let barrier = Arc::new(Barrier::new(8));
        let starters = [(); 8].map(|()| {
            let (catalogue, barrier) = (Arc::clone(&catalogue), Arc::clone(&barrier));
            let path = file.path.clone();
            thread::spawn(move || {
                barrier.wait();
                let options = plain().busy_timeout(Duration::from_secs(60));
                let mut migrator = Migrator::create(&catalogue, &path, options).unwrap();
                migrator.upgrade().map(|report| report.to)
            })
        });
        let arrived = starters.map(|starter| starter.join().unwrap().unwrap());
        assert_eq!(arrived, [3; 8], "round {round}");
        assert_eq!(
            file.value::<i64>("SELECT count(*) FROM note"),
            1,
            "round {round}"
        );
        assert_eq!(file.value::<String>("PRAGMA journal_mode"), "wal");
    }
}

#[test]
fn eight_starters_on_a_fresh_file() {
    eight_starters("delete");
}

#[test]
fn eight_starters_on_a_fresh_file_under_wal() {
    eight_starters("wal");
}
