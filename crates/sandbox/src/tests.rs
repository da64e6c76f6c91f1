//! Each defence by itself, without the others.

use rusqlite::hooks::{AuthContext, Authorization};

use std::sync::Arc;

use super::*;
use crate::application::{Collation, ObjectKind};
use crate::scope::{Deadline, Scope};

fn sandbox() -> Sandbox {
    Sandbox::open(&[]).unwrap()
}

/// Permissions apply only to the statement that needs them.
#[test]
fn only_vacuum_and_a_database_in_memory_may_attach() {
    for (sql, attaches) in [
        ("VACUUM", true),
        (" /* x */ vacuum main", true),
        ("VACUUM INTO 'a.db'", false),
        ("VACUUM INTO (SELECT 'a.db')", false),
        ("ATTACH ':memory:' AS m", true),
        ("attach database '' as m", true),
        ("ATTACH '' || 'a.db' AS m", false),
        ("ATTACH 'a.db' AS m", false),
        ("ATTACH ?1 AS m", false),
        ("SELECT 'VACUUM'", false),
    ] {
        assert_eq!(Needs::of(sql).attaches, attaches, "{sql}");
    }
    assert!(Needs::of("PRAGMA writable_schema = ON").writes_schema);
    assert!(!Needs::of("SELECT 'writable_schema'").writes_schema);
}

/// Even if the authorizer allows everything, no file is reached.
#[test]
fn the_second_line_holds_without_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let open = || {
        let sandbox = sandbox();
        let all = |_: AuthContext<'_>| Authorization::Allow;
        sandbox.connection.authorizer(Some(all)).unwrap();
        sandbox
    };
    for sql in [
        format!("ATTACH '{}' AS v", path.display()),
        format!("ATTACH '{}' || '' AS v", path.display()),
        format!("VACUUM INTO '{}'", path.display()),
        format!("VACUUM INTO '{}' || ''", path.display()),
        "SELECT load_extension('a')".to_owned(),
    ] {
        assert!(open().run(&sql).is_err(), "{sql}");
        assert!(!path.exists(), "{sql}");
    }
    open().run("VACUUM").unwrap();
}

#[test]
fn preparing_is_counted_as_work() {
    let sandbox = sandbox();
    sandbox
        .run("CREATE TABLE s (x); CREATE VIEW v0 AS SELECT * FROM s")
        .unwrap();
    for at in 1..=12 {
        let before = at - 1;
        let view = format!(
            "CREATE VIEW v{at} AS SELECT * FROM v{before} UNION ALL SELECT * FROM v{before}"
        );
        sandbox.run(&view).unwrap();
    }
    sandbox.budget().limit(1_000_000);
    let error = sandbox.run("EXPLAIN SELECT * FROM v12").unwrap_err();
    assert_eq!(sandbox.stop(&error), Some(Stop::Statement));
    sandbox.budget().limit(1_000_000);
    sandbox.run("EXPLAIN SELECT * FROM v4").unwrap();
}

/// All sandboxes of a scope share its work, and one outside has its own.
#[test]
fn a_scope_ends_all_that_is_opened_in_it() {
    let deadline = Arc::new(Deadline::after(std::time::Duration::from_secs(600)));
    let scope = Scope::new(&deadline, 1);
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    scope.within(|| {
        let (one, other) = (sandbox(), sandbox());
        let error = one.run(endless).unwrap_err();
        assert!(matches!(one.stop(&error), Some(Stop::Scope(_))));
        assert!(other.run(endless).is_err());
    });
    assert!(scope.is_over());
    assert_eq!(
        scope.take_untried(),
        ["its runs take more than 1 seconds of work"]
    );
    sandbox().run("SELECT 1").unwrap();
    scope.renew();
    assert!(!scope.is_over());
}

