//! Numbered files that an application runs itself, with no tool's rules: `001_name.sql`, `12-name.sql`,
//! `migration_3.sql`, or a pair `1_name.up.sql` and `1_name.down.sql`.
//!
//! There is no page to read them from, so the rules are the ones that hold for any such runner: a file has a
//! number, the number decides the order by its value, and the whole text of a file is run. A way back is a
//! file of the same name with `down`, `undo`, `rollback` or `revert` behind it; where no file has one, the
//! application has no way back.

use super::layout::Fit;
use super::reading::{Reading, by_value, leading_digits, natural, stem, tell_shared};
use super::refusal::Refusal;
use super::tree::Tree;
use super::{Down, Migration, Options, Script};

const BACK: [&str; 4] = ["down", "undo", "rollback", "revert"];
const FORTH: [&str; 3] = ["up", "do", "deploy"];

/// A file with a number in its name.
struct Numbered<'a> {
    file: &'a str,
    digits: &'a str,
    /// Its name without direction and ending.
    name: &'a str,
    back: bool,
}

fn parse(file: &str) -> Option<Numbered<'_>> {
    let whole = file.strip_suffix(".sql")?;
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
        back,
    })
}

/// What stands before a direction at the end of a name, and whether that is the way back.
fn direction(name: &str) -> Option<(&str, bool)> {
    let (before, last) = name.rsplit_once(['.', '_', '-'])?;
    let is = |words: &[&str]| words.iter().any(|word| last.eq_ignore_ascii_case(word));
    let back = is(&BACK);
    // `_up` may well be the end of a name that says something else: only a dot is sure of it.
    let forth = is(&FORTH) && name.contains(&format!(".{last}"));
    (back || forth).then_some((before, back))
}

pub(super) fn fit(tree: &Tree) -> Result<Fit, Refusal> {
    let files = tree.files("");
    let pair = |file: &&&str| file.ends_with(".up.sql") || file.ends_with(".down.sql");
    if let Some(file) = files.iter().find(pair) {
        return Ok(Fit::No(format!("`{file}` is named as tools name it")));
    }
    Ok(match files.iter().find(|file| parse(file).is_some()) {
        Some(file) => Fit::Shape(format!("`{file}` has a number")),
        None => Fit::No("no file is named like `001_name.sql`".to_owned()),
    })
}

pub(super) fn read(tree: &Tree, _: &Options) -> Result<Reading, Refusal> {
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
    let missing = || match backs.is_empty() {
        true => Down::NoSuchThing,
        false => Down::Missing,
    };
    for forth in &forths {
        let back = backs.iter().find(|back| back.name == forth.name);
        let down = match back {
            Some(back) => Down::of(Script::whole(back.file, &tree.text(back.file)?)),
            None => missing(),
        };
        let mut step = Migration::named(forth.name, down);
        step.up = Some(Script::whole(forth.file, &tree.text(forth.file)?));
        reading.step(step);
    }
    for back in backs
        .iter()
        .filter(|back| !forths.iter().any(|forth| forth.name == back.name))
    {
        let why = format!("it goes back from `{}`, which there is not", back.name);
        reading.aside(back.file, why);
    }
    let versions = forths.iter().map(|forth| {
        let value = forth.digits.trim_start_matches('0');
        (value.to_owned(), stem(forth.file).to_owned() + ".sql")
    });
    tell_shared(
        &mut reading,
        versions,
        "which of them runs first is for the application to say",
    );
    Ok(reading)
}
