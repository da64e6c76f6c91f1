//! Files and documents that must not be changed: a clear error, and every byte as before.

use migrations::{Catalogue, Down, Migrator, Options, Step};
use traininglogs::{APPLICATION_ID, CURRENT_VERSION, STEPS, TrainingLogs};

use crate::shell::Shell;

pub(crate) const ALL: [&[&str]; 9] = [
    &["init"],
    &["migrate"],
    &["rollback", "--to", "1"],
    &["status"],
    &["plan"],
    &["log", "-"],
    &["last", "Squat"],
    &["adopt", "--at", "2"],
    &["backup"],
];

fn all_refuse(shell: &mut Shell) {
    for arguments in ALL {
        shell.refuses_with(arguments, b"{}");
    }
}

#[test]
fn not_a_database() {
    let mut shell = Shell::new();
    shell.write(
        "traininglogs.db",
        "Dear diary, today I did squats. ".repeat(40),
    );
    all_refuse(&mut shell);
    insta::assert_snapshot!("not_a_database", shell.transcript());
}

#[test]
fn a_newer_file() {
    let mut shell = Shell::new();
    let mut steps = STEPS.to_vec();
    steps.push(Step::new(
        format!("{:04}_later", CURRENT_VERSION + 1),
        "CREATE TABLE later (id INTEGER PRIMARY KEY);",
        Down::Sql("DROP TABLE later;".into()),
        "",
    ));
    let newer = Catalogue::new(steps)
        .unwrap()
        .with_application_id(APPLICATION_ID);
    let path = shell.path("traininglogs.db");
    let options = Options::default().allow_undocumented(true);
    Migrator::create(&newer, &path, options)
        .unwrap()
        .upgrade()
        .unwrap();
    for arguments in ALL
        .into_iter()
        .filter(|arguments| !["rollback", "backup"].contains(&arguments[0]))
    {
        shell.refuses_with(arguments, b"{}");
    }
    shell.refuses(&["migrate", "--dry-run"]);
    shell.refuses(&["migrate", "--from-version", "1"]);
    let error = TrainingLogs::open(&path).unwrap_err();
    assert_eq!(error.engine().unwrap().kind(), migrations::ErrorKind::Newer);
    // The build does not know the content, so it gives no script; a backup is possible.
    let target = CURRENT_VERSION.to_string();
    shell.refuses(&["plan", "--sql", "--to", &target]);
    assert_eq!(shell.run(&["plan", "--to", &target, "--rehearse"]), 0);
    assert_eq!(shell.run(&["backup"]), 0);
    // The way back is in the file.
    assert_eq!(shell.run(&["rollback", "--to", &target]), 0);
    assert_eq!(shell.run(&["log", "-"]), 1);
    assert_eq!(shell.run_with(&["log", "-"], b"{}"), 0);
    insta::assert_snapshot!("a_newer_file", shell.transcript());
}

#[test]
fn a_missing_file_or_directory() {
    let mut shell = Shell::new();
    for arguments in ALL.into_iter().filter(|arguments| arguments[0] != "init") {
        shell.refuses_with(arguments, b"{}");
    }
    shell.refuses(&["--db", "my logs.db", "status"]);
    for arguments in ALL {
        shell.refuses_with(&[&["--db", "missing/logs.db"], arguments].concat(), b"{}");
    }
    assert!(shell.files().is_empty());
    std::fs::create_dir(shell.path("directory")).unwrap();
    for arguments in [ALL[0], ALL[3]] {
        shell.refuses(&[&["--db", "directory"], arguments].concat());
    }
    insta::assert_snapshot!("a_missing_file_or_directory", shell.transcript());
}

#[test]
fn documents() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    let documents: [&[u8]; 8] = [
        b"",
        b"{\"exercises\":[{\"name\":\"Squat\"}",
        b"{'exercises':[]}",
        b"[]",
        b"{\"exercises\":5}",
        b"{\"exercises\":[{},\"Squat\"]}",
        b"{\"exercises\":[{\"name\":7}]}",
        b"\xff\xfe{\x00}\x00",
    ];
    for document in documents {
        shell.refuses_with(&["log", "-"], document);
    }
    shell.write(
        "broken.json",
        "{\n  \"date\": \"2025-01-02\",\n  \"exercises\": [\n    {\"name\" \"Squat\"}\n  ]\n}\n",
    );
    shell.refuses(&["log", "broken.json"]);
    shell.refuses(&["log", "missing.json"]);
    shell.refuses(&["last", "Squat"]);
    insta::assert_snapshot!("documents", shell.transcript());
}

