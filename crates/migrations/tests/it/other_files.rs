//! No SQL reaches another file: neither that of a step or its function, nor that of a stored down
//! migration, inside or outside a transaction, however the file is named. Each is tried with a
//! database that exists and one that does not; afterwards the directory is byte for byte unchanged.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use migrations::{Catalogue, Down, Entry, Error, ErrorKind, Migrator, Options, Step, StepFn};
use rusqlite::Connection;

use crate::support::*;

/// `FILE` is the path of another database. Each line is refused for the `what` that it names, or
/// with SQLite's message.
const HOSTILE: &[&str] = &[
    "ATTACH 'FILE' AS v; UPDATE v.s SET x = 'gone'",
    "ATTACH 'FI' || 'LE' AS v; UPDATE v.s SET x = 'gone'",
    "ATTACH cast('FILE' AS text) AS v; UPDATE v.s SET x = 'gone'",
    "ATTACH (SELECT 'FILE') AS v; UPDATE v.s SET x = 'gone'",
    "ATTACH printf('%s', 'FILE') AS v; UPDATE v.s SET x = 'gone'",
    "ATTACH coalesce(NULL, 'FILE') AS v; UPDATE v.s SET x = 'gone'",
    "ATTACH CASE WHEN 1 THEN 'FILE' END AS 'v'; UPDATE v.s SET x = 'gone'",
    "ATTACH x'46494c45' AS v",
    "ATTACH ?1 AS v",
    "ATTACH :file AS v",
    "ATTACH NULL AS v",
    "ATTACH FILE AS v",
    "ATTACH '' || '' AS v; CREATE TABLE v.s (x)",
    "ATTACH 'file:FILE?mode=rwc' AS v; CREATE TABLE v.s (x)",
    "ATTACH 'file:' || 'FILE' AS v; CREATE TABLE v.s (x)",
    "ATTACH ':memory:' AS v",
    "ATTACH '' AS v",
    "/* quietly */ attach database 'FI' || 'LE' as v; DROP TABLE v.s",
    "VACUUM INTO 'FILE'",
    "VACUUM main INTO 'FI' || 'LE'",
    "VACUUM INTO (SELECT 'FILE')",
    "CREATE VIRTUAL TABLE c USING csv(filename = 'FILE')",
    "CREATE VIRTUAL TABLE temp.c USING zipfile('FILE')",
    "SELECT * FROM fsdir('/')",
    "SELECT writefile('FILE', 'x')",
    "SELECT readfile('FILE')",
    "SELECT edit('x', 'touch FILE')",
    "SELECT load_extension('FILE')",
    "PRAGMA temp_store_directory = 'FILE'",
    "PRAGMA data_store_directory = 'FILE'",
];

/// Allowed SQL, which shows that not everything is refused.
const HARMLESS: &[&str] = &[
    "CREATE TABLE attach (detach); INSERT INTO attach VALUES ('ATTACH ''FILE'' AS v'); DROP TABLE \
     attach",
    "CREATE TEMP TABLE t (a); INSERT INTO t SELECT 1; DROP TABLE t",
    "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('FILE'); DROP TABLE f",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT sum(i) \
     FROM n",
    "SELECT value FROM json_each('[1, 2]')",
    "PRAGMA foreign_key_check; PRAGMA database_list; ANALYZE; DROP TABLE IF EXISTS sqlite_stat1; \
     REINDEX",
];

type Listing = BTreeMap<String, (Vec<u8>, SystemTime)>;

fn listing(directory: &Path) -> Listing {
    let entries = fs::read_dir(directory).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let modified = entry.metadata().unwrap().modified().unwrap();
        (name, (fs::read(entry.path()).unwrap(), modified))
    });
    entries.collect()
}

/// A file of version 1 whose step 2, or whose down migration from 2, is the SQL under test.
struct Trial {
    file: File,
}

impl Trial {
    fn new(catalogue: &Catalogue, version: u32) -> Trial {
        let file = File::at(catalogue, version);
        let there = Connection::open(file.directory.path().join("there.db")).unwrap();
        there
            .execute_batch("CREATE TABLE s (x); INSERT INTO s VALUES ('here')")
            .unwrap();
        Trial { file }
    }

