//! The block `versions`: each version with its changes, how to apply it by hand, and how to go
//! back.

use std::fmt::Write as _;

use migrations::{Down, Version};
use schema::Comparison;

use super::objects::schema_at;
use crate::error::Error;
use crate::subject::Subject;
use schema::markdown::{block, code};

pub(super) fn versions(subject: &Subject<'_>) -> Result<String, Error> {
    let mut text = String::new();
    for version in 1..=subject.catalogue.current_version() {
        let (Some(step), Some(notes)) = (
            subject.catalogue.step(version),
            subject.catalogue.notes(version),
        ) else {
            continue;
        };
        let older = version - 1;
        let _ = writeln!(
            text,
            "\n## Version {version}: {}\n\n{}\n",
            step.name(),
            notes.task
        );
        if let Some(claim) = &notes.compatibility {
            let word = if claim.supported {
                "supported"
            } else {
                "not supported"
            };
            let _ = writeln!(text, "Backwards compatibility: {word}, {}\n", claim.why);
        }
        let _ = writeln!(text, "**Why.** {}\n\n### Schema changes\n", notes.why);
        let (before, after) = (schema_at(subject, older)?, schema_at(subject, version)?);
        let changes = Comparison::new(&before, &after)
            .guess_renames(false)
            .renames(&notes.renames)
            .changes();
        for (number, change) in (1..).zip(changes) {
            let _ = writeln!(text, "{number}. {}", code(&change.to_string()));
        }
        let _ = writeln!(text, "\n### Data migration\n\n{}\n", notes.data_migration);
        manual(subject, version, &mut text);
        let _ = writeln!(text, "### SQL\n\n{}", block("sql", step.up().trim_end()));
        if let Some(code) = step.code() {
            let _ = writeln!(
                text,
                "Then, in the same transaction, the Rust function `{}`.\n",
                code.name
            );
        }
        let _ = writeln!(text, "### Rollback\n\n{}\n", notes.rollback);
        match step.down() {
            Down::Sql(sql) => {
                let _ = write!(text, "{}", block("sql", sql.trim_end()));
            }
            Down::Irreversible(why) => {
                let _ = writeln!(text, "There is no way back: {}", why.trim());
            }
        }
    }
    text.push('\n');
    Ok(text)
}

/// Writes the instructions for a person who migrates a file by hand.
fn manual(subject: &Subject<'_>, version: Version, text: &mut String) {
    let older = version - 1;
    let program = subject.versions.components().rev().nth(1);
    let program = program
        .map(|part| part.as_os_str().to_string_lossy())
        .unwrap_or_default();
    let losses = subject
        .catalogue
        .notes(version)
        .map(|notes| notes.down_losses.clone());
    let consent = if losses.unwrap_or_default().is_empty() {
        ""
    } else {
        " --accept-loss"
    };
    let _ = writeln!(text, "### By hand\n");
    let mut number = 1;
    let mut step = |line: String| {
        let _ = writeln!(text, "{number}. {line}");
        number += 1;
    };
    if older > 0 {
        step(format!(
            "Back up, safely also while the file is in use and in WAL mode: \
             `sqlite3 {program}.db \".backup '{program}.db.v{older}.backup'\"`. \
             A plain `cp` can lose rows."
        ));
        step(format!(
            "Look at the plan: `{program} plan --to {version}`, then run it: \
             `{program} migrate --from-version {older} --to {version}`."
        ));
        step(format!(
            "Check: `{program} status` reports version {version}."
        ));
    } else {
        step(format!(
            "Make the file: `{program} init`; it brings a new file to the newest version at once."
        ));
    }
    let back = format!("`{program} rollback --to {older}{consent}`");
    match subject.catalogue.step(version).map(|step| step.down()) {
        Some(Down::Irreversible(_)) => step("To go back, restore the backup.".to_owned()),
        _ if older == 0 => step(format!("To go back to an empty file: {back}.")),
        _ => step(format!("To go back: {back}, or restore the backup.")),
    }
    text.push('\n');
}
