//! Nothing is lost unasked: one backup for each run that writes, and a restore.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use migrations::{Backups, ErrorKind, Options, Outcome, Progress, backups, restore};
use rusqlite::Connection;

use crate::support::*;

fn names(file: &File) -> Vec<String> {
    let entries = fs::read_dir(file.directory.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name != "notes.db").collect();
    names.sort();
    names
}

/// Version 2 with a row.
fn filled() -> File {
    let file = File::at(&three(), 1);
    file.sql("INSERT INTO note (body) VALUES ('milk')");
    let options = plain().backups(Backups::Off);
    file.migrator_with(&three(), options).upgrade_to(2).unwrap();
    file
}

fn options(backups: Backups) -> Options {
    plain().backups(backups).accept_loss(true)
}

#[test]
fn a_run_that_writes_takes_one_backup_before_it_does() {
    let file = filled();
    let before = contents(&file.raw());
    let report = file.migrator(&three()).upgrade().unwrap();
    let backup = report.backup.unwrap();
    assert_eq!(backup.file_name().unwrap(), "notes.db.v2.backup");
    assert_eq!(
        names(&file),
        ["notes.db.v2.backup"],
        "and nothing else stays beside the file"
    );
    assert_eq!(
        contents(&rusqlite::Connection::open(&backup).unwrap()),
        before
    );
    assert_ne!(contents(&file.raw()), before);
}

#[test]
fn no_backup_where_nothing_is_written_or_nothing_was_there() {
    let file = File::none();
    let report = file.migrator(&three()).upgrade().unwrap();
    assert_eq!(report.backup, None, "the file was new");
    let report = file.migrator(&three()).upgrade_to(3).unwrap();
    assert_eq!(report.backup, None, "there was nothing to do");
    file.sql("ALTER TABLE note ADD COLUMN foreign_to_us");
    file.migrator_with(&three(), options(Backups::KeepAll))
        .rollback_to(1)
        .unwrap_err();
    assert_eq!(names(&file), Vec::<String>::new(), "the run was refused");
}

#[test]
fn a_backup_is_never_overwritten() {
    let file = filled();
    for _ in 0..3 {
        file.migrator(&three()).upgrade().unwrap();
        file.migrator_with(&three(), options(Backups::Off))
            .rollback_to(2)
            .unwrap();
        file.sql("INSERT INTO note (body) VALUES ('one more')");
    }
    let expected = [
        "notes.db.v2.2.backup",
        "notes.db.v2.3.backup",
        "notes.db.v2.backup",
    ];
    assert_eq!(names(&file), expected);
    let found = backups(&file.path).unwrap();
    let rows = |path: &PathBuf| -> i64 {
        value(
            &rusqlite::Connection::open(path).unwrap(),
            "SELECT count(*) FROM note",
        )
    };
    let rows: Vec<i64> = found.iter().map(|backup| rows(&backup.path)).collect();
    assert_eq!(rows, [1, 2, 3], "in the order in which they were taken");
}

#[test]
fn only_so_many_stay() {
    let file = filled();
    for _ in 0..4 {
        file.migrator_with(&three(), options(Backups::Keep(2)))
            .upgrade()
            .unwrap();
        file.migrator_with(&three(), options(Backups::Off))
            .rollback_to(2)
            .unwrap();
    }
    assert_eq!(backups(&file.path).unwrap().len(), 2);
}

#[test]
fn what_is_only_in_the_wal_is_in_the_backup() {
    let file = filled();
    let writer = file.raw();
    let mode: String = value(&writer, "PRAGMA journal_mode = WAL");
    assert_eq!(mode, "wal");
    writer
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0; INSERT INTO note (body) VALUES ('in the WAL')",
        )
        .unwrap();
    let report = file.migrator(&three()).upgrade().unwrap();
    let backup = report.backup.unwrap();
    let copy = rusqlite::Connection::open(&backup).unwrap();
    assert_eq!(value::<i64>(&copy, "SELECT count(*) FROM note"), 2);
    assert_eq!(
        value::<String>(&copy, "PRAGMA journal_mode"),
        "delete",
        "it is one file"
    );
}

#[test]
fn an_unfinished_copy_of_a_killed_process_is_removed() {
    let file = filled();
    fs::write(
        file.directory.path().join("notes.db.12345.partial"),
        "half of it",
    )
    .unwrap();
    fs::write(
        file.directory.path().join("notes.db2.12345.partial"),
        "another file's",
    )
    .unwrap();
    file.migrator(&three()).upgrade().unwrap();
    assert_eq!(
        names(&file),
        ["notes.db.v2.backup", "notes.db2.12345.partial"]
    );
}

#[test]
fn progress_is_reported() {
    static LAST: AtomicU64 = AtomicU64::new(0);
    fn report(progress: Progress) {
        assert!(progress.done <= progress.all);
        LAST.store(progress.done, Ordering::Relaxed);
    }
    let file = filled();
    let options = plain().progress(Some(report));
    file.migrator_with(&three(), options).upgrade().unwrap();
    assert!(LAST.load(Ordering::Relaxed) > 1);
}

