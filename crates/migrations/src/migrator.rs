//! The handle on one file.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::Version;
use crate::backup::{self, BackupFile, RunBackup};
use crate::catalogue::Catalogue;
use crate::connect::file::{OpenFile, check_links, find_open_file};
use crate::connect::made::Made;
use crate::connect::{self, Missing};
use crate::error::{self, Error, ErrorKind};
use crate::facts::AtRisk;
use crate::file::FileState;
use crate::ledger::{self, Repaired};
use crate::lock_wait::WaitingConnection;
use crate::loss;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::plan::{Plan, plan};
use crate::rehearsal::{self, Aim, Rehearsal};
use crate::report::Report;
use crate::run::{self, Task};
use crate::transaction::Transaction;

/// One file and the catalogue that it is migrated by.
#[derive(Debug)]
pub struct Migrator<'a> {
    catalogue: &'a Catalogue,
    connection: Connection,
    options: Options,
    /// The file, where it was opened here: then the connection may be replaced.
    file: Option<OpenFile>,
    /// The file, where opening made it. Dropped after the connection.
    made: Option<Made>,
}

impl<'a> Migrator<'a> {
    /// Opens the file at `path`, which must be there. Nothing is written.
    ///
    /// A path is the path of a file, whatever is in it: `notes?.db` and `50%.db` are files of that
    /// name. What SQLite would take for something else, which is an empty path, `:memory:` and what
    /// begins with `file:`, is refused; `./:memory:` is a file.
    ///
    /// # Errors
    /// When the file is missing, is not a database, or cannot be opened, and when the path names no
    /// file.
    pub fn open(
        catalogue: &'a Catalogue,
        path: &Path,
        options: Options,
    ) -> Result<Migrator<'a>, Error> {
        Ok(Migrator::opened(catalogue, path, Missing::Refuse, options)?.0)
    }

    /// Opens the file at `path` if its
    /// [`user_version`](https://sqlite.org/pragma.html#pragma_user_version) is that of the
    /// catalogue; `None` where it is another, and [`Migrator::open`] and [`Migrator::upgrade`] have
    /// to look closely. Nothing is written.
    ///
    /// This costs no more than SQLite does to open a file and read that number, however large the
    /// schema is. It is for who opens a file again and again that was looked at before: what the
    /// ledger says is not read, so a file of another application that has the same number, or
    /// another history of that length, is taken for ours.
    ///
    /// # Errors
    /// As [`Migrator::open`].
    pub fn open_by_header(
        catalogue: &'a Catalogue,
        path: &Path,
        options: Options,
    ) -> Result<Option<Migrator<'a>>, Error> {
        let (migrator, said) = Migrator::opened(catalogue, path, Missing::Refuse, options)?;
        Ok((said == i64::from(catalogue.current_version())).then_some(migrator))
    }

    /// As [`Migrator::open`], making an empty file where there is none; its directory must be
    /// there. SQLite gives the file its mode, 0644 without the bits of the umask: who wants another
    /// one makes the empty file first.
    ///
    /// An empty file that was made so is removed with the migrator when a run fails before anything
    /// is written to it.
    ///
    /// # Errors
    /// As [`Migrator::open`], and when the directory is missing.
    pub fn create(
        catalogue: &'a Catalogue,
        path: &Path,
        options: Options,
    ) -> Result<Migrator<'a>, Error> {
        Ok(Migrator::opened(catalogue, path, Missing::Create, options)?.0)
    }

    /// The file at `path`, and the version in its header.
    fn opened(
        catalogue: &'a Catalogue,
        path: &Path,
        missing: Missing,
        options: Options,
    ) -> Result<(Migrator<'a>, i64), Error> {
        let mut made = match missing {
            Missing::Create => Made::about_to(path),
            Missing::Refuse => None,
        };
        let opened = connect::open(path, missing, &options);
        let (connection, user_version) =
            opened.inspect_err(|error| may_remove(&mut made, error))?;
        let migrator = Migrator {
            catalogue,
            connection,
            options,
            file: Some(OpenFile::from_path(path)),
            made,
        };
        Ok((migrator, user_version))
    }

    /// A new database in memory, which is there as long as its connection.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory(catalogue: &'a Catalogue, options: Options) -> Result<Migrator<'a>, Error> {
        let connection = connect::in_memory(&options)?;
        Ok(Migrator::with_connection(catalogue, connection, options))
    }

    /// Takes a connection that is open already, with whatever is set on it. An authorizer or a
    /// commit hook on it is gone after the first run, which needs both for itself.
    pub fn with_connection(
        catalogue: &'a Catalogue,
        connection: Connection,
        options: Options,
    ) -> Migrator<'a> {
        Migrator {
            catalogue,
            connection,
            options,
            file: None,
            made: None,
        }
    }

    /// The connection, with foreign keys as they were when the file was opened.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Gives the connection away.
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    /// The state that the file records about itself.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn state(&self) -> Result<FileState, Error> {
        FileState::read(&self.connection)
    }

    /// The file's version.
    ///
    /// # Errors
    /// As [`FileState::version`].
    pub fn version(&self) -> Result<Version, Error> {
        self.state()?.version(self.catalogue)
    }

    /// How the file's schema differs from what its version should be; empty when it does not. A
    /// newer file cannot be judged and gives nothing.
    ///
    /// # Errors
    /// As [`Migrator::version`].
    pub fn drift(&self) -> Result<Vec<schema::Change>, Error> {
        let state = self.state()?;
        let version = state.version(self.catalogue)?;
        if version > self.catalogue.current_version() {
            return Ok(Vec::new());
        }
        let fresh = self.catalogue.schema_at(version)?;
        Ok(schema::diff(&fresh, &state.schema))
    }

    /// The plan that would bring the file to `target`. Nothing is written.
    ///
    /// # Errors
    /// As [`plan()`].
    pub fn plan_to(&self, target: Version) -> Result<Plan, Error> {
        plan(self.catalogue, &self.state()?, target)
    }

    /// The rows that `plan` would cost, by what its steps declare.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn at_risk(&self, plan: &Plan) -> Result<Vec<AtRisk>, Error> {
        let losses: Vec<_> = plan
            .steps
            .iter()
            .flat_map(|step| step.losses.clone())
            .collect();
        loss::at_risk(&self.connection, &self.state()?.schema, &losses)
    }

    /// Brings the file to the catalogue's current version; for a file that is there already this
    /// costs one pragma and one row.
    ///
    /// # Errors
    /// When the file must not be touched or a step fails; [`Error::outcome`] says what is in it.
    pub fn upgrade(&mut self) -> Result<Report, Error> {
        if ledger::is_current(&self.connection, self.catalogue)? {
            return Ok(Report::nothing_to_do(self.catalogue.current_version()));
        }
        self.upgrade_to(self.catalogue.current_version())
    }

    /// Brings the file up to version `target`.
    ///
    /// # Errors
    /// As [`Migrator::upgrade`]; also when the file is past `target`.
    pub fn upgrade_to(&mut self, target: Version) -> Result<Report, Error> {
        self.run(Task::Upgrade {
            target,
            expected: None,
        })
    }

    /// Brings the file up to version `target`, and refuses unless it is at `expected` now.
    ///
    /// A file without ledger is adopted first, in the same transaction: its schema is compared with
    /// that of version `expected`, and the steps up to it are recorded without being run.
    ///
    /// # Errors
    /// As [`Migrator::upgrade_to`]; also when the file is at another version, or has no ledger and
    /// another schema.
    pub fn upgrade_from(&mut self, expected: Version, target: Version) -> Result<Report, Error> {
        self.run(Task::Upgrade {
            target,
            expected: Some(expected),
        })
    }

    /// Brings the file back to version `target` with the ways back that the file itself carries; so
    /// a file that is newer than the catalogue can come back, too.
    ///
    /// # Errors
    /// When the file must not be touched, is below `target`, a step has no way back, a step fails,
    /// or rows would be lost without [`Options::accept_loss`].
    pub fn rollback_to(&mut self, target: Version) -> Result<Report, Error> {
        self.run(Task::Rollback { target })
    }

    /// Records each step's text as the catalogue has it now, where it differs from what the ledger
    /// keeps in blanks and comments only, and returns what was recorded again, with both texts.
    /// Anything more is an edited history, and refused.
    ///
    /// # Errors
    /// When the file must not be touched; it is then as it was.
    pub fn repair(&mut self) -> Result<Vec<Repaired>, Error> {
        self.check_file()?;
        let mut waiting = WaitingConnection::new(&mut self.connection)?;
        let transaction = Transaction::begin(&mut waiting)?;
        let connection = transaction.connection();
        let repaired = FileState::read(connection).and_then(|before| {
            let version = before.version(self.catalogue)?;
            let entries = before.ledger.as_deref().unwrap_or_default();
            let scripts = ledger::repair(connection, self.catalogue, entries)?;
            Ok((before.stamp(), version, scripts))
        });
        match repaired {
            Ok((_, _, scripts)) if scripts.is_empty() => transaction.close().map(|()| scripts),
            Ok((before, version, scripts)) => {
                transaction.commit(&before, version).map(|()| scripts)
            }
            Err(error) => Err(transaction.abandon(error)),
        }
    }

    /// Makes the run to `target`, up or down, on a copy of the file beside it, and tells what it
    /// did to every table. A file without ledger is adopted at `expected` on the copy, as
    /// [`Migrator::upgrade_from`] does. The file itself is not written, and no copy stays.
    ///
    /// # Errors
    /// Whatever the run would fail with, apart from consent to losses, which a rehearsal does not
    /// ask for; also when there is no room for the copies.
    pub fn rehearse(&self, expected: Option<Version>, target: Version) -> Result<Rehearsal, Error> {
        let aim = Aim { expected, target };
        rehearsal::rehearse(self.catalogue, &self.connection, &self.options, aim)
    }

    /// Takes a backup of the file now, beside it, and returns its path.
    ///
    /// # Errors
    /// When the database is in memory, there is no space, or the copy cannot be made; nothing is
    /// left of it then.
    pub fn back_up(&self) -> Result<PathBuf, Error> {
        backup::back_up(&self.connection, &self.options)
    }

    /// The backups beside the file, the oldest version first; none for a database in memory.
    ///
    /// # Errors
    /// When its directory cannot be read.
    pub fn backups(&self) -> Result<Vec<BackupFile>, Error> {
        let files = self.options.files;
        let file = backup::find_file_path(&self.connection, files)?;
        file.map_or(Ok(Vec::new()), |file| backup::backups_on(files, &file))
    }

    fn run(&mut self, task: Task) -> Result<Report, Error> {
        let result = self.check_and_run(task);
        match &result {
            Ok(_) => self.made = None,
            Err(error) => may_remove(&mut self.made, error),
        }
        result
    }

    fn check_and_run(&mut self, task: Task) -> Result<Report, Error> {
        let target = match task {
            Task::Upgrade { target, expected } => Some((expected, target)),
            Task::Rollback { target } => Some((None, target)),
            Task::Build { .. } => None,
        };
        if let Some((expected, target)) = target {
            self.check_file().or_else(|error| {
                // A file that stays as it is may have as many names as it likes.
                let idle = expected.is_none() && self.is_at(target);
                if idle { Ok(()) } else { Err(error) }
            })?;
        }
        if let Some((expected, target)) = target.filter(|_| self.options.rehearse) {
            let rehearsal = self.rehearse(expected, target)?;
            let mut found = rehearsal.undeclared;
            found.extend(rehearsal.integrity);
            if !found.is_empty() {
                return Err(error::undeclared_loss(&found));
            }
        }
        let options = self.options;
        let backup = RunBackup::new(&options);
        let result = run::run(
            &mut self.connection,
            self.catalogue,
            &options,
            task,
            &backup,
        );
        let result = result.map_err(|error| match error.outcome() {
            Outcome::Unknown if self.file.is_some() => self.reread_outcome(error),
            _ => error,
        });
        backup.settle(result.as_ref().err().map(Error::outcome));
        result
    }

    /// Whether there is nothing to do to be at `target`.
    fn is_at(&self, target: Version) -> bool {
        let plan = self.plan_to(target);
        plan.is_ok_and(|plan| plan.steps.is_empty())
    }

    /// Refuses before anything is written where the file is not what the connection has open, or
    /// has names that SQLite does not know.
    fn check_file(&self) -> Result<(), Error> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        match find_open_file(&self.connection)? {
            Some(path) => check_links(&path),
            None => Ok(()),
        }
    }

    /// Closes the connection, which rolls back whatever is open on it, and looks through a new one.
    fn reread_outcome(&mut self, error: Error) -> Error {
        let path = find_open_file(&self.connection).ok().flatten();
        let new = path.map(|path| connect::handle(&path, Missing::Refuse, &self.options));
        let Some(Ok(new)) = new else {
            return error;
        };
        // If it cannot be closed, what it holds cannot be found out.
        if std::mem::replace(&mut self.connection, new)
            .close()
            .is_err()
        {
            return error;
        }
        match self.state() {
            Ok(now) => error.resolve(&now.stamp()),
            Err(_) => error,
        }
    }
}

/// An empty file that was made for what failed may go, unless somebody else is making it just now,
/// who has it locked.
fn may_remove(made: &mut Option<Made>, error: &Error) {
    if let Some(made) = made {
        made.failed = error.kind() != ErrorKind::Busy;
    }
}
