//! Copies of a database: readable only by those who may read the database, valid under any path,
//! and removed.

use std::fs;
use std::path::Path;

use migrations::{Backups, ErrorKind, Options, Outcome, backups, restore};
use rusqlite::{Connection, OpenFlags};

use crate::support::*;

/// The names beside the file.
fn names(file: &File) -> Vec<String> {
    let own = file.path.file_name().unwrap();
    let entries = fs::read_dir(file.directory.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    let others = names.filter(|name| name != own);
    let mut names: Vec<String> = others
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Version 2 with a row, and a step 3 that fails or not.
fn filled() -> File {
    let file = File::at(&three(), 2);
    file.sql("INSERT INTO note (body) VALUES ('milk')");
    file
}

fn keep(number: u32) -> Options {
    accepting().backups(Backups::Keep(number))
}

/// An old backup stays until the new one is final.
#[test]
fn a_run_that_fails_costs_no_older_backup() {
    let fails = note_and("INSERT INTO nosuch VALUES (1)");
    let file = File::at(&fails, 1);
    file.sql("INSERT INTO note (body) VALUES ('milk')");
    let older = file.migrator(&fails).back_up().unwrap();
    for _ in 0..2 {
        let mut migrator = file.migrator_with(&fails, keep(1));
        assert_eq!(
            migrator.upgrade().unwrap_err().kind(),
            ErrorKind::StepFailed
        );
        let there: Vec<_> = backups(&file.path).unwrap();
        assert_eq!(there.len(), 1);
        assert_eq!(there[0].path, older);
    }
}

#[test]
fn the_oldest_go() {
    let file = filled();
    let mut taken = Vec::new();
    for rows in 2..6 {
        let backup = file.migrator_with(&three(), keep(3)).back_up().unwrap();
        // The age that it would have after a real wait.
        let age = std::time::UNIX_EPOCH + std::time::Duration::from_secs(rows);
        let old = fs::File::options().write(true).open(&backup).unwrap();
        old.set_modified(age).unwrap();
        taken.push(backup);
        file.sql("INSERT INTO note (body) VALUES ('more')");
        // A free name is reused: these names are taken.
        fs::write(file.directory.path().join(format!("kept{rows}")), "").unwrap();
    }
    let there = backups(&file.path).unwrap();
    assert_eq!(there.len(), 3);
    let rows = |path: &Path| -> i64 {
        value(
            &Connection::open(path).unwrap(),
            "SELECT count(*) FROM note",
        )
    };
    let mut rows: Vec<i64> = there.iter().map(|backup| rows(&backup.path)).collect();
    rows.sort_unstable();
    assert_eq!(rows, [2, 3, 4], "the first, of one row, is gone");
}

/// Asserts that a run that fails, tried several times, leaves nothing.
fn leaves_nothing(file: &File, try_once: impl Fn() -> migrations::Error) {
    let before = contents(&file.raw());
    for _ in 0..3 {
        let error = try_once();
        assert!(
            matches!(error.outcome(), Outcome::Untouched | Outcome::RolledBack),
            "{error:?}"
        );
        assert_eq!(names(file), [""; 0], "{error:?}");
    }
    assert_eq!(contents(&file.raw()), before);
}

#[test]
fn a_file_that_may_only_be_read_gets_no_backups() {
    let (file, catalogue) = (filled(), three());
    leaves_nothing(&file, || {
        let connection =
            Connection::open_with_flags(&file.path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut migrator = migrations::Migrator::with_connection(&catalogue, connection, plain());
        migrator.upgrade().unwrap_err()
    });
}

#[test]
fn a_reader_who_stays_costs_no_backups() {
    let (file, catalogue) = (filled(), three());
    let reader = file.raw();
    reader.execute_batch("BEGIN; SELECT * FROM note;").unwrap();
    leaves_nothing(&file, || {
        let mut migrator = file.migrator_with(&catalogue, hasty());
        migrator.upgrade().unwrap_err()
    });
}

/// Each failure by itself: no space, names that are not durable, no way to create files.
#[test]
fn a_backup_that_cannot_be_made_leaves_nothing_and_the_next_try_arrives() {
    let (file, catalogue) = (filled(), three());
    for call in ["room", "create", "sync_directory"] {
        let options = plain().files(match call {
            "room" => &Broken("room"),
            "create" => &Broken("create"),
            _ => &Broken("sync_directory"),
        });
        leaves_nothing(&file, || {
            let mut migrator = file.migrator_with(&catalogue, options);
            migrator.upgrade().unwrap_err()
        });
    }
    file.migrator(&catalogue).upgrade().unwrap();
    assert_eq!(names(&file), ["notes.db.v2.backup"]);
}

/// Not every file system has hard links.
#[test]
fn without_links_a_backup_is_renamed_and_overwrites_nothing() {
    let (file, catalogue) = (filled(), three());
    let options = plain().files(&Broken("link"));
    for _ in 0..2 {
        let migrator = file.migrator_with(&catalogue, options);
        migrator.back_up().unwrap();
    }
    assert_eq!(names(&file), ["notes.db.v2.2.backup", "notes.db.v2.backup"]);
}

#[test]
fn a_step_outside_a_transaction_that_fails_leaves_no_backup() {
    let vacuum = migrations::Step::new(
        "0003_outside",
        "PRAGMA page_size = 8192; SELECT nosuch();",
        migrations::Down::Irreversible("no test goes back here".into()),
        "",
    );
    let catalogue = catalogue(vec![
        note_step(),
        label_step(),
        vacuum.outside_transaction("no page size changes inside one"),
    ]);
    let file = filled();
    for _ in 0..2 {
        let error = file.migrator(&catalogue).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StepFailed, "{error:?}");
        assert_eq!(names(&file), [""; 0]);
    }
}

#[test]
fn only_drafts_of_ours_that_nobody_has_are_removed() {
    let file = filled();
    let directory = file.directory.path();
    let left = [
        "notes.db.12345.partial",
        "notes.db.12345.partial-journal",
        "notes.db.77-2.partial",
        "notes.db.12345.before.rehearsal",
        "notes.db.12345.after.rehearsal",
        "notes.db.12345.after.rehearsal-wal",
        "notes.db.12345.after.rehearsal-shm",
    ];
    let others = [
        "notes.db.1.12345.partial",
        "notes.db.notes.partial-report.txt",
        "notes.db.notes.partial",
        "notes.db2.12345.partial",
    ];
    for name in left.iter().chain(&others) {
        fs::write(directory.join(name), "half of it").unwrap();
    }
    // A live process has its copy locked.
    let living = directory.join("notes.db.888.partial");
    let locked = fs::File::create(&living).unwrap();
    locked.lock().unwrap();
    fs::write(directory.join("notes.db.888.partial-wal"), "its own").unwrap();
    file.migrator(&three()).upgrade().unwrap();
    let mut expected: Vec<&str> = others.to_vec();
    expected.extend([
        "notes.db.888.partial",
        "notes.db.888.partial-wal",
        "notes.db.v2.backup",
    ]);
    expected.sort_unstable();
    assert_eq!(names(&file), expected);
    drop(locked);
    file.migrator(&three()).back_up().unwrap();
    assert!(!living.exists(), "it has ended");
}

/// Two programs back up one file at once: each has its own copy, and neither removes the other's.
#[test]
fn many_backups_at_once() {
    let file = filled();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    file.migrator(&three()).back_up().unwrap();
                }
            });
        }
    });
    assert_eq!(backups(&file.path).unwrap().len(), 20);
    assert_eq!(names(&file).len(), 20);
}

