//! `rowsafe diff A B`: two schemas compared by meaning.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use schema::{Change, ColumnOrder, Comparison, Rename, Risk, Schema, escape};
use serde_json::json;

use super::Failure;
use crate::input;
use sandbox::Deadline;

#[derive(Args, Debug)]
#[command(after_help = "Exit codes:
  0  the same schema
  1  at least one change
  2  a file could not be read")]
pub(crate) struct Arguments {
    /// The schema before: a database file, or a file of SQL that makes one
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The schema after
    #[arg(value_name = "B")]
    after: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A rename that is known: `table=new` or `table.column=new`; may be given several times
    #[arg(long = "rename", value_name = "OLD=NEW", value_parser = parse_rename)]
    renames: Vec<Rename>,
    /// Tell what went and what came, where a rename would be guessed
    #[arg(long)]
    no_guesses: bool,
    /// Let columns stand in another order: it matters to `SELECT *` and to `INSERT` without columns
    #[arg(long)]
    ignore_column_order: bool,
    /// Leave a table out with its indexes and triggers, such as a tool's own; may be given several times
    #[arg(long = "ignore-table", value_name = "TABLE")]
    ignored: Vec<String>,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// How long reading a schema may take.
const TIME: Duration = Duration::from_secs(300);

/// Returns whether there is a change.
pub(crate) fn run(arguments: &Arguments, output: &mut dyn Write) -> Result<bool, Failure> {
    let read = |path: &PathBuf| -> Result<Schema, Failure> {
        let (deadline, path) = (Deadline::after(TIME), path.clone());
        let name = path.display().to_string();
        let schema = lint::until(&deadline, move || input::schema(&path)).ok_or_else(|| {
            Failure::Told(format!(
                "error: the schema of `{name}` is not read after {} seconds\n\
                 hint: views that name each other many times take that long\n",
                TIME.as_secs()
            ))
        })??;
        let without = |schema: Schema, table: &String| schema.without_table(table);
        Ok(arguments.ignored.iter().fold(schema, without))
    };
    let (before, after) = (read(&arguments.before)?, read(&arguments.after)?);
    let order = match arguments.ignore_column_order {
        true => ColumnOrder::Ignore,
        false => ColumnOrder::Tell,
    };
    let comparison = Comparison::new(&before, &after)
        .renames(&arguments.renames)
        .guess_renames(!arguments.no_guesses)
        .column_order(order);
    let changes = comparison.changes();
    match arguments.format {
        Format::Text => text(arguments, &comparison, &changes, output)?,
        Format::Json => {
            let document = json!({
                "before": arguments.before.to_string_lossy(),
                "after": arguments.after.to_string_lossy(),
                "fingerprints": [before.fingerprint().to_string(), after.fingerprint().to_string()],
                "changes": changes,
                "unmatched_renames": comparison
                    .unmatched_renames()
                    .iter()
                    .map(shown)
                    .collect::<Vec<_>>(),
            });
            let document = format!("{document:#}\n");
            output.write_all(escape::json(&document).as_bytes())?;
        }
    }
    Ok(!changes.is_empty())
}

fn text(
    arguments: &Arguments,
    comparison: &Comparison<'_>,
    changes: &[Change],
    output: &mut dyn Write,
) -> Result<(), Failure> {
    let shown = |path: &PathBuf| escape::line(&path.to_string_lossy()).into_owned();
    let (before, after) = (shown(&arguments.before), shown(&arguments.after));
    match changes {
        [] => writeln!(output, "the same schema: `{before}`, `{after}`")?,
        [_] => writeln!(output, "`{before}` to `{after}`: 1 change")?,
        many => writeln!(output, "`{before}` to `{after}`: {} changes", many.len())?,
    }
    for change in changes {
        writeln!(output, "  {change}")?;
        if change.risk != Risk::default() {
            writeln!(output, "      {}", change.risk)?;
        }
    }
    for rename in comparison.unmatched_renames() {
        let hint = format!(
            "hint: `--rename {}` fits nothing here",
            self::shown(&rename)
        );
        writeln!(output, "{}", escape::line(&hint))?;
    }
    Ok(())
}

/// A rename as it is given on the command line.
fn shown(rename: &Rename) -> String {
    let Rename {
        table, column, to, ..
    } = rename;
    match column {
        Some(column) => format!("{table}.{column}={to}"),
        None => format!("{table}={to}"),
    }
}

fn parse_rename(text: &str) -> Result<Rename, String> {
    let (old, to) = text
        .split_once('=')
        .filter(|(old, to)| !old.is_empty() && !to.is_empty())
        .ok_or("it is not of the form `table=new` or `table.column=new`")?;
    Ok(match old.split_once('.') {
        Some((table, column)) => Rename::column(table, column, to),
        None => Rename::table(old, to),
    })
}
