//! A path is the path of a file, whatever characters are in it, for every function that takes one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use migrations::{Backups, ErrorKind, Migrator, backups, restore};

use crate::support::*;

/// Names that SQLite reads differently in some place, and names that are unusual for a person or a
/// program.
fn names() -> Vec<OsString> {
    let names = [
        "notes.db",
        ":memory:",
        "file:notes.db",
        "file:x?mode=memory",
        "notes?mode=memory&cache=shared",
        "a#b",
        "50%.db",
        "%41.db",
        "-x",
        "--help",
        " ",
        "it's \"quoted\".db",
        "a\nb\u{1b}[31m.db",
        "größe 漢字.db",
        "~",
        "$HOME",
        "*",
        "a\\b",
    ];
    let mut names: Vec<OsString> = names.iter().map(OsString::from).collect();
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStringExt;
        names.push(OsString::from_vec(b"a\xff\xfe.db".to_vec()));
        names.push(OsString::from_vec(b"\xc3.db".to_vec()));
    }
    names
}

fn entries(directory: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

fn named(name: &OsString, ending: &str) -> OsString {
    let mut name = name.clone();
    name.push(ending);
    name
}

#[test]
fn any_name_is_the_name_of_a_file() {
    let catalogue = three();
    for name in names() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(&name);
        let here = || entries(directory.path());
        let open = || Migrator::open(&catalogue, &path, accepting());

        assert_eq!(open().unwrap_err().kind(), ErrorKind::NotFound, "{name:?}");
        assert!(here().is_empty(), "{name:?}");
        let mut migrator = Migrator::create(&catalogue, &path, accepting()).unwrap();
        assert_eq!(migrator.upgrade_to(2).unwrap().to, 2);
        assert_eq!(here(), [name.clone()].into(), "{name:?}");

        let first = named(&name, ".v2.backup");
        let report = open().unwrap().upgrade().unwrap();
        let kept = report.backup.unwrap();
        assert_eq!(kept.file_name(), Some(&*first), "{name:?}");
        assert_eq!(here(), [name.clone(), first.clone()].into(), "{name:?}");
        let found = Migrator::open_by_header(&catalogue, &path, accepting());
        assert_eq!(found.unwrap().unwrap().version().unwrap(), 3);

        open().unwrap().rehearse(None, 1).unwrap();
        let taken = open().unwrap().back_up().unwrap();
        let second = named(&name, ".v3.backup");
        assert_eq!(taken.file_name(), Some(&*second), "{name:?}");
        let all = [name.clone(), first.clone(), second].into();
        assert_eq!(here(), all, "{name:?}");

        let options = plain().backups(Backups::Off);
        restore(&catalogue, &kept, &path, &options).unwrap();
        assert_eq!(open().unwrap().version().unwrap(), 2, "{name:?}");
        assert_eq!(here(), all, "{name:?}");
    }
}

/// Paths from a person or a program that do not mean a file.
#[test]
fn what_is_no_path_of_a_file_is_refused_and_nothing_is_made() {
    let catalogue = three();
    let here = entries(Path::new("."));
    let good = File::at(&catalogue, 3);
    let bytes = good.bytes();
    for path in [
        "",
        ":memory:",
        "file:notes.db",
        "file::memory:",
        "file:notes.db?mode=memory",
        "file:///tmp/notes.db",
        "file:",
        "notes.db/",
        "notes.db/.",
        "a\0b",
        ".",
        "..",
        "src/",
    ] {
        let path = Path::new(path);
        let refused = |what: &str, result: Result<(), migrations::Error>| {
            let error = result.expect_err(what);
            let kinds = [ErrorKind::Unsuitable, ErrorKind::NotADatabase];
            assert!(kinds.contains(&error.kind()), "{what} {path:?}: {error:?}");
            assert!(!error.remedies().is_empty());
        };
        refused("open", Migrator::open(&catalogue, path, plain()).map(drop));
        refused(
            "create",
            Migrator::create(&catalogue, path, plain()).map(drop),
        );
        refused(
            "open_by_header",
            Migrator::open_by_header(&catalogue, path, plain()).map(drop),
        );
        refused("backups", backups(path).map(drop));
        refused(
            "restore from",
            restore(&catalogue, path, &good.path, &plain()).map(drop),
        );
        refused(
            "restore to",
            restore(&catalogue, &good.path, path, &plain()).map(drop),
        );
    }
    assert_eq!(entries(Path::new(".")), here);
    assert_eq!(good.bytes(), bytes);
    assert_eq!(entries(good.directory.path()).len(), 1);
}

