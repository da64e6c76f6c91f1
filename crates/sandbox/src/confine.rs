//! Both lines of defence on a connection.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthContext, Authorization};

use crate::allowed::{self, Decision};
use crate::budget::Budget;
use crate::limits;
use crate::scope::INSTRUCTIONS_PER_SECOND;

/// The maximum number of instructions for reading a file.
const READING: u64 = 60 * INSTRUCTIONS_PER_SECOND;

/// The last action that the authorizer refused.
pub(crate) type Denied = Arc<Mutex<Option<String>>>;

/// Confines a connection to a file, which the caller opened to read it: it reaches no other file,
/// and its work is limited.
///
/// # Errors
/// If SQLite refuses a limit.
pub fn confine(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "temp_store", "memory")?;
    let budget = guard(connection, &Denied::default(), |_| false)?;
    budget.limit(READING);
    Ok(())
}

/// Limits the memory of all connections of the process, because many values of the maximum size may
/// exist at once. For a program that has the process to itself.
pub fn limit_memory() {
    const MEMORY: i64 = 4 << 30;
    let set = || -> rusqlite::Result<()> {
        let connection = Connection::open_in_memory()?;
        connection.pragma_update_and_check(None, "hard_heap_limit", MEMORY, |_| Ok(()))
    };
    // If SQLite does not support the limit, the limit of the system applies.
    let _ = set();
}

/// Sets up both lines of defence. `registered` knows the functions that the caller registers. SQL
/// cannot load extensions: SQLite has that off by default, and nothing here turns it on.
pub(crate) fn guard(
    connection: &Connection,
    denied: &Denied,
    registered: impl Fn(&str) -> bool + Send + std::panic::UnwindSafe + 'static,
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
    let (meter, denied) = (budget.meter(), Arc::clone(denied));
    let note = move |what: String| {
        let mut denied = denied.lock().unwrap_or_else(PoisonError::into_inner);
        denied.get_or_insert(what);
        Authorization::Deny
    };
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        // Preparing a statement is work, too, and only the authorizer sees the expansion of views.
        if meter.ask() {
            return Authorization::Deny;
        }
        match allowed::decide(context.action, &registered) {
            Decision::Allow => Authorization::Allow,
            Decision::Ignore => Authorization::Ignore,
            Decision::Deny(what) => note(what),
        }
    }))?;
    Ok(budget)
}
