//! Compares the samples of a page with the output of their commands.
//!
//! A sample is a line `$ COMMAND` in a block of code whose language is `text`, and the lines below
//! it. In a sample `…` matches anything: alone on a line any number of lines, otherwise a part of
//! the line. Ids, times, sizes and durations differ from run to run and are not compared. A comment
//! `<!-- given: NAME -->` before a block names the state that the test prepares for its first
//! command. With `INSTA_UPDATE=always`, samples that differ are rewritten, except those with
//! `…`.

use std::fs;
use std::ops::Range;
use std::path::Path;

/// A command on a page and its output on the page.
pub(crate) struct Sample {
    /// The state that the test prepares before the command.
    #[allow(dead_code, reason = "not every page needs it")]
    pub(crate) given: Option<String>,
    /// The line after `$ `.
    pub(crate) command: String,
    printed: String,
    lines: Range<usize>,
}

impl Sample {
    /// The number of lines of the page before what the command prints.
    pub(crate) fn line(&self) -> usize {
        self.lines.start
    }
}

/// Runs the samples of a page in order and compares them. `run` returns the output of the command,
/// or nothing if a different test has the sample.
///
/// # Panics
/// If a sample differs and is not to be rewritten.
pub(crate) fn check(page: &Path, mut run: impl FnMut(&Sample) -> Option<String>) {
    let text = fs::read_to_string(page).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut different = Vec::new();
    let mut compared = 0;
    for sample in read(&text) {
        let Some(printed) = run(&sample) else {
            continue;
        };
        compared += 1;
        if !same(&sample.printed, &printed) {
            different.push((sample, printed));
        }
    }
    assert_ne!(compared, 0, "{} has no sample", page.display());
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        // From the last on, so that the places of the others stay. One with `…` is for a person.
        let whole = |sample: &Sample| !sample.printed.contains('…');
        for (sample, printed) in different.iter().rev().filter(|(own, _)| whole(own)) {
            let printed = printed.trim_end().lines().map(str::to_owned);
            lines.splice(sample.lines.clone(), printed);
        }
        let renewed = lines.join("\n") + "\n";
        if renewed != text {
            fs::write(page, renewed).unwrap();
        }
        different.retain(|(sample, _)| !whole(sample));
    }
    let shown: Vec<String> = different
        .iter()
        .map(|(sample, printed)| {
            let (line, command) = (sample.line(), &sample.command);
            let page = page.display();
            format!(
                "{page}:{line}: `{command}` prints\n{printed}\nbut the page has\n{}\n",
                sample.printed
            )
        })
        .collect();
    assert!(
        shown.is_empty(),
        "{}\nhint: with `INSTA_UPDATE=always` the test rewrites samples without `…`",
        shown.join("\n")
    );
}

/// The samples of a page, in order.
fn read(text: &str) -> Vec<Sample> {
    let lines: Vec<&str> = text.lines().collect();
    let mut samples: Vec<Sample> = Vec::new();
    let mut given = None;
    let mut place = 0;
    while place < lines.len() {
        let line = lines[place];
        place += 1;
        if let Some(name) = line.strip_prefix("<!-- given: ") {
            given = name.strip_suffix(" -->").map(str::to_owned);
        }
        if !line.starts_with("```") {
            continue;
        }
        let ends = lines[place..].iter().position(|line| *line == "```");
        let end = place + ends.unwrap_or_else(|| panic!("line {place}: the block has no end"));
        while line == "```text" && place < end {
            let Some(command) = lines[place].strip_prefix("$ ") else {
                place += 1;
                continue;
            };
            let start = place + 1;
            let rest = &lines[start..end];
            let next = rest.iter().position(|line| line.starts_with("$ "));
            place = next.map_or(end, |next| start + next);
            let shown = lines[start..place].join("\n");
            let shown = shown.trim_end();
            samples.push(Sample {
                given: given.take(),
                command: command.to_owned(),
                printed: shown.to_owned(),
                lines: start..start + shown.lines().count(),
            });
        }
        place = end + 1;
    }
    samples
}

/// Whether a sample matches the output.
fn same(sample: &str, printed: &str) -> bool {
    let (sample, printed) = (mask(sample.trim_end()), mask(printed.trim_end()));
    lines_match(
        &sample.lines().collect::<Vec<_>>(),
        &printed.lines().collect::<Vec<_>>(),
    )
}

fn lines_match(sample: &[&str], printed: &[&str]) -> bool {
    let Some((first, rest)) = sample.split_first() else {
        return printed.is_empty();
    };
    if first.trim() == "…" {
        return (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]));
    }
    printed
        .split_first()
        .is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others))
}

fn line_matches(sample: &str, printed: &str) -> bool {
    let Some((start, rest)) = sample.split_once('…') else {
        return sample.trim_end() == printed.trim_end();
    };
    let Some(printed) = printed.strip_prefix(start) else {
        return false;
    };
    let starts = printed.char_indices().map(|(place, _)| place);
    let mut starts = starts.chain([printed.len()]);
    starts.any(|place| line_matches(rest, &printed[place..]))
}

/// A text without ids, times, sizes and durations.
fn mask(text: &str) -> String {
    const ID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const TIME: &str = "dddd-dd-ddTdd:dd:dd";
    const UNITS: [&str; 5] = ["kB", "MB", "ms", "s", "µs"];
    let mut masked = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let within = masked.ends_with(|c: char| c.is_ascii_alphanumeric());
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit = number.strip_prefix(' ').unwrap_or_default();
        let unit = unit.split(|c: char| !c.is_alphanumeric()).next();
        if fits(rest, ID) {
            masked.push_str("[id]");
            rest = &rest[ID.len()..];
        } else if fits(rest, TIME) {
            masked.push_str("[time]");
            rest = rest[TIME.len()..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            rest = rest.strip_prefix('Z').unwrap_or(rest);
        } else if !within && c.is_ascii_digit() && unit.is_some_and(|unit| UNITS.contains(&unit)) {
            masked.push_str("[number]");
            rest = number;
        } else {
            masked.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    masked
}

/// Whether a text begins like `pattern`, in which `x` is a hexadecimal digit and `d` a digit.
fn fits(text: &str, pattern: &str) -> bool {
    let mut bytes = text.bytes();
    pattern.bytes().all(|wanted| {
        bytes.next().is_some_and(|found| match wanted {
            b'x' => found.is_ascii_hexdigit(),
            b'd' => found.is_ascii_digit(),
            exactly => found == exactly,
        })
    })
}
