//! Runs a script on a database in memory exactly as its tool would.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, TransactionState};

use crate::error::Error;
use crate::options::Options;
use crate::runner::half_applied::{HalfApplied, has_rows, table_names};
use crate::runner::tool_model::{Mode, Transaction};
use crate::script::dialect;
use crate::script::statement::{Effect, Statement};
use crate::script::virtual_table::{ordinary_table, with_known_tokenizer};
use sandbox::sqlite_message;
use sandbox::{Application, INSTRUCTIONS_PER_SECOND, ObjectKind, Sandbox, Scope, Stop};
use schema::sql::quote_name;

/// A connection on which scripts run, and the work that is left for the statement at hand.
#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) connection: Sandbox,
    /// How many instructions a statement may take.
    work: u64,
    guarded: bool,
    /// Whether a script has put the database into WAL mode, as far as it would be a file.
    pub(crate) wal: Cell<bool>,
}

/// Why a script stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The file of the statement.
    pub(crate) file: Arc<str>,
    /// The line of the statement in its file.
    pub(crate) line: usize,
    /// The place of the statement among those of the script.
    pub(crate) place: usize,
    /// SQLite's words, and what they mean where they say too little.
    pub(crate) words: String,
    /// SQLite's extended code: <https://sqlite.org/rescode.html>
    pub(crate) code: i32,
    /// The limit of the check that stopped it, and would not elsewhere.
    pub(crate) stop: Option<Stop>,
    /// The remains, where no transaction takes back what ran before.
    pub(crate) half_applied: Option<HalfApplied>,
}

impl Failure {
    /// Whether it says nothing of the script: it came to the limits of what is tried here.
    pub(crate) fn is_no_fault(&self) -> bool {
        matches!(self.stop, Some(Stop::Size(_) | Stop::Scope(_)))
    }
}

/// A side effect of a script that its author may not expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Irregularity {
    /// A pragma did nothing: its name, why, and whether rows may rely on it.
    Pragma(String, String, bool),
    /// A change of the journal mode that SQLite refuses in a transaction on a file, and ignores in
    /// memory. Its words, and whether the transaction is the tool's.
    JournalMode(&'static str, bool),
    /// The script ended the transaction that the tool had opened.
    EndsTransaction,
    /// The script left a transaction open, which the tool does not know of.
    LeavesOpen,
    /// The tool's own COMMIT finds no transaction.
    NothingToCommit,
}

/// The outcome of a script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Execution {
    pub(crate) failure: Option<Failure>,
    /// Each with the line of its statement.
    pub(crate) irregularities: Vec<(usize, Irregularity)>,
    /// The places of the statements that inserted, updated or deleted a row.
    pub(crate) changed: BTreeSet<usize>,
}

impl Runner {
    /// A database from its bytes, as the tool's connection would see it.
    pub(crate) fn open(image: &[u8], mode: Mode, options: &Options) -> Result<Runner, Error> {
        let connection = match image {
            [] => Sandbox::with_small_pages()?,
            image => Sandbox::open(image)?,
        };
        let millis = u64::try_from(options.statement_timeout.as_millis()).unwrap_or(u64::MAX);
        connection.pragma_update(None, "foreign_keys", mode.foreign_keys)?;
        Ok(Runner {
            connection,
            // One that is as good as endless is none.
            work: millis
                .saturating_mul(INSTRUCTIONS_PER_SECOND / 1_000)
                .clamp(1, u64::MAX / 2),
            guarded: mode.guarded,
            wal: Cell::new(false),
        })
    }

    pub(crate) fn image(&self) -> Result<Vec<u8>, Error> {
        self.connection.image().map_err(Error::from)
    }

