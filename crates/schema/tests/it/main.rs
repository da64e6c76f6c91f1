//! The crate's promises, by topic.

mod battery;
mod changes;
mod disguises;
mod escape;
mod fuzz;
mod generated;
mod grammar;
mod hostile;
mod listing;
mod reading;
mod renames;
mod risks;
mod script;

use rusqlite::Connection;
use schema::{Schema, diff};

/// The schema that a script makes.
fn schema(sql: &str) -> Schema {
    Schema::read(&database(sql)).expect("a schema that SQLite made is read")
}

/// A database in memory, made by a script.
fn database(sql: &str) -> Connection {
    let conn = Connection::open_in_memory().expect("memory");
    conn.execute_batch(sql)
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    conn
}

/// Whether this SQLite adds and drops constraints with ALTER TABLE.
fn has_alter_constraint() -> bool {
    rusqlite::version_number() >= 3_053_000
}

/// The changes between two scripts, one per line. The reverse comparison must find as many, the
/// listings must differ exactly when there are any, and each schema must equal itself.
fn check(before: &str, after: &str) -> String {
    let (before, after) = (schema(before), schema(after));
    let changes = diff(&before, &after);
    assert_eq!(
        changes.len(),
        diff(&after, &before).len(),
        "the way back differs"
    );
    assert_eq!(changes.is_empty(), before == after);
    assert_eq!(
        changes.is_empty(),
        before.to_string() == after.to_string(),
        "{before}\n{after}"
    );
    for same in [&before, &after] {
        assert_eq!(diff(same, same), []);
    }
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')));
    lines.join("\n")
}
