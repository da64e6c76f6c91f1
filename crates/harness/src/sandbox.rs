//! Runs anybody's SQL in memory: it reaches no other file, does no more than a budget of work, and stays within
//! limits of size.
//!
//! Every connection on which SQL of others runs comes from here: [`Sandbox`] for a database in memory, [`confine`]
//! for a file that is only read. The first line of defence is the [authorizer](allowed), which denies what it does
//! not list. The second does not depend on it: no database can be attached, defensive mode is on, the schema is not
//! trusted, no extension loads, temporary storage stays in memory, and values, statements and programs have a
//! greatest size.

mod allowed;
mod budget;
mod limits;
mod scope;

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, ffi};

pub(crate) use budget::{Budget, SPEED};
pub(crate) use scope::{Deadline, Scope};

use crate::fixture;
use crate::journey::reason;
use allowed::Decision;

/// Why SQL of others was not run to its end, although SQLite itself found no fault with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It reaches for something outside its own database.
    Refused(String),
    /// It does not end within the work that a statement may do.
    Statement,
    /// It needs more room than it gets.
    Size(String),
    /// The step, or the whole run, has no work left.
    Scope(String),
}

impl Stop {
    /// The reason as a clause.
    pub(crate) fn why(&self) -> String {
        match self {
            Stop::Refused(what) => format!("{what}, which is not done here"),
            Stop::Statement => "the statement does not end within the work it may do".to_owned(),
            Stop::Size(what) => format!("{what}, which is more than is tried here"),
            Stop::Scope(what) => what.clone(),
        }
    }
}

/// A database in memory on which SQL of others runs.
#[derive(Debug)]
pub(crate) struct Sandbox {
    connection: Connection,
    budget: Budget,
    denied: Denied,
}

/// Where a script stopped.
pub(crate) struct Halt<'s> {
    pub(crate) statement: schema::sql::Statement<'s>,
    pub(crate) error: rusqlite::Error,
    pub(crate) why: String,
}

/// How many instructions a statement of a script may take that is run to see what it makes.
const STATEMENT: u64 = 10 * budget::SPEED;

/// How many instructions reading a file may take.
const READING: u64 = 60 * budget::SPEED;

/// What the authorizer refused last.
type Denied = Arc<Mutex<Option<String>>>;

impl std::ops::Deref for Sandbox {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Sandbox {
    /// A database from its bytes, none for an empty one, with foreign keys on. `functions` are registered by the
    /// caller, and may be called.
    pub(crate) fn open(image: &[u8], functions: &[String]) -> Result<Sandbox, String> {
        Sandbox::around(fixture::from_image(image)?, functions)
    }

    /// An empty database of small pages: they keep many copies small, and nothing that a script sees depends on them.
    pub(crate) fn of_small_pages(functions: &[String]) -> Result<Sandbox, String> {
        let connection = fixture::from_image(&[])?;
        let set = connection.pragma_update(None, "page_size", 512);
        set.map_err(|error| error.to_string())?;
        Sandbox::around(connection, functions)
    }

    fn around(connection: Connection, functions: &[String]) -> Result<Sandbox, String> {
        let sandbox = || -> rusqlite::Result<Sandbox> {
            connection.pragma_update(None, "temp_store", "memory")?;
            limits::set_pages(&connection)?;
            let denied = Denied::default();
            let budget = guard(&connection, functions, &denied)?;
            Ok(Sandbox {
                connection,
                budget,
                denied,
            })
        };
        sandbox().map_err(|error| error.to_string())
    }

    /// The work that is left for the statement at hand.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Runs one statement of others. What only some statements need is lent to these alone.
    pub(crate) fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.forget_denied();
        let needs = Needs::of(sql);
        if needs.attaches {
            limits::allow_one_more(&self.connection)?;
        }
        if needs.writes_schema {
            self.set_defensive(false)?;
        }
        let done = self.connection.execute_batch(sql);
        if needs.attaches {
            self.connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        }
        done
    }

