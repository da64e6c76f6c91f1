//! The tables that a run touches, so that only these are checked for foreign key violations: on a
//! file of 13 GB the check of all tables took 250 s, and the step 2 ms.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use schema::sql::{self, fold};
use schema::{Schema, TableKind};

use crate::authorizer::Tables;
use crate::authorizer::watch::{Author, Watch};
use crate::catalogue::Catalogue;
use crate::confined::Confined;
use crate::error::{self, Error};
use crate::execute::execute_one;
use crate::ledger;
use crate::plan::Plan;
use crate::planned_step::Direction;
use crate::sandbox::Attached;
use crate::skipped_rows::SkippedRows;

/// Predicts the tables that the steps of `plan` touch by running them in memory on an empty copy of
/// the file's schema; `None` when that fails and every table has to be checked.
///
/// A step function that prepares a statement only when it finds rows is seen only in part here; the
/// run itself is watched as well.
pub(crate) fn predict(file: &Connection, catalogue: &Catalogue, plan: &Plan) -> Option<Tables> {
    let mut copy = Connection::open_in_memory().ok()?;
    let copy = Confined::new(&mut copy, Attached::None).ok()?;
    let done = begin_like_a_run(copy.connection()).and_then(|()| {
        copy.look_up_functions()?;
        copy_schema(file, &copy).map_err(error::sqlite)
    });
    let tried = done.ok().and_then(|()| try_steps(&copy, catalogue, plan));
    // As after a run, no statement may be open when the settings are restored.
    let _ = copy.connection().execute_batch("ROLLBACK");
    tried.map(|()| copy.authorizer().affected_tables())
}

/// Runs all steps on the copy; `None` when one fails.
fn try_steps(copy: &Confined<'_>, catalogue: &Catalogue, plan: &Plan) -> Option<()> {
    let (connection, authorizer) = (copy.connection(), copy.authorizer());
    for step in &plan.steps {
        let author = Author::find(catalogue, step);
        for statement in sql::statements(&step.sql) {
            authorizer.enter(Watch::Step(author));
            let done = execute_one(connection, statement.text);
            authorizer.leave();
            done.ok()?;
        }
        let code = catalogue.step(step.version).and_then(|known| known.code());
        if let Some(code) = code.filter(|_| step.direction == Direction::Up) {
            authorizer.enter(Watch::Step(Author::Application));
            let mut skipped = SkippedRows::default();
            let done = catch_unwind(AssertUnwindSafe(|| (code.apply)(connection, &mut skipped)));
            authorizer.leave();
            done.ok()?.ok()?;
        }
    }
    Some(())
}

/// Turns foreign keys off, begins a transaction as a run does, and creates a ledger.
fn begin_like_a_run(copy: &Connection) -> Result<(), Error> {
    copy.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")
        .map_err(error::sqlite)?;
    ledger::create(copy)
}

/// Creates all objects of the file's schema on the copy, without rows. The SQL comes from the file.
/// SQLite reads only the first statement of each entry when it opens a file, so anything after that
/// must not run here either.
fn copy_schema(file: &Connection, copy: &Confined<'_>) -> rusqlite::Result<()> {
    let authorizer = copy.authorizer();
    // Tables first, then the objects that depend on them.
    let mut statement = file.prepare(
        "SELECT sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' \
         ESCAPE '\\'
         ORDER BY type <> 'table', rowid",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let sql: String = row.get(0)?;
        authorizer.enter(Watch::Step(Author::File));
        // A virtual table creates its own shadow tables; a broken view breaks only the statements
        // that use it.
        let _ = execute_one(copy.connection(), &sql);
        authorizer.leave();
    }
    authorizer.clear_affected_tables();
    Ok(())
}

/// The tables of `schema` whose foreign keys a write to `tables` can break: these tables and their
/// children.
pub(crate) fn with_children(tables: &Tables, schema: &Schema) -> Tables {
    let mut concerned = Tables::new();
    for table in schema.tables() {
        let child = table
            .foreign_keys
            .iter()
            .any(|key| tables.contains(&fold(&key.parent)));
        // The foreign keys of a table that could not be parsed are unknown.
        let unread = matches!(table.kind, TableKind::Unparsed { .. });
        if child || unread || tables.contains(&fold(&table.name)) {
            concerned.insert(fold(&table.name));
        }
    }
    concerned
}

/// The tables that are in `after` but not in `before`.
pub(crate) fn new_tables(before: &Schema, after: &Schema) -> Tables {
    let new = after
        .tables()
        .filter(|table| before.table(&table.name).is_none());
    new.map(|table| fold(&table.name)).collect()
}
