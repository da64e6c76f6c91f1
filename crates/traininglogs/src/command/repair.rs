//! `repair`: records the steps' texts in the ledger again, if only comments changed.

use std::path::Path;

use migrations::{Backups, Repaired};
use serde_json::json;

use super::backup_args;
use super::open::open;
use super::output::Output;
use super::output::count;
use crate::error::Error;

pub(super) fn run(path: &Path, output: &mut Output) -> Result<(), Error> {
    let repaired = open(path, backup_args::options(Backups::Off))?.repair()?;
    let file = path.display();
    if repaired.is_empty() {
        output.line(format_args!(
            "`{file}` keeps every step as this build has it, there is nothing to do"
        ));
    }
    let mut all = Vec::new();
    if let many @ 1.. = repaired.len() {
        output.leaves(format!("{} recorded again", count(many as u64, "text")));
    }
    for repaired in &repaired {
        output.line(format_args!(
            "recorded again: {} (only whitespace and comments differ)",
            repaired.script
        ));
        for (sign, line) in lines(repaired) {
            output.line(format_args!("  {sign} {line}"));
        }
        all.push(json!({
            "script": repaired.script,
            "before": repaired.before,
            "after": repaired.after,
        }));
    }
    output.add_json(json!({ "file": path.to_string_lossy(), "repaired": all }));
    Ok(())
}

/// The lines of the old text (`-`) and of the new one (`+`), without the common ones at both ends.
fn lines(repaired: &Repaired) -> Vec<(char, &str)> {
    let before: Vec<&str> = repaired.before.lines().collect();
    let after: Vec<&str> = repaired.after.lines().collect();
    let same = |(old, new): &(&&str, &&str)| old == new;
    let start = before.iter().zip(&after).take_while(same).count();
    let room = before.len().min(after.len()) - start;
    let ends = before.iter().rev().zip(after.iter().rev());
    let end = ends.take(room).take_while(same).count();
    let old = before[start..before.len() - end]
        .iter()
        .map(|line| ('-', *line));
    let new = after[start..after.len() - end]
        .iter()
        .map(|line| ('+', *line));
    old.chain(new).collect()
}
