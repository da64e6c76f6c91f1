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

use std::path::Path;
use std::process::ExitCode;

use xtask::cli::{Cli, Verb};
use xtask::{Failure, Verdict, exit, project};

fn main() -> ExitCode {
    let cli = Cli::of_process();
    exit(project::root().and_then(|root| run(&cli.verb, &root)))
}

fn run(verb: &Verb, root: &Path) -> Verdict {
    project::check_built_in(root, env!("CARGO_MANIFEST_DIR"))?;
    match verb {
        Verb::Bench(options) if options.instructions => instructions::run(root, options),
        Verb::Bench(options) if options.peers => peers::run(root, options),
        Verb::Bench(options) => times::run(root, options),
        _ => Err(Failure::new("this verb is called through `cargo xtask`")),
    }
}
