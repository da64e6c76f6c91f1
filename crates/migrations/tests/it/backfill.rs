//! A table that a step's function fills from others.

use std::sync::atomic::{AtomicU64, Ordering};

use migrations::{
    Backfill, BoxError, Catalogue, ErrorKind, Made, Migrator, Options, Outcome, Progress, Source,
    StepFn, Work,
};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::support::*;

/// More batches than are in flight at once, so that they are reused; one contains at most 8,192
/// rows of two columns.
const MANY: u64 = 60_000;

const BACKFILL: Backfill<'_> = Backfill {
    from: "SELECT id, body FROM note ORDER BY id DESC",
    into: "word",
    columns: &["note", "text"],
};

/// Two rows for each note, except every tenth, which is skipped.
fn words(note: &Source<'_>, made: &mut Made<'_>) -> Result<(), BoxError> {
    let ValueRef::Integer(id) = note.get(0) else {
        return Err("an id that is no number".into());
    };
    if id % 10 == 0 {
        made.skip("note", note.shown(0), "it is round");
        return Ok(());
    }
    made.row(&[note.get(0), note.get(1)])?;
    // The SELECT has no such column.
    made.row(&[note.get(0), note.get(2)])
}

/// The function of a step that makes rows with `$compute`.
macro_rules! code {
    ($compute:expr) => {
        StepFn {
            name: "words",
            preflight: |connection, skipped| BACKFILL.preflight(connection, skipped, $compute),
            apply: |connection, skipped| BACKFILL.run(connection, skipped, $compute),
        }
    };
}

const WORDS: StepFn = code!(words);

const UP: &str = "CREATE TABLE word (note INTEGER NOT NULL REFERENCES note, text);
                  CREATE INDEX word_text ON word(text) WHERE text IS NOT NULL;
                  CREATE UNIQUE INDEX word_once ON word(note, text);";

fn with(code: StepFn) -> Catalogue {
    let step = step("0002_word", UP, "DROP TABLE word;").with_code(code);
    catalogue(vec![note_step(), step])
}

fn file(catalogue: &Catalogue, notes: u64) -> File {
    let file = File::at(catalogue, 1);
    file.sql(&format!(
        "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {notes})
         INSERT INTO note SELECT id, 'note ' || id FROM n WHERE {notes} > 0"
    ));
    file
}

