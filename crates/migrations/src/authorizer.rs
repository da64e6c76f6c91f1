//! The restrictions of a step, enforced by [SQLite's
//! authorizer](https://sqlite.org/c3ref/set_authorizer.html) when a statement is prepared, before
//! it can take effect.

mod judge;
pub(crate) mod pragma;
mod refuse;
pub(crate) mod text;
pub(crate) mod watch;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use schema::sql::fold;

use crate::error::{self, Error};
use crate::facts::Refusal;
use watch::Watch;

/// Folded table names.
pub(crate) type Tables = BTreeSet<String>;

#[derive(Default)]
struct State {
    watch: Watch,
    refusal: Option<Refusal>,
    affected_tables: Tables,
    /// The functions that SQL from the file may call, by folded name.
    functions: BTreeSet<String>,
}

/// The authorizer of one run. It watches only between [`Authorizer::enter`] and
/// [`Authorizer::leave`].
pub(crate) struct Authorizer {
    state: Arc<Mutex<State>>,
}

impl Authorizer {
    pub(crate) fn install(connection: &mut Connection) -> Result<Authorizer, Error> {
        let authorizer = Authorizer {
            state: Arc::default(),
        };
        let state = Arc::clone(&authorizer.state);
        let hook = move |context: AuthContext<'_>| {
            let mut state = lock(&state);
            if state.watch != Watch::Nobody
                && let Some(table) = changes(&context.action)
            {
                state.affected_tables.insert(fold(table));
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
        // After `OR ROLLBACK` has ended the transaction, any further write of a function would
        // commit by itself; returning true turns that commit into a rollback.
        let state = Arc::clone(&authorizer.state);
        let hook = move || matches!(lock(&state).watch, Watch::Step(_) | Watch::Survey);
        connection.commit_hook(Some(hook)).map_err(error::sqlite)?;
        Ok(authorizer)
    }

    /// Removes both hooks.
    pub(crate) fn remove(connection: &mut Connection) {
        // Both calls fail only for a connection that rusqlite does not own, where no hook was
        // installed.
        let _ = connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
        let _ = connection.commit_hook(None::<fn() -> bool>);
    }

    /// Looks up the functions that SQL from the file may call: SQLite's own, and those that the
    /// application has registered as
    /// [innocuous](https://sqlite.org/c3ref/c_deterministic.html#sqliteinnocuous). Before this call
    /// it may call none.
    pub(crate) fn look_up_functions(&self, connection: &Connection) -> Result<(), Error> {
        let sql =
            "SELECT DISTINCT name FROM pragma_function_list WHERE builtin OR flags & 0x200000";
        let names = || -> rusqlite::Result<BTreeSet<String>> {
            let mut statement = connection.prepare(sql)?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            names.map(|name| Ok(fold(&name?))).collect()
        };
        lock(&self.state).functions = names().map_err(error::sqlite)?;
        Ok(())
    }

    /// The folded names of the tables that changed while the authorizer watched.
    pub(crate) fn affected_tables(&self) -> Tables {
        lock(&self.state).affected_tables.clone()
    }

    pub(crate) fn clear_affected_tables(&self) {
        lock(&self.state).affected_tables.clear();
    }

    pub(crate) fn enter(&self, watch: Watch) {
        let mut state = lock(&self.state);
        state.watch = watch;
        state.refusal = None;
    }

    /// Stops watching and returns the first refusal since `enter`.
    pub(crate) fn leave(&self) -> Option<Refusal> {
        let mut state = lock(&self.state);
        state.watch = Watch::Nobody;
        state.refusal.take()
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
