//! The command `traininglogs` with a gate: it prints `ready`, waits until its standard input ends,
//! and then runs, so that a test can start many processes at the same moment.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let mut output = io::stdout();
    output.write_all(b"ready\n")?;
    output.flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(traininglogs::command::main())
}
