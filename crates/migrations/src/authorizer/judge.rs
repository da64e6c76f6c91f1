//! The list of allowed actions. Any action that is not listed is refused, including those that a
//! newer SQLite adds.

use std::collections::BTreeSet;

use rusqlite::ffi;
use rusqlite::hooks::{AuthAction, AuthContext};

use schema::sql::fold;

use super::pragma::{STORAGE_PRAGMAS, judge_pragma};
use super::refuse::{refuse, refuse_attach};
use super::watch::{Author, Watch};
use crate::facts::Refusal;
use crate::ledger::LEDGER_TABLE;

/// Functions that no step may call, even if the application registers or unlocks them: they open
/// files.
const OPENING_FILES: [&str; 6] = [
    "load_extension",
    "fts3_tokenizer",
    "readfile",
    "writefile",
    "edit",
    "fsdir",
];

/// Modules of virtual tables that keep all their data in the file itself.
const IN_THE_FILE: [&str; 7] = [
    "fts3",
    "fts4",
    "fts5",
    "fts5vocab",
    "rtree",
    "rtree_i32",
    "geopoly",
];

/// The prefix of the names that VACUUM gives to the database that it builds.
const OF_VACUUM: &str = "vacuum_";

pub(super) fn judge(
    context: &AuthContext<'_>,
    watch: Watch,
    functions: &BTreeSet<String>,
) -> Option<Refusal> {
    let action = &context.action;
    let author = match watch {
        Watch::Nobody => return None,
        Watch::Step(author) | Watch::NonTransactional(author) => author,
        Watch::Survey => Author::Application,
    };
    if let AuthAction::Function { function_name } = action {
        return judge_function(function_name, author, functions);
    }
    if let Watch::NonTransactional(_) = watch {
        return judge_outside(context);
    }
    judge_ledger(action)
        .or_else(|| judge_database(context, author))
        .or_else(|| judge_action(action, author))
        .or_else(|| {
            if watch != Watch::Survey || reads(action) {
                return None;
            }
            refuse(
                "a statement that writes",
                "only read in `preflight`, and write in `apply`",
            )
        })
}

/// Judges an action of a step inside the transaction of its run.
fn judge_action(action: &AuthAction<'_>, author: Author) -> Option<Refusal> {
    match *action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Recursive
        | AuthAction::Insert { .. }
        | AuthAction::Delete { .. }
        | AuthAction::Update { .. }
        | AuthAction::CreateTable { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::CreateTempView { .. }
        | AuthAction::AlterTable { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropTempTable { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::DropTempIndex { .. }
        | AuthAction::DropTrigger { .. }
        | AuthAction::DropTempTrigger { .. }
        | AuthAction::DropView { .. }
        | AuthAction::DropTempView { .. }
        | AuthAction::DropVtable { .. }
        | AuthAction::Reindex { .. }
        | AuthAction::Analyze { .. } => None,
        AuthAction::CreateVtable { module_name, .. } => judge_module(module_name, author),
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => judge_pragma(pragma_name, pragma_value),
        AuthAction::Transaction { .. } => refuse(
            "BEGIN, COMMIT or ROLLBACK",
            "remove it: all steps of a run share one transaction, which the engine opens and \
             commits",
        ),
        AuthAction::Savepoint { .. } => refuse(
            "SAVEPOINT, RELEASE or ROLLBACK TO",
            "remove it: a step either succeeds as a whole or the run is rolled back",
        ),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => refuse_attach(),
        // If the file name is not a literal, SQLite does not report it.
        AuthAction::Unknown { code, .. } if code == ffi::SQLITE_ATTACH => refuse_attach(),
        _ => refuse_unknown(),
    }
}

fn refuse_unknown() -> Option<Refusal> {
    refuse(
        "a statement that this engine does not know",
        "use SQL that SQLite 3.53 knows, or update the engine",
    )
}

/// Judges an action of a step outside a transaction. Its statements are known; the actions that
/// VACUUM, ANALYZE and REINDEX take internally reach the authorizer like any other.
fn judge_outside(context: &AuthContext<'_>) -> Option<Refusal> {
    let database = context.database_name.unwrap_or("main");
    let own = |name: &str| is_own(name) || name.starts_with(OF_VACUUM);
    match context.action {
        AuthAction::Select | AuthAction::Recursive | AuthAction::Transaction { .. } => None,
        AuthAction::Read { .. }
        | AuthAction::Insert { .. }
        | AuthAction::Delete { .. }
        | AuthAction::Update { .. }
        | AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::Reindex { .. }
        | AuthAction::Analyze { .. }
            if own(database) =>
        {
            None
        }
        // The file that VACUUM builds has no name.
        AuthAction::Attach { filename: "" } => None,
        AuthAction::Detach { database_name } if database_name.starts_with(OF_VACUUM) => None,
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => {
            let storage = STORAGE_PRAGMAS
                .iter()
                .any(|known| pragma_name.eq_ignore_ascii_case(known));
            if storage {
                None
            } else {
                judge_pragma(pragma_name, pragma_value)
            }
        }
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => refuse_attach(),
        AuthAction::Unknown { code, .. } if code == ffi::SQLITE_ATTACH => refuse_attach(),
        _ => refuse(
            "this statement outside a transaction",
            "outside a transaction only VACUUM, ANALYZE, REINDEX and storage pragmas may run; put \
             the rest into a step of \
             its own",
        ),
    }
}

/// Refuses access to other databases that are attached to the application's connection.
fn judge_database(context: &AuthContext<'_>, author: Author) -> Option<Refusal> {
    let database = match context.action {
        // For this action the other name is that of a column.
        AuthAction::AlterTable { database_name, .. } => database_name,
        _ => context.database_name?,
    };
    let only_reads = reads(&context.action) && author == Author::Application;
    if is_own(database) || only_reads {
        return None;
    }
    refuse(
        format!("the attached database `{database}`"),
        "remove it: a step works on its own file only, and a backup holds nothing else",
    )
}

fn is_own(database: &str) -> bool {
    ["main", "temp"]
        .iter()
        .any(|known| database.eq_ignore_ascii_case(known))
}

fn judge_function(name: &str, author: Author, functions: &BTreeSet<String>) -> Option<Refusal> {
    let folded = fold(name);
    if OPENING_FILES.contains(&folded.as_str()) {
        return refuse(
            format!("{folded}()"),
            "register what the step needs on the connection before the run",
        );
    }
    match author {
        Author::Application => None,
        // SQLite itself calls the `sqlite_…` functions for ALTER TABLE; nothing else can call them.
        Author::File if functions.contains(&folded) || folded.starts_with("sqlite_") => None,
        Author::File => refuse(
            format!("{folded}()"),
            "only the file knows this step, so it may call only SQLite's own functions and those \
             that are \
             registered as `SQLITE_INNOCUOUS`; go back with the build that knows the step",
        ),
    }
}

fn judge_module(module: &str, author: Author) -> Option<Refusal> {
    let known = IN_THE_FILE
        .iter()
        .any(|known| module.eq_ignore_ascii_case(known));
    match author {
        Author::File if !known => refuse(
            format!("the virtual table module `{module}`"),
            "only the file knows this step, so it may use only modules that keep everything in \
             the file; go \
             back with the build that knows the step",
        ),
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
            | AuthAction::Pragma { .. }
    )
}

/// Judges access to the ledger. It may be read. Temporary objects of its name would hide it, and a
/// trigger on it would run with the engine's own writes.
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
