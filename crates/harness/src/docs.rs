//! The docs that are made from the folders and the schema: blocks between markers in Markdown files.
//!
//! A block begins with `<!-- begin generated: NAME -->` and ends with `<!-- end generated -->`; what stands
//! outside is written by people and kept. NAME is `tables`, `diagram` or `versions`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use migrations::{Back, Version};
use schema::{Schema, Table};

use crate::subject::{Subject, show};

const BEGIN: &str = "<!-- begin generated: ";
const END: &str = "<!-- end generated -->";

/// The blocks that there are; each stands once in the docs of a subject.
const BLOCKS: [&str; 3] = ["tables", "diagram", "versions"];

/// A file with generated blocks.
#[derive(Debug)]
pub struct Page {
    /// Its path, relative to the subject's root.
    pub path: PathBuf,
    /// Its text as it is, with `\n` line ends.
    pub text: String,
    /// Its text with the blocks made anew.
    pub made: String,
}

/// All files of the subject's docs, with their blocks made anew.
///
/// # Errors
/// When a file cannot be read, a block is malformed, or does not stand exactly once in all of them.
pub fn pages(subject: &Subject<'_>) -> Result<Vec<Page>, String> {
    let mut pages = Vec::new();
    for path in &subject.docs {
        let shown = show(path);
        let restore = format!("restore it: `git checkout -- {shown}`");
        let text = fs::read_to_string(subject.root.join(path))
            .map_err(|error| format!("`{shown}` cannot be read: {error}; {restore}"))?
            .replace("\r\n", "\n");
        let made =
            render(subject, &text).map_err(|error| format!("`{shown}`: {error}; {restore}"))?;
        pages.push(Page {
            path: path.clone(),
            text,
            made,
        });
    }
    for block in BLOCKS {
        let begin = format!("{BEGIN}{block} -->");
        let times: usize = pages
            .iter()
            .map(|page| page.text.matches(&begin).count())
            .sum();
        if times != 1 && !subject.docs.is_empty() {
            return Err(format!(
                "the block `{block}` stands {times} times in the docs; put `{begin}` and `{END}` where it \
                 belongs, once"
            ));
        }
    }
    Ok(pages)
}

/// The text with its generated blocks made anew.
///
/// # Errors
/// When a block is not closed, has an unknown name, or there is none at all.
fn render(subject: &Subject<'_>, text: &str) -> Result<String, String> {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        if before.contains(END) {
            return Err(format!("a `{END}` ends no block"));
        }
        let (name, after) = after
            .split_once(" -->")
            .ok_or("a block's first line is not closed")?;
        let (_, after) = after
            .split_once(END)
            .ok_or_else(|| format!("the block `{name}` has no `{END}`"))?;
        let block = match name {
            "tables" => tables(subject)?,
            "diagram" => diagram(subject)?,
            "versions" => versions(subject)?,
            other => return Err(format!("there is no generated block `{other}`")),
        };
        let _ = write!(made, "{before}{BEGIN}{name} -->\n{block}{END}");
        rest = after;
    }
    if rest.contains(END) {
        return Err(format!("a `{END}` ends no block"));
    }
    made.push_str(rest);
    Ok(made)
}

fn schema_at(subject: &Subject<'_>, version: Version) -> Result<Schema, String> {
    subject
        .catalogue
        .schema_at(version)
        .map_err(|error| error.report())
}

fn current(subject: &Subject<'_>) -> Result<Schema, String> {
    schema_at(subject, subject.catalogue.current_version())
}

/// The words for an object from the version that last explained it, and the version that it is in since.
struct Word {
    text: String,
    since: Version,
}

fn word(subject: &Subject<'_>, object: &str) -> Result<Word, String> {
    let mut word = Word {
        text: String::new(),
        since: 0,
    };
    let mut there = false;
    for version in 1..=subject.catalogue.current_version() {
        let schema = schema_at(subject, version)?;
        let now = crate::law::exists(&schema, object);
        if now && !there {
            word.since = version;
        }
        there = now;
        let notes = subject.catalogue.notes(version);
        if let Some(text) = notes.and_then(|notes| notes.meaning(object)) {
            word.text = text.to_owned();
        }
    }
    Ok(word)
}

fn tables(subject: &Subject<'_>) -> Result<String, String> {
    let schema = current(subject)?;
    let mut text = String::new();
    for table in schema.tables() {
        let words = word(subject, &table.name)?;
        let _ = writeln!(
            text,
            "\n### `{}`\n\nSince version {}. {}\n",
            table.name,
            words.since,
            sentence(&words.text)
        );
        text.push_str("| column | type | since | meaning |\n|---|---|---|---|\n");
        for column in table.columns.iter().filter(|column| !column.hidden) {
            let words = word(subject, &format!("{}.{}", table.name, column.name))?;
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                column.name,
                cell(&kind_of(table, column)),
                words.since,
                cell(&sentence(&words.text))
            );
        }
        for line in table.describe().into_iter().filter(|line| {
            line.starts_with("FOREIGN KEY")
                || line.starts_with("CHECK")
                || line.starts_with("UNIQUE")
        }) {
            let _ = writeln!(text, "\n- `{line}`");
        }
        let own = |name: &str| name.eq_ignore_ascii_case(&table.name);
        for index in schema.indexes().filter(|index| own(&index.table)) {
            let words = word(subject, &index.name)?;
            let _ = writeln!(
                text,
                "\n- index `{}` `{index}`, since version {}: {}",
                index.name,
                words.since,
                sentence(&words.text)
            );
        }
        for trigger in schema.triggers().filter(|trigger| own(&trigger.table)) {
            let words = word(subject, &trigger.name)?;
            let _ = writeln!(
                text,
                "\n- trigger `{}`, since version {}: {}",
                trigger.name,
                words.since,
                sentence(&words.text)
            );
        }
    }
    for view in schema.views() {
        let words = word(subject, &view.name)?;
        let _ = writeln!(
            text,
            "\n### `{}` (view)\n\nSince version {}. {}",
            view.name,
            words.since,
            sentence(&words.text)
        );
    }
    text.push('\n');
    Ok(text)
}

