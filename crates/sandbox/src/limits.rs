//! Size limits of values, statements and databases. SQLite itself allows a value of a gigabyte.

use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode};

use crate::sqlite_message::sqlite_message;
use crate::stop::Stop;

/// The maximum length of a value or row. A function call processes a whole value, and nothing can
/// interrupt it.
const VALUE: i32 = 4 << 20;
/// The maximum length of a statement: real seed scripts have some megabytes.
const STATEMENT: i32 = 32 << 20;
/// The maximum length of a virtual machine program. A statement of 32 MB with a million literals
/// needs two million instructions.
const PROGRAM: i32 = 4_000_000;
/// The maximum length of a LIKE pattern: the time of a match is the product of both lengths.
const PATTERN: i32 = 1_000;
/// The maximum size of a database, in bytes.
const DATABASE: i64 = 512 << 20;

/// The limits. Sizes that SQLite allows by default stay allowed if they cannot take long, because a
/// history that its own tool runs must run here.
const LIMITS: [(Limit, i32); 13] = [
    (Limit::SQLITE_LIMIT_LENGTH, VALUE),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT),
    (Limit::SQLITE_LIMIT_COLUMN, 2_000),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 1_000),
    (Limit::SQLITE_LIMIT_PARSER_DEPTH, 2_500),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 500),
    (Limit::SQLITE_LIMIT_VDBE_OP, PROGRAM),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 1_000),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 32_766),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1_000),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

pub(crate) fn set(connection: &Connection) -> rusqlite::Result<()> {
    for (limit, value) in LIMITS {
        connection.set_limit(limit, value)?;
    }
    Ok(())
}

/// Allows one more attached database than there are.
pub(crate) fn allow_one_more(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')";
    let attached: i32 = connection.query_row(sql, [], |row| row.get(0))?;
    connection
        .set_limit(Limit::SQLITE_LIMIT_ATTACHED, attached + 1)
        .map(drop)
}

/// Limits the growth of the database.
pub(crate) fn set_pages(connection: &Connection) -> rusqlite::Result<()> {
    let size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = DATABASE / size.max(512);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

/// The limit that caused an error.
pub(crate) fn stop(error: &rusqlite::Error) -> Option<Stop> {
    let size = |what: &str| Some(Stop::Size(what.to_owned()));
    match error.sqlite_error_code() {
        Some(ErrorCode::TooBig) => size(&format!(
            "a value is longer than {} MB or a statement than {} MB",
            VALUE >> 20,
            STATEMENT >> 20
        )),
        Some(ErrorCode::OutOfMemory) => size("it needs a program or memory without measure"),
        Some(ErrorCode::DiskFull) => size(&format!("the database outgrows {} MB", DATABASE >> 20)),
        _ if sqlite_message(error).contains("pattern too complex") => {
            size(&format!("a pattern is longer than {PATTERN} bytes"))
        }
        _ => None,
    }
}
