//! A catalogue: all steps of one database, in order, checked.

#![expect(
    clippy::disallowed_methods,
    reason = "versions may be read from a folder"
)]

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use schema::Schema;

use crate::Version;
use crate::digest::digest;
use crate::error::{self, Error};
use crate::notes::Notes;
use crate::query::Query;
use crate::step::Step;

/// All steps of one database, from version 1 to the current one, without gaps.
#[derive(Debug)]
pub struct Catalogue {
    steps: Cow<'static, [Step]>,
    application_id: i32,
    queries: Cow<'static, [Query]>,
    derived: Vec<Derived>,
}

/// Values computed from a step on first use, so that building a catalogue costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    notes: OnceLock<Notes>,
    up_digest: OnceLock<String>,
    chain_digest: OnceLock<u64>,
    pub(crate) schema: OnceLock<Schema>,
    /// An empty database of the version, as bytes.
    pub(crate) image: OnceLock<Vec<u8>>,
    /// Set when the step, and the queries that claim its version, were found to have no red flag.
    sound: OnceLock<()>,
    /// Set when the notes were found to be complete.
    documented: OnceLock<()>,
}

impl Catalogue {
    /// Creates a catalogue of `steps`.
    ///
    /// # Errors
    /// When there is no step, or the folders are not numbered 1, 2, 3 … in this order.
    pub fn new(steps: impl Into<Cow<'static, [Step]>>) -> Result<Catalogue, Error> {
        let steps = steps.into();
        if steps.is_empty() {
            return Err(error::catalogue_empty());
        }
        for (expected, step) in (1..).zip(steps.iter()) {
            if step.version() != expected || step.name().is_empty() {
                return Err(error::catalogue_gap(step.folder(), expected));
            }
        }
        let derived = steps.iter().map(|_| Derived::default()).collect();
        Ok(Catalogue {
            steps,
            application_id: 0,
            queries: Cow::Borrowed(&[]),
            derived,
        })
    }

    /// Reads a folder of step folders, in order of their names.
    ///
    /// # Errors
    /// When the folder or one of its files cannot be read, or as [`Catalogue::new`].
    pub fn read(folder: &Path) -> Result<Catalogue, Error> {
        let unreadable = |source| error::folder_unreadable(folder, source);
        let mut folders = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            }
        }
        folders.sort();
        let steps = folders
            .iter()
            .map(|path| Step::read(path))
            .collect::<Result<Vec<_>, _>>()?;
        Catalogue::new(steps)
    }

    /// Sets the [`application_id`](https://sqlite.org/pragma.html#pragma_application_id) that each
    /// file of this catalogue carries. Files of other applications are refused by it.
    #[must_use]
    pub fn with_application_id(mut self, id: i32) -> Catalogue {
        self.application_id = id;
        self
    }

    /// Sets the queries of the application. A run that would break a query which claims the new
    /// version is refused before anything is written.
    #[must_use]
    pub fn with_queries(mut self, queries: impl Into<Cow<'static, [Query]>>) -> Catalogue {
        self.queries = queries.into();
        for derived in &mut self.derived {
            derived.sound = OnceLock::new();
        }
        self
    }

    /// The queries that the application declares.
    pub fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// Returns the catalogue of a build whose newest version was `version`.
    ///
    /// # Errors
    /// When `version` is 0 or beyond this catalogue.
    pub fn cut_at(&self, version: Version) -> Result<Catalogue, Error> {
        let Some(steps) = self.steps.get(..version as usize) else {
            return Err(error::target_unknown(version, self.current_version()));
        };
        Ok(Catalogue::new(steps.to_vec())?.with_application_id(self.application_id))
    }

    /// The newest version.
    pub fn current_version(&self) -> Version {
        self.steps.last().map_or(0, Step::version)
    }

    /// The application id that files carry, 0 for none.
    pub fn application_id(&self) -> i32 {
        self.application_id
    }

    /// All steps, from version 1 on.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step that leads to `version`.
    pub fn step(&self, version: Version) -> Option<&Step> {
        self.steps.get((version as usize).checked_sub(1)?)
    }

    /// The notes of the step that leads to `version`.
    pub fn notes(&self, version: Version) -> Option<&Notes> {
        let step = self.step(version)?;
        let notes = &self.derived(version)?.notes;
        Some(notes.get_or_init(|| Notes::parse(step.notes_text())))
    }

    /// The digest of `up.sql` of the step that leads to `version`.
    pub fn up_digest(&self, version: Version) -> Option<&str> {
        let step = self.step(version)?;
        let derived = self.derived(version)?;
        Some(derived.up_digest.get_or_init(|| digest(step.up())))
    }

    /// The digest of the exact texts of all steps up to `version`, comments included. Each digest
    /// covers the one before, so one row of the ledger shows that no step was edited. It is
    /// computed at each start, so it is fast; it finds edits but is no protection against a
    /// deliberate collision.
    pub fn chain_digest(&self, version: Version) -> Option<String> {
        let known = self.derived(version)?.chain_digest.get().copied();
        let digest = known.unwrap_or_else(|| {
            let steps = self.steps.iter().zip(&self.derived);
            steps.take(version as usize).fold(0, |before, (step, own)| {
                *own.chain_digest.get_or_init(|| step.chain_digest(before))
            })
        });
        Some(format!("{digest:016x}"))
    }

    /// Runs `look` until it finds no red flag in a step or in the queries that claim its version,
    /// and remembers that.
    ///
    /// # Errors
    /// The error of `look`.
    pub(crate) fn sound(
        &self,
        version: Version,
        look: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        once(self.derived(version).map(|own| &own.sound), look)
    }

    /// Runs `look` in the same way for the step's notes.
    ///
    /// # Errors
    /// The error of `look`.
    pub(crate) fn documented(
        &self,
        version: Version,
        look: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        once(self.derived(version).map(|own| &own.documented), look)
    }

    pub(crate) fn derived(&self, version: Version) -> Option<&Derived> {
        self.derived.get((version as usize).checked_sub(1)?)
    }
}

/// Runs `look` until it succeeds once.
fn once(
    found: Option<&OnceLock<()>>,
    look: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    if found.is_some_and(|found| found.get().is_some()) {
        return Ok(());
    }
    look()?;
    if let Some(found) = found {
        let _already_set = found.set(());
    }
    Ok(())
}
