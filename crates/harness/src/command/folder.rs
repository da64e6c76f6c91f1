//! `verify-migrations DIR`: anybody's folder of SQLite migrations.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Failure, Format};
use crate::folder::{self, LayoutName};
use crate::judge::{self, Severity, Transaction};
use crate::source;

/// Options of the judgement of a folder.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The folder of migrations, of whatever tool
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Which tool's folder it is; told by its content unless two fit
    #[arg(long, value_enum)]
    layout: Option<LayoutName>,
    /// What a placeholder in the SQL stands for; may be given several times
    #[arg(long = "define", value_name = "NAME=VALUE", value_parser = define)]
    defines: Vec<(String, String)>,
    /// A database, or SQL that makes one, from which the history begins
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// The first migration that is judged; earlier ones still run
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// The last migration that is run
    #[arg(long, value_name = "STEP")]
    to: Option<String>,
    /// Foreign keys, whatever the tool does
    #[arg(long, value_enum)]
    foreign_keys: Option<Switch>,
    /// What a transaction is opened around, whatever the tool does
    #[arg(long, value_enum)]
    transaction: Option<Around>,
    /// Tell DROP and DELETE that a migration spells out as notes
    #[arg(long)]
    allow_drops: bool,
    /// Seconds of work after which a statement is taken for one that does not end
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    statement_timeout: u64,
    /// A function that the application registers; it returns NULL here. May be given several times
    #[arg(long = "stub-function", value_name = "NAME/ARITY", value_parser = stub)]
    stub_functions: Vec<(String, i32)>,
    /// What the rows are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// What makes the command fail
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Around {
    /// Each file.
    File,
    /// Nothing.
    None,
    /// The whole run.
    Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// What a migration does without saying so.
    Error,
    /// Also what it says and cannot be undone.
    Warning,
}

/// Returns whether there is a finding that makes the command fail.
pub(super) fn run(arguments: &Arguments, output: &mut dyn Write) -> Result<bool, Failure> {
    let Some(root) = &arguments.folder else {
        return Err(Failure::Usage);
    };
    let options = folder::Options {
        layout: arguments.layout,
        defines: arguments.defines.clone(),
    };
    let history = folder::read(root, &options)?;
    let mut options = judge::Options {
        foreign_keys: arguments.foreign_keys.map(|keys| keys == Switch::On),
        transaction: arguments.transaction.map(|around| match around {
            Around::File => Transaction::File,
            Around::None => Transaction::None,
            Around::Run => Transaction::Run,
        }),
        allow_drops: arguments.allow_drops,
        statement_timeout: Duration::from_secs(arguments.statement_timeout),
        stub_functions: arguments.stub_functions.clone(),
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        seed: arguments.seed,
        command: repeat(arguments),
        ..judge::Options::default()
    };
    let told = |error: String| Failure::Told(format!("error: {error}\n"));
    if let Some(base) = &arguments.base {
        options = options.base(&source::database(base)?).map_err(told)?;
    }
    let verdict = judge::judge(&history, &options).map_err(told)?;
    match arguments.format {
        Format::Text => write!(output, "{}", verdict.to_text())?,
        Format::Json => writeln!(output, "{:#}", verdict.to_json())?,
    }
    let limit = match arguments.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
    };
    Ok(verdict.findings.iter().any(|finding| match limit {
        Severity::Error => finding.severity == Severity::Error,
        _ => finding.severity != Severity::Note,
    }))
}

/// The command that runs this again, to which a finding adds folder, layout and step.
fn repeat(arguments: &Arguments) -> String {
    let mut command = String::from("verify-migrations");
    for (name, value) in &arguments.defines {
        command.push_str(&format!(" --define '{name}={value}'"));
    }
    if let Some(base) = &arguments.base {
        command.push_str(&format!(" --base {}", base.display()));
    }
    if arguments.seed != 1 {
        command.push_str(&format!(" --seed {}", arguments.seed));
    }
    command
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
