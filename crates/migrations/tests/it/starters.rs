//! Nobody races.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use migrations::{Catalogue, Migrator, Options};

use crate::support::*;

fn eight_starters(journal: &str) {
    const STARTERS: usize = 8;
    let options = Options {
        busy_timeout: Duration::from_secs(60),
        ..plain()
    };
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

#[test]
fn eight_starters_on_a_fresh_file() {
    eight_starters("delete");
}

#[test]
fn eight_starters_on_a_fresh_file_under_wal() {
    eight_starters("wal");
}
