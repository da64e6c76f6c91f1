//! Performs the actions of a random walk one after the other, and lets the laws judge each.

use std::collections::BTreeMap;
use std::rc::Rc;

use migrations::{Options, Version, replace_content};
use rusqlite::Connection;

use super::history::{Return, VersionHistory, as_sql, touched};
use super::plan::Action;
use crate::error::Error;
use crate::finding::Finding;
use crate::from_schema;
use crate::integrity;
use crate::journey::{Checkpoint, Journey, Trace, WALK, can_go_back, go, look};
use crate::storage_config::StorageConfig;
use crate::subject::Subject;
use generate::Profile;
use observe::differences;
use simulator::Machine;

/// The maximum number of rows per table in one write of rows that are made from the schema.
const ROWS: usize = 3;

/// Lets all laws, or those of these names, judge a part of the walk; returns whether a law has been
/// broken so far.
pub(crate) type Judge<'a> = dyn FnMut(&Trace, Option<&[&str]>) -> bool + 'a;

/// A file on its random walk.
pub(crate) struct Walker<'a> {
    subject: &'a Subject<'a>,
    config: StorageConfig,
    machine: Machine,
    /// The connection; `None` only between two programs.
    connection: Option<Connection>,
    here: Rc<Checkpoint>,
    /// The latest state at each version.
    past: BTreeMap<Version, VersionHistory>,
    backup: Option<(Connection, Rc<Checkpoint>)>,
    /// Whether rows were made from the schema.
    rows_are_generated: bool,
    /// The actions so far, as SQL and comments with which a person can repeat them.
    pub(crate) script: String,
    /// The versions on the way.
    pub(crate) path: Vec<Version>,
    /// The number of actions that had an effect; some do nothing at the version of the file.
    pub(crate) moves: usize,
    /// The findings of the walk itself: the law's name, and the finding.
    pub(crate) found: Vec<(&'static str, Finding)>,
    /// The names of the laws that the walk itself checked, once for each check.
    pub(crate) checked: Vec<&'static str>,
}

/// The reason for the end of a walk.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A law is broken, and the walker has reported it.
    Broken,
    /// The file cannot be read.
    Unreadable(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Unreadable(error.into())
    }
}

