//! What a step may not do, refused by [SQLite's authorizer](https://sqlite.org/c3ref/set_authorizer.html)
//! while a statement is prepared, before it can do anything.

mod judge;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use schema::sql::fold;

use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::plan::Move;
use crate::touched::Tables;
pub(crate) use judge::{STORAGE_PRAGMAS, judge_failure, judge_text};

/// Why a statement of a step was refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
}

/// Who wrote the SQL that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// The application: its catalogue has the step.
    Application,
    /// Whoever wrote the file: only its ledger has the step.
    File,
}

impl Author {
    pub(crate) fn of(catalogue: &Catalogue, step: &Move) -> Author {
        match catalogue.step(step.version) {
            // What the ledger stores of it was compared with what the catalogue has.
            Some(_) => Author::Application,
            None => Author::File,
        }
    }
}

/// Who is being watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    /// The engine itself, which may do everything.
    #[default]
    Nobody,
    /// A step.
    Step(Author),
    /// A survey, which may not write either.
    Survey,
    /// A step outside a transaction: its statements are known to be harmless, what they call is not. VACUUM
    /// attaches a file of its own and writes every table, and each statement commits by itself.
    Outside(Author),
}

#[derive(Default)]
struct State {
    watch: Watch,
    refusal: Option<Refusal>,
    touched: Tables,
    /// The functions that SQL of a file may call, by folded name.
    functions: BTreeSet<String>,
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
            match judge::judge(&context, state.watch, &state.functions) {
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
        let hook = move || matches!(lock(&state).watch, Watch::Step(_) | Watch::Survey);
        connection.commit_hook(Some(hook)).map_err(error::sqlite)?;
        Ok(guard)
    }

    /// Looks up which functions SQL of a file may call: those of SQLite itself, and those that the application
    /// has called [harmless](https://sqlite.org/c3ref/c_deterministic.html#sqliteinnocuous). Until then it may
    /// call none.
    pub(crate) fn look_up_functions(&self) -> Result<(), Error> {
        let sql =
            "SELECT DISTINCT name FROM pragma_function_list WHERE builtin OR flags & 0x200000";
        let names = || -> rusqlite::Result<BTreeSet<String>> {
            let mut statement = self.connection.prepare(sql)?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            names.map(|name| Ok(fold(&name?))).collect()
        };
        lock(&self.state).functions = names().map_err(error::sqlite)?;
        Ok(())
    }

    /// The tables that were changed while it watched, by their folded names.
    pub(crate) fn touched(&self) -> Tables {
        lock(&self.state).touched.clone()
    }

    pub(crate) fn forget_touched(&self) {
        lock(&self.state).touched.clear();
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
