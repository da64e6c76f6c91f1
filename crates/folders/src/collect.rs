//! The steps and gaps that a layout finds in a folder, and the descriptions that several layouts
//! share.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use schema::sql;

use crate::fault::{Fault, FaultKind, Harm};
use crate::history::{Down, Gap, Migration, Script};
use crate::input_error::InputError;
use crate::source_tree::Tree;

/// The steps and gaps of a folder, in order.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) steps: Vec<Migration>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) base: Option<PathBuf>,
}

impl Reading {
    pub(crate) fn step(&mut self, step: Migration) {
        self.steps.push(step);
    }

    /// Something that would run here, after the steps so far.
    pub(crate) fn gap(&mut self, file: impl Into<String>, why: impl Into<String>) {
        self.gaps.push(Gap {
            file: file.into(),
            after: self.steps.len().checked_sub(1),
            why: why.into(),
        });
    }

    /// A file or folder for which the tool refuses the whole folder, though its SQL runs here.
    pub(crate) fn refuse(&mut self, file: impl Into<String>, why: impl Into<String>) {
        self.refuse_perhaps(Harm::Certain, file, why);
    }

    /// The same, where it may depend on how the tool was built.
    pub(crate) fn refuse_perhaps(
        &mut self,
        harm: Harm,
        file: impl Into<String>,
        why: impl Into<String>,
    ) {
        let fault = Fault::new(FaultKind::RefusedByTool, harm, file, why);
        self.faults.push(fault);
    }

    /// The same, where its SQL would run here, after the steps so far, and does not.
    pub(crate) fn refuse_unrun(&mut self, file: impl Into<String>, why: impl Into<String>) {
        let file = file.into();
        self.gap(
            file.clone(),
            "it is not run here, because the tool refuses it",
        );
        self.refuse(file, why);
    }

    /// Something that has no place in the order.
    pub(crate) fn aside(&mut self, file: impl Into<String>, why: impl Into<String>) {
        self.gaps.push(Gap {
            file: file.into(),
            after: None,
            why: why.into(),
        });
    }
}

impl Migration {
    /// A step with nothing in it yet.
    pub(crate) fn named(name: impl Into<String>, down: Down) -> Migration {
        let name = name.into();
        Migration {
            version: name.clone(),
            name,
            up: None,
            down,
            no_transaction: false,
            down_no_transaction: false,
        }
    }

    /// The same step under the version by which the tool knows it.
    pub(crate) fn with_version(mut self, version: impl Display) -> Migration {
        self.version = version.to_string();
        self
    }

    /// Reads a folder with `up.sql` and `down.sql`; returns `None` if it has no `up.sql`.
    pub(crate) fn in_folder(tree: &Tree, name: &str) -> Result<Option<Migration>, InputError> {
        let (up, down) = (format!("{name}/up.sql"), format!("{name}/down.sql"));
        if !tree.has_file(&up) {
            return Ok(None);
        }
        let mut step = Migration::named(name, Down::Missing);
        step.up = Some(Script::whole(&up, &tree.text(&up)?));
        if tree.has_file(&down) {
            step.down = Down::of(Script::whole(&down, &tree.text(&down)?));
        }
        Ok(Some(step))
    }
}

impl Script {
    /// A whole file.
    pub(crate) fn whole(file: impl Into<String>, text: &str) -> Script {
        Script {
            file: file.into(),
            line: 1,
            text: text.to_owned(),
            pieces: Vec::new(),
        }
    }

    /// A part of a file.
    pub(crate) fn part(file: &str, text: &str, range: std::ops::Range<usize>) -> Script {
        Script {
            file: file.to_owned(),
            line: line_at(text, range.start),
            text: text.get(range).unwrap_or_default().to_owned(),
            pieces: Vec::new(),
        }
    }
}

impl Down {
    /// A down migration that is there, by what is in it.
    pub(crate) fn of(script: Script) -> Down {
        let text = script.text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            Down::Empty(script)
        } else if sql::statements(text).is_empty() {
            Down::OnlyComments(script)
        } else {
            Down::Script(script)
        }
    }
}

/// The line of a byte, from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// A line of a text, with its position.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) start: usize,
    /// From 1.
    pub(crate) number: usize,
    /// The offset after its line end.
    pub(crate) end: usize,
    /// Without its line end, `\n` or `\r\n`.
    pub(crate) text: &'a str,
}

pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .zip(1..)
        .map(move |(whole, number)| {
            let line = Line {
                start,
                number,
                end: start + whole.len(),
                text: whole.strip_suffix('\n').unwrap_or(whole),
            };
            start = line.end;
            let text = line.text.strip_suffix('\r').unwrap_or(line.text);
            Line { text, ..line }
        })
}

/// Names that share a version: `(version, names)`, each in order.
pub(crate) fn shared<V: Ord + Clone>(
    versions: impl IntoIterator<Item = (V, String)>,
) -> Vec<(V, Vec<String>)> {
    let mut found: BTreeMap<V, Vec<String>> = BTreeMap::new();
    for (version, name) in versions {
        found.entry(version).or_default().push(name);
    }
    found.retain(|_, names| names.len() > 1);
    found.into_iter().collect()
}

/// Reports each version that several names share, with what the tool does then.
pub(crate) fn report_shared<V: Ord + Clone + Display>(
    reading: &mut Reading,
    versions: impl IntoIterator<Item = (V, String)>,
    harm: Harm,
    then: &str,
) {
    for (version, mut names) in shared(versions) {
        let list: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let (list, file) = (list.join(" and "), names.pop().unwrap_or_default());
        let why = format!("{list} have the same version {version}: {then}");
        let mut fault = Fault::new(FaultKind::DuplicateVersion, harm, file, why);
        fault.related = names;
        reading.faults.push(fault);
    }
}

/// Reports the numbers from `from` on that are missing before `file`, which has the number `to`.
pub(crate) fn report_missing(
    reading: &mut Reading,
    file: &str,
    from: usize,
    to: usize,
    then: &str,
) {
    let last = to.saturating_sub(1);
    let which = match last.checked_sub(from) {
        None => return,
        Some(0) => format!("number {from} is missing"),
        Some(_) => format!("the numbers {from} to {last} are missing"),
    };
    reading.refuse(file, format!("{which} before `{file}`: {then}"));
}

/// `a.sql` without its ending.
pub(crate) fn stem(file: &str) -> &str {
    file.strip_suffix(".sql").unwrap_or(file)
}
