//! Both lines of defence on a connection.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthContext, Authorization};

use crate::allowed::{self, Decision};
use crate::budget::Budget;
use crate::limits;
use crate::scope::INSTRUCTIONS_PER_SECOND;

/// How many instructions reading a file may take.
const READING: u64 = 60 * INSTRUCTIONS_PER_SECOND;

/// What the authorizer refused last.
pub(crate) type Denied = Arc<Mutex<Option<String>>>;

/// Keeps a connection to a file, which the caller opened to read it, from any other file, and
/// limits its work.
///
/// # Errors
/// If SQLite refuses a limit.
pub fn confine(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "temp_store", "memory")?;
    let budget = guard(connection, &[], &Denied::default())?;
    budget.limit(READING);
    Ok(())
}

/// Limits what SQLite may allocate for all connections of the process: many values of the greatest
/// size may be alive at once. For a program of its own.
pub fn limit_memory() {
    const MEMORY: i64 = 4 << 30;
    let set = || -> rusqlite::Result<()> {
        let connection = Connection::open_in_memory()?;
        connection.pragma_update_and_check(None, "hard_heap_limit", MEMORY, |_| Ok(()))
    };
    // Without it the system says when there is no more.
    let _ = set();
}

/// Both lines of defence. SQL loads no extension: SQLite has that off, and nothing here switches it
/// on.
pub(crate) fn guard(
    connection: &Connection,
    functions: &[String],
    denied: &Denied,
) -> rusqlite::Result<Budget> {
    limits::set(connection)?;
    for (mode, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
    ] {
        connection.set_db_config(mode, on)?;
    }
    let budget = Budget::of(connection)?;
    let (meter, functions, denied) = (budget.meter(), functions.to_vec(), Arc::clone(denied));
    let note = move |what: String| {
        let mut denied = denied.lock().unwrap_or_else(PoisonError::into_inner);
        denied.get_or_insert(what);
        Authorization::Deny
    };
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        // Preparing is work, too, and the expansion of views is seen nowhere else.
        if meter.ask() {
            return Authorization::Deny;
        }
        match allowed::decide(context.action, &functions) {
            Decision::Allow => Authorization::Allow,
            Decision::Ignore => Authorization::Ignore,
            Decision::Deny(what) => note(what),
        }
    }))?;
    Ok(budget)
}
