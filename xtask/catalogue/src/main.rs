//! The verbs that need the compiled catalogue; `cargo xtask` calls this program.

mod add_fixture;
mod belonging;
mod docs;
mod draft;
mod progress;
mod subject;
mod verify_migrations;

use std::path::PathBuf;
use std::process::ExitCode;

use xtask::cli::{Cli, Verb};
use xtask::{Failure, Verdict, exit, project};

fn main() -> ExitCode {
    simulator::watch_memory();
    let cli = Cli::of_process();
    exit(project::root().and_then(|root| run(&cli.verb, root)))
}

fn run(verb: &Verb, root: PathBuf) -> Verdict {
    project::check_built_in(&root, env!("CARGO_MANIFEST_DIR"))?;
    let subject = subject::subject(root);
    belonging::check(&subject)?;
    match verb {
        Verb::VerifyMigrations(options) => verify_migrations::run(&subject, options),
        Verb::AddFixture(options) => add_fixture::run(&subject, options),
        Verb::Docs(options) => {
            project::report_checkout(&subject.root);
            docs::run(&subject, options.check)
        }
        Verb::Draft => draft::run(&subject),
        Verb::NewVersion(_)
        | Verb::Bench(_)
        | Verb::Sabotage(_)
        | Verb::Resolve(_)
        | Verb::Ci(_) => Err(Failure::new("this verb is called through `cargo xtask`")),
    }
}
