//! Finds words in double quotes that SQLite takes for text: each statement is prepared a second
//! time, right before it runs, without that habit.

use std::collections::BTreeSet;

use rusqlite::Connection;
use schema::sql::fold;

use crate::script::statement::{LONGEST, Statement};
use sandbox::{StrictQuotes, sqlite_message};

/// A word in double quotes that names nothing where it is, so that SQLite reads it as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuotedText {
    /// The place of the statement in its script.
    pub(crate) place: usize,
    /// As it is written.
    pub(crate) word: String,
    /// The columns of the tables that the statement names, folded, when it runs.
    pub(crate) columns: BTreeSet<String>,
}

/// How many words of one statement are looked for.
const MOST: usize = 20;

/// The statements that name columns.
const VERBS: [&str; 8] = [
    "insert", "replace", "update", "delete", "select", "with", "create", "alter",
];

/// Watches a script, and prepares each statement before it runs.
pub(crate) struct QuoteWatch<'a> {
    statements: &'a [Statement],
    pub(crate) found: Vec<QuotedText>,
}

impl<'a> QuoteWatch<'a> {
    /// Begins before the first statement.
    pub(crate) fn new(connection: &Connection, statements: &'a [Statement]) -> Self {
        let found = Vec::new();
        let mut watch = QuoteWatch { statements, found };
        watch.look(0, connection);
        watch
    }

    /// Looks at the statement after the one that ran.
    pub(crate) fn ran(&mut self, place: usize, connection: &Connection) {
        self.look(place + 1, connection);
    }

    fn look(&mut self, place: usize, connection: &Connection) {
        let Some(line) = self.statements.get(place) else {
            return;
        };
        let may = line.text.contains('"') && line.text.len() <= LONGEST;
        if !may || !VERBS.contains(&line.first_word().as_str()) {
            return;
        }
        let words = words_taken_for_text(connection, &line.text);
        if words.is_empty() {
            return;
        }
        let columns = columns_of(connection, line);
        self.found.extend(words.into_iter().map(|word| QuotedText {
            place,
            word,
            columns: columns.clone(),
        }));
    }
}

/// The words in double quotes for which a statement does not compile where they must name columns.
fn words_taken_for_text(connection: &Connection, sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let Ok(strict) = StrictQuotes::set(connection) else {
        return words;
    };
    let mut text = sql.to_owned();
    while words.len() < MOST
        && let Err(error) = connection.prepare(&text)
        && let Some(word) = quoted_word(&sqlite_message(&error))
    {
        // SQLite names the first one only; as a string it no longer stops the others.
        let quoted = format!("\"{}\"", word.replace('"', "\"\""));
        let next = text.replace(&quoted, &schema::sql::quote_text(&word));
        if next == text {
            break;
        }
        text = next;
        words.push(word);
    }
    drop(strict);
    // What does not compile in any case fails, and another check reports that.
    if words.is_empty() || connection.prepare(sql).is_err() {
        return Vec::new();
    }
    words
}

/// The word of `no such column: "word" - should this be a string literal in single-quotes?`.
pub(crate) fn quoted_word(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("no such column: \"")?;
    let (word, _) = rest.rsplit_once("\" - should")?;
    Some(word.to_owned())
}

/// The columns of the tables that a statement names.
fn columns_of(connection: &Connection, line: &Statement) -> BTreeSet<String> {
    let read = || -> rusqlite::Result<Vec<(String, String)>> {
        let sql = "SELECT m.name, c.name FROM main.sqlite_schema AS m, pragma_table_info(m.name) \
            AS c WHERE m.type = 'table'";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    };
    let rows = read().unwrap_or_default().into_iter();
    let named = rows.filter(|(table, _)| line.mentions(table));
    named.map(|(_, column)| fold(&column)).collect()
}
