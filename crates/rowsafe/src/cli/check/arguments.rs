//! The options of `rowsafe check DIR`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum, ValueHint};

use folders::LayoutName;
use lint::report::{Detail, Format};
use lint::{Collation, Severity, Transaction};

const STATEMENT_TIMEOUT: u64 = 5;
const TIMEOUT: u64 = 300;
const SEED: u64 = 1;

/// The options of `rowsafe check`.
#[derive(Args, Debug)]
#[command(after_help = "Exit codes:
  0  no findings that fail the check
  1  at least one finding fails the check
  2  not everything was read and tried, or the report could not be printed")]
pub(crate) struct Arguments {
    /// The folder of migrations
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// The tool that wrote the folder; detected from its content by default
    #[arg(long, value_parser = layouts())]
    pub(crate) layout: Option<LayoutName>,
    /// Replace the placeholder NAME in the SQL with VALUE; may be repeated
    #[arg(long = "define", value_name = "NAME=VALUE", value_parser = parse_define)]
    pub(crate) defines: Vec<(String, String)>,
    /// Run these files in this order: a glob, or a file that lists names; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) order: Vec<String>,
    /// The file of a down migration, such as `{name}.down.sql`, beside `{name}.sql`
    #[arg(long, value_name = "PATTERN")]
    pub(crate) down: Option<String>,
    /// Leave out the files that fit this glob; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) ignore: Vec<String>,
    /// In a folder for several databases, read the files for this one; SQLite by default
    #[arg(long, value_name = "NAME")]
    pub(crate) dialect: Option<String>,
    /// Start from the schema of this database or of this SQL file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) base: Option<PathBuf>,
    /// Check from this migration on, named by its name, file or number; earlier ones still run
    #[arg(long, value_name = "STEP")]
    pub(crate) from: Option<String>,
    /// Stop after this migration, named by its name, file or number
    #[arg(long, value_name = "STEP")]
    pub(crate) to: Option<String>,
    /// Report only migrations added or changed since REV; earlier ones still run
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Turn foreign keys on or off, whatever the tool does
    #[arg(long, value_enum)]
    pub(crate) foreign_keys: Option<Switch>,
    /// Open a transaction around each file, none, or the whole run, whatever the tool does
    #[arg(long, value_enum)]
    pub(crate) transaction: Option<Around>,
    /// Report explicit DROP and DELETE statements as notes instead of warnings
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
          require_equals = true, default_value_t = false, default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true)]
    pub(crate) allow_drops: bool,
    /// Abort a statement after this many seconds of work
    #[arg(long, value_name = "SECONDS", default_value_t = STATEMENT_TIMEOUT)]
    pub(crate) statement_timeout: u64,
    /// End the run after this many seconds, with the findings so far
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT)]
    pub(crate) timeout: u64,
    /// Exit with 0 although something was not read or not tried; the report still lists it
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
          require_equals = true, default_value_t = false, default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true)]
    pub(crate) allow_gaps: bool,
    /// Register a function of the application that returns NULL or the value of an expression, in
    /// which `?1` is the first argument; may be repeated
    #[arg(long = "stub-function", value_name = "NAME/ARITY[=EXPR]", value_parser = parse_stub)]
    pub(crate) stub_functions: Vec<StubFunction>,
    /// Register a collation of the application that compares as `binary`, `nocase` or `rtrim`; may
    /// be repeated
    #[arg(long = "stub-collation", value_name = "NAME=COLLATION", value_parser = parse_collation)]
    pub(crate) stub_collations: Vec<(String, Collation)>,
    /// Accept an ordinary table instead of each virtual table of this module; may be repeated
    #[arg(long = "stub-module", value_name = "NAME")]
    pub(crate) stub_modules: Vec<String>,
    /// Seed for the generated rows
    #[arg(long, default_value_t = SEED)]
    pub(crate) seed: u64,
    /// Accept the findings in this file; only new findings are reported and fail
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,
    /// Write all errors and warnings into the file of `--baseline`
    #[arg(long)]
    pub(crate) write_baseline: bool,
    /// Print the report in this format
    #[arg(long, value_parser = formats(), default_value = Format::Text.name())]
    pub(crate) format: Format,
    /// Write the report to a file as well; may be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_also)]
    pub(crate) also: Vec<(Format, PathBuf)>,
    /// List each note instead of one line for each rule
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
          require_equals = true, default_value_t = false, default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true)]
    pub(crate) notes: bool,
    /// List every finding instead of one for each cause
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
          require_equals = true, default_value_t = false, default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true)]
    pub(crate) all: bool,
    /// Fail on findings of this severity or above
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    pub(crate) fail_on: FailOn,
}

/// A function of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StubFunction {
    pub(crate) name: String,
    /// The number of arguments, -1 for any.
    pub(crate) arity: i32,
    /// The expression whose value it returns instead of NULL.
    pub(crate) expression: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Around {
    /// Each file.
    File,
    /// No transaction.
    None,
    /// The whole run.
    Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Damage that the SQL does not state.
    Error,
    /// Also irreversible statements, and damage seen only with unusual values.
    Warning,
    /// As `error`, and statements or new rules that no generated row tested.
    Gap,
}

