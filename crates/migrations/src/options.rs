//! How a file is opened and a run is made.

use std::time::Duration;

use crate::files::{Files, SystemFiles};
use crate::progress::Progress;

/// How a file is opened and a run is made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How long to wait for others who have the file locked.
    pub busy_timeout: Duration,
    /// Consent to the losses that the steps declare.
    pub accept_loss: bool,
    /// Refuse where a step would leave rows as they are because it cannot read them.
    pub strict: bool,
    /// Whether a run takes a backup before it writes, and how many stay.
    pub backups: Backups,
    /// The extent of one COMMIT.
    pub commit: Commit,
    /// Read every page of the file before a run that takes no backup, and refuse where one is
    /// damaged; a backup is always read. See
    /// [`quick_check`](https://sqlite.org/pragma.html#pragma_quick_check).
    pub check: bool,
    /// Run steps whose notes are not complete, as a proof does while a version is being made.
    pub allow_undocumented: bool,
    /// Make the run on a copy first, and refuse when that loses or changes what no notes declare.
    pub rehearse: bool,
    /// How long a run may work that carries out ways back which only the file knows: a newer build
    /// stored them, or whoever wrote to the file. It is interrupted and rolled back then.
    pub stored_time_limit: Duration,
    /// Called while a backup is made or put back, and while [`Backfill`](crate::Backfill) fills a
    /// table.
    pub progress: Option<fn(Progress)>,
    /// The file system that holds the file, for backups, rehearsals and restores. A connection that
    /// is given to [`Migrator::with_connection`](crate::Migrator::with_connection) is on the same
    /// one; a file that is not there is taken for a database in memory, which has no backup.
    pub files: &'static dyn Files,
}

impl Default for Options {
    /// Five seconds of waiting, no consent, not strict, a backup for each run, a check where there
    /// is none, and five minutes for what only the file knows.
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

/// One setting each, for chains such as `Options::default().accept_loss(true)`.
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
    /// The whole run: it arrives, or the file is as it was.
    #[default]
    Run,
    /// Each step: for files that are too large for one transaction. A run that fails leaves the
    /// file at the version of the last step that did not, and
    /// [`Outcome::CommittedTo`](crate::Outcome) says so.
    PerStep,
}

/// Whether a run takes a backup before it writes, and how many stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backups {
    /// A backup for each run that writes to a file on disk which holds something; all stay.
    #[default]
    KeepAll,
    /// The same; the oldest go, so that this many stay beside the file. At least the new one stays,
    /// and one that cannot be removed.
    Keep(u32),
    /// None.
    Off,
}
