//! Prints a database for a schema, as SQL to paste into `sqlite3`.
//!
//! ```text
//! cargo run -p harness --example content -- schema.sql [plain|hostile] [seed]
//! ```

use std::time::Instant;

use harness::generate::{Generator, Temper};
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
    let temper = match arguments.next().as_deref() {
        Some("hostile") => Temper::Hostile,
        _ => Temper::Plain,
    };
    let seed = arguments.next().unwrap_or_default().parse().unwrap_or(1);
    let database = Connection::open_in_memory()?;
    database.execute_batch(&std::fs::read_to_string(file)?)?;
    let generator = Generator::new(&Schema::read(&database)?, &database)?.temper(temper);
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
