//! Prints a database for a schema, as SQL to paste into `sqlite3`.
//!
//! ```text
//! cargo run -p rowsafe-generate --example content -- schema.sql [plain|hostile] [seed]
//! ```

use std::time::Instant;

use generate::{Generator, Profile};
use rusqlite::Connection;
use schema::Schema;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a file with a schema")?;
    let profile = match arguments.next().as_deref() {
        Some("hostile") => Profile::Hostile,
        _ => Profile::Plain,
    };
    let seed = arguments.next().unwrap_or_default().parse().unwrap_or(1);
    let database = Connection::open_in_memory()?;
    database.execute_batch(&std::fs::read_to_string(file)?)?;
    let generator = Generator::new(&Schema::read(&database)?, &database)?.profile(profile);
    let start = Instant::now();
    let made = generator.generate(seed);
    let (rows, took) = (made.content.inserts.len(), start.elapsed());
    print!("{}", made.content.to_sql());
    for mark in &made.hostile {
        println!("-- {mark}");
    }
    for table in &made.unseeded {
        println!("-- no rows in `{}`: {}", table.table, table.reason);
    }
    eprintln!("{rows} rows in {took:?}");
    Ok(())
}
