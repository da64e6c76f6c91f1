//! Real processes: the examples of this crate, which `cargo test` builds beside the command.

use std::env::consts::EXE_SUFFIX;
use std::io::{self, BufRead, BufReader, PipeWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::{fs, str};

use migrations::{LEDGER_TABLE, Migrator, Options};
use rusqlite::Connection;
use traininglogs::catalogue;

/// The example `name` of this crate.
pub(crate) fn example(name: &str) -> Command {
    let command = Path::new(env!("CARGO_BIN_EXE_traininglogs"));
    let path = command
        .with_file_name("examples")
        .join(format!("{name}{EXE_SUFFIX}"));
    assert!(
        path.exists(),
        "`{}` is not built: `cargo test -p traininglogs` builds it, with `--test it` it does not",
        path.display()
    );
    Command::new(path)
}

/// The command `traininglogs`, started and waiting at the gate.
pub(crate) struct Starter {
    child: Child,
}

/// Processes that continue together.
pub(crate) struct AtTheGate {
    starters: Vec<Starter>,
    gate: PipeWriter,
}

/// Starts the command `count` times with `arguments`, and returns when all wait at the gate.
pub(crate) fn at_the_gate(count: usize, arguments: &[&str], path: &Path) -> AtTheGate {
    let (reader, gate) = io::pipe().unwrap();
    let start = |_| {
        let child = example("starter")
            .arg("--db")
            .arg(path)
            .args(arguments)
            .stdin(reader.try_clone().unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Starter { child }
    };
    let mut starters: Vec<Starter> = (0..count).map(start).collect();
    for starter in &mut starters {
        let mut ready = [0; 6];
        let output = starter.child.stdout.as_mut().unwrap();
        output.read_exact(&mut ready).unwrap();
        assert_eq!(&ready, b"ready\n");
    }
    AtTheGate { starters, gate }
}

impl AtTheGate {
    /// Lets all continue.
    pub(crate) fn go(self) -> Vec<Starter> {
        drop(self.gate);
        self.starters
    }
}

/// Starts the command once, and lets it continue.
pub(crate) fn start(arguments: &[&str], path: &Path) -> Starter {
    at_the_gate(1, arguments, path).go().remove(0)
}

impl Starter {
    /// Waits for its normal end.
    pub(crate) fn wait(self) -> Ended {
        Ended::of(self.child.wait_with_output().unwrap())
    }

    /// `kill -9`; returns whether the process was still running.
    pub(crate) fn kill(mut self) -> bool {
        self.child.kill().unwrap();
        !self.child.wait().unwrap().success()
    }
}

/// The exit status and the output of a process.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Ended {
        let text = |bytes: &[u8]| str::from_utf8(bytes).unwrap().to_owned();
        Ended {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The output after success.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert!(self.code == Some(0) && self.stderr.is_empty(), "{self:?}");
        self.stdout
    }

    /// The error output after a refusal.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert!(self.code == Some(1) && self.stdout.is_empty(), "{self:?}");
        self.stderr
    }
}

/// A different program that has the file open.
pub(crate) struct OtherProgram {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl OtherProgram {
    pub(crate) fn new(path: &Path) -> OtherProgram {
        let mut child = example("other_program")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        OtherProgram {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Lets it run a statement, and returns its answer.
    pub(crate) fn run(&mut self, sql: &str) -> String {
        writeln!(self.input, "{sql}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    /// Lets it end normally, and waits for it.
    pub(crate) fn close(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }

    /// `kill -9`, whatever it is doing.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert!(!self.child.wait().unwrap().success());
    }
}

/// The path of a file that SQLite leaves beside a file if its last writer was killed.
pub(crate) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap().to_owned();
    name.push(what);
    path.with_file_name(name)
}

/// A file of version 1 as its build left it, with this many sessions; every hundredth cannot be
/// read.
pub(crate) fn file_of_version_1(path: &Path, sessions: usize, journal: &str) {
    let version_1 = catalogue().cut_at(1).unwrap();
    let mut migrator = Migrator::create(&version_1, path, Options::default()).unwrap();
    migrator.upgrade().unwrap();
    let connection = migrator.into_connection();
    connection
        .pragma_update(None, "journal_mode", journal)
        .unwrap();
    let sql = format!(
        r#"WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {sessions} - 1)
        INSERT INTO training_sessions (id, created_at, raw_json)
        SELECT printf('session %d', n),
               strftime('%Y-%m-%dT%H:%M:%fZ', 1600000000 + n * 600, 'unixepoch'),
               CASE n % 100 WHEN 99 THEN 'squats, ' || n || ' of them' ELSE
               printf('{{"date":"%s","exercises":[{{"name":"Squat"}},{{"name":"Row %d"}}]}}',
                      date(1600000000 + n * 600, 'unixepoch'), n % 50) END
        FROM n"#
    );
    assert_eq!(connection.execute(&sql, []).unwrap(), sessions);
}

/// Asserts that the file at `path` is intact, and that its tables have the same rows as those of
/// `reference`; the ledger is compared without its times.
#[track_caller]
pub(crate) fn assert_same(path: &Path, reference: &Path, when: &str) {
    let connection = Connection::open(path).unwrap();
    let text = |sql: &str| -> String { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(text("PRAGMA integrity_check"), "ok", "{when}");
    connection
        .execute("ATTACH ?1 AS reference", [reference.to_str().unwrap()])
        .unwrap();
    let differs = |schema_or_rows: &str| -> i64 {
        let (here, there) = (
            schema_or_rows.replace("FROM ", "FROM main."),
            schema_or_rows.replace("FROM ", "FROM reference."),
        );
        // No two rows of a table here are equal.
        let sql = format!(
            "SELECT EXISTS ({here} EXCEPT {there})
                 OR (SELECT count(*) FROM ({here})) <> (SELECT count(*) FROM ({there}))"
        );
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version_of(path), version_of(reference), "{when}");
    assert_eq!(
        differs("SELECT type, name, sql FROM sqlite_schema"),
        0,
        "{when}: the schema differs"
    );
    let mut tables = connection
        .prepare("SELECT name FROM reference.sqlite_schema WHERE type = 'table'")
        .unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for table in tables.map(Result::unwrap) {
        let columns = if table == LEDGER_TABLE {
            "version, name, up_digest, down_sql, down_loses, down_digest"
        } else {
            "*"
        };
        let rows = format!("SELECT {columns} FROM {table}");
        assert_eq!(differs(&rows), 0, "{when}: the rows of {table} differ");
    }
}

/// The file's `user_version`.
pub(crate) fn version_of(path: &Path) -> u32 {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// A copy of the file at `path` with its journal or WAL.
pub(crate) fn copy(path: &Path, to: &Path) {
    fs::copy(path, to).unwrap();
    for what in ["-journal", "-wal"] {
        if beside(path, what).exists() {
            fs::copy(beside(path, what), beside(to, what)).unwrap();
        }
    }
}
