//! The command line of all verbs, defined once for both programs.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{escape, screen};

/// The project's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// The command line of the process; if it is invalid or asks for help, the process ends here.
    pub fn of_process() -> Cli {
        Cli::try_parse().unwrap_or_else(|usage| {
            if !usage.use_stderr() {
                usage.exit();
            }
            // The message repeats arguments, such as the name of a file.
            let words = std::env::args_os();
            let words = words.map(|word| escape::line(&word.to_string_lossy()).into_owned());
            let usage = Cli::try_parse_from(words).err().unwrap_or(usage);
            screen::complain(format_args!("{}", usage.render().to_string().trim_end()));
            std::process::exit(usage.exit_code())
        })
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Prove the catalogue: every past version, forward and back, schema and rows
    VerifyMigrations(VerifyMigrations),
    /// Begin version N+1: its folder, catalogue line, docs and a draft of its fixture
    NewVersion(NewVersion),
    /// Freeze the newest version with its golden database, or add a database file as a further
    /// golden one
    AddFixture(AddFixture),
    /// Write the generated blocks of the docs
    Docs(Docs),
    /// Measure, and print one table with ratios: benchmarks of the workspace, other tools, or
    /// instructions
    Bench(Bench),
    /// Plant mistakes in the engine, one at a time in a copy, and check that the proof finds each
    Sabotage(Sabotage),
    /// Build an application with the engine and each of other crates that bring SQLite
    Resolve(Resolve),
    /// Run every check that must pass before a change lands: format, structure, lints, tests, docs,
    /// the proof, and the scaffolders in a scratch copy
    Ci(CiOptions),
    /// Write the drafts for a version under construction: fixture and docs
    #[command(hide = true)]
    Draft,
}

/// Options of `verify-migrations`.
#[derive(Args, Debug)]
pub struct VerifyMigrations {
    /// Format of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Only this journey, such as `v3..v4..v3`; `v3..v4` is short for it, because every journey
    /// returns to its start
    #[arg(long)]
    pub journey: Option<String>,
    /// Only this database: a fixture's name such as `golden`, `empty`, `filled` (made if a fixture
    /// leaves something empty), `generated` (by the application), `plain` or `hostile` (from the
    /// schema alone), `clashing` (with rows that a step may not allow), `storage` (golden databases
    /// under other storage configurations) or `walk` (random walks)
    #[arg(long)]
    pub fixture: Option<String>,
    /// Only this law, such as "down restores"
    #[arg(long)]
    pub law: Option<String>,
    /// Seed of the generated databases
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Number of databases to generate for each journey of one step; default 24, with --deep 240.
    /// Longer journeys get a third, with --deep or --journey all
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub cases: Option<u32>,
    /// Try every point at which a run can fail, and hundreds of orders of concurrent starts. Takes
    /// minutes, and reports its progress
    #[arg(long)]
    pub deep: bool,
    /// Repeat a failure: the text that it printed after `again:`, or only its options
    #[arg(long, value_name = "LINE", exclusive = true)]
    pub repeat: Option<String>,
    /// Also fail if the newest version is not frozen yet
    #[arg(long)]
    pub require_frozen: bool,
}

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// Options of `bench`.
#[derive(Args, Debug)]
pub struct Bench {
    /// Only these, such as `engine` or `last_exercise`; default: all
    #[arg(value_name = "NAME")]
    pub only: Vec<String>,
    /// Measure roughly and with smaller files, in less than two minutes after compilation
    #[arg(long)]
    pub quick: bool,
    /// Format of the figures
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Measure nothing and show the last figures
    #[arg(long, conflicts_with_all = ["peers", "instructions", "quick"])]
    pub last: bool,
    /// Also write the figures and a chart of the lookups into the docs
    #[arg(long, conflicts_with_all = ["peers", "instructions", "only", "quick"])]
    pub chart: bool,
    /// Measure other tools beside this engine, on the same work
    #[arg(long, conflicts_with = "instructions")]
    pub peers: bool,
    /// Count instructions under valgrind, and compare them with the committed baseline
    #[arg(long)]
    pub instructions: bool,
    /// Write the new counts as the baseline
    #[arg(long, requires = "instructions")]
    pub write_baseline: bool,
}

/// Options of `new-version`.
#[derive(Args, Debug)]
pub struct NewVersion {
    /// Name of the addition, in lower case with underscores, such as `session_duration`
    pub name: String,
    /// Also make a Rust function for the step, to compute data
    #[arg(long)]
    pub code: bool,
}

/// Options of `add-fixture`.
#[derive(Args, Debug)]
pub struct AddFixture {
    /// Database file of a frozen version, to add as a further golden database
    pub file: Option<PathBuf>,
}

/// Options of `docs`.
#[derive(Args, Debug)]
pub struct Docs {
    /// Fail if a block is outdated; outside CI it is written anyway
    #[arg(long)]
    pub check: bool,
}

/// Options of `sabotage`.
#[derive(Args, Debug, Default)]
pub struct Sabotage {
    /// Only these, such as `begin_deferred`; default: all of `fixtures/planted/engines`
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Try everything in each proof. Takes minutes for each engine
    #[arg(long)]
    pub deep: bool,
}

/// Options of `resolve`.
#[derive(Args, Debug)]
pub struct Resolve {
    /// Only beside these, such as `r2d2_sqlite`; default: all
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Options of `ci`.
#[derive(Debug, Args)]
pub struct CiOptions {
    /// Run only these steps, in this order; default: all but `sabotage`, which takes minutes
    #[arg(value_enum, value_name = "STEP")]
    pub only: Vec<CiStep>,
    /// Leave out the tests, after `cargo test --workspace` has just passed
    #[arg(long)]
    pub skip_tests: bool,
}

/// A step of `ci`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CiStep {
    /// Check the format of the sources
    Format,
    /// Check which crate depends on which, that no files import each other in a circle, and the
    /// language of sources, pages and snapshots
    Structure,
    /// Check licences, sources and duplicates of the dependencies
    Deny,
    /// Run clippy
    Lints,
    /// Run all tests
    Tests,
    /// Run the examples of the crates
    Examples,
    /// Build the documentation of the crates
    Documentation,
    /// Prove the catalogue; every version must be frozen
    Proof,
    /// Check the generated blocks of the docs
    Docs,
    /// Count instructions under valgrind
    Instructions,
    /// Package all published crates, and build an application outside the workspace with them
    Packages,
    /// Build an application beside the three crates of `cargo xtask resolve` that compile fastest
    Resolve,
    /// Try the scaffolders in a scratch copy
    Scaffolders,
    /// Run the commands of `docs/tutorial.md` and compare their output
    Tutorial,
    /// Run `cargo xtask sabotage`
    Sabotage,
}
