//! The command `rowsafe`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rowsafe::main()
}
