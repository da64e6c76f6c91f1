//! What a step may not do, refused by [SQLite's authorizer](https://sqlite.org/c3ref/set_authorizer.html)
//! while a statement is prepared, before it can do anything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use schema::sql::fold;

use crate::error::{self, Error};
use crate::ledger::LEDGER_TABLE;
use crate::touched::Tables;

/// Pragmas that read even when they are given an argument.
const READING: [&str; 10] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
];

/// Pragmas that act even when they are given none.
const ACTING: [&str; 4] = [
    "optimize",
    "wal_checkpoint",
    "incremental_vacuum",
    "shrink_memory",
];

/// Why a statement of a step was refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
}

/// Who is being watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    /// The engine itself, which may do everything.
    #[default]
    Nobody,
    /// A step.
    Step,
    /// A survey, which may not write either.
    Survey,
    /// A step outside a transaction: its statements are known to be harmless, what they call is not. VACUUM
    /// attaches a file of its own and writes every table, and each statement commits by itself.
    Outside,
}

#[derive(Default)]
struct State {
    watch: Watch,
    refusal: Option<Refusal>,
    touched: Tables,
}

/// The authorizer of one run: it watches only between [`Guard::enter`] and [`Guard::leave`].
pub(crate) struct Guard<'a> {
    connection: &'a Connection,
    state: Arc<Mutex<State>>,
}

impl<'a> Guard<'a> {
    pub(crate) fn install(connection: &'a Connection) -> Result<Guard<'a>, Error> {
        let guard = Guard {
            connection,
            state: Arc::default(),
        };
        let state = Arc::clone(&guard.state);
        let hook = move |context: AuthContext<'_>| {
            let mut state = lock(&state);
            if state.watch != Watch::Nobody
                && let Some(table) = changes(&context.action)
            {
                state.touched.insert(fold(table));
            }
            match judge(&context.action, state.watch) {
                None => Authorization::Allow,
                Some(refusal) => {
                    state.refusal = Some(refusal);
                    Authorization::Deny
                }
            }
        };
        connection.authorizer(Some(hook)).map_err(error::sqlite)?;
        // When `OR ROLLBACK` has ended the transaction, what a function still writes would commit by
        // itself; true turns that into a rollback.
        let state = Arc::clone(&guard.state);
        let hook = move || matches!(lock(&state).watch, Watch::Step | Watch::Survey);
        connection.commit_hook(Some(hook)).map_err(error::sqlite)?;
        Ok(guard)
    }

    /// The tables that were changed while it watched, by their folded names.
    pub(crate) fn touched(&self) -> Tables {
        lock(&self.state).touched.clone()
    }

    pub(crate) fn enter(&self, watch: Watch) {
        let mut state = lock(&self.state);
        state.watch = watch;
        state.refusal = None;
    }

    /// Stops watching and tells what was refused meanwhile.
    pub(crate) fn leave(&self) -> Option<Refusal> {
        let mut state = lock(&self.state);
        state.watch = Watch::Nobody;
        state.refusal.take()
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // Both fail only for a connection that rusqlite does not own, where nothing was installed.
        let _ = self
            .connection
            .authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
        let _ = self.connection.commit_hook(None::<fn() -> bool>);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The table that an action changes.
fn changes<'a>(action: &AuthAction<'a>) -> Option<&'a str> {
    match *action {
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::CreateIndex { table_name, .. }
        | AuthAction::DropIndex { table_name, .. } => Some(table_name),
        _ => None,
    }
}

fn refuse(what: impl Into<String>, remedy: &'static str) -> Option<Refusal> {
    Some(Refusal {
        what: what.into(),
        remedy,
    })
}

