//! Rows that one version allows and another does not. A step that adds a constraint finds such rows
//! in files of users, and randomly generated rows seldom contain them.
//!
//! ```text
//! two schemas ─▶ demands ─▶ candidates ─▶ legal before? refused after? ─▶ databases
//! ```
//!
//! A [demand](demand::Demand) is a constraint that the schema after has and the one before lacks: a
//! key, a CHECK, NOT NULL, a type, a parent, an expression that an index computes. Each candidate
//! is a change to a few existing rows. SQLite judges it twice: the database before must accept it,
//! with its constraints and triggers, and the application must not contradict it; and the table
//! after, rebuilt and empty, must refuse it or store it differently. So the rows of a database that
//! goes on a journey do clash, even if the harness understands only a part of the SQL.

mod assign;
mod demand;
mod ends;
mod probe;
mod values;

use rusqlite::Connection;

use self::assign::{Assignment, Rows};
use self::demand::{Demand, Pair};
use self::ends::Ends;
use self::probe::{Probe, Verdict};
use crate::error::Error;
use crate::journey::Journey;
use crate::subject::Subject;

/// The maximum number of databases that violate one demand, each in a different way.
const WAYS: usize = 4;

/// The maximum number of candidates that are tried for a demand.
const CANDIDATES: usize = 600;

/// A database that goes on a journey.
#[derive(Debug)]
pub(crate) struct Clash {
    /// The demand that the rows violate, and how.
    pub(crate) why: String,
    /// The changes that make this database from its base.
    pub(crate) sql: String,
    /// The unusual properties of its values; empty if all values are ordinary.
    pub(crate) hostile: Vec<String>,
    /// The origin of its rows, as a comment in SQL or as SQL.
    pub(crate) base: String,
    pub(crate) image: Vec<u8>,
}

/// A database with rows that can be changed.
#[derive(Debug)]
pub(crate) struct Base {
    /// The origin of its rows, as in [`Clash::base`].
    pub(crate) origin: String,
    pub(crate) image: Vec<u8>,
}

/// The demands that the last step of the journey's first half adds to those of the version at which
/// the journey begins.
pub(crate) fn demands<'a>(
    subject: &'a Subject<'a>,
    journey: Journey,
) -> Result<Demands<'a>, Error> {
    let Journey { from, via } = journey;
    let ends = Ends::of(subject, from, via)?;
    let mut own = demand::between(&ends.before_as_after()?, &ends.after);
    // The journey to an earlier step meets the demands of that step.
    let earlier = if via > from { via - 1 } else { via + 1 };
    if earlier != from {
        let to_earlier = Ends::of(subject, from, earlier)?;
        let known = demand::between(&to_earlier.before_as_after()?, &to_earlier.after);
        own.retain(|demand| !known.contains(demand));
    }
    if via < from {
        // Columns that are derived from other rows cannot be changed alone.
        let remade = |demand: &Demand| {
            (via + 1..=from).any(|version| {
                let notes = subject.catalogue.notes(version);
                notes.is_some_and(|notes| {
                    let remade = &notes.remade;
                    remade.iter().any(|own| own.covers(&demand.table, ""))
                })
            })
        };
        own.retain(|demand| !remade(demand));
    }
    Ok(Demands { ends, own })
}

/// The demands of a journey.
pub(crate) struct Demands<'a> {
    ends: Ends<'a>,
    own: Vec<Demand>,
}

impl Demands<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// Makes clashing databases for each demand, each from the first of `bases` that allows any.
    pub(crate) fn clashes(&self, bases: &[Base]) -> Result<Vec<Clash>, Error> {
        let mut found = Vec::new();
        for demand in &self.own {
            for base in bases {
                let made = self.clashes_of(demand, base)?;
                if !made.is_empty() {
                    found.extend(made);
                    break;
                }
            }
        }
        Ok(found)
    }

    fn clashes_of(&self, demand: &Demand, base: &Base) -> Result<Vec<Clash>, Error> {
        let Some(pair) = self.ends.pair(demand) else {
            return Ok(Vec::new());
        };
        let connection = sandbox::from_image(&base.image)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let rows = Rows::read(&connection, &pair.old)?;
        let candidates =
            values::candidates(self.ends.subject, self.ends.from, demand, &pair, &rows);
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let probe = Probe::new(&self.ends, &pair, &rows)?;
        let said = self.contradictions(&connection)?;
        let mut found: Vec<Clash> = Vec::new();
        let mut ways = Vec::new();
        for candidate in candidates.into_iter().take(CANDIDATES) {
            if ways.contains(&candidate.way) {
                continue;
            }
            connection.execute_batch("SAVEPOINT clash")?;
            let good = self.is_clash(&connection, demand, &pair, &probe, &candidate, &said);
            connection.execute_batch("ROLLBACK TO clash; RELEASE clash")?;
            if good? {
                found.extend(make(demand, base, &candidate));
                ways.push(candidate.way);
                if found.len() >= WAYS {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Whether the database before accepts the candidate and the table after does not.
    fn is_clash(
        &self,
        connection: &Connection,
        demand: &Demand,
        pair: &Pair,
        probe: &Probe,
        candidate: &Assignment,
        said: &[String],
    ) -> Result<bool, Error> {
        if !candidate.apply(connection) || !assign::keys_hold(connection) {
            return Ok(false);
        }
        let Ok(rows) = Rows::read(connection, &pair.old) else {
            return Ok(false);
        };
        let clashes = match &demand.asks {
            demand::Asks::Parent(key) => probe::is_orphan(connection, pair, key),
            _ => match probe.judge(&rows) {
                Verdict::Refused => true,
                Verdict::Changed => !probe.changes_anyway,
                Verdict::Taken => false,
            },
        };
        Ok(clashes && self.contradictions(connection)? == said)
    }

    fn contradictions(&self, connection: &Connection) -> Result<Vec<String>, Error> {
        let application = self.ends.subject.application;
        application
            .inconsistencies(connection, self.ends.from)
            .map_err(Error::from)
    }
}

/// The database with a candidate applied; `None` if it does not hold at the end of the transaction.
fn make(demand: &Demand, base: &Base, candidate: &Assignment) -> Option<Clash> {
    let connection = sandbox::from_image(&base.image).ok()?;
    connection.pragma_update(None, "foreign_keys", true).ok()?;
    connection.execute_batch("BEGIN").ok()?;
    let applied = candidate.apply(&connection);
    (applied && connection.execute_batch("COMMIT").is_ok()).then_some(())?;
    Some(Clash {
        why: format!("{}: {}", demand.what, candidate.why),
        sql: candidate.to_sql(),
        hostile: candidate.hostile.clone(),
        base: base.origin.clone(),
        image: sandbox::image(&connection).ok()?,
    })
}