#[test]
fn a_database_in_memory_has_a_constructor_of_its_own() {
    let catalogue = three();
    let mut migrator = Migrator::in_memory(&catalogue, accepting()).unwrap();
    assert_eq!(migrator.version().unwrap(), 0);
    let report = migrator.upgrade().unwrap();
    assert_eq!((report.from, report.to, report.backup), (0, 3, None));
    assert_eq!(
        value::<i64>(migrator.connection(), "PRAGMA foreign_keys"),
        1
    );
    assert_eq!(migrator.rollback_to(1).unwrap().to, 1);
    // Each is a separate database.
    let other = Migrator::in_memory(&catalogue, plain()).unwrap();
    assert_eq!(other.version().unwrap(), 0);
}

/// Backups are beside the target file, and the link stays a link.
#[cfg(unix)]
#[test]
fn a_link_is_followed() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(&file.path, &link).unwrap();
    let mut migrator = Migrator::open(&catalogue, &link, plain()).unwrap();
    let backup = migrator.upgrade_to(2).unwrap().backup.unwrap();
    let name = "notes.db.v1.backup";
    assert_eq!(
        backup,
        fs::canonicalize(file.directory.path()).unwrap().join(name)
    );
    drop(migrator);
    assert_eq!(entries(elsewhere.path()), ["link.db".into()].into());
    restore(&catalogue, &backup, &link, &plain()).unwrap();
    assert!(link.is_symlink());
    assert_eq!(file.migrator(&catalogue).version().unwrap(), 1);
    assert_eq!(entries(elsewhere.path()), ["link.db".into()].into());

    // A dangling link is filled, and stays if that fails.
    fs::remove_file(&file.path).unwrap();
    let broken = note_and("CREATE TABLE nope (;");
    let error = Migrator::create(&broken, &link, plain()).unwrap().upgrade();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::StepFailed);
    assert!(link.is_symlink() && !file.path.exists());
    let mut migrator = Migrator::create(&catalogue, &link, plain()).unwrap();
    assert_eq!(migrator.upgrade().unwrap().to, 3);
    assert!(file.path.is_file() && link.is_symlink());
}

/// An empty file that only opening created is removed if nothing was written to it.
#[test]
fn a_file_that_was_made_for_nothing_is_removed() {
    let catalogue = note_and("CREATE TABLE nope (;");
    let file = File::none();
    let here = || entries(file.directory.path()).len();
    let failed = || {
        let mut migrator = file.migrator(&catalogue);
        assert_eq!(here(), 1);
        migrator.upgrade().unwrap_err()
    };
    assert_eq!(failed().kind(), ErrorKind::StepFailed);
    assert_eq!(here(), 0);

    // The file stays if it existed before, or if another connection has opened or is filling it.
    fs::write(&file.path, b"").unwrap();
    failed();
    assert_eq!(here(), 1);
    fs::remove_file(&file.path).unwrap();
    drop(file.migrator(&catalogue));
    assert_eq!(here(), 1);
    fs::remove_file(&file.path).unwrap();
    let mut migrator = file.migrator(&catalogue);
    migrator.upgrade().unwrap_err();
    let other = file.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    drop(migrator);
    assert_eq!(here(), 1 + usize::from(journal(&file.path).exists()));
    other.execute_batch("CREATE TABLE t (a); COMMIT").unwrap();
    assert_eq!(file.value::<i64>("SELECT count(*) FROM t"), 0);
}

/// A second attempt on the same migrator works like the first.
#[test]
fn a_file_that_a_second_run_fills_stays() {
    let catalogue = three();
    let file = File::none();
    let mut migrator = file.migrator(&catalogue);
    assert_eq!(
        migrator.upgrade_to(9).unwrap_err().kind(),
        ErrorKind::WrongVersion
    );
    assert_eq!(migrator.upgrade().unwrap().to, 3);
    drop(migrator);
    assert_eq!(file.migrator(&catalogue).version().unwrap(), 3);
}

