//! goose: `<version>_<name>.sql` with `-- +goose Up` and `-- +goose Down` inside, or the same in
//! Go.
//!
//! - The version is the number before the first `_`, greater than 0, and decides the order; two
//!   files of one version are an error; names without one, and `*_test.go`, are passed over:
//!   <https://github.com/pressly/goose/blob/main/provider_collect.go>.
//! - A statement ends at a line whose last word before a comment ends in `;`, or at `StatementEnd`,
//!   and nowhere else; the text of the other direction is passed over. `NO TRANSACTION` counts
//!   at any place. The case of markers does not matter, and one that is not known, or
//!   is indented, is an error:
//!   <https://github.com/pressly/goose/blob/main/internal/sqlparser/parser.go>.
//! - `ENVSUB ON` fills in environment variables until `ENVSUB OFF`:
//!   <https://pressly.github.io/goose/documentation/environment-variables/>. They are taken from
//!   what is defined on the command line, because the environment in which this runs is not the one
//!   that goose has.

use std::ops::Range;

use crate::collect::{Line, Reading, line_at, lines, report_shared, stem};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::leading_digits;
use crate::options::Options;
use crate::placeholders;
use crate::source_tree::Tree;

/// The version in a name, which is not yet known to be above 0.
fn version(file: &str) -> Option<u64> {
    if file.ends_with("_test.go") || !(file.ends_with(".sql") || file.ends_with(".go")) {
        return None;
    }
    let (digits, rest) = leading_digits(file);
    rest.starts_with('_').then(|| digits.parse().ok())?
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let marked = |line: Line<'_>| marker(&line).is_some_and(|marker| marker.is_ok());
    if let Some(file) = tree.sql_that(|text| lines(text).any(marked))? {
        return Ok(Fit::Sure(format!("`{file}` has `-- +goose`")));
    }
    let code = tree
        .files("")
        .into_iter()
        .find(|file| file.ends_with(".go") && version(file).is_some());
    Ok(match code {
        Some(file) => Fit::Shape(format!("`{file}` is a number, `_` and a name, in Go")),
        None => Fit::No("no file has `-- +goose Up`".to_owned()),
    })
}

pub(crate) fn read(tree: &Tree, options: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut found: Vec<(u64, &str)> = Vec::new();
    for file in tree.files("") {
        match version(file) {
            Some(0) => {
                let why = format!("`{file}` has the version 0: goose refuses the whole folder");
                reading.refuse_unrun(file, why);
            }
            Some(version) => found.push((version, file)),
            None if file.ends_with(".sql") => {
                reading.aside(
                    file,
                    "it is not named `<number>_<name>.sql`; goose passes over it",
                );
            }
            None => {}
        }
    }
    found.sort_unstable();
    for (version, file) in &found {
        if file.ends_with(".go") {
            reading.gap(*file, "it is Go, which is not run here");
            continue;
        }
        one(tree, file, *version, options, &mut reading)?;
    }
    let same = found
        .iter()
        .map(|(version, file)| (*version, (*file).to_owned()));
    let then = "goose refuses the whole folder; give one of them a later number";
    report_shared(&mut reading, same, Harm::Certain, then);
    Ok(reading)
}

fn one(
    tree: &Tree,
    file: &str,
    version: u64,
    options: &Options,
    reading: &mut Reading,
) -> Result<(), InputError> {
    let text = tree.text(file)?;
    let up = match parse(&text, true) {
        Ok(up) => up,
        Err(why) => {
            let why = format!("goose cannot read `{file}`, and stops there: {why}");
            reading.refuse_unrun(file, why);
            return Ok(());
        }
    };
    let mut step = Migration::named(stem(file), Down::Missing).with_version(version);
    step.no_transaction = up.no_transaction;
    step.down_no_transaction = up.no_transaction;
    step.up = up.script(tree, file, &text, options)?;
    let back = parse(&text, false);
    if let Ok(down) = &back
        && let Some(script) = down.script(tree, file, &text, options)?
    {
        step.down = Down::of(script);
    }
    reading.step(step);
    if let Err(why) = back {
        let why = format!("goose cannot read the down migration of `{file}`: {why}");
        reading.refuse_unrun(file, why);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Up,
    Down,
    Begin,
    End,
    NoTransaction,
    Substitute(bool),
}

/// The marker in a line, or why goose does not take it for one; `None` if it does not look for
/// one.
fn marker(line: &Line<'_>) -> Option<Result<Marker, String>> {
    if !line.text.trim().starts_with("--") || !line.text.contains("+goose") {
        return None;
    }
    if line.text.starts_with([' ', '\t']) {
        return Some(Err("a marker is indented".to_owned()));
    }
    let said = line.text.replace("--", "").replacen("+goose", "", 1);
    let said = said.trim();
    Some(match said.to_ascii_lowercase().as_str() {
        "up" => Ok(Marker::Up),
        "down" => Ok(Marker::Down),
        "statementbegin" => Ok(Marker::Begin),
        "statementend" => Ok(Marker::End),
        "no transaction" => Ok(Marker::NoTransaction),
        "envsub on" => Ok(Marker::Substitute(true)),
        "envsub off" => Ok(Marker::Substitute(false)),
        _ => Err(format!("it has no marker `{said}`")),
    })
}

/// One direction of a file.
#[derive(Default)]
struct Parsed {
    /// Where its section lies, if it has one.
    section: Option<Range<usize>>,
    /// The statements, and whether variables are filled in.
    pieces: Vec<(Range<usize>, bool)>,
    no_transaction: bool,
}

/// Reads one direction of a file, line by line.
struct Reader<'a> {
    text: &'a str,
    /// The direction that is wanted.
    wanted: bool,
    /// The direction whose section this is; `None` before the first marker.
    up: Option<bool>,
    /// Between `StatementBegin` and `StatementEnd`.
    within: bool,
    substitute: bool,
    /// The start of the statement that has not ended yet.
    open: Option<usize>,
    parsed: Parsed,
}

