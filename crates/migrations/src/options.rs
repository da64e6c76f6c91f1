//! Options for opening a file and making a run.

use std::time::Duration;

use crate::files::{Files, SystemFiles};
use crate::progress::Progress;

/// Options for opening a file and making a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The time to wait for locks of other processes.
    pub busy_timeout: Duration,
    /// Consent to the losses that the steps declare.
    pub accept_loss: bool,
    /// Refuse if a step would leave rows unchanged because it cannot read them.
    pub strict: bool,
    /// Backups: whether a run takes one before it writes, and how many stay.
    pub backups: Backups,
    /// The extent of one COMMIT.
    pub commit: Commit,
    /// Read every page of the file before a run that takes no backup, and refuse if one is damaged;
    /// a backup is always read. See
    /// [`quick_check`](https://sqlite.org/pragma.html#pragma_quick_check).
    pub check: bool,
    /// Run steps with incomplete notes, as a proof does while a version is being written.
    pub allow_undocumented: bool,
    /// Make the run on a copy first, and refuse if that loses or changes data without a
    /// declaration.
    pub rehearse: bool,
    /// The time limit for a run that executes down migrations which only the file knows: a newer
    /// build, or any other writer, stored them. After it the run is interrupted and rolled back.
    pub stored_time_limit: Duration,
    /// Called while a backup is made or restored, and while [`Backfill`](crate::Backfill) fills a
    /// table.
    pub progress: Option<fn(Progress)>,
    /// The file system of the file, for backups, rehearsals and restores. A connection that is
    /// given to [`Migrator::with_connection`](crate::Migrator::with_connection) must be on the same
    /// one. If its file is not found there, it counts as a database in memory, which has no backup.
    pub files: &'static dyn Files,
}

impl Default for Options {
    /// Five seconds of waiting, no consent, not strict, a backup for each run, a check if there is
    /// none, and five minutes for stored down migrations that only the file knows.
    fn default() -> Options {
        Options {
            busy_timeout: Duration::from_secs(5),
            accept_loss: false,
            strict: false,
            backups: Backups::default(),
            commit: Commit::Run,
            check: true,
            allow_undocumented: false,
            rehearse: false,
            stored_time_limit: Duration::from_secs(300),
            progress: None,
            files: &SystemFiles,
        }
    }
}

/// Setters, for chains such as `Options::default().accept_loss(true)`.
impl Options {
    /// Sets [`Options::busy_timeout`](#structfield.busy_timeout).
    #[must_use]
    pub fn busy_timeout(mut self, value: Duration) -> Options {
        self.busy_timeout = value;
        self
    }

    /// Sets [`Options::accept_loss`](#structfield.accept_loss).
    #[must_use]
    pub fn accept_loss(mut self, value: bool) -> Options {
        self.accept_loss = value;
        self
    }

    /// Sets [`Options::strict`](#structfield.strict).
    #[must_use]
    pub fn strict(mut self, value: bool) -> Options {
        self.strict = value;
        self
    }

    /// Sets [`Options::backups`](#structfield.backups).
    #[must_use]
    pub fn backups(mut self, value: Backups) -> Options {
        self.backups = value;
        self
    }

    /// Sets [`Options::commit`](#structfield.commit).
    #[must_use]
    pub fn commit(mut self, value: Commit) -> Options {
        self.commit = value;
        self
    }

    /// Sets [`Options::check`](#structfield.check).
    #[must_use]
    pub fn check(mut self, value: bool) -> Options {
        self.check = value;
        self
    }

    /// Sets [`Options::allow_undocumented`](#structfield.allow_undocumented).
    #[must_use]
    pub fn allow_undocumented(mut self, value: bool) -> Options {
        self.allow_undocumented = value;
        self
    }

    /// Sets [`Options::rehearse`](#structfield.rehearse).
    #[must_use]
    pub fn rehearse(mut self, value: bool) -> Options {
        self.rehearse = value;
        self
    }

    /// Sets [`Options::stored_time_limit`](#structfield.stored_time_limit).
    #[must_use]
    pub fn stored_time_limit(mut self, value: Duration) -> Options {
        self.stored_time_limit = value;
        self
    }

    /// Sets [`Options::progress`](#structfield.progress).
    #[must_use]
    pub fn progress(mut self, value: Option<fn(Progress)>) -> Options {
        self.progress = value;
        self
    }

    /// Sets [`Options::files`](#structfield.files).
    #[must_use]
    pub fn files(mut self, value: &'static dyn Files) -> Options {
        self.files = value;
        self
    }
}

/// The extent of one COMMIT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    /// The whole run: it succeeds, or the file is unchanged.
    #[default]
    Run,
    /// Each step, for files that are too large for one transaction. A run that fails leaves the
    /// file at the version of the last successful step, and
    /// [`Outcome::CommittedTo`](crate::Outcome) reports it.
    PerStep,
}

/// The backups of a run: whether it takes one before it writes, and how many stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backups {
    /// A backup for each run that writes to a file on disk with content; all stay.
    #[default]
    KeepAll,
    /// A backup for each run; the oldest are removed so that this many stay beside the file. The
    /// new one always stays, and so does one that cannot be removed.
    Keep(u32),
    /// No backup.
    Off,
}
