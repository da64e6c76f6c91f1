//! `verify-migrations`: what this crate does, for anybody's files.

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::command::main()
}