fn parse(text: &str, wanted: bool) -> Result<Parsed, String> {
    if text.starts_with('\u{feff}') {
        return Err("a byte order mark hides its first line".to_owned());
    }
    let mut reader = Reader {
        text,
        wanted,
        up: None,
        within: false,
        substitute: false,
        open: None,
        parsed: Parsed::default(),
    };
    for line in lines(text) {
        let marker = marker(&line).transpose();
        match marker.map_err(|why| format!("{why} (line {})", line.number))? {
            Some(marker) => reader.mark(marker, &line)?,
            None => reader.sql(&line)?,
        }
    }
    if reader.up.is_none() {
        return Err("it has no `-- +goose Up`".to_owned());
    }
    if reader.within {
        return Err("`StatementBegin` has no `StatementEnd`".to_owned());
    }
    unfinished(text, reader.open)?;
    Ok(reader.parsed)
}

impl Reader<'_> {
    fn mark(&mut self, marker: Marker, line: &Line<'_>) -> Result<(), String> {
        let at = line.number;
        match marker {
            Marker::Up if self.up.is_some() => {
                return Err(format!("it has `-- +goose Up` twice (line {at})"));
            }
            Marker::Down if self.up != Some(true) || self.within => {
                return Err(format!(
                    "`-- +goose Down` does not follow `-- +goose Up` (line {at})"
                ));
            }
            Marker::Up | Marker::Down => {
                unfinished(self.text, self.open)?;
                let up = marker == Marker::Up;
                self.up = Some(up);
                if up == self.wanted {
                    self.parsed.section = Some(line.end..self.text.len());
                } else if let Some(section) = &mut self.parsed.section {
                    section.end = line.start;
                }
            }
            Marker::Begin if self.up.is_none() || self.within => {
                return Err(format!("`StatementBegin` is where none may be (line {at})"));
            }
            Marker::End if !self.within => {
                return Err(format!(
                    "`StatementEnd` without `StatementBegin` (line {at})"
                ));
            }
            Marker::Begin => self.within = true,
            Marker::End => {
                self.within = false;
                self.end(line.start);
            }
            Marker::NoTransaction => self.parsed.no_transaction = true,
            Marker::Substitute(on) => self.substitute = on,
        }
        Ok(())
    }

    fn sql(&mut self, line: &Line<'_>) -> Result<(), String> {
        let said = line.text.trim();
        // Comments and empty lines before a statement are no part of it; a line of whitespace is.
        let nothing = said.starts_with("--") || line.text.is_empty();
        if self.open.is_none() && (nothing || (self.up.is_none() && said.is_empty())) {
            return Ok(());
        }
        if self.up.is_none() {
            return Err(format!(
                "it has SQL before `-- +goose Up` (line {})",
                line.number
            ));
        }
        if self.up == Some(self.wanted) {
            self.open.get_or_insert(line.start);
            if !self.within && ends_with_semicolon(line.text) {
                self.end(line.end);
            }
        }
        Ok(())
    }

    fn end(&mut self, end: usize) {
        let piece = self.open.take().map(|start| (start..end, self.substitute));
        self.parsed.pieces.extend(piece);
    }
}

/// A statement that no `;` at the end of a line ends.
fn unfinished(text: &str, open: Option<usize>) -> Result<(), String> {
    match open.filter(|start| {
        text.get(*start..)
            .is_some_and(|rest| !rest.trim().is_empty())
    }) {
        Some(start) => Err(format!(
            "a statement has no `;` at the end of a line (line {})",
            line_at(text, start)
        )),
        None => Ok(()),
    }
}

/// Whether the last word before a comment ends in `;`, which is all that goose and sql-migrate look
/// at.
pub(crate) fn ends_with_semicolon(line: &str) -> bool {
    let words = line
        .split_whitespace()
        .take_while(|word| !word.starts_with("--"));
    words.last().is_some_and(|word| word.ends_with(';'))
}

impl Parsed {
    /// Its script, with variables filled in.
    fn script(
        &self,
        tree: &Tree,
        file: &str,
        text: &str,
        options: &Options,
    ) -> Result<Option<Script>, InputError> {
        let Some(section) = self.section.clone() else {
            return Ok(None);
        };
        let mut script = Script {
            text: String::new(),
            ..Script::part(file, text, section.start..section.start)
        };
        let mut at = section.start;
        for (piece, substitute) in &self.pieces {
            script
                .text
                .push_str(text.get(at..piece.start).unwrap_or_default());
            let start = script.text.len();
            let said = text.get(piece.clone()).unwrap_or_default();
            match substitute {
                true => script.text.push_str(&placeholders::environment(
                    tree,
                    file,
                    text,
                    piece.clone(),
                    options,
                )?),
                false => script.text.push_str(said),
            }
            script.pieces.push(start..script.text.len());
            at = piece.end;
        }
        script
            .text
            .push_str(text.get(at..section.end).unwrap_or_default());
        Ok(Some(script))
    }
}
