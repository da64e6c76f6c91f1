//! Every version of a history without a row, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::Connection;
use schema::Schema;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::runner::execute::{Execution, Failure, Irregularity, Runner};
use crate::runner::image_store::Images;
use crate::runner::quoted_text::{QuoteWatch, QuotedText};
use crate::runner::tool_model::{Mode, Model, Transaction};
use crate::runner::watch::{Phase, Watch};
use crate::script::statement::{LONGEST, Statement, statements_of};
use folders::{Down, History, Script};
use generate::ValueHints;
use sandbox::Scope;
use stdx::map_parallel;

/// One step, its scripts cut into statements.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) up: Option<Text>,
    pub(crate) down: Option<Text>,
    /// Hints of its scripts about the values in the columns, forward and back.
    pub(crate) hints: (ValueHints, ValueHints),
}

/// A script, cut into statements, and what the tool opens a transaction around.
pub(crate) struct Text {
    pub(crate) statements: Vec<Statement>,
    pub(crate) around: Transaction,
}

impl Text {
    /// The scope of the transaction: that of the options, or that of the tool.
    pub(crate) fn transaction(&self, mode: Mode) -> Transaction {
        mode.transaction.unwrap_or(self.around)
    }
}

/// All steps of a history.
pub(crate) fn steps(history: &History, model: &Model, watch: &Watch) -> Vec<Step> {
    let time = history.steps.iter().enumerate();
    let time = time.take_while(|_| !watch.deadline.passed());
    let steps = time.map(|(place, migration)| {
        let _under_way = watch.begin(Phase::Read, place);
        let text = |script: &Script, alone: bool| Text {
            statements: statements_of(script),
            around: model.transaction_for(script, alone),
        };
        let up = (migration.up.as_ref()).map(|script| text(script, migration.no_transaction));
        let down = match &migration.down {
            Down::Script(script) => Some(text(script, migration.down_no_transaction)),
            _ => None,
        };
        Step {
            name: migration.name.clone(),
            hints: (hints(up.iter()), hints(down.iter())),
            up,
            down,
        }
    });
    steps.collect()
}

/// The hints of scripts about the values in the columns.
pub(crate) fn hints<'a>(texts: impl Iterator<Item = &'a Text>) -> ValueHints {
    let mut hints = ValueHints::default();
    let statements = texts.flat_map(|text| &text.statements);
    let short = statements.filter(|line| line.text.len() <= LONGEST);
    short.for_each(|line| hints.read(&line.text));
    hints
}

/// The versions of a history under one mode.
pub(crate) struct Chain {
    pub(crate) mode: Mode,
    /// The database without rows at each version, from before the first step.
    pub(crate) images: Images,
    /// The digest of each version's stored schema; where it is the same, so is the schema.
    pub(crate) stored: Vec<Stored>,
    /// The schema of each version.
    pub(crate) schemas: Vec<Arc<Schema>>,
    /// The versions whose schema could not be read, each with the reason; their place is held by an
    /// empty one.
    pub(crate) unread: BTreeMap<usize, String>,
    /// The outcome of each step forward.
    pub(crate) ups: Vec<Past>,
    /// Whether a file would be in WAL mode after each step.
    pub(crate) wal: Vec<bool>,
}

impl Chain {
    /// Whether a step fails on a database without rows.
    pub(crate) fn fails(&self, place: usize) -> bool {
        self.ups
            .get(place)
            .is_some_and(|past| past.failure.is_some())
    }
}

/// The outcome of a step on a database without rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    pub(crate) failure: Option<Failure>,
    pub(crate) irregularities: Vec<(usize, Irregularity)>,
    /// The words in double quotes that SQLite took for text.
    pub(crate) quoted: Vec<QuotedText>,
    /// Whether an earlier step failed or is missing, so that this one may not be to blame.
    pub(crate) after_a_break: bool,
}

/// All steps of a history, and what is the same under each mode.
pub(crate) struct Course<'a> {
    pub(crate) steps: &'a [Step],
    /// The places of the steps before which one is missing.
    pub(crate) gaps: &'a [usize],
    pub(crate) options: &'a Options,
    pub(crate) watch: &'a Watch,
}

/// Runs all steps forward, as far as that goes.
pub(crate) fn walk(course: &Course<'_>, mode: Mode) -> Result<Chain, Error> {
    // One connection runs them all, and each step has the whole budget.
    let scope = course.watch.scope();
    scope.within(|| walk_within(&scope, course, mode))
}