    /// Runs the statements as the tool would, and calls `after` after each.
    pub(crate) fn run(
        &self,
        statements: &[Statement],
        around: Transaction,
        mut after: impl FnMut(usize, &Connection),
    ) -> Execution {
        let mut ran = Execution::default();
        let wrapped = around != Transaction::None && self.connection.is_autocommit();
        let tables = (!wrapped).then(|| table_names(&self.connection));
        if wrapped && let Err(error) = self.connection.execute_batch("BEGIN") {
            ran.failure = Some(self.failure(0, None, &error));
            return ran;
        }
        // Whether the transaction has written something before the statement at hand.
        let mut has_written = false;
        for (place, line) in statements.iter().enumerate() {
            let inside = !self.connection.is_autocommit();
            has_written &= inside;
            if self.guarded && TRANSACTION_WORDS.contains(&line.first_word().as_str()) {
                ran.failure = Some(refused(place, line));
                break;
            }
            if let Err(error) = self.execute(&line.text) {
                if self.is_about_a_substitute(line, &error) {
                    continue;
                }
                ran.failure = Some(self.failure(place, Some(line), &error));
                break;
            }
            if self.has_changed_rows(line) {
                ran.changed.insert(place);
            }
            let ended = inside && self.connection.is_autocommit();
            if wrapped
                && ended
                && ran
                    .irregularities
                    .iter()
                    .all(|(_, odd)| *odd != Irregularity::EndsTransaction)
            {
                ran.irregularities
                    .push((line.line, Irregularity::EndsTransaction));
            }
            let on_a_file = self.change_journal_mode(line, inside && !has_written, wrapped);
            let odd = on_a_file.or_else(|| self.find_ineffective_pragma(line, inside));
            ran.irregularities.extend(odd.map(|odd| (line.line, odd)));
            has_written |= self.writes() && line.first_word() != "begin";
            self.follow_substitute(line);
            after(place, &self.connection);
        }
        let open = !self.connection.is_autocommit();
        self.close(statements, wrapped, &mut ran);
        if let (Some(failure), Some(tables), false) = (&mut ran.failure, tables, open) {
            failure.half_applied = self.find_half_applied(statements, failure.place, &tables);
        }
        ran
    }

    /// Finds the remains of a script that stopped at `place` outside a transaction. Its statements
    /// run again to see whether they can.
    fn find_half_applied(
        &self,
        statements: &[Statement],
        place: usize,
        before: &BTreeSet<String>,
    ) -> Option<HalfApplied> {
        let ran = statements.get(..place)?;
        let pragmas = ran.iter().filter(|line| line.pragma().is_some()).count();
        if ran.len() == pragmas {
            return None;
        }
        let now = table_names(&self.connection);
        let came = now.difference(before).cloned();
        let (filled, empty) = came.partition(|name| has_rows(&self.connection, name));
        let gone = before.difference(&now).cloned().collect();
        let blocked = ran.iter().any(|line| self.execute(&line.text).is_err());
        Some(HalfApplied {
            statements: ran.len(),
            gone,
            filled,
            empty,
            blocked,
        })
    }

    /// Whether the statement that just ran inserted, updated or deleted a row.
    fn has_changed_rows(&self, line: &Statement) -> bool {
        match &line.effect {
            // SQLite counts no changes for `CREATE TABLE … AS SELECT`.
            Effect::Copy(copy) if line.first_word() == "create" => {
                has_rows(&self.connection, &copy.into)
            }
            effect => effect.is_about_rows() && self.connection.changes() > 0,
        }
    }

    /// Ends a file as the tool does.
    fn close(&self, statements: &[Statement], wrapped: bool, ran: &mut Execution) {
        let last = statements.last();
        let line = last.map_or(1, |line| line.line);
        let open = !self.connection.is_autocommit();
        match (wrapped, open, ran.failure.is_some()) {
            (true, true, false) => {
                if let Err(error) = self.execute("COMMIT") {
                    ran.failure = Some(self.failure(statements.len(), last, &error));
                }
            }
            (true, false, false) => ran
                .irregularities
                .push((line, Irregularity::NothingToCommit)),
            (false, true, false) => ran.irregularities.push((line, Irregularity::LeavesOpen)),
            _ => {}
        }
        if !self.connection.is_autocommit() {
            // A refused COMMIT leaves the transaction open; a tool gives it up, and so does a shell
            // that ends.
            let end = match ran.failure {
                Some(_) => "ROLLBACK",
                None => "COMMIT",
            };
            let _ = self.connection.execute_batch(end);
        }
        let _ = self.connection.end_script();
    }

