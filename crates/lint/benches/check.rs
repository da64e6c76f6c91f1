//! How long it takes to judge a history of 50, 200 and 800 steps that ends with sixty tables.
//!
//! `cargo bench -p harness --bench folder`

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use folders::{Down, History, Migration, Script};
use lint::{Options, check};

/// How many tables the history ends with.
const TABLES: usize = 60;

/// A history such as a team writes in years: tables come, get columns and indexes, and now and then
/// one is rebuilt.
fn history(steps: usize) -> History {
    let first = TABLES.min(steps / 2);
    let step = |place: usize| {
        let (up, down) = if place < first {
            make(place * TABLES / first, (place + 1) * TABLES / first)
        } else {
            change(place, place * 7 % TABLES)
        };
        let name = format!("{place:04}_step");
        Migration {
            up: Some(script(&name, "up.sql", up)),
            down: Down::Script(script(&name, "down.sql", down)),
            no_transaction: false,
            down_no_transaction: false,
            version: name.clone(),
            name,
        }
    };
    History {
        layout: "golang-migrate",
        reason: String::new(),
        root: PathBuf::from("migrations"),
        steps: (0..steps).map(step).collect(),
        ..History::default()
    }
}

fn script(step: &str, file: &str, text: String) -> Script {
    Script {
        file: format!("{step}/{file}"),
        line: 1,
        text,
        pieces: Vec::new(),
    }
}

/// New tables; every third refers to the one before.
fn make(from: usize, to: usize) -> (String, String) {
    let (mut up, mut down) = (String::new(), String::new());
    for table in from..to {
        let parent = match table % 3 {
            0 => String::new(),
            _ => format!(
                ", parent_id INTEGER REFERENCES t{}(id) ON DELETE CASCADE",
                table - 1
            ),
        };
        up += &format!(
            "CREATE TABLE t{table} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT \
                NULL \
             DEFAULT 'open' CHECK (state IN ('open', 'done')), price REAL, made_at TEXT{parent});\n\
             CREATE INDEX t{table}_name ON t{table}(name);\n"
        );
        down = format!("DROP TABLE t{table};\n{down}");
    }
    (up, down)
}

/// A change of one table.
fn change(place: usize, table: usize) -> (String, String) {
    match place % 4 {
        0 => (
            format!("ALTER TABLE t{table} ADD COLUMN c{place} TEXT;\n"),
            format!("ALTER TABLE t{table} DROP COLUMN c{place};\n"),
        ),
        1 => (
            format!("CREATE INDEX i{place} ON t{table}(state, made_at);\n"),
            format!("DROP INDEX i{place};\n"),
        ),
        2 => (
            format!("UPDATE t{table} SET price = 1.5 WHERE price IS NULL;\n"),
            "SELECT 1;\n".to_owned(),
        ),
        _ => (
            format!(
                "CREATE TABLE n{place} (id INTEGER PRIMARY KEY, note TEXT);\n\
                 INSERT INTO n{place} (id, note) SELECT id, name FROM t{table};\n\
                 DROP TABLE n{place};\nANALYZE t{table};\n"
            ),
            "SELECT 1;\n".to_owned(),
        ),
    }
}

fn folder(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("judge");
    group.sample_size(10);
    for steps in [50, 200, 800] {
        let history = history(steps);
        let options = Options::default();
        group.bench_with_input(
            BenchmarkId::from_parameter(steps),
            &history,
            |bencher, history| {
                bencher.iter(|| check(black_box(history), &options));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, folder);
criterion_main!(benches);