fn walk_within(scope: &Scope, course: &Course<'_>, mode: Mode) -> Result<Chain, Error> {
    let Course { options, watch, .. } = *course;
    let mut engine = Runner::open(&options.base, mode, options)?;
    let mut chain = Chain {
        mode,
        images: Images::default(),
        stored: vec![stored(&engine.connection)?],
        schemas: Vec::new(),
        unread: BTreeMap::new(),
        ups: Vec::new(),
        wal: Vec::new(),
    };
    let mut last = engine.image()?;
    chain.images.push(last.clone());
    let mut broken = false;
    for (place, step) in course.steps.iter().enumerate() {
        if watch.deadline.passed() {
            break;
        }
        let _under_way = watch.begin(Phase::Empty, place);
        scope.renew();
        broken = broken || course.gaps.contains(&place);
        let mut past = Past {
            after_a_break: broken,
            ..Past::default()
        };
        let wal = engine.wal.get();
        if let Some(up) = &step.up {
            let mut quotes = QuoteWatch::new(&engine.connection, &up.statements);
            let Execution {
                failure,
                irregularities,
                ..
            } = engine.run(&up.statements, up.transaction(mode), |place, connection| {
                quotes.ran(place, connection);
            });
            past.quoted = quotes.found;
            past.irregularities = irregularities;
            if failure.is_some() {
                broken = true;
                scope.renew();
                engine = match Runner::open(&last, mode, options) {
                    Err(_) if watch.deadline.passed() => break,
                    engine => engine?,
                };
                engine.wal.set(wal);
                engine.run_leniently(&up.statements);
            }
            past.failure = failure;
        }
        watch.untried(place, scope.take_untried());
        if watch.deadline.passed() {
            break;
        }
        scope.renew();
        // Each step begins with the connection that the tool opens.
        let _ = engine
            .connection
            .pragma_update(None, "foreign_keys", mode.foreign_keys);
        last = engine.image()?;
        let now = match stored(&engine.connection) {
            Err(_) if watch.deadline.passed() => break,
            now => now?,
        };
        chain.images.push(last.clone());
        chain.stored.push(now);
        chain.ups.push(past);
        chain.wal.push(engine.wal.get());
    }
    Ok(chain)
}

/// The digest of what SQLite stores of a schema.
pub(crate) type Stored = [u8; 32];

/// Computes the digest of the schema that SQLite stores in a database.
pub(crate) fn stored(connection: &Connection) -> Result<Stored, Error> {
    let read = || -> rusqlite::Result<Stored> {
        let sql = "SELECT type, name, tbl_name, coalesce(sql, '') FROM main.sqlite_schema ORDER BY \
            type, name";
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut digest = Sha256::new();
        while let Some(row) = rows.next()? {
            for place in 0..4 {
                let text = row.get_ref(place)?.as_bytes().unwrap_or_default();
                digest.update(text.len().to_le_bytes());
                digest.update(text);
            }
        }
        Ok(digest.finalize().into())
    };
    read().map_err(Error::from)
}

/// The schema of one version.
pub(crate) fn schema_of(image: &[u8], mode: Mode, options: &Options) -> Result<Arc<Schema>, Error> {
    let engine = Runner::open(image, mode, options)?;
    let schema = Schema::read(&engine.connection)?;
    Ok(Arc::new(schema))
}

/// Reads the schemas of all versions, each once.
pub(crate) fn read_schemas(chains: &mut [Chain], options: &Options, watch: &Watch) {
    let mut first: BTreeMap<Stored, (usize, usize)> = BTreeMap::new();
    for (at, chain) in chains.iter().enumerate() {
        for (place, stored) in chain.stored.iter().enumerate() {
            first.entry(*stored).or_insert((at, place));
        }
    }
    let places: Vec<(usize, usize)> = first.values().copied().collect();
    let read = map_parallel(places.len(), |number| -> Result<Arc<Schema>, Error> {
        let gone = || Error::new(ErrorKind::Sqlite, "it was not kept");
        let (at, place) = places.get(number).ok_or_else(gone)?;
        let chain = chains.get(*at).ok_or_else(gone)?;
        let image = chain.images.get(*place).ok_or_else(gone)?;
        if watch.deadline.passed() {
            return Err(Error::new(
                ErrorKind::Timeout,
                "the time limit of the run is over",
            ));
        }
        let _under_way = watch.begin(Phase::Schema, place.saturating_sub(1));
        let scope = watch.scope();
        scope.within(|| schema_of(&image, chain.mode, options))
    });
    let read: BTreeMap<Stored, Result<Arc<Schema>, Error>> = first.into_keys().zip(read).collect();
    for chain in chains {
        for (version, stored) in chain.stored.iter().enumerate() {
            chain.schemas.push(match read.get(stored) {
                Some(Ok(schema)) => Arc::clone(schema),
                other => {
                    let why = other.and_then(|read| read.as_ref().err()).cloned();
                    let why = why.map(|error| error.to_string()).unwrap_or_default();
                    chain.unread.insert(version, why);
                    Arc::default()
                }
            });
        }
    }
}
