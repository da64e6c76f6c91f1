//! The verbs that need the compiled catalogue; `cargo xtask` calls this program.

mod add_fixture;
mod docs;
mod draft;
mod progress;
mod subject;
mod verify_migrations;

use std::process::ExitCode;

use clap::Parser;
use xtask::cli::{Cli, Verb};
use xtask::{Failure, exit, project};

fn main() -> ExitCode {
    harness::machine::watch_memory();
    let cli = Cli::parse();
    let root = project::root();
    let subject = subject::subject(root);
    exit(match &cli.verb {
        Verb::VerifyMigrations(options) => verify_migrations::run(&subject, options),
        Verb::AddFixture(options) => add_fixture::run(&subject, options),
        Verb::Docs(options) => docs::run(&subject, options.check),
        Verb::Draft => draft::run(&subject),
        Verb::NewVersion(_) | Verb::Bench(_) | Verb::Sabotage(_) | Verb::Ci(_) => {
            Err(Failure::new("this verb is called through `cargo xtask`"))
        }
    })
}