#[test]
fn a_restore_that_fails_leaves_no_backup_and_no_file() {
    let (file, catalogue) = (filled(), three());
    let backup = file.migrator(&catalogue).back_up().unwrap();
    let other = File::at(&catalogue, 3);
    let before = other.bytes();
    let reader = other.raw();
    let _: String = value(&reader, "PRAGMA journal_mode = WAL");
    reader.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..2 {
        let error = restore(&catalogue, &backup, &other.path, &hasty()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
        assert!(backups(&other.path).unwrap().is_empty());
    }
    drop(reader);
    other.sql("PRAGMA journal_mode = DELETE");
    assert_eq!(other.bytes().len(), before.len());
    // A damaged backup is found before the file is created.
    let mut bytes = fs::read(&backup).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x55);
    fs::write(&backup, bytes).unwrap();
    let none = File::none();
    let error = restore(&catalogue, &backup, &none.path, &plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert_eq!(fs::read_dir(none.directory.path()).unwrap().count(), 0);
}

#[test]
fn a_backup_that_is_the_file_by_another_name_is_refused() {
    let (file, catalogue) = (filled(), three());
    let link = file.directory.path().join("notes.db.v2.backup");
    fs::hard_link(&file.path, &link).unwrap();
    let error = restore(&catalogue, &link, &file.path, &plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsuitable);
}

#[cfg(unix)]
mod unix {
    use std::env;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::process::Command;

    use super::*;

    const MODE: &str = "MIGRATIONS_TEST_MODE";
    const FILE: &str = "MIGRATIONS_TEST_FILE";

    /// Every name beside the file, with its mode.
    fn modes(directory: &Path) -> Vec<(String, u32)> {
        let entries = fs::read_dir(directory).unwrap().filter_map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.metadata().ok()?.permissions().mode() & 0o777;
            Some((entry.file_name().to_string_lossy().into_owned(), mode))
        });
        entries.collect()
    }

    /// Asserts that each file in the directory excludes everybody whom the database excludes.
    fn nobody_gets_in() {
        let (mode, file) = (env::var(MODE).unwrap(), env::var(FILE).unwrap());
        let mode = u32::from_str_radix(&mode, 8).unwrap();
        for (name, found) in modes(Path::new(&file).parent().unwrap()) {
            let wider = found & !mode & !0o600;
            assert_eq!(wider, 0, "`{name}` has {found:o} beside a file of {mode:o}");
        }
    }

    /// Not a test by itself: the work of the child, under a umask that its shell has set.
    #[test]
    fn child() {
        let Ok(path) = env::var(FILE) else { return };
        let mode = u32::from_str_radix(&env::var(MODE).unwrap(), 8).unwrap();
        let path = Path::new(&path);
        let catalogue = three();
        let options = plain().rehearse(true).progress(Some(|_| nobody_gets_in()));
        let mut migrator = migrations::Migrator::open(&catalogue, path, options).unwrap();
        let backup = migrator.upgrade().unwrap().backup.unwrap();
        nobody_gets_in();
        let of = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(of(&backup), mode);
        // A restored file that did not exist has the mode of the backup, and the reverse.
        let back = path.with_file_name("back.db");
        restore(&catalogue, &backup, &back, &options).unwrap();
        assert_eq!(of(&back), mode);
        nobody_gets_in();
        let kept = restore(&catalogue, &backup, path, &options).unwrap().kept;
        assert_eq!(of(&kept.unwrap()), mode);
        assert_eq!(of(path), mode);
        nobody_gets_in();
    }

    #[test]
    fn copies_are_as_private_as_the_file_under_any_umask() {
        for journal in ["DELETE", "WAL"] {
            for umask in ["022", "000", "077"] {
                for mode in ["600", "640", "400", "644", "660"] {
                    let file = filled();
                    let _: String = file.value(&format!("PRAGMA journal_mode = {journal}"));
                    let number = u32::from_str_radix(mode, 8).unwrap();
                    fs::set_permissions(&file.path, fs::Permissions::from_mode(number)).unwrap();
                    let read_only = number & 0o200 == 0;
                    if read_only && fs::File::options().write(true).open(&file.path).is_err() {
                        continue; // Only root writes to it.
                    }
                    let test = env::current_exe().unwrap();
                    let status = Command::new("sh")
                        .arg("-c")
                        .arg(format!("umask {umask}; exec \"$0\" \"$@\""))
                        .arg(test)
                        .args(["--exact", "copies::unix::child", "--nocapture"])
                        .env(FILE, &file.path)
                        .env(MODE, mode)
                        .output()
                        .unwrap();
                    let said = String::from_utf8_lossy(&status.stdout);
                    let failed = String::from_utf8_lossy(&status.stderr);
                    assert!(
                        status.status.success() && said.contains("1 passed"),
                        "umask {umask}, mode {mode}, {journal}: {said}{failed}"
                    );
                }
            }
        }
    }

    /// Root's copies of a user's file belong to that user.
    #[test]
    fn copies_belong_to_whom_the_file_belongs_to() {
        let file = filled();
        if std::os::unix::fs::chown(&file.path, Some(4321), Some(1234)).is_err() {
            return; // Only root can.
        }
        let backup = file.migrator(&three()).upgrade().unwrap().backup.unwrap();
        let other = file.directory.path().join("other.db");
        restore(&three(), &backup, &other, &plain()).unwrap();
        for path in [&backup, &other] {
            let data = fs::metadata(path).unwrap();
            assert_eq!((data.uid(), data.gid()), (4321, 1234), "{path:?}");
        }
    }

    /// Attributes are copied if the file system has them.
    #[test]
    fn attributes_go_along() {
        let file = filled();
        if xattr::set(&file.path, "user.tag", b"private").is_err() {
            return; // This file system has none.
        }
        let backup = file.migrator(&three()).upgrade().unwrap().backup.unwrap();
        assert_eq!(
            xattr::get(&backup, "user.tag").unwrap().as_deref(),
            Some(&b"private"[..])
        );
    }

    /// Bytes that are not UTF-8, in the name of the file and of its directory.
    #[cfg(target_os = "linux")]
    #[test]
    fn any_path_works() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let mut file = File::none();
        let directory = file.directory.path().join(OsStr::from_bytes(b"caf\xe9"));
        fs::create_dir(&directory).unwrap();
        file.path = directory.join(OsStr::from_bytes(b"note\xff.db"));
        let catalogue = three();
        file.migrator(&catalogue).upgrade_to(2).unwrap();
        file.sql("INSERT INTO note (body) VALUES ('milk')");
        let before = contents(&file.raw());
        let draft = directory.join(OsStr::from_bytes(b"note\xff.db.12345.partial"));
        let other = directory.join(OsStr::from_bytes(b"note\xfe.db.12345.partial"));
        for path in [&draft, &other] {
            fs::write(path, "half of it").unwrap();
        }
        let options = keep(1).rehearse(true);
        // A borrowed connection gives only its list of databases.
        let mut migrator = migrations::Migrator::with_connection(&catalogue, file.raw(), options);
        let backup = migrator.upgrade().unwrap().backup.unwrap();
        assert_eq!(
            backup.file_name().unwrap(),
            OsStr::from_bytes(b"note\xff.db.v2.backup")
        );
        assert!(!draft.exists() && other.exists());
        assert_eq!(migrator.backups().unwrap().len(), 1);
        assert_eq!(backups(&file.path).unwrap()[0].path, backup);
        drop(migrator);
        let restored = restore(&catalogue, &backup, &file.path, &plain()).unwrap();
        assert_eq!(contents(&file.raw()), before);
        assert!(restored.kept.unwrap().exists());
        file.migrator_with(&catalogue, options).upgrade().unwrap();
        assert_eq!(backups(&file.path).unwrap().len(), 1);
    }
}
