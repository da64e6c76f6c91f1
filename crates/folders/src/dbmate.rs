//! dbmate: `<digits><name>.sql` with `-- migrate:up` and `-- migrate:down` inside.
//!
//! - A file counts whose name begins with a digit and ends in `.sql`; all are run in the order of
//!   their names as text, so that `10_a.sql` comes before `2_a.sql`; the digits are the version,
//!   which is recorded once: <https://github.com/amacneil/dbmate/blob/main/pkg/dbmate/db.go>.
//! - A section begins at a line with its marker and ends at the next; both must be there, the way
//!   forward first, and nothing but comments before. `transaction:false` after a marker keeps the
//!   transaction away from that section. A file may have several pairs, each with a transaction of
//!   its own, in which the file's version is recorded again:
//!   <https://github.com/amacneil/dbmate/blob/main/pkg/dbmate/migration.go>,
//!   <https://github.com/amacneil/dbmate/issues/820>.

use crate::collect::{Line, Reading, lines, report_shared, stem};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::leading_digits;
use crate::options::Options;
use crate::source_tree::Tree;

/// A section of a file.
#[derive(Clone)]
struct Section {
    up: bool,
    /// Where its marker begins.
    marker: usize,
    range: std::ops::Range<usize>,
    no_transaction: bool,
}

/// The direction of the section that a line begins, and the text after its marker.
fn marker<'a>(line: &Line<'a>) -> Option<(bool, &'a str)> {
    let rest = line
        .text
        .strip_prefix("--")?
        .trim_start()
        .strip_prefix("migrate:")?;
    let (up, rest) = match rest.strip_prefix("up") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("down")?),
    };
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some((up, rest))
}

fn sections(text: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    for line in lines(text) {
        let Some((up, options)) = marker(&line) else {
            continue;
        };
        if let Some(last) = found.last_mut() {
            last.range.end = line.start;
        }
        found.push(Section {
            up,
            marker: line.start,
            range: line.end..text.len(),
            no_transaction: options
                .split_whitespace()
                .any(|option| option == "transaction:false"),
        });
    }
    found
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let marked = |text: &str| sections(text).iter().any(|section| section.up);
    Ok(match tree.sql_that(marked)? {
        Some(file) => Fit::Sure(format!("`{file}` has `-- migrate:up`")),
        None => Fit::No("no file has `-- migrate:up`".to_owned()),
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut files = tree.files("");
    files.retain(|file| file.ends_with(".sql"));
    files.sort_unstable();
    let mut versions = Vec::new();
    for file in files {
        let (digits, _) = leading_digits(file);
        if digits.is_empty() {
            reading.aside(
                file,
                "it does not begin with a number; dbmate passes over it",
            );
            continue;
        }
        versions.push((digits.to_owned(), file.to_owned()));
        let text = tree.text(file)?;
        let sections = sections(&text);
        match refused(&text, &sections) {
            Some(why) => {
                let why = format!("dbmate cannot read `{file}`, and stops there: {why}");
                reading.refuse_unrun(file, why);
            }
            None => pairs(file, &text, &sections, &mut reading),
        }
    }
    let then = "dbmate skips the second on a database that has the first, and fails on a new one \
                when it records the second; give one of them a later number";
    report_shared(&mut reading, versions, Harm::Certain, then);
    Ok(reading)
}

fn refused(text: &str, sections: &[Section]) -> Option<String> {
    let Some(first) = sections.iter().find(|section| section.up) else {
        let hidden = text.strip_prefix('\u{feff}').is_some_and(|rest| {
            lines(rest)
                .next()
                .is_some_and(|line| marker(&line).is_some())
        });
        return Some(if hidden {
            "a byte order mark hides its `-- migrate:up`".to_owned()
        } else {
            "it has no `-- migrate:up`".to_owned()
        });
    };
    if sections.first().is_some_and(|section| !section.up) {
        return Some("`-- migrate:down` comes before `-- migrate:up`".to_owned());
    }
    let downs = |pair: &[Section]| pair.iter().all(|section| !section.up);
    if sections.windows(2).any(downs) {
        return Some("a `-- migrate:down` follows another".to_owned());
    }
    let before = text.get(..first.marker).unwrap_or_default();
    let sql = |line: &Line<'_>| {
        let line = line.text.trim();
        !line.is_empty() && !line.starts_with("--")
    };
    lines(before)
        .find(sql)
        .map(|line| format!("it has SQL before `-- migrate:up` (line {})", line.number))
}

/// A step for each way forward, with the down migration that follows it.
fn pairs(file: &str, text: &str, sections: &[Section], reading: &mut Reading) {
    let ups = sections.iter().filter(|section| section.up).count();
    let mut number = 0;
    for (at, section) in sections
        .iter()
        .enumerate()
        .filter(|(_, section)| section.up)
    {
        number += 1;
        if number == 2 {
            let why = format!(
                "`{file}` has a second `-- migrate:up`: dbmate records the version again and fails"
            );
            reading.refuse(file, why);
        }
        let name = match ups {
            1 => stem(file).to_owned(),
            _ => format!("{} ({number} of {ups})", stem(file)),
        };
        let mut step = Migration::named(name, Down::Missing).with_version(leading_digits(file).0);
        step.no_transaction = section.no_transaction;
        step.up = Some(Script::part(file, text, section.range.clone()));
        let back = sections.get(at + 1).filter(|next| !next.up);
        if let Some(back) = back {
            step.down = Down::of(Script::part(file, text, back.range.clone()));
            step.down_no_transaction = back.no_transaction;
        }
        reading.step(step);
        if back.is_none() {
            let why = format!(
                "dbmate cannot read `{file}`, and stops there: `-- migrate:up` has no \
                 `-- migrate:down`; add one, though it may be empty"
            );
            reading.refuse(file, why);
        }
    }
}
