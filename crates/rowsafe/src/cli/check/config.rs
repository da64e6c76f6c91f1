//! The options file of a folder, `rowsafe.toml`, in the folder or beside it.
//!
//! Its keys are the options of the command line, without the dashes, and are checked by the same
//! definitions; the command line wins. A path in it is relative to the file.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::cli::nearest::did_you_mean;
use folders::InputError;

/// The file's name.
const NAME: &str = "rowsafe.toml";

/// Options that are for one call and not for a folder.
const NOT_KEYS: &[&str] = &["help", "version", "write-baseline", "also"];

/// An options file, as words of a command line.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) path: PathBuf,
    pub(crate) words: Vec<OsString>,
}

/// Reads the options file of a folder, if there is one, without the options that `given` has from
/// the command line.
pub(crate) fn read(
    folder: &Path,
    command: &Command,
    given: &ArgMatches,
) -> Result<Option<Config>, InputError> {
    let Some(path) = find(folder)? else {
        return Ok(None);
    };
    let text = fs::read_to_string(&path).map_err(|error| InputError::io(&path, &error))?;
    let file = File {
        path: &path,
        text: &text,
        command,
    };
    let table = DeTable::parse(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let what = format!("is not TOML: {}", error.message().trim());
        InputError::at(&path, &text, at, &what, "see https://toml.io")
    })?;
    let mut words = Vec::new();
    for (key, value) in file.section(table.get_ref())? {
        let arg = file.arg(key.get_ref(), key.span().start)?;
        let own = file.words(arg, value)?;
        if given.value_source(arg.get_id().as_str()) != Some(ValueSource::CommandLine) {
            words.extend(own);
        }
    }
    Ok(Some(Config { path, words }))
}

fn find(folder: &Path) -> Result<Option<PathBuf>, InputError> {
    let within = folder.join(NAME);
    // A file above a repository is no part of it.
    let beside = match (folder.join(".git").exists(), folder.file_name()) {
        (true, _) => None,
        (false, Some(_)) => Some(folder.with_file_name(NAME)),
        (false, None) => fs::canonicalize(folder)
            .ok()
            .and_then(|real| Some(real.parent()?.join(NAME))),
    };
    let there = |path: &PathBuf| path.symlink_metadata().is_ok();
    match (Some(within).filter(there), beside.filter(there)) {
        (Some(within), Some(beside)) => {
            let what = format!("and `{}` both set options for the folder", beside.display());
            let hint = "keep one of the two files";
            Err(InputError::new(&within, &what, hint))
        }
        (within, beside) => Ok(within.or(beside)),
    }
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    command: &'a Command,
}

impl File<'_> {
    fn refuse(&self, at: usize, what: &str, hint: impl Into<String>) -> InputError {
        InputError::at_place(self.path, self.text, at, what, hint)
    }

    /// The table of the verb; no other key may be beside it.
    fn section<'t>(&self, document: &'t DeTable<'t>) -> Result<&'t DeTable<'t>, InputError> {
        static NONE: LazyLock<DeTable<'static>> = LazyLock::new(DeTable::new);
        let verb = self.command.get_name();
        for (key, value) in document {
            let at = key.span().start;
            let hint = format!("the options of `rowsafe {verb}` are in the table `[{verb}]`");
            if key.get_ref() != verb {
                let what = format!("unknown key `{}`", key.get_ref());
                return Err(self.refuse(at, &what, hint));
            }
            if !matches!(value.get_ref(), DeValue::Table(_)) {
                let what = format!("`{verb}` is a value, not a table");
                return Err(self.refuse(at, &what, hint));
            }
        }
        Ok(match document.get(verb).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => table,
            _ => &NONE,
        })
    }

    /// The option of a key.
    fn arg(&self, key: &str, at: usize) -> Result<&Arg, InputError> {
        let args = || {
            let options = self.command.get_arguments();
            let options = options.filter_map(|arg| Some((arg.get_long()?, arg)));
            options.filter(|(long, _)| !NOT_KEYS.contains(long))
        };
        let found = args().find(|(long, _)| *long == key);
        found.map(|(_, arg)| arg).ok_or_else(|| {
            let keys: Vec<&str> = args().map(|(long, _)| long).collect();
            let near = did_you_mean(key, keys.iter().copied());
            let what = format!("unknown key `{key}`{near}");
            let hint = format!("the keys are {}", keys.join(", "));
            self.refuse(at, &what, hint)
        })
    }

    /// A key and its value as words of a command line, each checked as such.
    fn words(&self, arg: &Arg, value: &Spanned<DeValue<'_>>) -> Result<Vec<OsString>, InputError> {
        let many = matches!(arg.get_action(), ArgAction::Append);
        match (value.get_ref(), many) {
            (DeValue::Array(values), true) => {
                let each = values.iter().map(|value| self.word(arg, value, ""));
                each.collect()
            }
            (DeValue::Table(table), true)
                if matches!(arg.get_long(), Some("define" | "stub-collation")) =>
            {
                let each = table.iter();
                each.map(|(name, value)| self.word(arg, value, &format!("{}=", name.get_ref())))
                    .collect()
            }
            _ => Ok(vec![self.word(arg, value, "")?]),
        }
    }

    fn word(
        &self,
        arg: &Arg,
        value: &Spanned<DeValue<'_>>,
        before: &str,
    ) -> Result<OsString, InputError> {
        let key = arg.get_long().unwrap_or_default();
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Boolean(is) => is.to_string(),
            _ => {
                let many = match arg.get_action() {
                    ArgAction::Append => ", or a list of these",
                    _ => "",
                };
                let what = format!("invalid type of value for `{key}`");
                let hint = format!("write a string, a decimal number, true or false{many}");
                return Err(self.refuse(value.span().start, &what, hint));
            }
        };
        let value_text = match arg.get_value_hint() {
            ValueHint::FilePath => {
                let folder = self.path.parent().unwrap_or(Path::new(""));
                folder.join(&text).into_os_string()
            }
            _ => format!("{before}{text}").into(),
        };
        let mut word = OsString::from(format!("--{key}="));
        word.push(&value_text);
        self.check(key, &word, value.span().start)?;
        Ok(word)
    }

    /// Parses one option by the definitions of the command line.
    fn check(&self, key: &str, word: &OsStr, at: usize) -> Result<(), InputError> {
        let line = [OsStr::new("check"), word, OsStr::new(".")];
        let Err(error) = self.command.clone().try_get_matches_from(line) else {
            return Ok(());
        };
        let why = error.source().map(|source| format!(": {source}"));
        let what = format!("invalid value for `{key}`{}", why.unwrap_or_default());
        let hint = match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(values)) => format!("the values are {}", values.join(", ")),
            _ => "see `rowsafe check --help`".to_owned(),
        };
        Err(self.refuse(at, &what, hint))
    }
}