    /// The SQL with the path of a database beside the file.
    fn sql(&self, sql: &str, other: &str) -> String {
        let path = self.file.directory.path().join(other);
        let path = path.to_str().unwrap();
        let (first, rest) = path.split_at(path.len() / 2);
        sql.replace("FI' || 'LE", &format!("{first}' || '{rest}"))
            .replace("FILE", path)
    }

    fn refused(&self, sql: &str, run: impl FnOnce(&File) -> Result<(), Error>) {
        let before = listing(self.file.directory.path());
        let error = run(&self.file).unwrap_err();
        let kinds = [ErrorKind::StepForbidden, ErrorKind::StepFailed];
        assert!(kinds.contains(&error.kind()), "{sql}: {}", error.report());
        assert_eq!(listing(self.file.directory.path()), before, "{sql}");
    }
}

fn each(sqls: &[&'static str], mut act: impl FnMut(&'static str, &'static str)) {
    for sql in sqls {
        for other in ["there.db", "new.db"] {
            act(sql, other);
        }
    }
}

fn leaked(sql: String) -> &'static str {
    sql.leak()
}

fn no_backup() -> Options {
    accepting().backups(migrations::Backups::Off)
}

fn upgrade(file: &File, catalogue: &Catalogue) -> Result<(), Error> {
    let migrator = Migrator::open(catalogue, &file.path, no_backup());
    migrator?.upgrade().map(drop)
}

#[test]
fn a_step() {
    each(HOSTILE, |sql, other| {
        let trial = Trial::new(&catalogue(vec![note_step()]), 1);
        let tried = note_and(leaked(trial.sql(sql, other)));
        trial.refused(sql, |file| upgrade(file, &tried));
    });
    each(HARMLESS, |sql, other| {
        let trial = Trial::new(&catalogue(vec![note_step()]), 1);
        let tried = note_and(leaked(trial.sql(sql, other)));
        if let Err(error) = upgrade(&trial.file, &tried) {
            panic!("{sql}: {}", error.report());
        }
    });
}

/// The function of a step has a connection. It reads its SQL from a table, because a function takes
/// no argument.
#[test]
fn a_function() {
    fn run(connection: &Connection) -> Result<(), migrations::BoxError> {
        let sql: String = connection.query_row("SELECT body FROM note", [], |row| row.get(0))?;
        for statement in schema::sql::statements(&sql) {
            let mut statement = connection.prepare(statement.text)?;
            if statement.parameter_count() == 1 {
                statement.raw_bind_parameter(1, "new.db")?;
            }
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
        }
        Ok(())
    }
    const APPLY: StepFn = StepFn {
        name: "apply",
        preflight: |_, _| Ok(()),
        apply: |connection, _| run(connection),
    };
    const PREFLIGHT: StepFn = StepFn {
        name: "preflight",
        preflight: |connection, _| run(connection),
        apply: |_, _| Ok(()),
    };
    for code in [APPLY, PREFLIGHT] {
        each(HOSTILE, |sql, other| {
            let first = catalogue(vec![note_step()]);
            let trial = Trial::new(&first, 1);
            let text = trial.sql(sql, other);
            let insert = format!(
                "INSERT INTO note VALUES (1, '{}')",
                text.replace('\'', "''")
            );
            trial.file.sql(&insert);
            let second = step("0002_tried", "", "").with_code(code);
            let tried = catalogue(vec![note_step(), second]);
            trial.refused(sql, |file| {
                let options = no_backup().strict(true);
                Migrator::open(&tried, &file.path, options)?
                    .upgrade()
                    .map(drop)
            });
        });
    }
}

fn forged(sql: &str, other: &str) -> (Trial, Catalogue) {
    let all = catalogue(vec![note_step(), tag_step_two()]);
    let trial = Trial::new(&all, 2);
    let down = trial.sql(sql, other);
    let digest = Entry::digest_of_back(Some(&down), "");
    trial
        .file
        .raw()
        .execute(
            "UPDATE schema_migrations SET down_sql = ?1, down_digest = ?2 WHERE version = 2",
            [&down, &digest],
        )
        .unwrap();
    (trial, all.cut_at(1).unwrap())
}

fn tag_step_two() -> Step {
    step("0002_tag", "CREATE TABLE tag (name);", "DROP TABLE tag;")
}

