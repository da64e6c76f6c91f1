//! Steps that must run outside a transaction: VACUUM and the pragmas that fail or do nothing inside
//! one. Such a step has a file `outside_transaction.md` with the reason in its folder, runs alone,
//! and contains only statements that may be repeated: after a crash between the step and its row in
//! the ledger, the step runs once more.

#![expect(clippy::disallowed_methods, reason = "a step has a time by the clock")]

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use schema::sql;

use crate::authorizer::pragma::STORAGE_PRAGMAS;
use crate::authorizer::watch::{Author, Watch};
use crate::confined::Confined;
use crate::error::{self, Error};
use crate::execute::execute_one;
use crate::facts::Refusal;
use crate::lock_wait::{LockWait, WaitingConnection};
use crate::planned_step::PlannedStep;
use crate::sandbox::Attached;

/// The pause before a lock is tried again: `journal_mode = WAL` ignores the busy timeout.
const PAUSE: Duration = Duration::from_millis(5);

/// Whether a script contains only such statements, and at least one. A build that does not know a
/// step decides by this how to run its down migration.
pub(crate) fn is_non_transactional_script(script: &str) -> bool {
    let statements = sql::statements(script);
    !statements.is_empty()
        && statements
            .iter()
            .all(|statement| judge(statement.text).is_none())
        && statements
            .iter()
            .any(|statement| !first_word(statement.text).eq("select"))
}

/// Runs the script of a step statement by statement.
pub(crate) fn carry_out(
    waiting: &mut WaitingConnection<'_>,
    step: &PlannedStep,
    author: Author,
) -> Result<(), Error> {
    let statements = sql::statements(&step.sql);
    for (number, statement) in (1..).zip(&statements) {
        if let Some(refusal) = judge(statement.text) {
            return Err(error::statement_refused(step, number, statement, &refusal));
        }
    }
    let WaitingConnection { connection, wait } = waiting;
    let confined = Confined::new(connection, Attached::OfVacuum)?;
    let authorizer = confined.authorizer();
    match author {
        Author::Application => confined.trust_schema()?,
        Author::File => confined.look_up_functions()?,
    }
    for (number, statement) in (1..).zip(&statements) {
        authorizer.enter(Watch::NonTransactional(author));
        let done = execute(confined.connection(), wait, statement.text);
        let refusal = authorizer.leave();
        done.map_err(|source| match refusal {
            Some(refusal) => error::statement_refused(step, number, statement, &refusal),
            None => error::statement_failed(step, number, statement, source),
        })?;
    }
    Ok(())
}

fn execute(connection: &Connection, wait: &LockWait, text: &str) -> rusqlite::Result<()> {
    loop {
        let since = Instant::now();
        let done = execute_one(connection, text);
        let code = done.as_ref().err().map(rusqlite::Error::sqlite_error_code);
        if code != Some(Some(ErrorCode::DatabaseBusy)) || wait.remaining().is_zero() {
            return done;
        }
        thread::sleep(PAUSE);
        wait.spend(connection, since.elapsed());
    }
}

/// The reason why a statement may not be in such a step.
fn judge(statement: &str) -> Option<Refusal> {
    let text = sql::fold(&sql::canonical(statement));
    let pragma = text.strip_prefix("pragma ").map(|rest| {
        let rest = rest
            .trim_start()
            .strip_prefix("main.")
            .unwrap_or(rest.trim_start());
        rest.split(|next: char| !(next.is_ascii_alphanumeric() || next == '_'))
            .next()
            .unwrap_or("")
    });
    let fine = match (first_word(statement).as_str(), pragma) {
        ("pragma", Some(name)) => STORAGE_PRAGMAS.contains(&name),
        ("vacuum", _) => !text.contains(" into "),
        ("analyze" | "reindex" | "select", _) => true,
        _ => false,
    };
    (!fine).then(|| Refusal {
        what: "this statement outside a transaction".to_owned(),
        remedy: "a step outside a transaction may contain only VACUUM, ANALYZE, REINDEX, and the \
                 pragmas journal_mode, page_size and \
                 auto_vacuum, which may be repeated; put the rest into a step of its own",
    })
}

fn first_word(statement: &str) -> String {
    let text = sql::canonical(statement);
    sql::fold(
        text.split(|next: char| !next.is_ascii_alphabetic())
            .next()
            .unwrap_or(""),
    )
}
