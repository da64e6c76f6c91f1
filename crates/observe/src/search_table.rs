//! The options of an FTS5 table that name its content table: <https://sqlite.org/fts5.html>

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Table, TableKind};

/// The column name for an implicit rowid.
pub const ROWID: &str = "rowid";

pub(crate) fn is_search(table: &Table) -> bool {
    matches!(&table.kind, TableKind::Virtual { module, .. } if module == "fts5")
}

/// Whether the search table `search` refers to the rows of `table` by a rowid that no column of it
/// holds.
pub(crate) fn shows_by_rowid(search: &Table, table: &Table) -> bool {
    let content = search_option(search, "content");
    let shows = content.is_some_and(|name| name.eq_ignore_ascii_case(&table.name));
    let by = search_option(search, "content_rowid").unwrap_or_else(|| ROWID.to_owned());
    shows
        && by.eq_ignore_ascii_case(ROWID)
        && table.rowid_alias().is_none()
        && !table.without_rowid
        && table.column(ROWID).is_none()
}

/// An option of a search table, such as `content='note'`.
pub fn search_option(table: &Table, option: &str) -> Option<String> {
    let TableKind::Virtual { arguments, .. } = &table.kind else {
        return None;
    };
    let value = arguments.iter().find_map(|argument| {
        let (name, value) = argument.split_once('=')?;
        fold(name.trim()).eq(option).then(|| value.trim())
    })?;
    Some(value.trim_matches(['\'', '"', '`', '[', ']']).to_owned())
}

/// Fails if a search table does not match its content: rank 1 compares the two.
/// <https://sqlite.org/fts5.html#the_integrity_check_command>
///
/// # Errors
/// SQLite's error if the two differ or the table cannot be read.
pub fn check_agrees_with_content(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    let name = quote_name(name);
    let sql = format!("INSERT INTO main.{name} ({name}, rank) VALUES ('integrity-check', 1)");
    connection.execute(&sql, []).map(drop)
}
