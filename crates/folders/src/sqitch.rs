//! sqitch: `sqitch.plan`, and below `deploy/`, `revert/` and `verify/` a script for each change.
//!
//! - The plan's order is the order. A line is a pragma (`%`), a tag (`@`), or a change with its
//!   dependencies in brackets; `#` begins a note; a change may be named again after a tag, and the
//!   scripts of the former one are then `name@tag.sql`, with the last tag between the two for which
//!   there is one: <https://sqitch.org/docs/manual/sqitch-rework/>,
//!   <https://sqitch.org/docs/manual/sqitchchanges/>,
//!   <https://github.com/sqitchers/sqitch/blob/develop/lib/App/Sqitch/Plan.pm>.
//! - A dependency may name a tag (`@tag`, `name@tag`), another project (`project:name`), or with
//!   `!` a conflict: <https://sqitch.org/docs/manual/sqitch-add/>.
//! - A script is handed to the `sqlite3` shell as it is:
//!   <https://sqitch.org/docs/manual/sqitchtutorial-sqlite/>. `verify` scripts change nothing and
//!   are not read.

use crate::collect::Reading;
use crate::dot_commands;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::options::Options;
use crate::source_tree::Tree;

const PLAN: &str = "sqitch.plan";

/// A change as the plan names it.
struct Change {
    name: String,
    needs: Vec<String>,
    line: usize,
    /// It is a line of the form `-name`, which sqitch keeps for later.
    revert: bool,
    /// The tags after it and before the next change.
    tags: Vec<String>,
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    Ok(if tree.has_file(PLAN) {
        Fit::Sure(format!("`{PLAN}` is sqitch's"))
    } else {
        Fit::No(format!("there is no `{PLAN}`"))
    })
}

fn parse(text: &str, reading: &mut Reading) -> Vec<Change> {
    let mut found: Vec<Change> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let said = line.split('#').next().unwrap_or_default().trim();
        if said.is_empty() || said.starts_with('%') {
            continue;
        }
        let name = said.split_whitespace().next().unwrap_or_default();
        if let Some(tag) = name.strip_prefix('@') {
            match found.last_mut() {
                Some(change) => change.tags.push(tag.to_owned()),
                None => reading.aside(
                    PLAN,
                    format!(
                        "the tag `@{tag}` comes before every change (line {})",
                        at + 1
                    ),
                ),
            }
            continue;
        }
        let needs = said
            .split_once('[')
            .and_then(|(_, rest)| rest.split_once(']'));
        let needs = needs.map(|(inner, _)| inner.split_whitespace().map(str::to_owned).collect());
        found.push(Change {
            revert: name.starts_with('-'),
            name: name.trim_start_matches(['+', '-']).to_owned(),
            needs: needs.unwrap_or_default(),
            line: at + 1,
            tags: Vec::new(),
        });
    }
    found
}

