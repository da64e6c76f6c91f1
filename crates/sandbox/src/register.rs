//! Registers the objects of an application on a connection.

use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::application::{Application, Collation, ObjectKind};
use crate::budget::Budget;
use crate::confine::{Denied, guard};
use crate::scope::INSTRUCTIONS_PER_SECOND;
use crate::sqlite_message::sqlite_message;

/// Registers everything on a connection.
pub(crate) fn register(application: &Application, connection: &Connection) -> rusqlite::Result<()> {
    for ((name, arity), expression) in application.functions() {
        register_function(connection, &name, arity, expression.as_deref())?;
    }
    for (name, collation) in application.collations() {
        register_collation(connection, &name, collation)?;
    }
    Ok(())
}

/// Registers the function or the collation that an error reports as missing. Returns whether the
/// statement may pass now.
pub(crate) fn learn(
    application: &Application,
    connection: &Connection,
    error: &rusqlite::Error,
    accepts_function: impl Fn(&str) -> bool,
) -> bool {
    let words = sqlite_message(error);
    let name = |start: &str| words.split_once(start).map(|(_, name)| name);
    if let Some(name) = name("no such collation sequence: ") {
        // Declared ones are registered when the sandbox opens.
        application.add_missing(ObjectKind::Collation, name);
        return register_collation(connection, name, Collation::default()).is_ok();
    }
    let Some(name) = name("no such function: ").filter(|name| accepts_function(name)) else {
        return false;
    };
    application.add_missing(ObjectKind::Function, name);
    register_function(connection, name, -1, None).is_ok()
}

fn register_function(
    connection: &Connection,
    name: &str,
    arity: i32,
    expression: Option<&str>,
) -> rusqlite::Result<()> {
    // The application's own tables and views call it.
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    let Some(expression) = expression else {
        return connection.create_scalar_function(name, arity, flags, |_| Ok(Value::Null));
    };
    let calculator = Calculator {
        sql: format!("SELECT {expression}"),
        own: Mutex::default(),
    };
    connection.create_scalar_function(name, arity, flags, move |context| calculator.value(context))
}

/// The maximum number of instructions for a call of a function.
const CALL: u64 = INSTRUCTIONS_PER_SECOND;

/// Computes the value of an expression on a connection of its own.
struct Calculator {
    sql: String,
    own: Mutex<Option<(Connection, Budget)>>,
}

impl Calculator {
    fn value(&self, context: &Context<'_>) -> rusqlite::Result<Value> {
        let arguments: Vec<Value> = (0..context.len())
            .map(|place| context.get(place))
            .collect::<rusqlite::Result<_>>()?;
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let (connection, budget) = match &mut *own {
            Some(own) => own,
            none => {
                let connection = Connection::open_in_memory()?;
                let budget = guard(&connection, &Denied::default(), |_| false)?;
                none.insert((connection, budget))
            }
        };
        budget.limit(CALL);
        let mut statement = connection.prepare_cached(&self.sql)?;
        // An expression need not use all arguments.
        let used = statement.parameter_count();
        statement.query_row(params_from_iter(arguments.into_iter().take(used)), |row| {
            row.get(0)
        })
    }
}

fn register_collation(
    connection: &Connection,
    name: &str,
    collation: Collation,
) -> rusqlite::Result<()> {
    let compare: fn(&str, &str) -> Ordering = match collation {
        Collation::Binary => |one, other| one.cmp(other),
        Collation::NoCase => |one, other| {
            let lower = |text: &str| text.to_ascii_lowercase();
            lower(one).cmp(&lower(other))
        },
        Collation::RTrim => |one, other| one.trim_end_matches(' ').cmp(other.trim_end_matches(' ')),
    };
    connection.create_collation(name, compare)
}
