//! Reports the differences between two database files; memory does not grow with the files.
//!
//! ```text
//! cargo run -p rowsafe-observe --example compare -- before.db after.db
//! ```

use rusqlite::{Connection, OpenFlags};

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = std::env::args().skip(1);
    let mut open = || -> Result<Connection, Box<dyn std::error::Error>> {
        let file = files.next().ok_or("name two database files")?;
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // Transactions hide concurrent writes of other connections.
        connection.execute_batch("BEGIN")?;
        Ok(connection)
    };
    let (before, after) = (open()?, open()?);
    let comparison = observe::compare(&before, &after, None)?;
    for found in &comparison.found {
        println!("{}: {}", found.object, found.message());
    }
    eprintln!(
        "{} rows compared, {} reported",
        comparison.rows,
        comparison.found.len()
    );
    // The peak memory of the process, on Linux.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    peak.into_iter().for_each(|line| eprintln!("{line}"));
    Ok(())
}
