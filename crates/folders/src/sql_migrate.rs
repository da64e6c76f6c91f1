//! sql-migrate: `*.sql` with `-- +migrate Up` and `-- +migrate Down` inside.
//!
//! - Every file of the folder that ends in `.sql` is one; names that begin with digits come first,
//!   by number and then as text, and the others as text:
//!   <https://github.com/rubenv/sql-migrate/blob/master/migrate.go>.
//! - A statement ends at a line whose last word before a comment ends in `;`, or at `StatementEnd`;
//!   sections may alternate; text before the first marker is passed over; a statement that does not
//!   end, or a file without a marker, is an error for the whole folder. `notransaction` after a
//!   marker keeps the transaction away from that direction:
//!   <https://github.com/rubenv/sql-migrate/blob/master/sqlparse/sqlparse.go>.

use std::ops::Range;

use crate::collect::{Line, Reading, line_at, lines, stem};
use crate::fit::Fit;
use crate::goose::ends_with_semicolon;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::{by_value, leading_digits};
use crate::options::Options;
use crate::source_tree::Tree;

const PREFIX: &str = "-- +migrate ";

/// One direction of a file.
#[derive(Default)]
struct Direction {
    /// From its first marker to the end of its last section.
    section: Option<Range<usize>>,
    pieces: Vec<Range<usize>>,
    no_transaction: bool,
}

impl Direction {
    fn script(&self, file: &str, text: &str) -> Option<Script> {
        let section = self.section.clone()?;
        let start = section.start;
        let within = |piece: &Range<usize>| piece.start - start..piece.end - start;
        Some(Script {
            pieces: self.pieces.iter().map(within).collect(),
            ..Script::part(file, text, section)
        })
    }
}

fn command<'a>(line: &Line<'a>) -> Option<std::str::SplitWhitespace<'a>> {
    Some(line.text.strip_prefix(PREFIX)?.split_whitespace())
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let marked = |line: Line<'_>| command(&line).and_then(|mut words| words.next()) == Some("Up");
    Ok(match tree.sql_that(|text| lines(text).any(marked))? {
        Some(file) => Fit::Sure(format!("`{file}` has `-- +migrate Up`")),
        None => Fit::No("no file has `-- +migrate Up`".to_owned()),
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut files = tree.files("");
    files.retain(|file| file.ends_with(".sql"));
    files.sort_by(|a, b| {
        let (number, other) = (leading_digits(a).0, leading_digits(b).0);
        (number.is_empty().cmp(&other.is_empty()))
            .then_with(|| by_value(number, other))
            .then_with(|| a.cmp(b))
    });
    for file in files {
        let text = tree.text(file)?;
        match parse(&text) {
            Err(why) => {
                let why = format!(
                    "sql-migrate cannot read `{file}`, and refuses the whole folder: {why}"
                );
                reading.refuse_unrun(file, why);
            }
            Ok([up, down]) => {
                let mut step = Migration::named(stem(file), Down::Missing);
                step.no_transaction = up.no_transaction;
                step.down_no_transaction = down.no_transaction;
                step.up = up.script(file, &text);
                if let Some(script) = down.script(file, &text) {
                    step.down = if !down.pieces.is_empty() {
                        Down::Script(script)
                    } else {
                        blank(script)
                    };
                }
                reading.step(step);
            }
        }
    }
    Ok(reading)
}

/// A section without a statement.
fn blank(script: Script) -> Down {
    if script.text.trim().is_empty() {
        Down::Empty(script)
    } else {
        Down::OnlyComments(script)
    }
}

/// Up, and down.
fn parse(text: &str) -> Result<[Direction; 2], String> {
    let mut found = [Direction::default(), Direction::default()];
    let mut current: Option<usize> = None;
    let (mut open, mut within): (Option<usize>, bool) = (None, false);
    for line in lines(text) {
        if line.text.starts_with("-- ") && !line.text.starts_with("-- +") {
            continue;
        }
        let at = line.number;
        let mut ended = false;
        if let Some(mut words) = command(&line) {
            match words.next() {
                Some(way @ ("Up" | "Down")) => {
                    unfinished(text, open.take())?;
                    let way = usize::from(way == "Down");
                    if let Some(section) =
                        current.and_then(|way| found.get_mut(way)?.section.as_mut())
                    {
                        section.end = line.start;
                    }
                    let Some(direction) = found.get_mut(way) else {
                        continue;
                    };
                    direction.section.get_or_insert(line.end..text.len()).end = text.len();
                    direction.no_transaction |= words.any(|word| word == "notransaction");
                    current = Some(way);
                }
                Some("StatementBegin") => within |= current.is_some(),
                Some("StatementEnd") => ended = current.is_some() && std::mem::take(&mut within),
                Some(_) => {}
                None => return Err(format!("a marker says nothing (line {at})")),
            }
        }
        let Some(direction) = current.and_then(|way| found.get_mut(way)) else {
            continue;
        };
        let marker = line.text.starts_with("-- +");
        if !marker && (open.is_some() || !line.text.trim().is_empty()) {
            open.get_or_insert(line.start);
        }
        if ended || (!within && ends_with_semicolon(line.text)) {
            let end = if marker { line.start } else { line.end };
            direction.pieces.extend(open.take().map(|start| start..end));
        }
    }
    if within {
        return Err("`StatementBegin` has no `StatementEnd`".to_owned());
    }
    if current.is_none() {
        return Err("it has no `-- +migrate Up`".to_owned());
    }
    unfinished(text, open)?;
    Ok(found)
}

fn unfinished(text: &str, open: Option<usize>) -> Result<(), String> {
    match open {
        Some(start) => {
            let line = line_at(text, start);
            Err(format!(
                "a statement has no `;` at the end of a line (line {line})"
            ))
        }
        None => Ok(()),
    }
}
