//! `cargo xtask bench`: measures, compares within one run, and prints one table.

mod machine;
mod measure;
mod criterion;
mod compare;
mod table;
mod chart;
mod docs;
mod times;
mod baseline;
mod instructions;
mod peers;

use std::process::ExitCode;

use clap::Parser;
use xtask::cli::{Cli, Verb};
use xtask::{Failure, exit, project};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let root = project::root();
    exit(match &cli.verb {
        Verb::Bench(options) if options.instructions => instructions::run(&root, options),
        Verb::Bench(options) if options.peers => peers::run(&root, options),
        Verb::Bench(options) => times::run(&root, options),
        _ => Err(Failure::new("this verb is called through `cargo xtask`")),
    })
}
