//! A failure in the formats that the options ask for, so that a workflow shows more than an exit
//! code.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use lint::report::{Format, annotate_failure, describe_failure};

use super::arguments::{Arguments, parse_also};

/// The places for the text of a failure, besides standard error.
#[derive(Debug, Default)]
pub(crate) struct FailureLog {
    format: Option<Format>,
    pages: Vec<PathBuf>,
}

impl FailureLog {
    /// The places that the options name.
    pub(super) fn from_arguments(arguments: &Arguments) -> FailureLog {
        let pages = arguments.also.iter();
        let pages = pages.filter(|(format, _)| *format == Format::Markdown);
        FailureLog {
            format: Some(arguments.format),
            pages: pages.map(|(_, path)| path.clone()).collect(),
        }
    }

    /// The places that the words of a wrong command line name, as far as they can be read.
    pub(crate) fn from_words(words: &[OsString]) -> FailureLog {
        let mut log = FailureLog::default();
        let words = words.iter().skip(1).map(|word| word.to_string_lossy());
        let words: Vec<_> = words.take_while(|word| word != "--").collect();
        if words.first().is_none_or(|verb| verb != "check") {
            return log;
        }
        for (index, word) in words.iter().enumerate() {
            let value = |name: &str| match word.strip_prefix(name) {
                Some("") => words.get(index + 1).map(AsRef::as_ref),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            if let Some(format) = value("--format").and_then(|name| name.parse().ok()) {
                log.format = Some(format);
            }
            if let Some(Ok((Format::Markdown, path))) = value("--also").map(parse_also) {
                log.pages.push(path);
            }
        }
        log
    }

    /// Writes the text, which is escaped, into the pages, and returns what standard output gets.
    pub(crate) fn write(&self, text: &str) -> Vec<u8> {
        for page in &self.pages {
            // Standard error has the text, too; a page that cannot be written changes nothing.
            let _ = fs::write(page, describe_failure(text));
        }
        let printed = match self.format {
            Some(Format::Github) => annotate_failure(text),
            Some(Format::Markdown) => describe_failure(text),
            _ => String::new(),
        };
        printed.into_bytes()
    }
}