#[test]
fn a_stored_way_back() {
    let back = |file: &File, older: &Catalogue| {
        let migrator = Migrator::open(older, &file.path, no_backup());
        migrator?.rollback_to(1).map(drop)
    };
    each(HOSTILE, |sql, other| {
        let (trial, older) = forged(sql, other);
        trial.refused(sql, |file| back(file, &older));
        // Also after an allowed statement.
        let (trial, older) = forged(&format!("DROP TABLE tag; {sql}"), other);
        trial.refused(sql, |file| back(file, &older));
    });
    each(HARMLESS, |sql, other| {
        let (trial, older) = forged(&format!("DROP TABLE tag; {sql}"), other);
        if let Err(error) = back(&trial.file, &older) {
            panic!("{sql}: {}", error.report());
        }
    });
}

#[test]
fn a_step_outside_a_transaction() {
    each(HOSTILE, |sql, other| {
        let trial = Trial::new(&catalogue(vec![note_step()]), 1);
        // A forbidden first word is refused by the text; a forbidden action within a SELECT by the
        // authorizer.
        let up = format!("VACUUM; {}", trial.sql(sql, other));
        let second = Step::new("0002_tried", up, Down::Irreversible("none".into()), "");
        let tried = catalogue(vec![note_step(), second.outside_transaction("tried")]);
        let before = listing(trial.file.directory.path());
        let error = upgrade(&trial.file, &tried).unwrap_err();
        let kinds = [ErrorKind::StepForbidden, ErrorKind::StepFailed];
        assert!(kinds.contains(&error.kind()), "{sql}: {}", error.report());
        let mut after = listing(trial.file.directory.path());
        // VACUUM itself writes the file.
        let own = before.get("notes.db").unwrap().clone();
        after.insert("notes.db".to_owned(), own);
        assert_eq!(after, before, "{sql}");
    });
}

/// A step cannot use the databases that the application has attached; the application's limits and
/// settings are restored.
#[test]
fn what_the_application_has_attached() {
    let first = catalogue(vec![note_step()]);
    let trial = Trial::new(&first, 1);
    let path = trial.file.directory.path().join("there.db");
    let attached = || {
        let connection = trial.file.raw();
        connection
            .execute("ATTACH ?1 AS v", [path.to_str().unwrap()])
            .unwrap();
        connection
    };
    for sql in [
        "UPDATE v.s SET x = 'gone'",
        "CREATE TABLE v.t (a)",
        "DROP TABLE v.s",
    ] {
        let tried = note_and(sql);
        let before = fs::read(&path).unwrap();
        let mut migrator = Migrator::with_connection(&tried, attached(), no_backup());
        let error = migrator.upgrade().unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::StepForbidden,
            "{sql}: {}",
            error.report()
        );
        assert_eq!(fs::read(&path).unwrap(), before, "{sql}");
    }
    let tried = note_and("INSERT INTO note (body) SELECT x FROM v.s");
    let mut migrator = Migrator::with_connection(&tried, attached(), no_backup());
    migrator.upgrade().unwrap();
    let connection = migrator.connection();
    assert_eq!(value::<String>(connection, "SELECT body FROM note"), "here");
    connection.execute_batch("ATTACH ':memory:' AS w").unwrap();
    assert!(value::<bool>(connection, "PRAGMA trusted_schema"));
    use rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE;
    assert!(!connection.db_config(SQLITE_DBCONFIG_DEFENSIVE).unwrap());
}

/// The engine has an allow list: what a newer SQLite adds is refused until it is listed.
#[test]
fn names_that_sqlite_reads_as_such_stay_usable() {
    let catalogue = note_and(
        "CREATE TABLE \"vacuum\" (a); CREATE INDEX \"attach\" ON \"vacuum\"(a); CREATE \
         VIEW \"pragma\" AS SELECT 1;
         ALTER TABLE \"vacuum\" RENAME TO \"detach\"; ALTER TABLE \"detach\" ADD COLUMN b;
         ALTER TABLE \"detach\" RENAME COLUMN b TO c; ALTER TABLE \"detach\" DROP COLUMN c;
         CREATE TRIGGER \"begin\" AFTER INSERT ON note BEGIN UPDATE note SET body = 'x'; END;
         INSERT INTO note VALUES (1, 'a'); DROP TRIGGER \"begin\"; DROP VIEW \"pragma\"; DROP \
         INDEX \"attach\"",
    );
    let file = File::at(&catalogue, 2);
    assert_eq!(file.value::<String>("SELECT body FROM note"), "x");
}