    /// Runs a script of others, each statement with a budget of its own.
    pub(crate) fn run_script<'s>(&self, script: &'s str) -> Result<(), Box<Halt<'s>>> {
        for statement in schema::sql::statements(script) {
            self.budget.limit(STATEMENT);
            if let Err(error) = self.run(statement.text) {
                let why = match self.stop(&error) {
                    Some(stop) => stop.why(),
                    None => reason(&error),
                };
                return Err(Box::new(Halt {
                    statement,
                    error,
                    why,
                }));
            }
        }
        self.budget.limit(STATEMENT);
        Ok(())
    }

    /// Ends what [`run`](Sandbox::run) lent to a script that writes the schema itself.
    pub(crate) fn end_script(&self) -> rusqlite::Result<()> {
        self.set_defensive(true)
    }

    /// Lets the caller's own statements write the schema itself.
    pub(crate) fn set_defensive(&self, on: bool) -> rusqlite::Result<()> {
        let mode = DbConfig::SQLITE_DBCONFIG_DEFENSIVE;
        self.connection.set_db_config(mode, on).map(drop)
    }

    /// Forgets what was refused so far, before a statement whose own refusal matters.
    pub(crate) fn forget_denied(&self) {
        let mut denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        *denied = None;
    }

    /// What of this sandbox, and not of the SQL itself, is behind an error.
    pub(crate) fn stop(&self, error: &rusqlite::Error) -> Option<Stop> {
        let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(what) = denied.clone() {
            return Some(Stop::Refused(what));
        }
        if let Some(stop) = self.budget.stopped() {
            return Some(stop);
        }
        limits::stop(error).or_else(|| distrusted(error))
    }

    /// The bytes of the database.
    pub(crate) fn image(&self) -> Result<Vec<u8>, String> {
        fixture::image(&self.connection)
    }
}

/// Keeps a connection to a file, which the caller opened to read it, from any other file, and limits its work.
pub(crate) fn confine(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "temp_store", "memory")?;
    let budget = guard(connection, &[], &Denied::default())?;
    budget.limit(READING);
    Ok(())
}

/// Limits what SQLite may allocate for all connections of the process: many values of the greatest size may be alive
/// at once. For a program of its own.
pub(crate) fn limit_memory() {
    const MEMORY: i64 = 4 << 30;
    let set = || -> rusqlite::Result<()> {
        let connection = Connection::open_in_memory()?;
        connection.pragma_update_and_check(None, "hard_heap_limit", MEMORY, |_| Ok(()))
    };
    // Without it the system says when there is no more.
    let _ = set();
}

/// Both lines of defence. SQL loads no extension: SQLite has that off, and nothing here switches it on.
fn guard(
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

/// What a statement needs that others do not get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Needs {
    /// `VACUUM` attaches a database of its own, and `ATTACH` of one in memory is what it says.
    attaches: bool,
    /// After `PRAGMA writable_schema = ON` a script writes `sqlite_schema`, and the tables of a virtual table.
    writes_schema: bool,
}

impl Needs {
    fn of(sql: &str) -> Needs {
        // Any other statement may be long, and its first word tells.
        let first = schema::sql::statements(sql.get(..64).unwrap_or(sql));
        let starts = |word: &str| {
            let first = first.first().map(|first| first.text).unwrap_or_default();
            (first.get(..word.len())).is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if !["vacuum", "attach", "pragma"].into_iter().any(starts) {
            return Needs::default();
        }
        let words = schema::sql::fold(&schema::sql::canonical(sql));
        let words = words.split(|c: char| c.is_whitespace() || c == ';');
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let attaches = match words.as_slice() {
            ["vacuum", rest @ ..] => !rest.contains(&"into"),
            ["attach", "database", name, "as", ..] | ["attach", name, "as", ..] => {
                IN_MEMORY.contains(name)
            }
            _ => false,
        };
        Needs {
            attaches,
            writes_schema: words.iter().any(|word| word.contains("writable_schema")),
        }
    }
}

/// The literals that name a database in memory, or a temporary one, which is in memory here.
const IN_MEMORY: [&str; 2] = ["''", "':memory:'"];

/// What defensive mode and the distrust of the schema refuse without asking the authorizer.
fn distrusted(error: &rusqlite::Error) -> Option<Stop> {
    let words = reason(error);
    let refused = |what: String| Some(Stop::Refused(what));
    if let Some(what) = words.strip_prefix("unsafe use of ") {
        return refused(format!(
            "a view, a trigger or a table uses {what} by itself"
        ));
    }
    if words.starts_with("table ") && words.ends_with(" may not be modified") {
        return refused(format!(
            "{words}: it is SQLite's own, or behind a virtual table"
        ));
    }
    None
}

/// Whether an error is an interruption.
pub(crate) fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
        || (error.sqlite_error()).is_some_and(|error| error.extended_code == ffi::SQLITE_INTERRUPT)
}

#[cfg(test)]
mod tests;
