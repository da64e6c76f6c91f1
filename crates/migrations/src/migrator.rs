//! The handle of one file.

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

/// A file and the catalogue by which it is migrated.
#[derive(Debug)]
pub struct Migrator<'a> {
    catalogue: &'a Catalogue,
    connection: Connection,
    options: Options,
    /// The file, if it was opened here: only then may the connection be replaced.
    file: Option<OpenFile>,
    /// The file, if opening it created it. Dropped after the connection.
    made: Option<Made>,
}

impl<'a> Migrator<'a> {
    /// Opens the existing file at `path`. Nothing is written.
    ///
    /// A path is the path of a file, whatever characters are in it: `notes?.db` and `50%.db` are
    /// files of that name. A path that SQLite would not read as a file is refused: the empty path,
    /// `:memory:`, and a path that begins with `file:`. `./:memory:` is a file.
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
    /// catalogue. `None` if it differs; [`Migrator::open`] and [`Migrator::upgrade`] then examine
    /// the file closely. Nothing is written.
    ///
    /// This costs no more than SQLite needs to open a file and read that number, however large the
    /// schema is. It is meant for applications that repeatedly open a file which was examined
    /// before. The ledger is not read, so a file of another application with the same number, or
    /// with a different history of that length, is accepted.
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

    /// Opens the file at `path` as [`Migrator::open`] does, and creates an empty one if it does not
    /// exist; its directory must exist. SQLite gives the file the mode 0644 without the bits of the
    /// umask: for a different mode, create the empty file first.
    ///
    /// An empty file that was created here is removed with the migrator if a run fails before it
    /// writes anything.
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

    /// Opens a new database in memory, which exists as long as its connection.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory(catalogue: &'a Catalogue, options: Options) -> Result<Migrator<'a>, Error> {
        let connection = connect::in_memory(&options)?;
        Ok(Migrator::with_connection(catalogue, connection, options))
    }

    /// Takes an open connection with all its settings. The first run removes an authorizer or a
    /// commit hook on it, because the engine needs both.
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

    /// Returns the connection and drops the rest.
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

    /// The version of the file.
    ///
    /// # Errors
    /// As [`FileState::version`].
    pub fn version(&self) -> Result<Version, Error> {
        self.state()?.version(self.catalogue)
    }

    /// The differences between the file's schema and that of its version; empty if there is none. A
    /// newer file cannot be compared and returns no difference.
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

    /// Plans the run that brings the file to `target`. Nothing is written.
    ///
    /// # Errors
    /// As [`plan()`].
    pub fn plan_to(&self, target: Version) -> Result<Plan, Error> {
        plan(self.catalogue, &self.state()?, target)
    }

    /// Counts the rows that `plan` would cost, by the declarations of its steps.
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

    /// Upgrades the file to the catalogue's current version. For a file that is up to date, this
    /// reads one pragma and one row.
    ///
    /// # Errors
    /// When the file must not be touched or a step fails; [`Error::outcome`] reports the state of
    /// the file.
    pub fn upgrade(&mut self) -> Result<Report, Error> {
        if ledger::is_current(&self.connection, self.catalogue)? {
            return Ok(Report::nothing_to_do(self.catalogue.current_version()));
        }
        self.upgrade_to(self.catalogue.current_version())
    }

    /// Upgrades the file to version `target`.
    ///
    /// # Errors
    /// As [`Migrator::upgrade`]; also when the file is past `target`.
    pub fn upgrade_to(&mut self, target: Version) -> Result<Report, Error> {
        self.run(Task::Upgrade {
            target,
            expected: None,
        })
    }

    /// Upgrades the file to version `target`, and refuses unless it is at `expected` now.
    ///
    /// A file without a ledger is adopted first, in the same transaction: its schema is compared
    /// with that of version `expected`, and the steps up to it are recorded without being run.
    ///
    /// # Errors
    /// As [`Migrator::upgrade_to`]; also when the file is at a different version, or has no ledger
    /// and a different schema.
    pub fn upgrade_from(&mut self, expected: Version, target: Version) -> Result<Report, Error> {
        self.run(Task::Upgrade {
            target,
            expected: Some(expected),
        })
    }

    /// Rolls the file back to version `target` with the down migrations stored in it; so a file
    /// that is newer than the catalogue can be rolled back, too.
    ///
    /// # Errors
    /// When the file must not be touched, is below `target`, a step has no down migration, a step
    /// fails, or rows would be lost without [`Options::accept_loss`].
    pub fn rollback_to(&mut self, target: Version) -> Result<Report, Error> {
        self.run(Task::Rollback { target })
    }

    /// Records each step's text from the catalogue again if it differs from the ledger only in
    /// whitespace and comments. Returns the scripts that were recorded again, with both texts. Any
    /// other difference is an edited history, and is refused.
    ///
    /// # Errors
    /// When the file must not be touched; it is unchanged then.
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

    /// Makes the run to `target`, up or down, on a copy of the file beside it, and reports the
    /// changes to every table. A file without a ledger is adopted at `expected` on the copy, as
    /// [`Migrator::upgrade_from`] does. The file itself is not written, and no copy stays.
    ///
    /// # Errors
    /// Any error of the run, except for consent to losses, which a rehearsal does not need; also
    /// when there is no space for the copies.
    pub fn rehearse(&self, expected: Option<Version>, target: Version) -> Result<Rehearsal, Error> {
        let aim = Aim { expected, target };
        rehearsal::rehearse(self.catalogue, &self.connection, &self.options, aim)
    }

    /// Takes a backup of the file now, beside it, and returns its path.
    ///
    /// # Errors
    /// When the database is in memory, there is no space, or the copy cannot be made; no partial
    /// copy stays.
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
                // A file that the run does not change may have any number of names.
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

    /// Whether the file is at `target` already.
    fn is_at(&self, target: Version) -> bool {
        let plan = self.plan_to(target);
        plan.is_ok_and(|plan| plan.steps.is_empty())
    }

    /// Refuses, before anything is written, if the path no longer names the file that the
    /// connection has open, or if the file has names that SQLite does not know.
    fn check_file(&self) -> Result<(), Error> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        match find_open_file(&self.connection)? {
            Some(path) => check_links(&path),
            None => Ok(()),
        }
    }

    /// Closes the connection, which rolls back any open transaction, and reads the state through a
    /// new one.
    fn reread_outcome(&mut self, error: Error) -> Error {
        let path = find_open_file(&self.connection).ok().flatten();
        let new = path.map(|path| connect::handle(&path, Missing::Refuse, &self.options));
        let Some(Ok(new)) = new else {
            return error;
        };
        // If the connection cannot be closed, the state cannot be determined.
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

/// Allows removal of an empty file that was created for a failed run, unless another process has it
/// locked and is filling it.
fn may_remove(made: &mut Option<Made>, error: &Error) {
    if let Some(made) = made {
        made.failed = error.kind() != ErrorKind::Busy;
    }
}
