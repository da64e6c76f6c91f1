//! Why a file or a folder that somebody named was not read, and what to do.

use std::fmt;
use std::io;
use std::path::Path;

use schema::escape;

use crate::remedy::Remedy;

/// Why a file or a folder was not read. Its text is `error: …`, lines that show where or why, and
/// `hint: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    message: String,
    /// Whole lines that show where, or list the reasons.
    lines: String,
    hint: String,
    remedy: Option<Remedy>,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report())
    }
}

impl std::error::Error for InputError {}

impl InputError {
    /// The whole text.
    pub fn report(&self) -> String {
        format!(
            "error: {}\n{}hint: {}\n",
            self.message, self.lines, self.hint
        )
    }

    /// The path, a clause that says what is wrong with it, and a hint.
    pub fn new(path: &Path, what: &str, hint: impl Into<String>) -> InputError {
        // Whatever they name is escaped here and below, so that no caller can forget to.
        let message = format!("`{}` {what}", path.display());
        InputError {
            message: escape::line(&message).into_owned(),
            lines: String::new(),
            hint: escape::line(&hint.into()).into_owned(),
            remedy: None,
        }
    }

    /// A path that cannot be read.
    pub fn io(path: &Path, error: &io::Error) -> InputError {
        let what = match error.kind() {
            io::ErrorKind::NotFound => "does not exist".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        InputError::new(path, &what, "check the path and its permissions")
    }

    /// A file that was not written, with why.
    pub fn unwritable(path: &Path, why: &dyn fmt::Display) -> InputError {
        let what = format!("cannot be written: {why}");
        let hint = "check that its folder is there and can be written to";
        InputError::new(path, &what, hint)
    }

    /// A place in a file, as a compiler shows it.
    pub fn at(
        path: &Path,
        text: &str,
        offset: usize,
        what: &str,
        hint: impl Into<String>,
    ) -> InputError {
        let before = text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let lead = before.get(start..).unwrap_or_default();
        let shown = text.get(start..).unwrap_or_default();
        let shown = shown.lines().next().unwrap_or_default().trim_end();
        let column = lead.chars().count() + 1;
        let margin = " ".repeat(line.to_string().len());
        let shown = escape::lines(shown);
        let indent = " ".repeat(escape::lines(lead).chars().count());
        let file = path.display().to_string();
        let lines = [
            format!("  --> {}:{line}:{column}", escape::line(&file)),
            format!("{margin} |"),
            format!("{line} | {shown}"),
            format!("{margin} | {indent}^"),
        ];
        InputError::new(path, what, hint).with_lines(lines)
    }

    /// A place in a file, with a message that does not begin with the file's path.
    pub fn at_place(
        path: &Path,
        text: &str,
        offset: usize,
        message: &str,
        hint: impl Into<String>,
    ) -> InputError {
        InputError {
            message: escape::line(message).into_owned(),
            ..InputError::at(path, text, offset, "", hint)
        }
    }

    /// The remedy, if it is one that a command may name by its own flags.
    pub fn remedy(&self) -> Option<&Remedy> {
        self.remedy.as_ref()
    }

    /// Replaces the hint.
    pub fn with_hint(self, hint: impl Into<String>) -> InputError {
        InputError {
            hint: escape::line(&hint.into()).into_owned(),
            remedy: None,
            ..self
        }
    }

    /// Replaces the hint by the remedy, in the words of this library.
    pub fn with_remedy(self, remedy: Remedy) -> InputError {
        InputError {
            hint: escape::line(&remedy.to_string()).into_owned(),
            remedy: Some(remedy),
            ..self
        }
    }

    /// The same error with the remedy, if it has one, in other words, such as those of a command.
    pub fn with_remedy_as(self, word: impl FnOnce(&Remedy) -> String) -> InputError {
        match &self.remedy {
            Some(remedy) => InputError {
                hint: escape::line(&word(remedy)).into_owned(),
                ..self
            },
            None => self,
        }
    }

    /// Whole lines that show why.
    pub fn with_lines(self, lines: impl IntoIterator<Item = String>) -> InputError {
        let lines = lines.into_iter();
        let lines = lines.map(|line| format!("{}\n", escape::line(&line)));
        InputError {
            lines: lines.collect(),
            ..self
        }
    }
}
