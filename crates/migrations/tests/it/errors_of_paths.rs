//! The engine's messages about paths; a test is named after the error's constructor.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use migrations::{ErrorKind, Migrator, Outcome};

use crate::support::*;

/// The error of opening `path`, which creates nothing.
fn refused(path: &str, kind: ErrorKind) -> String {
    let error = Migrator::create(&three(), Path::new(path), plain()).unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(error.outcome(), Outcome::Untouched);
    error.report()
}

#[test]
fn path_empty() {
    assert_snapshot!(refused("", ErrorKind::Unsuitable));
}

#[test]
fn path_of_memory() {
    assert_snapshot!(refused(":memory:", ErrorKind::Unsuitable));
}

#[test]
fn path_is_uri() {
    assert_snapshot!(refused("file:a.db?mode=memory", ErrorKind::Unsuitable));
}

#[test]
fn path_holds_nul() {
    assert_snapshot!(refused("notes.db\0.txt", ErrorKind::Unsuitable));
}

#[test]
fn path_of_directory() {
    assert_snapshot!(refused("notes.db/", ErrorKind::Unsuitable));
}

#[test]
fn not_a_directory() {
    let file = File::at(&three(), 1);
    let path = file.path.join("inner").join("notes.db");
    let error = Migrator::create(&three(), &path, plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_snapshot!(file.report(&error));
}

#[test]
fn cannot_reach() {
    let name = "n".repeat(300);
    let error = refused(&name, ErrorKind::NotFound).replace(&name, "nnn…");
    assert_snapshot!(error);
}

#[cfg(unix)]
#[test]
fn not_a_file() {
    let error = Migrator::open(&three(), Path::new("/dev/null"), plain())
        .and_then(|mut migrator| migrator.upgrade())
        .unwrap_err();
    assert_snapshot!(error.report());
}

#[cfg(unix)]
#[test]
fn hard_linked() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    fs::hard_link(&file.path, file.directory.path().join("other.db")).unwrap();
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Untouched);
    assert_snapshot!(file.report(&error));
}

#[test]
fn file_moved() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let mut migrator = file.migrator(&catalogue);
    fs::rename(&file.path, file.directory.path().join("moved.db")).unwrap();
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Moved);
    assert_eq!(error.outcome(), Outcome::Untouched);
    assert_snapshot!(file.report(&error));
}

/// On a connection that the engine did not open, SQLite reports the move, in all modes but WAL.
#[cfg(unix)]
#[test]
fn file_moved_from_a_connection() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let mut migrator = Migrator::with_connection(&catalogue, file.raw(), plain());
    assert_eq!(migrator.version().unwrap(), 1);
    let moved = file.directory.path().join("moved.db");
    fs::rename(&file.path, &moved).unwrap();
    let bytes = fs::read(&moved).unwrap();
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Moved, "{error:?}");
    assert_eq!(fs::read(&moved).unwrap(), bytes);
    assert_snapshot!(file.report(&error));
}

#[cfg(target_os = "linux")]
#[test]
fn path_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let catalogue = three();
    let file = File::none();
    file.sql("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a); DROP TABLE t;");
    let odd = file
        .directory
        .path()
        .join(std::ffi::OsStr::from_bytes(b"a\xff.db"));
    fs::rename(&file.path, &odd).unwrap();
    let bytes = fs::read(&odd).unwrap();
    let error = Migrator::open(&catalogue, &odd, plain())
        .and_then(|mut migrator| migrator.upgrade())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsuitable);
    assert_eq!(fs::read(&odd).unwrap(), bytes);
    assert_snapshot!(file.report(&error));
}

/// The directory that [`directory_closed`] searches as a user without permission.
#[cfg(unix)]
const CLOSED: &str = "MIGRATIONS_TEST_CLOSED";

/// Permissions do not limit root, so a different user runs the test.
#[cfg(unix)]
#[test]
fn directory_closed() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let catalogue = three();
    let file = File::none();
    let closed = file.directory.path().join("closed");
    fs::create_dir(&closed).unwrap();
    let path = closed.join("notes.db");
    Migrator::create(&catalogue, &path, plain())
        .unwrap()
        .upgrade()
        .unwrap();
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(file.directory.path(), 0o755);
    allow(&closed, 0o600);
    // Not everybody may search the directory of the test.
    let program = file.directory.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    allow(&program, 0o755);
    let mut child = std::process::Command::new(&program);
    child
        .args([
            "--exact",
            "errors_of_paths::asked_by_another_user",
            "--ignored",
            "--nocapture",
        ])
        .env(CLOSED, &path);
    if fs::metadata(&path).is_ok() {
        child.uid(65_534).gid(65_534);
    }
    let output = child.output().unwrap();
    allow(&closed, 0o755);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let begin = text.find("error: ").unwrap();
    let end = text.find("[end]").unwrap();
    let directory = file.directory.path().display().to_string();
    assert_snapshot!(text[begin..end].replace(&directory, "DIR"));
}

#[cfg(unix)]
#[test]
#[ignore = "`directory_closed` runs it as another user"]
fn asked_by_another_user() {
    let Some(path) = std::env::var_os(CLOSED) else {
        return;
    };
    let path = Path::new(&path);
    let catalogue = three();
    let error = Migrator::open(&catalogue, path, plain()).unwrap_err();
    for same in [
        Migrator::create(&catalogue, path, plain()).unwrap_err(),
        migrations::restore(&catalogue, path, Path::new("restored.db"), &plain()).unwrap_err(),
    ] {
        assert_eq!(same.kind(), ErrorKind::ReadOnly);
        assert_eq!(same.report(), error.report());
    }
    println!("{}[end]", error.report());
}
