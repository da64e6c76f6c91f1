//! `rowsafe diff A B`: two schemas compared by meaning.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use schema::{Change, ColumnOrder, Comparison, Rename, Risk, Schema, escape};
use serde_json::json;

use super::outcome::Failure;
use crate::input;
use sandbox::Deadline;

#[derive(Args, Debug)]
#[command(after_help = "Exit codes:
  0  the schemas are equal
  1  at least one change
  2  a file could not be read")]
pub(crate) struct Arguments {
    /// The old schema: a database file, or an SQL file that creates it
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The new schema
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Print the changes in this format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Declare a rename, `table=new` or `table.column=new`; may be repeated
    #[arg(long = "rename", value_name = "OLD=NEW", value_parser = parse_rename)]
    renames: Vec<Rename>,
    /// Report a removal and an addition instead of guessing a rename
    #[arg(long)]
    no_guesses: bool,
    /// Ignore the order of columns, which matters to `SELECT *` and `INSERT` without columns
    #[arg(long)]
    ignore_column_order: bool,
    /// Ignore a table with its indexes and triggers, such as a tool's own; may be repeated
    #[arg(long = "ignore-table", value_name = "TABLE")]
    ignored: Vec<String>,
}

/// The formats of `rowsafe diff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people.
    Text,
    /// One JSON document for programs.
    Json,
}

/// The time limit for reading a schema.
const TIME: Duration = Duration::from_secs(300);

/// Returns whether there is a change.
pub(crate) fn run(arguments: &Arguments, output: &mut dyn Write) -> Result<bool, Failure> {
    let read = |path: &PathBuf| -> Result<Schema, Failure> {
        let (deadline, path) = (Deadline::after(TIME), path.clone());
        let name = path.display().to_string();
        let schema = lint::until(&deadline, move || input::schema(&path)).ok_or_else(|| {
            Failure::Message(format!(
                "error: the schema of `{}` was not read within {} seconds\n\
                 hint: views that refer to each other many times take that long\n",
                escape::line(&name),
                TIME.as_secs()
            ))
        })??;
        let without = |schema: Schema, table: &String| schema.without_table(table);
        Ok(arguments.ignored.iter().fold(schema, without))
    };
    let (before, after) = (read(&arguments.before)?, read(&arguments.after)?);
    let order = if arguments.ignore_column_order {
        ColumnOrder::Ignore
    } else {
        ColumnOrder::Report
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
        [] => writeln!(output, "`{before}` and `{after}` have the same schema")?,
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
            "hint: `--rename {}` matches no table or column",
            self::shown(&rename)
        );
        writeln!(output, "{}", escape::line(&hint))?;
    }
    Ok(())
}

/// A rename as on the command line.
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
        .ok_or("expected `table=new` or `table.column=new`")?;
    Ok(match old.split_once('.') {
        Some((table, column)) => Rename::column(table, column, to),
        None => Rename::table(old, to),
    })
}