/// The busy timeout limits the wait for a lock, not the time of a copy.
#[test]
fn a_large_file_is_copied_without_patience() {
    let file = filled();
    file.sql(
        "INSERT INTO note (body) SELECT hex(zeroblob(4000)) FROM pragma_function_list, \
              pragma_function_list LIMIT 2000",
    );
    let options = plain().busy_timeout(Duration::ZERO);
    assert!(
        file.bytes().len() > 3 * 1024 * 4096,
        "more than one step of the copy"
    );
    let report = file.migrator_with(&three(), options).upgrade().unwrap();
    assert!(report.backup.is_some());
}

#[test]
fn restore_puts_back_what_was_there() {
    let file = filled();
    let before = contents(&file.raw());
    let backup = file.migrator(&three()).upgrade().unwrap().backup.unwrap();
    file.sql("INSERT INTO note (body) VALUES ('written later')");
    let later = contents(&file.raw());
    let restored = restore(&three(), &backup, &file.path, &plain()).unwrap();
    assert_eq!(restored.version, 2);
    assert_eq!(contents(&file.raw()), before);
    let kept = rusqlite::Connection::open(restored.kept.unwrap()).unwrap();
    assert_eq!(
        contents(&kept),
        later,
        "what the file held is backed up, too"
    );
    file.migrator(&three()).upgrade().unwrap();
}

#[test]
fn restore_leaves_no_stale_wal() {
    let file = filled();
    let backup = file.migrator(&three()).upgrade().unwrap().backup.unwrap();
    let writer = file.raw();
    let _: String = value(&writer, "PRAGMA journal_mode = WAL");
    writer
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0; INSERT INTO note (body) VALUES ('in the WAL')",
        )
        .unwrap();
    // A killed process leaves its WAL.
    let copy = File::none();
    for ending in ["", "-wal", "-shm"] {
        let name = format!("notes.db{ending}");
        fs::copy(
            file.directory.path().join(&name),
            copy.directory.path().join(&name),
        )
        .unwrap();
    }
    let options = plain().backups(Backups::Off);
    restore(&three(), &backup, &copy.path, &options).unwrap();
    assert_eq!(
        copy.value::<i64>("SELECT count(*) FROM note"),
        1,
        "nothing of the WAL came back"
    );
    assert_eq!(copy.value::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn restore_makes_the_file_where_there_is_none_and_changes_its_page_size() {
    let file = filled();
    let backup = file.migrator(&three()).back_up().unwrap();
    let other = File::none();
    let restored = restore(&three(), &backup, &other.path, &plain()).unwrap();
    assert_eq!((restored.version, restored.kept), (2, None));
    assert_eq!(contents(&other.raw()), contents(&file.raw()));
    other.sql(
        "PRAGMA page_size = 16384; VACUUM; PRAGMA journal_mode = WAL; INSERT INTO note \
               (body) VALUES ('x')",
    );
    assert_eq!(other.value::<i64>("PRAGMA page_size"), 16384);
    restore(&three(), &backup, &other.path, &plain()).unwrap();
    assert_eq!(contents(&other.raw()), contents(&file.raw()));
}

/// After an interrupt at any point of the copy, the file has its previous content or that of the
/// backup.
#[test]
fn a_restore_that_is_cut_leaves_before_or_after() {
    let file = filled();
    let backup = file.migrator(&three()).upgrade().unwrap().backup.unwrap();
    file.sql(
        "INSERT INTO note (body) SELECT hex(randomblob(2000)) FROM pragma_function_list LIMIT 500",
    );
    let before = contents(&file.raw());
    let source = rusqlite::Connection::open(&backup).unwrap();
    let after = contents(&source);
    for pages in 1..4 {
        let mut target = file.raw();
        {
            let copy = rusqlite::backup::Backup::new(&source, &mut target).unwrap();
            copy.step(pages).unwrap();
            // Dropped before it is done, as by a process that dies here.
        }
        let now = contents(&file.raw());
        assert!(now == before || now == after, "after {pages} pages");
    }
}

#[test]
fn a_run_that_is_rolled_back_leaves_no_backup_of_what_is_still_there() {
    let fails = note_and("INSERT INTO nosuch VALUES (1)");
    let file = File::at(&fails, 1);
    file.sql("INSERT INTO note (body) VALUES ('milk')");
    file.migrator(&fails).upgrade().unwrap_err();
    assert_eq!(names(&file), Vec::<String>::new());
}

/// A run that fails and leaves the file unchanged leaves nothing else either: an application tries
/// at each start.
#[test]
fn a_run_that_a_full_disk_stops_leaves_nothing() {
    let step_2 = "CREATE TABLE big (a); INSERT INTO big VALUES (zeroblob(1000000));";
    let catalogue = catalogue(vec![note_step(), step("0002_big", step_2, "")]);
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO note (body) VALUES ('milk')");
    let before = contents(&file.raw());
    for _ in 0..3 {
        let mut migrator = file.migrator(&catalogue);
        migrator
            .connection()
            .query_row("PRAGMA max_page_count = 50", [], |_| Ok(()))
            .unwrap();
        let error = migrator.upgrade().unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::DiskFull, Outcome::RolledBack)
        );
        assert_eq!(contents(&file.raw()), before);
        assert_eq!(names(&file), [""; 0]);
    }
    let report = file.migrator(&catalogue).upgrade().unwrap();
    assert_eq!(report.to, 2, "with room it goes on");
    assert_eq!(names(&file), ["notes.db.v1.backup"]);
}

