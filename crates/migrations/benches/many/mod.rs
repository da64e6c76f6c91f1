//! Many small steps, for measuring and for counting.

use migrations::{Down, Step};

/// The number of tables of an opened file, whatever its steps, because SQLite's own cost depends on
/// it.
pub(crate) const TABLES: u32 = 100;

/// Steps that together create `tables` tables, in equal parts; a step without a part writes a row.
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