fn kind_of(table: &Table, column: &schema::Column) -> String {
    let mut kind = column
        .declared_type
        .clone()
        .unwrap_or_else(|| "any".to_owned());
    let key = table.primary_key.iter().flat_map(|key| &key.columns);
    if key
        .into_iter()
        .any(|part| part.name.eq_ignore_ascii_case(&column.name))
    {
        kind.push_str(", primary key");
    }
    if column.not_null {
        kind.push_str(", not NULL");
    }
    if let Some(default) = &column.default {
        let _ = write!(kind, ", default {default}");
    }
    kind
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.is_empty() || text.ends_with('.') {
        text
    } else {
        format!("{text}.")
    }
}

/// The tables and their keys as a Mermaid diagram.
fn diagram(subject: &Subject<'_>) -> Result<String, String> {
    let schema = current(subject)?;
    let mut text = String::from("\n```mermaid\nerDiagram\n");
    for table in schema.tables() {
        let _ = writeln!(text, "    {} {{", mermaid(&table.name));
        for column in table.columns.iter().filter(|column| !column.hidden) {
            let is = |name: &String| name.eq_ignore_ascii_case(&column.name);
            let mut keys = Vec::new();
            if table
                .primary_key
                .iter()
                .flat_map(|key| &key.columns)
                .any(|part| is(&part.name))
            {
                keys.push("PK");
            }
            if table
                .foreign_keys
                .iter()
                .flat_map(|key| &key.columns)
                .any(is)
            {
                keys.push("FK");
            }
            let kind = mermaid(column.declared_type.as_deref().unwrap_or("any"));
            let line = format!(
                "        {kind} {} {}",
                mermaid(&column.name),
                keys.join(", ")
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push_str("    }\n");
    }
    for table in schema.tables() {
        for key in &table.foreign_keys {
            let own = table.primary_key.iter().flat_map(|key| &key.columns);
            let own: Vec<String> = own.map(|part| schema::sql::fold(&part.name)).collect();
            let columns: Vec<String> = key
                .columns
                .iter()
                .map(|name| schema::sql::fold(name))
                .collect();
            let many = if own == columns { "o|" } else { "o{" };
            let _ = writeln!(
                text,
                "    {} ||--{many} {} : \"{}\"",
                mermaid(&key.parent),
                mermaid(&table.name),
                key.columns.join(", ")
            );
        }
    }
    text.push_str("```\n\n");
    Ok(text)
}

/// A name as Mermaid takes it.
fn mermaid(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect()
}

fn versions(subject: &Subject<'_>) -> Result<String, String> {
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
        for (number, change) in (1..).zip(schema::diff(&before, &after)) {
            let _ = writeln!(text, "{number}. `{change}`");
        }
        let _ = writeln!(text, "\n### Data migration\n\n{}\n", notes.data_migration);
        manual(subject, version, &mut text);
        let _ = writeln!(text, "### SQL\n\n```sql\n{}\n```\n", step.up().trim_end());
        if let Some(code) = step.code() {
            let _ = writeln!(
                text,
                "Then, in the same transaction, the Rust function `{}`.\n",
                code.name
            );
        }
        let _ = writeln!(text, "### Rollback\n\n{}\n", notes.rollback);
        match step.back() {
            Back::Sql(sql) => {
                let _ = writeln!(text, "```sql\n{}\n```", sql.trim_end());
            }
            Back::Irreversible(why) => {
                let _ = writeln!(text, "There is no way back: {}", why.trim());
            }
        }
    }
    text.push('\n');
    Ok(text)
}

/// What a person does who migrates a file by hand.
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
             `sqlite3 {program}.db \".backup '{program}.db.v{older}.backup'\"`. A plain `cp` can lose rows."
        ));
        step(format!(
            "Look at what will be done: `{program} plan --to {version}`, then do it: \
             `{program} migrate --from-version {older} --to {version}`."
        ));
        step(format!("Check: `{program} status` says version {version}."));
    } else {
        step(format!(
            "Make the file: `{program} init`; it brings a new file to the newest version at once."
        ));
    }
    let back = format!("`{program} rollback --to {older}{consent}`");
    match subject.catalogue.step(version).map(|step| step.back()) {
        Some(Back::Irreversible(_)) => step("To go back, restore the backup.".to_owned()),
        _ if older == 0 => step(format!("To go back to an empty file: {back}.")),
        _ => step(format!("To go back: {back}, or restore the backup.")),
    }
    text.push('\n');
}
