//! A step: a folder that leads from a version to the next, and back.

#![expect(
    clippy::disallowed_methods,
    reason = "a version may be read from its folder"
)]

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Version;
use crate::error::{self, BoxError, Error};
use crate::skipped_rows::SkippedRows;

/// The down migration of a step. Its absence is written, never implied.
#[derive(Clone, Debug)]
pub enum Down {
    /// `down.sql`. Always plain SQL, because the ledger keeps it for builds that do not know the
    /// step.
    Sql(Cow<'static, str>),
    /// `irreversible.md`: the reason why there is none.
    Irreversible(Cow<'static, str>),
}

/// The part of a step that is a Rust function, for data that SQL cannot compute.
///
/// Both functions run inside the run's transaction, under the same restrictions as the SQL. One
/// that panics fails the step.
#[derive(Clone, Copy, Debug)]
pub struct StepFn {
    /// The name of the function in the source.
    pub name: &'static str,
    /// Reads the rows before the step and records each that `apply` will leave unchanged. Called
    /// before the step's SQL, and only if the run is strict; may not write.
    pub preflight: fn(&Connection, &mut SkippedRows) -> Result<(), BoxError>,
    /// Moves the data, after the step's SQL.
    pub apply: fn(&Connection, &mut SkippedRows) -> Result<(), BoxError>,
}

/// A step with the texts of its folder.
#[derive(Clone, Debug)]
pub struct Step {
    folder: Cow<'static, str>,
    version: Version,
    up: Cow<'static, str>,
    down: Down,
    notes: Cow<'static, str>,
    code: Option<StepFn>,
    non_transactional: Option<Cow<'static, str>>,
}

impl Step {
    /// Creates a step from the texts of its files. `folder` is the folder's name, such as
    /// `0002_note_label`.
    pub fn new(
        folder: impl Into<Cow<'static, str>>,
        up: impl Into<Cow<'static, str>>,
        down: Down,
        notes: impl Into<Cow<'static, str>>,
    ) -> Step {
        let folder = folder.into();
        Step {
            version: parse_number(&folder),
            folder,
            up: up.into(),
            down,
            notes: notes.into(),
            code: None,
            non_transactional: None,
        }
    }

    /// Creates a step from texts embedded at compile time; [`steps!`](crate::steps) calls it.
    #[doc(hidden)]
    pub const fn embedded(
        folder: &'static str,
        up: &'static str,
        down: Down,
        notes: &'static str,
        code: Option<StepFn>,
        non_transactional: Option<&'static str>,
    ) -> Step {
        Step {
            folder: Cow::Borrowed(folder),
            version: parse_number(folder),
            up: Cow::Borrowed(up),
            down,
            notes: Cow::Borrowed(notes),
            code,
            non_transactional: match non_transactional {
                Some(why) => Some(Cow::Borrowed(why)),
                None => None,
            },
        }
    }

    /// Reads a step's folder.
    ///
    /// # Errors
    /// When a file is missing, or when the folder has both or neither of `down.sql` and
    /// `irreversible.md`.
    pub fn read(folder: &Path) -> Result<Step, Error> {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = |file: &str| {
            fs::read_to_string(folder.join(file))
                .map_err(|source| error::step_file_unreadable(&name, file, source))
        };
        let there = |file: &str| folder.join(file).exists();
        let down = match (there("down.sql"), there("irreversible.md")) {
            (true, false) => Down::Sql(text("down.sql")?.into()),
            (false, true) => Down::Irreversible(text("irreversible.md")?.into()),
            (false, false) => return Err(error::way_back_missing(&name)),
            (true, true) => return Err(error::way_back_twice(&name)),
        };
        let (up, notes) = (text("up.sql")?, text("notes.md")?);
        let step = Step::new(name.clone(), up, down, notes);
        if there("outside_transaction.md") {
            Ok(step.outside_transaction(text("outside_transaction.md")?))
        } else {
            Ok(step)
        }
    }

    /// Adds a Rust function that runs after the step's SQL.
    #[must_use]
    pub fn with_code(mut self, code: StepFn) -> Step {
        self.code = Some(code);
        self
    }

    /// Runs the step outside a transaction, for the reason `why`: only for VACUUM and pragmas such
    /// as `journal_mode`, which do not work inside one.
    #[must_use]
    pub fn outside_transaction(mut self, why: impl Into<Cow<'static, str>>) -> Step {
        self.non_transactional = Some(why.into());
        self
    }

    /// The reason why the step runs outside a transaction, if it does.
    pub fn non_transactional(&self) -> Option<&str> {
        self.non_transactional.as_deref()
    }

    /// The folder's name, such as `0002_note_label`.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The version to which the step leads, from the folder's name; 0 if the name does not start
    /// with a number, which no catalogue accepts.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The folder's name without its number, such as `note_label`.
    pub fn name(&self) -> &str {
        self.folder
            .split_once('_')
            .map_or(&*self.folder, |(_, name)| name)
    }

    /// The text of `up.sql`.
    pub fn up(&self) -> &str {
        &self.up
    }

    /// The down migration.
    pub fn down(&self) -> &Down {
        &self.down
    }

    /// The digest of the step's exact texts and of the steps before it.
    pub(crate) fn chain_digest(&self, before: u64) -> u64 {
        let up = xxh3_64_with_seed(self.up().as_bytes(), before);
        match self.down_sql() {
            Some(down) => xxh3_64_with_seed(down.as_bytes(), up),
            None => !up,
        }
    }

    /// The text of `down.sql`, or `None` for a step that is irreversible.
    pub fn down_sql(&self) -> Option<&str> {
        match &self.down {
            Down::Sql(sql) => Some(sql),
            Down::Irreversible(_) => None,
        }
    }

    /// The text of `notes.md`.
    pub fn notes_text(&self) -> &str {
        &self.notes
    }

    /// The Rust function, if the step has one.
    pub fn code(&self) -> Option<&StepFn> {
        self.code.as_ref()
    }
}

/// The number before the first `_` of `folder`; 0 if there is none. The compiler evaluates it for
/// embedded steps, so that a catalogue of any length is built without reading their names.
const fn parse_number(folder: &str) -> Version {
    let bytes = folder.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b'_' {
        end += 1;
    }
    // A sign would be read as part of the number.
    if end == 0 || !bytes[0].is_ascii_digit() {
        return 0;
    }
    match Version::from_str_radix(folder.split_at(end).0, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

/// Embeds the folders of a catalogue's steps, in order, as a `static` array of [`Step`].
///
/// The folders stand in `versions/` beside the crate's `Cargo.toml`. A file that is missing is a
/// compile error. A step with a Rust function says `with`, one that cannot be undone
/// `irreversible`, one that must stand outside a transaction `outside` (with
/// `outside_transaction.md`, why):
///
/// ```ignore
/// migrations::steps! {
///     pub static STEPS;
///     "0001_note",
///     "0002_note_label" with fill::CODE,
///     irreversible "0003_forget",
///     outside "0004_vacuum",
/// }
/// ```
#[macro_export]
macro_rules! steps {
    ($(#[$meta:meta])* $vis:vis static $name:ident; $($rest:tt)*) => {
        $crate::steps!(@munch [$(#[$meta])* $vis static $name] [] $($rest)*);
    };
    (@munch [$(#[$meta:meta])* $vis:vis static $name:ident] [$($step:expr,)*]) => {
        $(#[$meta])*
        $vis static $name: &[$crate::Step] = &[$($step,)*];
    };
    (
        @munch $head:tt [$($step:expr,)*]
        irreversible $folder:literal $(with $code:expr)?, $($rest:tt)*
    ) => {
        $crate::steps!(@munch $head [$($step,)* $crate::Step::embedded(
            $folder,
            $crate::steps!(@text $folder, "up.sql"),
            $crate::Down::Irreversible(::std::borrow::Cow::Borrowed(
                $crate::steps!(@text $folder, "irreversible.md"))),
            $crate::steps!(@text $folder, "notes.md"),
            $crate::steps!(@code $($code)?),
            ::std::option::Option::None,
        ),] $($rest)*);
    };
    (@munch $head:tt [$($step:expr,)*] outside $folder:literal, $($rest:tt)*) => {
        $crate::steps!(@munch $head [$($step,)* $crate::Step::embedded(
            $folder,
            $crate::steps!(@text $folder, "up.sql"),
            $crate::Down::Sql(::std::borrow::Cow::Borrowed(
                $crate::steps!(@text $folder, "down.sql"))),
            $crate::steps!(@text $folder, "notes.md"),
            ::std::option::Option::None,
            ::std::option::Option::Some($crate::steps!(@text $folder, "outside_transaction.md")),
        ),] $($rest)*);
    };
    (@munch $head:tt [$($step:expr,)*] $folder:literal $(with $code:expr)?, $($rest:tt)*) => {
        $crate::steps!(@munch $head [$($step,)* $crate::Step::embedded(
            $folder,
            $crate::steps!(@text $folder, "up.sql"),
            $crate::Down::Sql(::std::borrow::Cow::Borrowed(
                $crate::steps!(@text $folder, "down.sql"))),
            $crate::steps!(@text $folder, "notes.md"),
            $crate::steps!(@code $($code)?),
            ::std::option::Option::None,
        ),] $($rest)*);
    };
    (@text $folder:literal, $file:literal) => {
        ::std::include_str!(::std::concat!(
            ::std::env!("CARGO_MANIFEST_DIR"), "/versions/", $folder, "/", $file
        ))
    };
    (@code) => { ::std::option::Option::None };
    (@code $code:expr) => { ::std::option::Option::Some($code) };
}