#[test]
fn what_is_refused_is_said() {
    let sandbox = sandbox();
    for (sql, said) in [
        (
            "ATTACH 'a.db' AS v",
            "it opens another file, `a.db`, which is not done here",
        ),
        (
            "ATTACH 'a' || '.db' AS v",
            "it opens another file, whose name an expression makes, which is not done here",
        ),
        (
            "PRAGMA temp_store_directory = '/'",
            "`PRAGMA temp_store_directory` reaches outside the database, or is not known to be \
             harmless, which is not done here",
        ),
        (
            "SELECT hex(zeroblob(10000000))",
            "a value is longer than 4 MB or a statement than 32 MB, which is more than is tried \
             here",
        ),
    ] {
        let error = sandbox.run(sql).unwrap_err();
        let stop = sandbox.stop(&error).map(|stop| stop.why());
        assert_eq!(stop.as_deref(), Some(said));
    }
    // SQLite's own error is not a stop, even after one.
    let error = sandbox.run("SELECT * FROM nowhere").unwrap_err();
    assert_eq!(sandbox.stop(&error), None);
}

#[test]
fn a_dump_writes_the_schema_and_nothing_else_does() {
    let sandbox = sandbox();
    sandbox.run("CREATE VIRTUAL TABLE f USING fts5(x)").unwrap();
    let write = "DELETE FROM f_data";
    let error = sandbox.run(write).unwrap_err();
    assert!(matches!(sandbox.stop(&error), Some(Stop::Refused(_))));
    sandbox.run("PRAGMA writable_schema = ON").unwrap();
    sandbox.run(write).unwrap();
    sandbox.end_script().unwrap();
    assert!(sandbox.run(write).is_err());
}

/// The objects of an application are in every sandbox of its scope, and in no other.
#[test]
fn an_application_is_in_each_sandbox_of_its_scope() {
    let deadline = Arc::new(Deadline::after(std::time::Duration::from_secs(600)));
    let application = Arc::new(Application::default());
    application.declare_function("twice", 1, Some("?1 || ?1"));
    application.declare_collation("words", Collation::NoCase);
    let scope = Scope::with_application(&deadline, 10, &application);
    let script = "CREATE TABLE t (x TEXT COLLATE words UNIQUE);
        INSERT INTO t VALUES (twice('a'));
        CREATE TABLE same AS SELECT x FROM t WHERE x = 'AA';";
    scope.within(|| {
        let made = sandbox();
        assert!(made.run_script(script).is_ok());
        let count: i64 = made
            .query_row("SELECT count(*) FROM same", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 1);
        // What is missing is learnt once, and known in the next sandbox.
        let error = made.run("SELECT shout('a')").unwrap_err();
        assert!(!made.learn(&error, |name| name != "shout"));
        assert!(made.learn(&error, |_| true));
        made.run("SELECT shout('a')").unwrap();
        sandbox().run("SELECT shout('a', 'b')").unwrap();
        let error = made.run("CREATE TABLE u (x COLLATE other)").unwrap_err();
        assert!(made.learn(&error, |_| false));
        made.run("CREATE TABLE u (x COLLATE other)").unwrap();
    });
    let missing = [ObjectKind::Function, ObjectKind::Collation];
    let names = application.missing();
    assert!(names.iter().map(|(kind, _)| *kind).eq(missing), "{names:?}");
    assert!(sandbox().run_script(script).is_err());
}

/// The expression of a function is as confined as the script that calls it.
#[test]
fn an_expression_reaches_nothing_and_ends() {
    let deadline = Arc::new(Deadline::after(std::time::Duration::from_secs(600)));
    let application = Arc::new(Application::default());
    let endless = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
        SELECT max(i) FROM n)";
    application.declare_function("endless", 0, Some(endless));
    application.declare_function("load", 0, Some("load_extension('a')"));
    let scope = Scope::with_application(&deadline, 10, &application);
    scope.within(|| {
        let sandbox = sandbox();
        for sql in ["SELECT endless()", "SELECT load()"] {
            assert!(sandbox.run(sql).is_err(), "{sql}");
        }
    });
}