impl Arguments {
    /// Foreign keys on or off, if an option chooses.
    pub(crate) fn keys(&self) -> Option<bool> {
        self.foreign_keys.map(|keys| keys == Switch::On)
    }

    /// The scope of a transaction, if an option chooses.
    pub(crate) fn around(&self) -> Option<Transaction> {
        self.transaction.map(|around| match around {
            Around::File => Transaction::File,
            Around::None => Transaction::None,
            Around::Run => Transaction::Run,
        })
    }

    /// How much of the findings the report lists.
    pub(crate) fn detail(&self) -> Detail {
        if self.all {
            Detail::All
        } else if self.notes {
            Detail::Notes
        } else {
            Detail::Groups
        }
    }

    /// The lowest severity that makes the command fail.
    pub(crate) fn fails_from(&self) -> Severity {
        match self.fail_on {
            FailOn::Error | FailOn::Gap => Severity::Error,
            FailOn::Warning => Severity::Warning,
        }
    }

    /// Whether a part of a step that the generated rows did not test makes the command fail.
    pub(crate) fn fails_on_gaps(&self) -> bool {
        self.fail_on == FailOn::Gap
    }

    /// The words of the command that reproduces a finding, which adds folder, layout and steps.
    /// Options that decide about a finding are included, options that only print it are not.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = vec!["rowsafe".to_owned(), "check".to_owned()];
        let mut add = |name: &str, value: String| words.push(format!("--{name}={value}"));
        for (name, value) in &self.defines {
            add("define", format!("{name}={value}"));
        }
        for (name, globs) in [("order", &self.order), ("ignore", &self.ignore)] {
            globs.iter().for_each(|glob| add(name, glob.clone()));
        }
        for (name, value) in [("down", &self.down), ("dialect", &self.dialect)] {
            value.iter().for_each(|value| add(name, value.clone()));
        }
        if let Some(base) = &self.base {
            add("base", base.display().to_string());
        }
        for own in &self.stub_functions {
            let expression = own.expression.iter();
            let expression: String = expression.map(|text| format!("={text}")).collect();
            let name = format!("{}/{}{expression}", own.name, own.arity);
            add("stub-function", name);
        }
        for (name, collation) in &self.stub_collations {
            let known = COLLATIONS.iter().find(|(_, own)| own == collation);
            let known = known.map_or("", |(known, _)| known);
            add("stub-collation", format!("{name}={known}"));
        }
        for name in &self.stub_modules {
            add("stub-module", name.clone());
        }
        if let Some(keys) = self.keys() {
            add("foreign-keys", if keys { "on" } else { "off" }.to_owned());
        }
        if let Some(around) = self.around() {
            add("transaction", around.name().to_owned());
        }
        if self.statement_timeout != STATEMENT_TIMEOUT {
            add("statement-timeout", self.statement_timeout.to_string());
        }
        if self.timeout != TIMEOUT {
            add("timeout", self.timeout.to_string());
        }
        if self.seed != SEED {
            add("seed", self.seed.to_string());
        }
        if self.allow_drops {
            words.push("--allow-drops".to_owned());
        }
        words
    }
}

/// A parser for the names of layouts.
fn layouts() -> impl TypedValueParser<Value = LayoutName> {
    let names = LayoutName::ALL.iter().map(|layout| layout.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// A parser for the names of formats, with the help of each.
fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL
        .iter()
        .map(|format| PossibleValue::new(format.name()).help(format.help()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

fn parse_define(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    let (name, value) = pair.ok_or("expected `NAME=VALUE`")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_stub(text: &str) -> Result<StubFunction, String> {
    let wrong = "expected `NAME/ARITY`, such as `sha3/1`, or `sha3/-1` for any number of \
        arguments, or with a value, `slug/1=lower(?1)`";
    let (name, rest) = text.split_once('/').ok_or(wrong)?;
    let (arity, expression) = match rest.split_once('=') {
        Some((arity, expression)) => (arity, Some(expression.to_owned())),
        None => (rest, None),
    };
    Ok(StubFunction {
        name: name.to_owned(),
        arity: arity.parse().map_err(|_| wrong)?,
        expression,
    })
}

const COLLATIONS: [(&str, Collation); 3] = [
    ("binary", Collation::Binary),
    ("nocase", Collation::NoCase),
    ("rtrim", Collation::RTrim),
];

fn parse_collation(text: &str) -> Result<(String, Collation), String> {
    let wrong = "expected `NAME=binary`, `NAME=nocase` or `NAME=rtrim`";
    let (name, like) = text.split_once('=').ok_or(wrong)?;
    let mut known = COLLATIONS.iter();
    let (_, collation) = known
        .find(|(known, _)| known.eq_ignore_ascii_case(like))
        .ok_or(wrong)?;
    Ok((name.to_owned(), *collation))
}

pub(super) fn parse_also(text: &str) -> Result<(Format, PathBuf), String> {
    let wrong = || {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        format!(
            "expected `FORMAT=FILE`; the formats are {}",
            names.join(", ")
        )
    };
    let (name, file) = text.split_once('=').ok_or_else(wrong)?;
    let format = name.parse().map_err(|_| wrong())?;
    let file = Some(file).filter(|file| !file.is_empty());
    Ok((format, file.ok_or_else(wrong)?.into()))
}
