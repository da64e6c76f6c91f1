//! The command `traininglogs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    traininglogs::command::main()
}
