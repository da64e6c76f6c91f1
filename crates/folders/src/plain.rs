//! Numbered files that an application runs itself, with no tool's rules: `001_name.sql`,
//! `12-name.sql`, `migration_3.sql`, or a pair `1_name.up.sql` and `1_name.down.sql`.
//!
//! There is no page to read them from, so the rules are the ones that hold for any such runner: a
//! file has a number, the number decides the order by its value, and the whole text of a file is
//! run. A down migration is a file of the same name with `down`, `undo`, `rollback` or `revert`
//! after it; where no file has one, the application has no down migration.

use crate::collect::{Line, Reading, lines, report_shared};
use crate::dot_commands;
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::{by_value, leading_digits, natural};
use crate::options::Options;
use crate::source_tree::Tree;

const BACK: [&str; 4] = ["down", "undo", "rollback", "revert"];
const FORTH: [&str; 3] = ["up", "do", "deploy"];

/// Endings of files that may well be steps in another language.
const CODE: [&str; 10] = [
    ".js", ".mjs", ".cjs", ".ts", ".py", ".rb", ".go", ".rs", ".php", ".sh",
];

/// A file with a number in its name.
struct Numbered<'a> {
    file: &'a str,
    digits: &'a str,
    /// Its name without direction and ending.
    name: &'a str,
    code: bool,
    back: bool,
}

fn parse(file: &str) -> Option<Numbered<'_>> {
    let code = CODE.iter().find_map(|ending| file.strip_suffix(ending));
    let whole = file.strip_suffix(".sql").or(code)?;
    let at = whole.find(|c: char| c.is_ascii_digit())?;
    let (before, rest) = whole.split_at(at);
    let (digits, _) = leading_digits(rest);
    // `V1__name` and its kind are two tools' own; and a number deep in a name is no order.
    if ["V", "U", "B", "|"].contains(&before) && whole.contains("__") {
        return None;
    }
    let word = before.trim_end_matches(['-', '_', '.', ' ']);
    if !word.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let (name, back) = match direction(whole) {
        Some((name, back)) => (name, back),
        None => (whole, false),
    };
    Some(Numbered {
        file,
        digits,
        name,
        code: code.is_some(),
        back,
    })
}

/// The text before a direction at the end of a name, and whether the direction is the down
/// migration.
fn direction(name: &str) -> Option<(&str, bool)> {
    let (before, last) = name.rsplit_once(['.', '_', '-'])?;
    let is = |words: &[&str]| words.iter().any(|word| last.eq_ignore_ascii_case(word));
    let back = is(&BACK);
    // `_up` may well be the end of a name that says something else: only a dot is sure of it.
    let forth = is(&FORTH) && name.contains(&format!(".{last}"));
    (back || forth).then_some((before, back))
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = tree.files("");
    let pair = |file: &&&str| file.ends_with(".up.sql") || file.ends_with(".down.sql");
    if let Some(file) = files.iter().find(pair) {
        return Ok(Fit::No(format!("`{file}` is named as tools name it")));
    }
    let numbered = |file: &&&str| parse(file).is_some_and(|file| !file.code);
    let Some(first) = files.iter().find(numbered) else {
        return Ok(Fit::No("no file is named like `001_name.sql`".to_owned()));
    };
    for file in files.iter().filter(numbered) {
        if let Some(line) = lines(&tree.text(file)?).find(marked) {
            let marker = line.text.trim();
            let why = format!("`{file}` holds its down migration, too, after `{marker}`");
            return Ok(Fit::No(why));
        }
    }
    Ok(Fit::Shape(format!("`{first}` has a number")))
}

/// Whether a line is how tools that are not known here part the way forward from the down
/// migration. To run both as one would undo each step.
fn marked(line: &Line<'_>) -> bool {
    let said = line
        .text
        .trim()
        .trim_start_matches(['-', '#', '/', ' ', '\t']);
    if said.len() == line.text.trim().len() || said.len() > 40 {
        return false;
    }
    let said = said.to_ascii_lowercase();
    let said = said
        .trim_start_matches(['+', '@', '!', '='])
        .trim_end_matches([':', '-', '=', ' ']);
    let words = [
        "down",
        "downs",
        "undo",
        "rollback",
        "revert",
        "migrate down",
        "migrate:down",
        "migration down",
        "rambler down",
        "micrate down",
        "goose down",
    ];
    words.contains(&said)
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut found = Vec::new();
    for file in tree.files("") {
        match parse(file) {
            Some(numbered) => found.push(numbered),
            None if file.ends_with(".sql") => {
                reading.aside(file, "it has no number that says when it runs");
            }
            None => {}
        }
    }
    let order = |a: &Numbered<'_>, b: &Numbered<'_>| {
        by_value(a.digits, b.digits).then_with(|| natural(a.file, b.file))
    };
    found.sort_by(order);
    let (backs, forths): (Vec<_>, Vec<_>) = found.into_iter().partition(|file| file.back);
    let missing = || {
        if backs.is_empty() {
            Down::Unsupported
        } else {
            Down::Missing
        }
    };
    for forth in &forths {
        if forth.code {
            reading.gap(forth.file, "it is code, which is not run here");
            continue;
        }
        let back = backs.iter().find(|back| back.name == forth.name);
        let down = match back {
            Some(back) => {
                let whole = Script::whole(back.file, &tree.text(back.file)?);
                Down::of(dot_commands::without_commands(whole, &mut reading))
            }
            None => missing(),
        };
        let mut step = Migration::named(forth.name, down);
        let whole = Script::whole(forth.file, &tree.text(forth.file)?);
        step.up = Some(dot_commands::without_commands(whole, &mut reading));
        reading.step(step);
    }
    for back in backs
        .iter()
        .filter(|back| !forths.iter().any(|forth| forth.name == back.name))
    {
        let why = format!(
            "it goes back from `{}`, which is not in the folder",
            back.name
        );
        reading.aside(back.file, why);
    }
    let versions = forths.iter().map(|forth| {
        let value = forth.digits.trim_start_matches('0');
        let value = if value.is_empty() { "0" } else { value };
        (value.to_owned(), forth.file.to_owned())
    });
    report_shared(
        &mut reading,
        versions,
        Harm::Possible,
        "an application that records the number skips one of them; give one a later number",
    );
    Ok(reading)
}