fn journal(path: &Path) -> PathBuf {
    path.with_file_name("notes.db-journal")
}

#[cfg(unix)]
mod links {
    use super::*;

    fn linked(catalogue: &migrations::Catalogue, version: u32) -> (File, PathBuf) {
        let file = File::at(catalogue, version);
        let other = file.directory.path().join("other.db");
        fs::hard_link(&file.path, &other).unwrap();
        (file, other)
    }

    #[test]
    fn a_file_with_two_names_is_not_written() {
        let catalogue = three();
        let (file, other) = linked(&catalogue, 2);
        let bytes = file.bytes();
        let here = entries(file.directory.path());
        let reached = file.directory.path().join("reached.db");
        std::os::unix::fs::symlink(&other, &reached).unwrap();
        for path in [&file.path, &other, &reached] {
            let open = || Migrator::open(&catalogue, path, accepting()).unwrap();
            let raw = rusqlite::Connection::open(path).unwrap();
            let mut theirs = Migrator::with_connection(&catalogue, raw, accepting());
            let good = File::at(&catalogue, 1);
            for error in [
                open().upgrade().unwrap_err(),
                open().upgrade_from(2, 3).unwrap_err(),
                open().rollback_to(1).unwrap_err(),
                open().repair().unwrap_err(),
                theirs.upgrade().unwrap_err(),
                restore(&catalogue, &good.path, path, &plain()).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Unsuitable, "{error:?}");
            }
        }
        fs::remove_file(&reached).unwrap();
        assert_eq!(file.bytes(), bytes);
        assert_eq!(
            entries(file.directory.path()),
            here,
            "no backup, no journal"
        );
        fs::remove_file(&other).unwrap();
        assert_eq!(file.migrator(&catalogue).upgrade().unwrap().to, 3);
    }

    #[test]
    fn a_file_with_two_names_is_read_and_copied() {
        let catalogue = three();
        let (file, other) = linked(&catalogue, 3);
        let mut migrator = file.migrator(&catalogue);
        assert!(migrator.upgrade().unwrap().steps.is_empty());
        assert!(migrator.upgrade_to(3).unwrap().steps.is_empty());
        assert!(migrator.rollback_to(3).unwrap().steps.is_empty());
        migrator.rehearse(None, 1).unwrap();
        migrator.back_up().unwrap();
        // A backup may have any number of names.
        let there = File::none();
        restore(&catalogue, &other, &there.path, &plain()).unwrap();
        assert_eq!(there.migrator(&catalogue).version().unwrap(), 3);
    }

    /// In WAL mode SQLite does not notice the move.
    #[test]
    fn a_file_that_was_moved_or_replaced_is_not_written() {
        let catalogue = three();
        for mode in ["DELETE", "WAL"] {
            for replaced in [false, true] {
                let file = File::at(&catalogue, 1);
                let set = format!("PRAGMA journal_mode = {mode}");
                let raw = file.raw();
                raw.query_row(&set, [], |_| Ok(())).unwrap();
                let mut migrator = file.migrator(&catalogue);
                assert_eq!(migrator.version().unwrap(), 1);
                drop(raw);
                let moved = file.directory.path().join("moved.db");
                fs::rename(&file.path, &moved).unwrap();
                if replaced {
                    fs::copy(File::at(&catalogue, 2).path, &file.path).unwrap();
                }
                let before = fs::read(&file.path).ok();
                let error = migrator.upgrade().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Moved, "{error:?}");
                drop(migrator);
                assert_eq!(fs::read(&file.path).ok(), before, "{mode}");
                let names = entries(file.directory.path());
                let backup = |name: &OsString| name.to_string_lossy().ends_with(".backup");
                assert!(!names.iter().any(backup), "{names:?}");
            }
        }
    }

    #[test]
    fn a_device_is_not_migrated() {
        let catalogue = three();
        let error = Migrator::create(&catalogue, Path::new("/dev/null"), plain())
            .and_then(|mut migrator| migrator.upgrade())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsuitable, "{error:?}");
    }
}