    /// Runs what can be run of a script that fails, so that the later steps find most of what
    /// they need.
    pub(crate) fn run_leniently(&self, statements: &[Statement]) {
        for line in statements {
            if !TRANSACTION_WORDS.contains(&line.first_word().as_str()) {
                let _ = self.execute(&line.text);
            }
        }
        let _ = self.connection.end_script();
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        let run = |sql: &str| {
            self.connection.budget().limit(self.work);
            let done = self.connection.run(sql);
            self.connection.budget().unlimited();
            done
        };
        let mut done = run(sql);
        // A statement may name several objects of the application, and each error names one.
        for _ in 0..MOST_OBJECTS {
            let Err(error) = &done else { break };
            let application = self.connection.application();
            done = match substitute(application, sql, error) {
                Some(other) => run(&other),
                None if self
                    .connection
                    .learn(error, |name| !dialect::is_foreign(name)) =>
                {
                    run(sql)
                }
                None => break,
            };
        }
        done
    }

    /// Follows an ordinary table that is used instead of a virtual one to its new name, and
    /// registers the functions that a new trigger calls.
    fn follow_substitute(&self, line: &Statement) {
        for name in line.trigger_calls() {
            // Only the function itself can be missing here.
            let sql = format!("SELECT {}()", quote_name(&name));
            if let Err(error) = self.connection.prepare(&sql) {
                self.connection
                    .learn(&error, |name| !dialect::is_foreign(name));
            }
        }
        if let Effect::RenameTable(old, new) = &line.effect {
            let application = self.connection.application();
            if application.tables().contains(old) {
                application.add_table(new);
            }
        }
    }