#[test]
fn the_backup_of_an_adoption_is_named_after_its_version_and_can_be_restored() {
    let file = File::none();
    file.sql(NOTE)
        .sql("INSERT INTO note (body) VALUES ('milk')");
    let before = contents(&file.raw());
    let report = file.migrator(&three()).upgrade_from(1, 3).unwrap();
    let backup = report.backup.unwrap();
    assert_eq!(backup.file_name().unwrap(), "notes.db.v1.backup");
    restore(&three(), &backup, &file.path, &plain()).unwrap();
    assert_eq!(contents(&file.raw()), before);
}

/// Without a ledger, only the schema shows to which application a file belongs; with a ledger or an
/// application id, that decides.
#[test]
fn what_is_not_ours_is_not_restored() {
    let refused = |script: &str, with_ledger: bool| {
        let other = if with_ledger {
            File::at(&three(), 3)
        } else {
            File::none()
        };
        other.sql(script);
        let file = filled();
        let before = contents(&file.raw());
        let error = restore(&three(), &other.path, &file.path, &plain()).unwrap_err();
        assert_eq!(contents(&file.raw()), before, "{script}");
        error.kind()
    };
    let another_schema = "CREATE TABLE song (id INTEGER PRIMARY KEY);";
    assert_eq!(refused(another_schema, false), ErrorKind::NotOurs);
    let another_application = format!("{NOTE} PRAGMA application_id = 77;");
    assert_eq!(refused(&another_application, false), ErrorKind::NotOurs);
    let edited = "UPDATE schema_migrations SET up_digest = 'x' WHERE version = 2";
    assert_eq!(refused(edited, true), ErrorKind::HistoryEdited);
}

/// A restore waits for a reader for the busy timeout.
#[test]
fn a_restore_waits_for_a_reader_who_ends() {
    let file = filled();
    let before = contents(&file.raw());
    let backup = file.migrator(&three()).upgrade().unwrap().backup.unwrap();
    let reader = file.raw();
    reader.execute_batch("BEGIN; SELECT * FROM note;").unwrap();
    let hasty = hasty().backups(Backups::Off);
    let error = restore(&three(), &backup, &file.path, &hasty).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let ends = thread::spawn(move || {
        thread::sleep(Duration::from_millis(150));
        drop(reader);
    });
    restore(&three(), &backup, &file.path, &options(Backups::Off)).unwrap();
    ends.join().unwrap();
    assert_eq!(contents(&file.raw()), before);
}

/// The damage may be in the part that identifies the file.
#[test]
fn a_file_whose_schema_is_damaged_is_replaced() {
    let file = filled();
    let before = contents(&file.raw());
    let backup = file.migrator(&three()).upgrade().unwrap().backup.unwrap();
    file.sql(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE what?' \
              WHERE name = 'note';",
    );
    let options = options(Backups::Off);
    restore(&three(), &backup, &file.path, &options).unwrap();
    assert_eq!(contents(&file.raw()), before);
}

/// A commit that another connection makes during a restore is in the file or in the backup of its
/// previous content.
#[test]
fn nothing_falls_between_what_is_kept_and_what_is_put_back() {
    let catalogue = three();
    for journal in ["DELETE", "WAL"] {
        let file = File::at(&catalogue, 2);
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                    INSERT INTO note (body) SELECT hex(zeroblob(1500)) FROM n";
        file.sql(many)
            .sql(&format!("PRAGMA journal_mode = {journal}"));
        file.migrator(&catalogue).upgrade().unwrap();
        let backup = backups(&file.path).unwrap().remove(0).path;
        let stop = AtomicBool::new(false);
        let options = plain().busy_timeout(Duration::from_secs(60));
        let (written, kept) = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let connection = file.raw();
                connection.busy_timeout(Duration::from_secs(60)).unwrap();
                let mut written = Vec::new();
                // A pause between two commits gives the restore a turn.
                while !stop.load(Ordering::Relaxed) && written.len() < 50 {
                    let insert = "INSERT INTO note (body) VALUES ('new') RETURNING id";
                    let id = connection.query_row(insert, [], |row| row.get::<_, i64>(0));
                    written.extend(id);
                    thread::yield_now();
                }
                written.len()
            });
            let restored = restore(&catalogue, &backup, &file.path, &options).unwrap();
            stop.store(true, Ordering::Relaxed);
            (writer.join().unwrap(), restored.kept.unwrap())
        });
        let count = "SELECT count(*) FROM note WHERE body = 'new'";
        let kept: i64 = value(&Connection::open(kept).unwrap(), count);
        let there: i64 = file.value(count);
        assert_eq!(kept + there, written as i64, "{journal}");
    }
}