/// The names under which the scripts of a change may lie: its own, or with a tag between it and the
/// next change of that name, in the order in which sqitch looks for them:
/// <https://github.com/sqitchers/sqitch/blob/develop/lib/App/Sqitch/Plan/Change.pm>.
fn script_names(changes: &[Change], at: usize) -> Vec<String> {
    let Some(change) = changes.get(at) else {
        return Vec::new();
    };
    let later = changes.iter().skip(at + 1);
    let Some(next) = later
        .clone()
        .position(|other| other.name == change.name && !other.revert)
    else {
        return vec![change.name.clone()];
    };
    let between = std::iter::once(change).chain(later.take(next));
    let tags: Vec<_> = between.flat_map(|change| &change.tags).collect();
    let names = tags.iter().rev();
    names.map(|tag| format!("{}@{tag}", change.name)).collect()
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    if !tree.has_file(PLAN) {
        let what = format!("has no `{PLAN}`");
        return Err(InputError::new(
            tree.root(),
            &what,
            "name the folder that holds the plan",
        ));
    }
    let text = tree.text(PLAN)?;
    let changes = parse(&text, &mut reading);
    let top = top(tree)?;
    let mut used = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let line = change.line;
        if change.revert {
            reading.gap(
                PLAN,
                format!("sqitch does not run `-{}` (line {line})", change.name),
            );
            continue;
        }
        for why in unmet(&changes, at) {
            let why = format!(
                "`{}` {why} (line {line}): sqitch refuses the plan",
                change.name
            );
            reading.refuse(PLAN, why);
        }
        let names = script_names(&changes, at);
        let there = |name: &&String| tree.has_file(&format!("{top}deploy/{name}.sql"));
        let Some(script) = names.iter().find(there).or(names.first()) else {
            let why = format!(
                "`{}` is named again without a tag between (line {line}): sqitch refuses the plan",
                change.name
            );
            reading.refuse_unrun(PLAN, why);
            continue;
        };
        let (up, down) = (
            format!("{top}deploy/{script}.sql"),
            format!("{top}revert/{script}.sql"),
        );
        used.push(up.clone());
        if !tree.has_file(&up) {
            let why = format!(
                "the plan names `{}` (line {line}), and there is no `{up}`: sqitch stops there",
                change.name
            );
            reading.refuse_unrun(up, why);
            continue;
        }
        let mut step = Migration::named(script, Down::Missing);
        let whole = Script::whole(&up, &tree.text(&up)?);
        step.up = Some(dot_commands::without_commands(whole, &mut reading));
        if tree.has_file(&down) {
            let whole = Script::whole(&down, &tree.text(&down)?);
            step.down = Down::of(dot_commands::without_commands(whole, &mut reading));
        }
        reading.step(step);
    }
    for path in tree.all_files() {
        let script = path.starts_with(&format!("{top}deploy/")) && path.ends_with(".sql");
        if script && !used.iter().any(|up| up == path) {
            reading.aside(path, "the plan does not name it; sqitch never runs it");
        }
    }
    Ok(reading)
}

/// The folder that contains `deploy/`: `top_dir` of `sqitch.conf`, with `/` after it.
fn top(tree: &Tree) -> Result<String, InputError> {
    if !tree.has_file("sqitch.conf") {
        return Ok(String::new());
    }
    let text = tree.text("sqitch.conf")?;
    let value = |line: &str| {
        let (key, value) = line.trim().split_once('=')?;
        (key.trim() == "top_dir").then(|| value.trim().trim_matches('"').to_owned())
    };
    let said = text.lines().find_map(value).unwrap_or_default();
    let said = said.trim_start_matches("./").trim_end_matches('/');
    Ok(match said {
        "" | "." => String::new(),
        _ => format!("{said}/"),
    })
}

/// The dependencies of a change that the changes before it do not meet, as clauses.
fn unmet(changes: &[Change], at: usize) -> Vec<String> {
    let before = changes.get(..at).unwrap_or_default();
    let known = |need: &str| {
        let (name, tag) = need.split_once('@').unwrap_or((need, ""));
        let tagged =
            |change: &Change| tag.is_empty() || change.tags.iter().any(|known| known == tag);
        match (name, tag) {
            ("", _) => before.iter().any(tagged),
            (_, "") => before.iter().any(|change| change.name == name),
            // A change as of a tag lies at or before the change that has the tag.
            _ => before.iter().position(tagged).is_some_and(|last| {
                before
                    .iter()
                    .take(last + 1)
                    .any(|change| change.name == name)
            }),
        }
    };
    let needs = changes
        .get(at)
        .map(|change| change.needs.as_slice())
        .unwrap_or_default();
    // What another project deploys is not in this folder.
    needs
        .iter()
        .filter(|need| !need.contains(':'))
        .filter_map(|need| match need.strip_prefix('!') {
            Some(other) => {
                known(other).then(|| format!("conflicts with `{other}`, which runs before it"))
            }
            None => (!known(need)).then(|| format!("needs `{need}`, which does not run before it")),
        })
        .collect()
}
