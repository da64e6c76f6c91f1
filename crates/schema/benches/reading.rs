//! The cost of an application's start-up: reading a schema, comparing it, computing its
//! fingerprint.

mod tables;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rusqlite::Connection;
use schema::{Schema, diff};
use tables::table;

/// More databases than the number of schemas that a thread caches.
const DATABASES: usize = 20;

/// Creates database `number` with `tables` tables.
fn database(tables: usize, number: usize) -> Connection {
    let conn = Connection::open_in_memory().expect("memory");
    let script: String = (0..tables).map(table).collect();
    conn.execute_batch(&format!(
        "BEGIN; {script} CREATE VIEW v AS SELECT {number} AS n; COMMIT;"
    ))
    .expect("tables");
    conn
}

fn reading(criterion: &mut Criterion) {
    for tables in [5, 100] {
        let all: Vec<Connection> = (0..DATABASES)
            .map(|number| database(tables, number))
            .collect();
        let conn = &all[0];
        let schema = Schema::read(conn).expect("a schema");
        let other = schema.clone();
        let mut bench = |name: &str, run: &mut dyn FnMut()| {
            let id = BenchmarkId::new(name, format!("{tables} tables"));
            criterion.bench_with_input(id, &(), |bencher, ()| bencher.iter(&mut *run));
        };
        let mut next = all.iter().cycle();
        bench("read", &mut || {
            let conn = next.next().expect("a database");
            std::hint::black_box(Schema::read(conn).expect("a schema"));
        });
        bench("read again", &mut || {
            std::hint::black_box(Schema::read(conn).expect("a schema"));
        });
        bench("diff", &mut || {
            std::hint::black_box(diff(&schema, &other));
        });
        bench("fingerprint", &mut || {
            std::hint::black_box(schema.fingerprint());
        });
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
