//! Many programs that open one file at the same time: each step runs once, and no program fails.
//!
//! The programs run as threads that take turns on a [`Machine`] with its locks, so a seed always
//! gives the same order. The tests of `traininglogs` start real processes.

use std::collections::BTreeMap;

use migrations::{Backups, Catalogue, Migrator, Version};
use rusqlite::Connection;

use crate::error::Error;
use crate::journey::proving;
use crate::observation::observe;
use observe::Value;
use sandbox::sqlite_message;
use simulator::{self, Task};
use simulator::{Device, Machine};

const FILE: &str = "starters.db";

/// The work of one program with a connection to the file: returns the number of steps that it ran,
/// or its error.
pub type Start<'a> = dyn Fn(&Catalogue, Connection) -> Result<usize, Error> + Sync + 'a;

/// Several programs that start at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// The number of programs that start.
    pub starters: usize,
    /// Whether the file is in WAL mode.
    pub wal: bool,
    /// Whether one more program only reads, from the beginning.
    pub reader: bool,
    /// The seed for the order of their turns.
    pub seed: u64,
}

impl std::fmt::Display for Race {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mode = if self.wal { "WAL" } else { "DELETE" };
        let reader = if self.reader { " and a reader" } else { "" };
        let (starters, seed) = (self.starters, self.seed);
        write!(f, "{starters} starters{reader}, {mode}, seed {seed}")
    }
}

/// The start of an application that uses this engine: an upgrade of its file.
///
/// # Errors
/// Returns the engine's whole report.
pub fn engine(catalogue: &Catalogue, connection: Connection) -> Result<usize, Error> {
    upgrade(catalogue, connection).map(|(ran, _connection)| ran)
}

/// Does the same, and gives the connection back.
pub(crate) fn upgrade(
    catalogue: &Catalogue,
    connection: Connection,
) -> Result<(usize, Connection), Error> {
    let options = proving().backups(Backups::Off).check(false);
    let mut migrator = Migrator::with_connection(catalogue, connection, options);
    let report = migrator.upgrade()?;
    Ok((report.steps.len(), migrator.into_connection()))
}

/// Gives the other programs a turn. A program with its own waiting calls this instead of sleeping.
pub fn pause() {
    simulator::give_way(true);
}

/// Runs `start` as often as `meeting` says, at the same time, on a file that holds `image` at
/// version `from`. Returns the problems as text; none if each step ran once and no program failed.
pub fn race(
    catalogue: &Catalogue,
    from: Version,
    image: &[u8],
    meeting: &Race,
    start: &Start<'_>,
) -> Vec<String> {
    match try_to_meet(catalogue, from, image, meeting, start) {
        Ok(wrong) => wrong,
        Err(error) => vec![error.to_string()],
    }
}

fn try_to_meet(
    catalogue: &Catalogue,
    from: Version,
    image: &[u8],
    meeting: &Race,
    start: &Start<'_>,
) -> Result<Vec<String>, Error> {
    let machine = Machine::with_file(Device::default(), FILE, image)?;
    let mode = if meeting.wal { "WAL" } else { "DELETE" };
    let first = machine.connect(FILE)?;
    first.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |_| Ok(()))?;
    drop(first);
    let open = || -> Result<Connection, Error> {
        let connection = machine.connect(FILE)?;
        simulator::seat(&connection)?;
        Ok(connection)
    };
    let mut tasks: Vec<Task<'_, Result<usize, Error>>> = Vec::new();
    for _ in 0..meeting.starters {
        tasks.push(Box::new(|| start(catalogue, open()?)));
    }
    if meeting.reader {
        tasks.push(Box::new(|| Ok(read(&open()?)?)));
    }
    let done = simulator::take_turns(meeting.seed, tasks);
    let mut wrong = Vec::new();
    let mut steps = 0;
    for (number, result) in (1..).zip(done) {
        match result {
            None => wrong.push(format!("starter {number} panicked")),
            Some(Err(error)) => wrong.push(format!(
                "starter {number} failed: {}",
                error.to_string().trim_end()
            )),
            Some(Ok(ran)) => steps += ran,
        }
    }
    let pending = (catalogue.current_version() - from) as usize;
    if wrong.is_empty() && steps != pending {
        wrong.push(format!("{steps} steps ran, and {pending} were pending"));
    }
    let after = machine.connect(FILE)?;
    let alone = alone(catalogue, image, start)?;
    compare(&alone, &after, &mut wrong)?;
    Ok(wrong)
}

/// Holds a read transaction open, and then a second one.
fn read(connection: &Connection) -> rusqlite::Result<usize> {
    for _ in 0..3 {
        connection.execute_batch("BEGIN")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        simulator::give_way(true);
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        connection.execute_batch("COMMIT")?;
        simulator::give_way(true);
    }
    Ok(0)
}

/// Whether a single program brings the file to the expected state.
pub(crate) fn works_alone(catalogue: &Catalogue, image: &[u8], start: &Start<'_>) -> bool {
    alone(catalogue, image, start).is_ok()
}

/// Returns the result of a single program on the same file.
fn alone(catalogue: &Catalogue, image: &[u8], start: &Start<'_>) -> Result<Counts, Error> {
    let machine = Machine::with_file(Device::default(), FILE, image)?;
    start(catalogue, machine.connect(FILE)?)?;
    Counts::of(&machine.connect(FILE)?)
}

/// The number of rows of each table, the ledger included, and how often the ledger lists each
/// version. Values are not compared, because a step may write the time.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    version: i64,
    tables: BTreeMap<String, usize>,
    /// The versions in the ledger.
    ledger: Vec<Option<Value>>,
}

impl Counts {
    fn of(connection: &Connection) -> Result<Counts, Error> {
        let observation = observe(connection)?;
        let tables = observation.tables.iter();
        let tables = tables.map(|(name, rows)| (name.clone(), rows.rows.len()));
        let ledger = observation.ledger.iter().flatten();
        Ok(Counts {
            version: i64::from(observation.user_version),
            tables: tables.collect(),
            ledger: ledger.map(|row| row.first().cloned()).collect(),
        })
    }
}

fn compare(alone: &Counts, after: &Connection, wrong: &mut Vec<String>) -> Result<(), Error> {
    let integrity: String = after
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| sqlite_message(&error))?;
    if integrity != "ok" {
        wrong.push(format!("integrity_check: {integrity}"));
    }
    let together = Counts::of(after)?;
    if together.version != alone.version {
        let (version, one) = (together.version, alone.version);
        wrong.push(format!(
            "the file is at version {version}, and one starter brings it to {one}"
        ));
    }
    if together.ledger != alone.ledger {
        let (ledger, one) = (&together.ledger, &alone.ledger);
        wrong.push(format!(
            "the ledger has {ledger:?}, and after one starter {one:?}"
        ));
    }
    for (table, rows) in &alone.tables {
        let found = together.tables.get(table).copied();
        if found != Some(*rows) {
            let found = found.map_or("is missing".to_owned(), |found| format!("has {found} rows"));
            wrong.push(format!("`{table}` {found}, and after one starter {rows}"));
        }
    }
    Ok(())
}
