//! Numbered files that an application runs itself, with no tool's rules: `001_name.sql`,
//! `12-name.sql`, `migration_3.sql`, a pair `1_name.up.sql` and `1_name.down.sql`, or the same in
//! folders of versions, `v1/001_name.sql`, `v2/up.sql`.
//!
//! There is no page to read them from, so the rules are the ones that hold for any such runner: a
//! file has a number, the number decides the order by its value, and the whole text of a file is
//! run. The options may give another order. A down migration is a file of the same name with
//! `down`, `undo`, `rollback` or `revert` after it; where no file has one, the application has no
//! down migration.

use crate::collect::{Line, Reading, lines, report_shared};
use crate::dot_commands;
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::leading_digits;
use crate::options::Options;
use crate::ordered;
use crate::plain_names::{candidates, parse};
use crate::source_tree::Tree;

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = candidates(tree);
    // Two tools take a number, `_`, a name and a direction.
    let pair = |name: &&&str| {
        (name.ends_with(".up.sql") || name.ends_with(".down.sql"))
            && leading_digits(name).1.starts_with('_')
            && !leading_digits(name).0.is_empty()
    };
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

pub(crate) fn read(tree: &Tree, options: &Options) -> Result<Reading, InputError> {
    if options.gives_order() {
        return ordered::read(tree, options);
    }
    let mut reading = Reading::default();
    let mut found = Vec::new();
    for file in candidates(tree) {
        match parse(file) {
            Some(numbered) => found.push(numbered),
            None if file.ends_with(".sql") => {
                reading.aside(file, "it has no number that says when it runs");
            }
            None => {}
        }
    }
    found.sort_by(|a, b| a.order(b));
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
    let versions = forths.iter();
    let versions = versions.map(|forth| (forth.version(), forth.file.to_owned()));
    report_shared(
        &mut reading,
        versions,
        Harm::Possible,
        "an application that records the number skips one of them; give one a later number",
    );
    Ok(reading)
}
