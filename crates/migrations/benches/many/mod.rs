//! Many small steps, for what is measured and for what is counted.

use migrations::{Down, Step};

/// How many tables a file that is opened has, whatever its steps: SQLite's own cost hangs on that.
pub(crate) const TABLES: u32 = 100;

/// Steps that make so many tables together, in even parts; a step whose part is none writes a row.
pub(crate) fn steps(count: u32, tables: u32) -> Vec<Step> {
    let first = |version: u32| (version * tables).div_ceil(count);
    let step = |version: u32| {
        let part = first(version - 1)..first(version);
        let (up, down): (String, String) = if part.is_empty() {
            (
                format!("INSERT INTO t0 VALUES ({version}, 'a row');"),
                format!("DELETE FROM t0 WHERE id = {version};"),
            )
        } else {
            let table = |table| {
                format!("CREATE TABLE t{table} (id INTEGER PRIMARY KEY, body TEXT NOT NULL);")
            };
            let gone = |table| format!("DROP TABLE t{table};");
            (part.clone().map(table).collect(), part.map(gone).collect())
        };
        Step::new(format!("{version:04}_step"), up, Down::Sql(down.into()), "")
    };
    (1..=count).map(step).collect()
}