#[test]
fn somebody_elses_file() {
    let mut shell = Shell::new();
    shell.database(
        "traininglogs.db",
        "CREATE TABLE recipe (id INTEGER PRIMARY KEY, text TEXT);",
    );
    all_refuse(&mut shell);
    shell.refuses(&["migrate", "--from-version", "1"]);
    shell.refuses(&["migrate", "--from-version", "1", "--dry-run"]);
    shell.database("traininglogs.db", "PRAGMA application_id = 77;");
    shell.refuses(&["migrate"]);
    insta::assert_snapshot!("somebody_elses_file", shell.transcript());
}

#[test]
fn a_file_that_was_changed_by_hand() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    assert_eq!(shell.run(&["rollback", "--to", "2"]), 0);
    shell.database(
        "traininglogs.db",
        "ALTER TABLE training_sessions ADD COLUMN mood TEXT;",
    );
    shell.refuses(&["migrate"]);
    shell.refuses(&["migrate", "--to", "3", "--dry-run"]);
    shell.refuses(&["plan", "--sql"]);
    assert_eq!(shell.run(&["status"]), 0);
    shell.database(
        "traininglogs.db",
        "UPDATE schema_migrations SET up_digest = 'edited' WHERE version = 1;",
    );
    shell.refuses(&["migrate"]);
    insta::assert_snapshot!("a_file_that_was_changed_by_hand", shell.transcript());
}

/// A limit on the size of files would kill an unprepared process. Here the run fails as on a full
/// disk: it is rolled back, and neither a journal nor a backup stays.
#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_leaves_nothing() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    assert_eq!(shell.run(&["rollback", "--to", "1", "--no-backup"]), 0);
    let rows = r#"INSERT INTO training_sessions
        SELECT 'id' || value, '', json_object('exercises',
            json_array(json_object('name', hex(zeroblob(300)))))
        FROM generate_series(1, 500)"#;
    let rows = rows.replace(
        "generate_series(1, 500)",
        "(WITH RECURSIVE n(value) AS
        (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 500) SELECT value FROM n)",
    );
    let file = rusqlite::Connection::open(shell.path("traininglogs.db")).unwrap();
    file.execute_batch(&rows).unwrap();
    drop(file);
    let before = shell.files();
    let program = env!("CARGO_BIN_EXE_traininglogs");
    for (blocks, arguments) in [
        (0, "--no-backup"),
        (10, "--no-backup"),
        (100, "--no-backup"),
        (100, ""),
    ] {
        let script = format!("ulimit -f {blocks}; exec '{program}' migrate {arguments}");
        let output = std::process::Command::new("sh")
            .current_dir(shell.path(""))
            .args(["-c", &script])
            .output()
            .unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{script}");
        assert!(output.status.code().is_some(), "{script} was killed");
        assert!(complaint.contains("the file is as it was\n"), "{complaint}");
        assert!(
            complaint.contains("`ulimit -f`") || arguments.is_empty(),
            "{complaint}"
        );
        assert!(
            before == shell.files(),
            "{script}: {:?}",
            shell.files().keys()
        );
    }
    assert_eq!(shell.run(&["migrate"]), 0);
}

/// A file that cannot be made does not stay as an empty file: here no file may grow beyond 0 bytes.
#[cfg(unix)]
#[test]
fn no_empty_file_is_left() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["--db", "old.db", "init"]), 0);
    let before = shell.files();
    for verb in ["init", "restore old.db"] {
        let script = format!(
            "ulimit -f 0; exec '{}' {verb}",
            env!("CARGO_BIN_EXE_traininglogs")
        );
        let output = std::process::Command::new("sh")
            .current_dir(shell.path(""))
            .args(["-c", &script])
            .output()
            .unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{complaint}");
        assert!(complaint.contains("the file is as it was\n"), "{complaint}");
        assert!(
            shell.files() == before,
            "{verb}: {:?}",
            shell.files().keys()
        );
    }
}
