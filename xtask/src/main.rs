//! `cargo xtask`: reads the command line and calls the verb.

use std::env;
use std::path::{self, Path};
use std::process::ExitCode;

use xtask::cli::{AddFixture, Cli, Format, Verb};
use xtask::{Failure, Verdict, exit, program, project, verb, version_folders};

fn main() -> ExitCode {
    let cli = Cli::of_process();
    exit(project::root().and_then(|root| run(&cli.verb, &root)))
}

fn run(verb: &Verb, root: &Path) -> Verdict {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match verb {
        Verb::NewVersion(options) => verb::new_version::run(root, options),
        Verb::Bench(options) => {
            let json = options.format == Format::Json;
            program::run(root, "xtask-bench", json, &arguments)
        }
        Verb::Sabotage(options) => verb::sabotage::run(root, options),
        Verb::Resolve(options) => verb::resolve::run(root, options),
        Verb::Ci(options) => verb::ci::run(root, options),
        Verb::VerifyMigrations(options) => {
            version_folders::run(root, options.format == Format::Json, &arguments)
        }
        // The program is called at the root, but the user names the file relative to the current
        // folder.
        Verb::AddFixture(AddFixture { file: Some(file) }) => {
            let file = path::absolute(file)
                .map_err(|error| Failure::new(format!("`{}`: {error}", file.display())))?;
            version_folders::run(root, false, &["add-fixture".as_ref(), file.as_os_str()])
        }
        Verb::AddFixture(_) | Verb::Docs(_) | Verb::Draft => {
            version_folders::run(root, false, &arguments)
        }
    }
}
