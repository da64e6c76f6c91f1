//! What a step may not do, refused by [SQLite's authorizer](https://sqlite.org/c3ref/set_authorizer.html)
//! while a statement is prepared, before it can do anything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::error::{self, Error};
use crate::ledger::LEDGER_TABLE;

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

#[derive(Default)]
struct State {
    inside_step: bool,
    refusal: Option<Refusal>,
}

/// The authorizer of one run: it watches only between [`Guard::enter`] and [`Guard::leave`].
pub(crate) struct Guard {
    state: Arc<Mutex<State>>,
}

impl Guard {
    pub(crate) fn install(connection: &Connection) -> Result<Guard, Error> {
        let guard = Guard {
            state: Arc::default(),
        };
        let state = Arc::clone(&guard.state);
        let hook = move |context: AuthContext<'_>| {
            let mut state = lock(&state);
            if !state.inside_step {
                return Authorization::Allow;
            }
            match judge(&context.action) {
                None => Authorization::Allow,
                Some(refusal) => {
                    state.refusal = Some(refusal);
                    Authorization::Deny
                }
            }
        };
        connection.authorizer(Some(hook)).map_err(error::sqlite)?;
        Ok(guard)
    }

    pub(crate) fn remove(connection: &Connection) {
        let none: Option<fn(AuthContext<'_>) -> Authorization> = None;
        // It fails only for a connection that rusqlite does not own, and then was never installed.
        let _ = connection.authorizer(none);
    }

    pub(crate) fn enter(&self) {
        let mut state = lock(&self.state);
        state.inside_step = true;
        state.refusal = None;
    }

    /// Stops watching and tells what was refused meanwhile.
    pub(crate) fn leave(&self) -> Option<Refusal> {
        let mut state = lock(&self.state);
        state.inside_step = false;
        state.refusal.take()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn judge(action: &AuthAction<'_>) -> Option<Refusal> {
    let refuse = |what: String, remedy| Some(Refusal { what, remedy });
    match *action {
        AuthAction::Transaction { .. } => refuse(
            "BEGIN, COMMIT or ROLLBACK".to_owned(),
            "remove it: all steps of a run share one transaction, which the engine opens and commits",
        ),
        AuthAction::Savepoint { .. } => refuse(
            "SAVEPOINT or RELEASE".to_owned(),
            "remove it: a step either succeeds as a whole or the run is rolled back",
        ),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => refuse(
            "ATTACH, DETACH or VACUUM".to_owned(),
            "remove it: a step works on its own file only",
        ),
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => judge_pragma(pragma_name, pragma_value),
        AuthAction::Function { function_name }
            if function_name.eq_ignore_ascii_case("load_extension") =>
        {
            refuse(
                "load_extension()".to_owned(),
                "register what the step needs on the connection before the run",
            )
        }
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. }
            if table_name.eq_ignore_ascii_case(LEDGER_TABLE) =>
        {
            refuse(
                format!("a change to the ledger `{LEDGER_TABLE}`"),
                "remove it: the engine records each step in the same transaction",
            )
        }
        _ => None,
    }
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
        "remove it: the engine sets the version in the transaction of the run"
    } else {
        "remove it, and set it where the application opens its connection"
    };
    Some(Refusal {
        what: format!("PRAGMA {name}"),
        remedy,
    })
}