impl<'a> Walker<'a> {
    /// Begins in a configuration with the database in `image`, which is at `version`.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn begin(
        subject: &'a Subject<'a>,
        version: Version,
        image: &[u8],
        config: StorageConfig,
    ) -> Result<Walker<'a>, Error> {
        let machine = config.rebuild(image)?;
        let connection = config.open(&machine)?;
        let here = Rc::new(look(subject, &connection, version)?);
        Ok(Walker {
            subject,
            config,
            machine,
            connection: Some(connection),
            past: BTreeMap::from([(version, VersionHistory::new(&here))]),
            here,
            backup: None,
            rows_are_generated: false,
            script: String::new(),
            path: vec![version],
            moves: 0,
            found: Vec::new(),
            checked: Vec::new(),
        })
    }

    /// Performs one action, unless it does nothing at the version of the file.
    ///
    /// # Errors
    /// If the walk cannot go on: a law is broken, or the file cannot be read.
    pub(crate) fn make(&mut self, what: Action, judge: &mut Judge<'_>) -> Result<(), Stop> {
        match what {
            Action::Go(to) | Action::GoPastReader(to) if !self.can_go(to) => Ok(()),
            Action::Go(to) => {
                self.note(what);
                let result = self.run(to);
                self.arrive(to, result, judge)
            }
            Action::GoPastReader(to) => {
                self.note(what);
                let result = self.run_past_reader(to)?;
                self.arrive(to, result, judge)
            }
            Action::Write { older, seed } => self.write(older, seed),
            Action::Reopen => {
                self.note(what);
                self.reopen()?;
                self.opened()
            }
            Action::Vacuum => {
                self.note(what);
                self.vacuum()
            }
            Action::BackUp => {
                self.note(what);
                let copy = sandbox::from_image(&sandbox::image(self.connection()?)?)?;
                self.backup = Some((copy, Rc::clone(&self.here)));
                Ok(())
            }
            Action::Restore => self.restore(),
        }
    }

    fn connection(&self) -> Result<&Connection, Error> {
        self.connection
            .as_ref()
            .ok_or_else(|| Error::from("the file is closed"))
    }

    fn at(&self) -> Version {
        self.here.version
    }

    fn can_go(&self, to: Version) -> bool {
        let journey = Journey {
            from: to,
            via: self.at(),
        };
        to > self.at() || (to < self.at() && can_go_back(self.subject, journey))
    }

    /// Records an action.
    fn note(&mut self, what: Action) {
        self.moves += 1;
        self.script.push_str(&format!("-- {what}\n"));
    }

    fn find(&mut self, law: &'static str, finding: Finding) {
        self.found.push((law, finding));
    }

    fn run(&mut self, to: Version) -> Result<(), Error> {
        let up = to > self.at();
        let Some(connection) = self.connection.take() else {
            return Err(Error::from("the file is closed"));
        };
        let (connection, result) = go(self.subject, connection, to, up);
        self.connection = Some(connection);
        result.map(drop)
    }

    /// Migrates while another program holds a read transaction open. In WAL mode the reader blocks
    /// nobody. Otherwise the COMMIT waits for the reader until it fails: the file must stay as it
    /// was, and the next run must succeed.
    fn run_past_reader(&mut self, to: Version) -> Result<Result<(), Error>, Stop> {
        let reader = self.config.open(&self.machine)?;
        let read = "BEGIN; SELECT count(*) FROM sqlite_schema";
        reader.execute_batch(read)?;
        let result = self.run(to);
        drop(reader);
        let Err(error) = result else {
            self.checked.push("starters agree");
            return Ok(Ok(()));
        };
        if self.has_wal()? {
            // In WAL mode nobody waits for a reader.
            let object = format!("going to version {to} while another program reads");
            self.find("starters agree", Finding::new(object, error));
            return Err(Stop::Broken);
        }
        let now = look(self.subject, self.connection()?, self.at())?;
        let before = Rc::clone(&self.here);
        self.checked.push("interruption is atomic");
        for difference in differences(&before.observation, &now.observation, &[]) {
            let hint = "another program was reading, so the run failed; it must write nothing then";
            self.find(
                "interruption is atomic",
                Finding::of(&difference).hint(hint),
            );
        }
        if self.found.is_empty() {
            Ok(self.run(to))
        } else {
            Err(Stop::Broken)
        }
    }

    /// Asks the file whether it is in WAL mode, because a restored backup may change that.
    fn has_wal(&self) -> Result<bool, Error> {
        let mode: String = self
            .connection()?
            .pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        Ok(mode.eq_ignore_ascii_case("WAL"))
    }

    /// Observes the file after a run, and judges the run and the earlier content.
    fn arrive(
        &mut self,
        to: Version,
        result: Result<(), Error>,
        judge: &mut Judge<'_>,
    ) -> Result<(), Stop> {
        let journey = Journey {
            from: self.at(),
            via: to,
        };
        self.path.push(to);
        let mut walk = Trace {
            journey,
            data: WALK.to_owned(),
            rows_are_generated: self.rows_are_generated,
            start: (*self.here).clone(),
            midpoint: None,
            end: None,
            failure: result.err().map(|error| error.to_string()),
            again: None,
        };
        if walk.failure.is_some() {
            judge(&walk, None);
            return Err(Stop::Broken);
        }
        if to == self.subject.catalogue.current_version() && to > self.at() {
            self.start()?;
        }
        let here = Rc::new(look(self.subject, self.connection()?, to)?);
        walk.midpoint = Some((*here).clone());
        if judge(&walk, None) {
            return Err(Stop::Broken);
        }
        if to == 0 {
            // The file is empty: there is no earlier content to compare.
            self.past.clear();
        }
        for past in self.past.values_mut() {
            past.passes(&here);
        }
        if let Some(past) = self.past.get(&to) {
            match past.judge(self.subject, &here, self.rows_are_generated) {
                Return::Trace(walk) => {
                    let laws = ["down restores", "back and forth keeps", "integrity holds"];
                    if judge(&walk, Some(&laws)) {
                        return Err(Stop::Broken);
                    }
                }
                Return::Found(law, found) => {
                    self.checked.push(law);
                    self.found.extend(found.into_iter().map(|one| (law, one)));
                }
            }
        }
        self.past.insert(to, VersionHistory::new(&here));
        self.here = here;
        Ok(())
    }

    /// Does the work of the application when it opens a file of the current version.
    fn start(&mut self) -> Result<(), Stop> {
        let opened = self.subject.application.opened(self.connection()?);
        let Err(error) = opened else { return Ok(()) };
        let message = format!("the application's start fails: {error}");
        let object = format!("a file at version {}", self.at());
        self.find("again does nothing", Finding::new(object, message));
        Err(Stop::Broken)
    }

    fn reopen(&mut self) -> Result<(), Stop> {
        self.connection = None;
        self.connection = Some(self.config.open(&self.machine)?);
        Ok(())
    }

    /// The same as [`Walker::start`], but it may write values that are derived from the writes of
    /// other builds.
    fn opened(&mut self) -> Result<(), Stop> {
        if self.at() == self.subject.catalogue.current_version() {
            self.start()?;
            self.is_written("the application starts")?;
        }
        Ok(())
    }

    /// Lets a build write, or makes rows if the application declares no writes.
    fn write(&mut self, older: bool, seed: u8) -> Result<(), Stop> {
        let at = self.at();
        if at == 0 {
            return Ok(());
        }
        let notes = self.subject.catalogue.notes(at);
        let claim = notes.and_then(|notes| notes.compatibility.as_ref());
        let may = at > 1 && claim.is_some_and(|claim| claim.supported);
        let build = if older && may { at - 1 } else { at };
        let connection = self.connection()?;
        let written = self
            .subject
            .application
            .write(connection, build, u64::from(seed));
        // A failed write may have changed something, so the file is observed in any case. It may
        // well refuse the same row twice.
        if written.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        let before = Rc::clone(&self.here);
        if self.is_written(&format!("a build of version {build} writes"))? {
            let beyond = integrity::newly_reported(&before.troubles, &self.here.troubles);
            let beyond: Vec<String> = beyond.into_iter().cloned().collect();
            // Rows that no build wrote may contradict the writes of a build.
            if !self.rows_are_generated {
                for trouble in beyond {
                    let object = format!("after a write of version {build}");
                    self.find("integrity holds", Finding::new(object, trouble));
                }
            }
            return Ok(());
        }
        if from_schema::underived(self.subject, at) == at {
            self.imagine(seed)?;
        }
        Ok(())
    }

    /// Adds rows that the schema allows, unless the application says that they contradict each
    /// other.
    fn imagine(&mut self, seed: u8) -> Result<(), Stop> {
        let at = self.at();
        let temper = if seed.is_multiple_of(2) {
            Profile::Plain
        } else {
            Profile::Hostile
        };
        let connection = self.connection()?;
        let made = from_schema::generator(self.subject, at, connection, temper)?
            .rows(ROWS)
            .generate(u64::from(seed));
        connection.execute_batch("SAVEPOINT rows_are_generated")?;
        let fits = made.content.put_into(connection).is_ok() && {
            let said = self.subject.application.inconsistencies(connection, at);
            let said = said?;
            integrity::newly_reported(&self.here.troubles, &said).is_empty()
        };
        let end = if fits {
            "RELEASE rows_are_generated"
        } else {
            "ROLLBACK TO rows_are_generated; RELEASE rows_are_generated"
        };
        connection.execute_batch(end)?;
        self.rows_are_generated |= self.is_written(&format!("rows that version {at} allows"))?;
        Ok(())
    }

    /// Observes the file after a possible write, and returns whether there was one.
    fn is_written(&mut self, what: &str) -> Result<bool, Stop> {
        let at = self.at();
        let now = look(self.subject, self.connection()?, at)?;
        let (before, after) = (&self.here.observation, &now.observation);
        if before == after {
            return Ok(false);
        }
        self.moves += 1;
        self.script
            .push_str(&format!("-- {what}:\n{}", as_sql(before, after)));
        let touched = touched(before, after);
        self.here = Rc::new(now);
        for past in self.past.values_mut() {
            past.is_written(&touched);
        }
        self.past.insert(at, VersionHistory::new(&self.here));
        Ok(true)
    }

    /// VACUUM changes rowids that no column holds, so the next action starts from the new state.
    /// References to the old rowids then find other rows.
    fn vacuum(&mut self) -> Result<(), Stop> {
        let before = Rc::clone(&self.here);
        self.connection()?.execute_batch("VACUUM")?;
        self.begin_again()?;
        self.checked.push("integrity holds");
        let beyond = integrity::newly_reported(&before.troubles, &self.here.troubles);
        let beyond: Vec<String> = beyond.into_iter().cloned().collect();
        for trouble in beyond {
            let object = format!("VACUUM at version {}", self.at());
            let hint =
                "rows that are referred to by rowid need a column for it: INTEGER PRIMARY KEY";
            self.find("integrity holds", Finding::new(object, trouble).hint(hint));
        }
        Ok(())
    }

    fn restore(&mut self) -> Result<(), Stop> {
        let Some((copy, there)) = self.backup.take() else {
            return Ok(());
        };
        self.note(Action::Restore);
        let Some(mut connection) = self.connection.take() else {
            return Ok(());
        };
        let restored = replace_content(&copy, &mut connection, &Options::default());
        self.connection = Some(connection);
        restored?;
        self.path.push(there.version);
        let now = look(self.subject, self.connection()?, there.version)?;
        self.checked.push("interruption is atomic");
        for difference in differences(&there.observation, &now.observation, &[]) {
            let hint = "a restored backup must equal the file that was backed up";
            let finding = Finding::of(&difference).hint(hint);
            self.find("interruption is atomic", finding);
        }
        self.backup = Some((copy, Rc::clone(&there)));
        self.here = there;
        self.begin_again()
    }

    /// Forgets the earlier states.
    fn begin_again(&mut self) -> Result<(), Stop> {
        let at = self.at();
        self.here = Rc::new(look(self.subject, self.connection()?, at)?);
        self.past = BTreeMap::from([(at, VersionHistory::new(&self.here))]);
        Ok(())
    }
}
