//! Runs a script on a database in memory exactly as its tool would.

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode};

use super::Options;
use super::foreign;
use super::model::{Mode, Transaction};
use super::said::Line;
use crate::allowance::Allowance;
use crate::fixture;
use crate::journey::reason;
use crate::source::confine;

/// How many instructions of SQLite's machine are a piece of work.
const PIECE: i32 = 10_000;

/// How many instructions SQLite's machine does in a second, so that a limit in seconds is the same on every
/// machine.
const SPEED: u64 = 40_000_000;

/// A connection on which scripts run, and the work that is left for the statement at hand.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) connection: Connection,
    allowance: Allowance,
    pieces: u64,
    guarded: bool,
}

/// Why a script stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The line of the statement in its file.
    pub(super) line: usize,
    /// The place of the statement among those of the script.
    pub(super) place: usize,
    /// SQLite's words, and what they mean where they say too little.
    pub(super) words: String,
    /// SQLite's extended code: <https://sqlite.org/rescode.html>
    pub(super) code: i32,
}

/// What a script did besides its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    /// A pragma did nothing: its name, why, and whether rows may rely on it.
    Pragma(String, String, bool),
    /// The script ended the transaction that the tool had opened.
    EndsTransaction,
    /// The script left a transaction open, which the tool does not know of.
    LeavesOpen,
    /// The tool's own COMMIT finds no transaction.
    NothingToCommit,
}

/// What came of a script.
#[derive(Clone, Debug, Default)]
pub(super) struct Ran {
    pub(super) failure: Option<Failure>,
    /// Each with the line of its statement.
    pub(super) oddities: Vec<(usize, Oddity)>,
}

impl Engine {
    /// A database from its bytes, as the tool's connection would see it.
    pub(super) fn open(image: &[u8], mode: Mode, options: &Options) -> Result<Engine, String> {
        let connection = fixture::from_image(image)?;
        let pieces = options.statement_timeout.as_millis();
        let pieces = u64::try_from(pieces).unwrap_or(u64::MAX).max(1);
        let pieces =
            (pieces.saturating_mul(SPEED / 1_000) / u64::from(PIECE.unsigned_abs())).max(1);
        let prepare = || -> rusqlite::Result<Allowance> {
            if image.is_empty() {
                // Small pages keep the many copies small; nothing a script sees depends on them.
                connection.pragma_update(None, "page_size", 512)?;
            }
            connection.pragma_update(None, "foreign_keys", mode.foreign_keys)?;
            connection.authorizer(Some(confine))?;
            for (name, arguments) in &options.stub_functions {
                connection.create_scalar_function(
                    name.as_str(),
                    *arguments,
                    FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
                    |_| Ok(rusqlite::types::Null),
                )?;
            }
            Allowance::of(&connection, PIECE)
        };
        let allowance = prepare().map_err(|error| error.to_string())?;
        Ok(Engine {
            connection,
            allowance,
            pieces,
            guarded: mode.guarded,
        })
    }

    pub(super) fn image(&self) -> Result<Vec<u8>, String> {
        fixture::image(&self.connection)
    }

    /// Runs the statements as the tool would, and calls `after` behind each.
    pub(super) fn run(
        &self,
        lines: &[Line],
        around: Transaction,
        mut after: impl FnMut(usize, &Connection),
    ) -> Ran {
        let mut ran = Ran::default();
        let wrapped = around != Transaction::None && self.connection.is_autocommit();
        if wrapped && let Err(error) = self.connection.execute_batch("BEGIN") {
            ran.failure = Some(failure(0, None, &error));
            return ran;
        }
        for (place, line) in lines.iter().enumerate() {
            let inside = !self.connection.is_autocommit();
            if self.guarded && TRANSACTION_WORDS.contains(&line.first_word().as_str()) {
                ran.failure = Some(refused(place, line));
                break;
            }
            if let Err(error) = self.one(&line.text) {
                ran.failure = Some(failure(place, Some(line), &error));
                break;
            }
            let ended = inside && self.connection.is_autocommit();
            if wrapped
                && ended
                && ran
                    .oddities
                    .iter()
                    .all(|(_, odd)| *odd != Oddity::EndsTransaction)
            {
                ran.oddities.push((line.line, Oddity::EndsTransaction));
            }
            if let Some(odd) = self.silent(line, inside) {
                ran.oddities.push((line.line, odd));
            }
            after(place, &self.connection);
        }
        self.close(lines, wrapped, &mut ran);
        ran
    }