    /// Whether a statement failed on an ordinary table that is used instead of a virtual one: the
    /// module may accept the statement.
    fn is_about_a_substitute(&self, line: &Statement, error: &rusqlite::Error) -> bool {
        if self.connection.stop(error).is_some() {
            return false;
        }
        let application = self.connection.application();
        let tables = application.tables();
        let mut why = tables
            .iter()
            .find(|table| line.mentions(table))
            .map(|table| {
                format!("the ordinary table that is used instead of the virtual table `{table}`")
            });
        if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
            let missing = application.missing();
            let mut functions = missing.iter();
            let called =
                functions.find(|(kind, name)| *kind == ObjectKind::Function && line.mentions(name));
            why = why.or(called.map(|(_, name)| format!("NULL, which `{name}` returns here")));
        }
        if let Some(why) = &why {
            let words = sqlite_message(error);
            Scope::note(format!(
                "{}:{}: the statement fails on {why}: {words}",
                line.file, line.line
            ));
        }
        why.is_some()
    }

    /// Why a statement stopped. What stopped it here and would not elsewhere is noted as not tried.
    fn failure(&self, place: usize, line: Option<&Statement>, error: &rusqlite::Error) -> Failure {
        let code = error.sqlite_error().map_or(0, |error| error.extended_code);
        let text = line.map_or("", |line| line.text.as_str());
        let stop = self.connection.stop(error);
        let words = match &stop {
            Some(Stop::Statement) => {
                "the statement does not end within the time limit for one statement".to_owned()
            }
            Some(stop) => stop.why(),
            None => sqlite_message(error),
        };
        let failure = Failure {
            file: line.map_or_else(|| Arc::from(""), |line| Arc::clone(&line.file)),
            line: line.map_or(1, |line| line.line),
            place,
            words: dialect::explain(text, &words),
            code,
            stop,
            half_applied: None,
        };
        if failure.stop.is_some() {
            Scope::note(format!("{}:{}: {words}", failure.file, failure.line));
        }
        failure
    }

    /// Whether a transaction with writes is open.
    fn writes(&self) -> bool {
        let state = self.connection.transaction_state(Some("main"));
        state.is_ok_and(|state| state == TransactionState::Write)
    }

    /// Follows the journal mode that a file would have. A transaction refuses to change into or out
    /// of WAL mode as long as it has not written; later it ignores the statement, as a database in
    /// memory always does. No other pragma differs between a file and memory in this way.
    fn change_journal_mode(
        &self,
        line: &Statement,
        is_refused: bool,
        wrapped: bool,
    ) -> Option<Irregularity> {
        let (name, asked) = line.pragma()?;
        let wal = asked.filter(|_| name == "journal_mode")? == "wal";
        let outside = self.connection.is_autocommit();
        match (wal, self.wal.get()) {
            (true, false) if is_refused => Some(Irregularity::JournalMode(
                "cannot change into wal mode from within a transaction",
                wrapped,
            )),
            (false, true) if is_refused => Some(Irregularity::JournalMode(
                "cannot change out of wal mode from within a transaction",
                wrapped,
            )),
            _ => {
                if outside {
                    self.wal.set(wal);
                }
                None
            }
        }
    }

    /// Whether a pragma did nothing where it stood.
    fn find_ineffective_pragma(&self, line: &Statement, inside: bool) -> Option<Irregularity> {
        let (name, asked) = line.pragma()?;
        let ineffective = |why: &str, protects| {
            Some(Irregularity::Pragma(name.clone(), why.to_owned(), protects))
        };
        let on = |value: &str| ["on", "1", "true", "yes"].contains(&value);
        match (name.as_str(), asked.as_deref()) {
            ("foreign_keys", Some(asked)) => {
                let is = self
                    .connection
                    .pragma_query_value(None, "foreign_keys", |row| row.get::<_, bool>(0));
                (is.ok()? != on(asked)).then_some(())?;
                ineffective(
                    "foreign keys cannot be switched inside a transaction",
                    !on(asked),
                )
            }
            ("defer_foreign_keys", Some(asked)) if !inside && on(asked) => ineffective(
                "it lasts until the next COMMIT, and outside a transaction each statement commits",
                false,
            ),
            ("journal_mode", Some(_)) if inside => {
                ineffective("the journal mode cannot change inside a transaction", false)
            }
            ("key" | "rekey" | "journal_mode", _) => None,
            (name, _) if name.starts_with("cipher") => None,
            (unknown, _) => {
                let sql = "SELECT count(*) = 0 FROM pragma_pragma_list WHERE name = ?1";
                let none = self.connection.query_row(sql, [unknown], |row| row.get(0));
                none.unwrap_or(false).then_some(())?;
                ineffective("SQLite knows no such pragma and says nothing", true)
            }
        }
    }
}

/// How many objects of the application one statement may need.
const MOST_OBJECTS: usize = 50;

/// The statement to run instead of one that needs a module or a tokenizer of the application.
fn substitute(application: &Application, sql: &str, error: &rusqlite::Error) -> Option<String> {
    let words = sqlite_message(error);
    if let Some((_, module)) = words.split_once("no such module: ") {
        let table = ordinary_table(sql)?;
        application.add_missing(ObjectKind::Module, module);
        application.add_table(&table.name);
        return Some(table.sql);
    }
    let starts = ["no such tokenizer: ", "unknown tokenizer: "];
    let tokenizer = starts.iter().find_map(|start| words.split_once(start));
    let (_, tokenizer) = tokenizer?;
    let known = with_known_tokenizer(sql).filter(|known| known != sql)?;
    application.add_missing(ObjectKind::Tokenizer, tokenizer);
    Some(known)
}

/// The words with which a transaction or a savepoint begins or ends.
const TRANSACTION_WORDS: [&str; 6] = ["begin", "commit", "end", "rollback", "savepoint", "release"];

/// A statement that the tool refuses before SQLite sees it.
fn refused(place: usize, line: &Statement) -> Failure {
    Failure {
        file: Arc::clone(&line.file),
        line: line.line,
        place,
        words: format!(
            "D1 refuses `{}` in a file, because it opens the transaction itself",
            line.first_word().to_ascii_uppercase()
        ),
        code: 0,
        stop: None,
        half_applied: None,
    }
}
