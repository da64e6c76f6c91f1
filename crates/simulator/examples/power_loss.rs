//! Loses power at each call of a transaction in turn: afterwards the file contains all of it or
//! none.
//!
//! ```text
//! cargo run -p rowsafe-simulator --example power_loss
//! ```

use simulator::{CrashState, Device, Fault, FaultPlan, Machine};

#[expect(clippy::print_stdout, reason = "this is a command")]
fn main() -> rusqlite::Result<()> {
    let (mut nothing, mut all) = (0, 0);
    for nth in 1.. {
        let machine = Machine::new(Device::default())?;
        let connection = machine.connect("notes.db")?;
        // Below `synchronous = EXTRA`, a power loss may undo an earlier commit.
        connection.execute_batch("PRAGMA synchronous = EXTRA; CREATE TABLE note (body TEXT)")?;
        machine.inject(FaultPlan::nth(nth, Fault::PowerLoss));
        let written = connection.execute_batch(
            "BEGIN; INSERT INTO note VALUES ('milk'); INSERT INTO note VALUES ('bread'); COMMIT",
        );
        for seed in 0..20 {
            let restarted = machine.restart(CrashState::Seeded(seed))?;
            let count = "SELECT count(*) FROM note";
            match restarted
                .connect("notes.db")?
                .query_row(count, [], |row| row.get(0))?
            {
                0 => nothing += 1,
                2 => all += 1,
                rows => panic!("{rows} rows after a power loss at call {nth}, seed {seed}"),
            }
        }
        if written.is_ok() {
            break;
        }
    }
    println!("nothing {nothing} times, all {all} times");
    Ok(())
}