    /// What the tool does at the end of a file.
    fn close(&self, lines: &[Line], wrapped: bool, ran: &mut Ran) {
        let last = lines.last();
        let line = last.map_or(1, |line| line.line);
        let open = !self.connection.is_autocommit();
        match (wrapped, open, ran.failure.is_some()) {
            (true, true, false) => {
                if let Err(error) = self.one("COMMIT") {
                    ran.failure = Some(failure(lines.len(), last, &error));
                }
            }
            (true, false, false) => ran.oddities.push((line, Oddity::NothingToCommit)),
            (false, true, false) => ran.oddities.push((line, Oddity::LeavesOpen)),
            _ => {}
        }
        if !self.connection.is_autocommit() {
            // A refused COMMIT leaves the transaction open; a tool gives it up, and so does a shell that ends.
            let end = match ran.failure {
                Some(_) => "ROLLBACK",
                None => "COMMIT",
            };
            let _ = self.connection.execute_batch(end);
        }
    }

    /// Runs what can be run of a script that fails, so that the steps behind it find most of what they need.
    pub(super) fn run_leniently(&self, lines: &[Line]) {
        for line in lines {
            if !TRANSACTION_WORDS.contains(&line.first_word().as_str()) {
                let _ = self.one(&line.text);
            }
        }
    }

    fn one(&self, sql: &str) -> rusqlite::Result<()> {
        self.allowance.limit(self.pieces);
        let done = self.connection.execute_batch(sql);
        self.allowance.lift();
        done
    }

    /// Whether a pragma did nothing where it stood.
    fn silent(&self, line: &Line, inside: bool) -> Option<Oddity> {
        let (name, asked) = line.pragma()?;
        let told =
            |why: &str, protects| Some(Oddity::Pragma(name.clone(), why.to_owned(), protects));
        let on = |value: &str| ["on", "1", "true", "yes"].contains(&value);
        match (name.as_str(), asked.as_deref()) {
            ("foreign_keys", Some(asked)) => {
                let is = self
                    .connection
                    .pragma_query_value(None, "foreign_keys", |row| row.get::<_, bool>(0));
                (is.ok()? != on(asked)).then_some(())?;
                told(
                    "foreign keys cannot be switched inside a transaction",
                    !on(asked),
                )
            }
            ("defer_foreign_keys", Some(asked)) if !inside && on(asked) => told(
                "it lasts until the next COMMIT, and outside a transaction each statement commits",
                false,
            ),
            ("journal_mode", Some(_)) if inside => {
                told("the journal mode cannot change inside a transaction", false)
            }
            ("key" | "rekey" | "journal_mode", _) => None,
            (name, _) if name.starts_with("cipher") => None,
            (unknown, _) => {
                let sql = "SELECT count(*) = 0 FROM pragma_pragma_list WHERE name = ?1";
                let none = self.connection.query_row(sql, [unknown], |row| row.get(0));
                none.unwrap_or(false).then_some(())?;
                told("SQLite knows no such pragma and says nothing", true)
            }
        }
    }
}

/// The words with which a transaction or a savepoint begins or ends.
const TRANSACTION_WORDS: [&str; 6] = ["begin", "commit", "end", "rollback", "savepoint", "release"];

/// A statement that the tool refuses before SQLite sees it.
fn refused(place: usize, line: &Line) -> Failure {
    Failure {
        line: line.line,
        place,
        words: format!(
            "D1 refuses `{}` in a file, because it opens the transaction itself",
            line.first_word().to_ascii_uppercase()
        ),
        code: 0,
    }
}

fn failure(place: usize, line: Option<&Line>, error: &rusqlite::Error) -> Failure {
    let code = error.sqlite_error().map_or(0, |error| error.extended_code);
    let text = line.map_or("", |line| line.text.as_str());
    let words = match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            "the statement does not end within `--statement-timeout`".to_owned()
        }
        Some(ErrorCode::AuthorizationForStatementDenied) => {
            "it reaches for another file or for code outside SQLite, which is not done here"
                .to_owned()
        }
        _ => reason(error),
    };
    Failure {
        line: line.map_or(1, |line| line.line),
        place,
        words: foreign::explain(text, &words),
        code,
    }
}