#[test]
fn rows_stand_in_the_order_in_which_they_were_read() {
    let catalogue = with(WORDS);
    // No batch; one batch, which is computed on the reading thread; several.
    for notes in [0, 1, 25, MANY] {
        let file = file(&catalogue, notes);
        let report = file.migrator(&catalogue).upgrade().unwrap();
        let expected: Vec<(i64, Option<String>)> = (1..=notes)
            .rev()
            .filter(|id| id % 10 != 0)
            .flat_map(|id| [(id as i64, Some(format!("note {id}"))), (id as i64, None)])
            .collect();
        let connection = file.raw();
        let rows: Vec<_> = connection
            .prepare("SELECT note, text FROM word ORDER BY rowid")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<Vec<(i64, Option<String>)>, _>>()
            .unwrap();
        assert!(rows == expected, "{notes} notes");
        let left: Vec<u64> = report
            .skipped_rows
            .iter()
            .map(|left| left.key.parse().unwrap())
            .collect();
        let round: Vec<u64> = (1..=notes).rev().filter(|id| id % 10 == 0).collect();
        assert_eq!(left, round);
        // Indexes that were dropped exist again, with their old SQL and every row.
        let sql = |connection: &Connection| -> Vec<String> {
            let sql = "SELECT sql FROM sqlite_schema WHERE tbl_name = 'word' ORDER BY name";
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let fresh = Connection::open_in_memory().unwrap();
        fresh.execute_batch(UP).unwrap();
        assert_eq!(sql(&connection), sql(&fresh));
        assert_eq!(value::<String>(&connection, "PRAGMA integrity_check"), "ok");
        let found: i64 = value(
            &connection,
            "SELECT count(*) FROM word INDEXED BY word_text WHERE text IS NOT NULL",
        );
        assert_eq!(usize::try_from(found).unwrap() * 2, expected.len());
    }
}

/// The error of an upgrade with `notes` notes; the file is unchanged.
fn fails(code: StepFn, notes: u64, options: Options) -> migrations::Error {
    let catalogue = with(code);
    let file = file(&catalogue, notes);
    let before = contents(&file.raw());
    let error = file
        .migrator_with(&catalogue, options)
        .upgrade()
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(contents(&file.raw()) == before);
    error
}

fn number(source: &Source<'_>) -> i64 {
    source.get(0).as_i64().unwrap()
}

#[test]
fn an_error_names_the_row_that_was_read() {
    let mut text = String::new();
    for notes in [20, MANY] {
        let stops = code!(|note, made| match number(note) {
            7 => Err("seven is too many".into()),
            _ => words(note, made),
        });
        text.push_str(&fails(stops, notes, plain()).report());
        // SQLite refuses the row, among many that one statement writes.
        let twice = code!(|note, made| {
            // The second is among rows that all go into one statement.
            let id = match number(note) {
                id @ (7 | 30_007) => ValueRef::Integer(id + 1),
                id => ValueRef::Integer(id),
            };
            made.row(&[id, "the same".into()])
        });
        text.push_str(&fails(twice, notes, plain()).report());
    }
    let narrow = code!(|note, made| made.row(&[note.get(0)]));
    text.push_str(&fails(narrow, 1, plain()).report());
    insta::assert_snapshot!("refused_rows", text);
}

#[test]
fn a_panic_on_the_second_thread_is_one_of_the_step() {
    for notes in [20, MANY] {
        let panics = code!(|note, made| match number(note) {
            7 => panic!("seven"),
            _ => words(note, made),
        });
        let report = fails(panics, notes, plain()).report();
        assert!(
            report.contains("`words` of `0002_word` panicked: seven"),
            "{report}"
        );
    }
}

#[test]
fn a_strict_run_lists_the_rows_that_it_would_skip() {
    for notes in [20, MANY] {
        let error = fails(WORDS, notes, strict());
        assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
        assert!(
            error.report().contains("note 10: it is round"),
            "{}",
            error.report()
        );
    }
}

#[test]
fn foreign_keys_are_checked_in_what_it_writes() {
    let nowhere = code!(|note, made| made.row(&[ValueRef::Integer(-number(note)), note.get(1)]));
    let error = fails(nowhere, MANY, plain());
    assert_eq!(error.kind(), ErrorKind::ForeignKeysViolated);
}

#[test]
fn an_interrupt_stops_it() {
    let catalogue = with(WORDS);
    let file = file(&catalogue, MANY);
    let before = contents(&file.raw());
    let mut connection = file.raw();
    let mut calls = 0;
    // After some hundred thousand of SQLite's own steps, it is writing rows.
    let hooked: &mut Connection = &mut connection;
    hooked
        .progress_handler(
            10_000,
            Some(move || {
                calls += 1;
                calls == 40
            }),
        )
        .unwrap();
    let mut migrator = Migrator::with_connection(&catalogue, connection, plain());
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(error.report().contains("interrupted"), "{}", error.report());
    assert!(contents(&file.raw()) == before);
    drop(migrator);
    assert_eq!(file.migrator(&catalogue).upgrade().unwrap().to, 2);
}

#[test]
fn progress_is_reported() {
    static LAST: AtomicU64 = AtomicU64::new(0);
    static REPORTS: AtomicU64 = AtomicU64::new(0);
    fn report(progress: Progress) {
        if progress.work == Work::Filling {
            assert!(LAST.swap(progress.done, Ordering::Relaxed) < progress.done);
            assert_eq!(progress.all, if progress.done == MANY { MANY } else { 0 });
            REPORTS.fetch_add(1, Ordering::Relaxed);
        }
    }
    let catalogue = with(WORDS);
    let file = file(&catalogue, MANY);
    let options = plain().progress(Some(report));
    file.migrator_with(&catalogue, options).upgrade().unwrap();
    assert_eq!(LAST.load(Ordering::Relaxed), MANY);
    assert!(REPORTS.load(Ordering::Relaxed) > 2);
}

/// Also if everything is read at once and no second thread is needed.
#[test]
fn the_end_of_a_small_fill_is_reported() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    fn report(progress: Progress) {
        if progress.work == Work::Filling {
            assert_eq!((progress.done, progress.all), (25, 25));
            CALLS.fetch_add(1, Ordering::Relaxed);
        }
    }
    let catalogue = with(WORDS);
    let file = file(&catalogue, 25);
    let options = plain().progress(Some(report));
    file.migrator_with(&catalogue, options).upgrade().unwrap();
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
}

/// A table with rows keeps its indexes and its rows.
#[test]
fn a_table_with_rows_is_filled_further() {
    let step_3 = step(
        "0003_more",
        "INSERT INTO note VALUES (-1, 'x');",
        "DELETE FROM note WHERE id = -1;",
    )
    .with_code(StepFn {
        name: "more",
        preflight: |_, _| Ok(()),
        apply: |connection, skipped| {
            let last = Backfill {
                from: "SELECT id, body FROM note WHERE id < 0",
                ..BACKFILL
            };
            last.run(connection, skipped, words)
        },
    });
    let steps = vec![
        note_step(),
        step("0002_word", UP, "DROP TABLE word;").with_code(WORDS),
        step_3,
    ];
    let catalogue = catalogue(steps);
    let file = file(&catalogue, 5);
    file.migrator(&catalogue).upgrade().unwrap();
    assert_eq!(file.value::<i64>("SELECT count(*) FROM word"), 12);
    assert_eq!(file.value::<String>("PRAGMA integrity_check"), "ok");
}