/// What the authorizer is not asked about.
pub(crate) fn judge_text(statement: &str) -> Option<Refusal> {
    let word = statement
        .split(|next: char| !next.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    if word.eq_ignore_ascii_case("VACUUM") {
        return refuse(
            "VACUUM",
            "it does not work inside a transaction: put it into a step of its own, with \
             `outside_transaction.md`",
        );
    }
    if statement.contains('\0') {
        return refuse(
            "a NUL character",
            "remove it: SQLite stops reading there and would skip the rest of the statement",
        );
    }
    None
}

/// What SQLite itself refuses before it asks the authorizer: a write to its own list of the schema, however
/// it is written. A run turns `writable_schema` off, so that there is no other answer.
pub(crate) fn judge_failure(source: &rusqlite::Error) -> Option<Refusal> {
    let words = source.to_string();
    let refused = ["sqlite_master", "sqlite_schema", "sqlite_temp_master"]
        .iter()
        .any(|table| words.contains(&format!("table {table} may not be modified")));
    match refused {
        true => refuse(
            "a write to `sqlite_schema`",
            "use CREATE, ALTER and DROP: one wrong byte there makes the whole file unreadable",
        ),
        false => None,
    }
}

fn judge(action: &AuthAction<'_>, watch: Watch) -> Option<Refusal> {
    if watch == Watch::Nobody {
        return None;
    }
    if watch == Watch::Outside {
        return judge_function(action);
    }
    let refusal = judge_ledger(action).or_else(|| judge_function(action));
    if refusal.is_some() {
        return refusal;
    }
    match *action {
        AuthAction::Transaction { .. } => refuse(
            "BEGIN, COMMIT or ROLLBACK",
            "remove it: all steps of a run share one transaction, which the engine opens and commits",
        ),
        AuthAction::Savepoint { .. } => refuse(
            "SAVEPOINT, RELEASE or ROLLBACK TO",
            "remove it: a step either succeeds as a whole or the run is rolled back",
        ),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => refuse(
            "ATTACH or DETACH",
            "remove it: a step works on its own file only",
        ),
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => judge_pragma(pragma_name, pragma_value),
        _ if watch == Watch::Survey && !reads(action) => refuse(
            "a statement that writes",
            "only read in `survey`, and write in `apply`",
        ),
        _ => None,
    }
}

fn judge_function(action: &AuthAction<'_>) -> Option<Refusal> {
    match *action {
        AuthAction::Function { function_name }
            if function_name.eq_ignore_ascii_case("load_extension") =>
        {
            refuse(
                "load_extension()",
                "register what the step needs on the connection before the run",
            )
        }
        _ => None,
    }
}

fn reads(action: &AuthAction<'_>) -> bool {
    matches!(
        action,
        AuthAction::Select
            | AuthAction::Read { .. }
            | AuthAction::Function { .. }
            | AuthAction::Recursive
    )
}

/// The ledger may be read. Temporary objects of its name would hide it, and a trigger on it would run
/// with the engine's own writes.
fn judge_ledger(action: &AuthAction<'_>) -> Option<Refusal> {
    let (AuthAction::Insert { table_name: name }
    | AuthAction::Delete { table_name: name }
    | AuthAction::Update {
        table_name: name, ..
    }
    | AuthAction::CreateTable { table_name: name }
    | AuthAction::CreateTempTable { table_name: name }
    | AuthAction::CreateVtable {
        table_name: name, ..
    }
    | AuthAction::CreateView { view_name: name }
    | AuthAction::CreateTempView { view_name: name }
    | AuthAction::CreateIndex {
        table_name: name, ..
    }
    | AuthAction::CreateTempIndex {
        table_name: name, ..
    }
    | AuthAction::CreateTrigger {
        table_name: name, ..
    }
    | AuthAction::CreateTempTrigger {
        table_name: name, ..
    }
    | AuthAction::DropTable { table_name: name }
    | AuthAction::AlterTable {
        table_name: name, ..
    }) = *action
    else {
        return None;
    };
    if !name.eq_ignore_ascii_case(LEDGER_TABLE) {
        return None;
    }
    refuse(
        format!("a change to the ledger `{LEDGER_TABLE}`"),
        "remove it: the engine records each step in the same transaction",
    )
}

fn judge_pragma(name: &str, value: Option<&str>) -> Option<Refusal> {
    let is = |list: &[&str]| list.iter().any(|known| name.eq_ignore_ascii_case(known));
    if is(&READING) || (value.is_none() && !is(&ACTING)) {
        return None;
    }
    let remedy = if name.eq_ignore_ascii_case("foreign_keys")
        || name.eq_ignore_ascii_case("defer_foreign_keys")
    {
        "remove it: foreign keys are off while a run works and checked before its COMMIT; inside a \
         transaction this pragma does nothing"
    } else if name.eq_ignore_ascii_case("user_version")
        || name.eq_ignore_ascii_case("application_id")
    {
        "remove it: the engine sets it in the transaction of the run"
    } else {
        "remove it, and set it where the application opens its connection"
    };
    Some(Refusal {
        what: format!("PRAGMA {name}"),
        remedy,
    })
}
