//! `cargo xtask`: reads the command line and calls the verb.

use std::env;
use std::process::ExitCode;

use clap::Parser;
use xtask::cli::{Cli, Format, Verb};
use xtask::{catalogue, exit, program, project, verb};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let root = project::root();
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    exit(match &cli.verb {
        Verb::NewVersion(options) => verb::new_version::run(&root, options),
        Verb::Bench(options) => {
            let json = options.format == Format::Json;
            program::run(&root, "xtask-bench", json, &arguments)
        }
        Verb::Sabotage(options) => verb::sabotage::run(&root, options),
        Verb::Ci(options) => verb::ci::run(&root, options),
        Verb::VerifyMigrations(options) => {
            catalogue::run(&root, options.format == Format::Json, &arguments)
        }
        Verb::AddFixture(_) | Verb::Docs(_) | Verb::Draft => {
            catalogue::run(&root, false, &arguments)
        }
    })
}
