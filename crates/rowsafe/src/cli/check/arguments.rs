//! The options of `rowsafe check DIR`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum, ValueHint};

use folders::LayoutName;
use lint::report::Format;
use lint::{Severity, Transaction};

const STATEMENT_TIMEOUT: u64 = 5;
const TIMEOUT: u64 = 300;
const SEED: u64 = 1;

/// Options of the judgement of a folder.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The folder of migrations, of whatever tool
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Which tool's folder it is; told by its content unless two fit
    #[arg(long, value_parser = layouts())]
    pub(crate) layout: Option<LayoutName>,
    /// What a placeholder in the SQL stands for; may be given several times
    #[arg(long = "define", value_name = "NAME=VALUE", value_parser = define)]
    pub(crate) defines: Vec<(String, String)>,
    /// A database, or SQL that makes one, from which the history begins
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) base: Option<PathBuf>,
    /// The first migration that is judged; earlier ones still run
    #[arg(long, value_name = "STEP")]
    pub(crate) from: Option<String>,
    /// The last migration that is run
    #[arg(long, value_name = "STEP")]
    pub(crate) to: Option<String>,
    /// Judge only what a git revision does not have as it is here; everything still runs
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Foreign keys, whatever the tool does
    #[arg(long, value_enum)]
    pub(crate) foreign_keys: Option<Switch>,
    /// What a transaction is opened around, whatever the tool does
    #[arg(long, value_enum)]
    pub(crate) transaction: Option<Around>,
    /// Tell DROP and DELETE that a migration spells out as notes
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true", hide_default_value = true,
          hide_possible_values = true)]
    pub(crate) allow_drops: bool,
    /// Seconds of work after which a statement is taken for one that does not end
    #[arg(long, value_name = "SECONDS", default_value_t = STATEMENT_TIMEOUT)]
    pub(crate) statement_timeout: u64,
    /// Seconds after which the run ends with what was found so far
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT)]
    pub(crate) timeout: u64,
    /// Exit with 0 although something was not read or not tried, if that is known; the report names it
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true", hide_default_value = true,
          hide_possible_values = true)]
    pub(crate) allow_gaps: bool,
    /// A function that the application registers; it returns NULL here. May be given several times
    #[arg(long = "stub-function", value_name = "NAME/ARITY", value_parser = stub)]
    pub(crate) stub_functions: Vec<(String, i32)>,
    /// What the rows are made from
    #[arg(long, default_value_t = SEED)]
    pub(crate) seed: u64,
    /// Findings that are known and accepted; only what is new is told, and fails
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,
    /// Accept all errors and warnings that are found: write them into the file of `--baseline`
    #[arg(long)]
    pub(crate) write_baseline: bool,
    /// How to print
    #[arg(long, value_parser = formats(), default_value = Format::Text.name())]
    pub(crate) format: Format,
    /// Write the report into a file as well, in a format of its own; may be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = also)]
    pub(crate) also: Vec<(Format, PathBuf)>,
    /// What makes the command fail
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    pub(crate) fail_on: FailOn,
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
    /// Nothing.
    None,
    /// The whole run.
    Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// What a migration does without saying so.
    Error,
    /// Also what it says and cannot be undone.
    Warning,
}

impl Arguments {
    /// Foreign keys on or off, where that is asked for.
    pub(crate) fn keys(&self) -> Option<bool> {
        self.foreign_keys.map(|keys| keys == Switch::On)
    }

    /// What a transaction is opened around, where that is asked for.
    pub(crate) fn around(&self) -> Option<Transaction> {
        self.transaction.map(|around| match around {
            Around::File => Transaction::File,
            Around::None => Transaction::None,
            Around::Run => Transaction::Run,
        })
    }

    /// From which severity on a finding makes the command fail.
    pub(crate) fn fails_from(&self) -> Severity {
        match self.fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
        }
    }

    /// The words of the command that runs this again, to which a finding adds folder, layout and steps. What decides whether and how a finding is told is there, and what only prints it is not.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = vec!["rowsafe".to_owned(), "check".to_owned()];
        let mut add = |name: &str, value: String| words.push(format!("--{name}={value}"));
        for (name, value) in &self.defines {
            add("define", format!("{name}={value}"));
        }
        if let Some(base) = &self.base {
            add("base", base.display().to_string());
        }
        for (name, arity) in &self.stub_functions {
            add("stub-function", format!("{name}/{arity}"));
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

/// The layouts by their names.
fn layouts() -> impl TypedValueParser<Value = LayoutName> {
    let names = LayoutName::ALL.iter().map(|layout| layout.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// The formats by their names, with the help of each.
fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL
        .iter()
        .map(|format| PossibleValue::new(format.name()).help(format.help()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

fn define(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    let (name, value) = pair.ok_or("it is not of the form `NAME=VALUE`")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn stub(text: &str) -> Result<(String, i32), String> {
    let wrong = "it is not of the form `NAME/ARITY`, such as `sha3/1`, or `sha3/-1` for any number";
    let (name, arity) = text.split_once('/').ok_or(wrong)?;
    let arity = arity.parse().map_err(|_| wrong)?;
    Ok((name.to_owned(), arity))
}

fn also(text: &str) -> Result<(Format, PathBuf), String> {
    let wrong = || {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        format!(
            "it is not of the form `FORMAT=FILE` with a format of {}",
            names.join(", ")
        )
    };
    let (name, file) = text.split_once('=').ok_or_else(wrong)?;
    let format = name.parse().map_err(|_| wrong())?;
    let file = Some(file).filter(|file| !file.is_empty());
    Ok((format, file.ok_or_else(wrong)?.into()))
}
