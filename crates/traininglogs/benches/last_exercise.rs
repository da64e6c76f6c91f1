//! When was an exercise done last: by reading every session, and by the index.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up must stop"
)]

mod sessions;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sessions::{EXERCISES, file_of_version_1};
use traininglogs::TrainingLogs;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

fn last_exercise(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    for sessions in SIZES {
        let path = folder.path().join(format!("{sessions}.db"));
        file_of_version_1(&path, sessions);
        let logs = TrainingLogs::open(&path).unwrap();
        let mut group = criterion.benchmark_group("last_exercise");
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(100));
        group.measurement_time(Duration::from_millis(500));
        for (exercise, name) in EXERCISES {
            let found = logs.last_exercise(name).unwrap();
            assert_eq!(found.is_none(), exercise == "absent");
            assert_eq!(found, logs.last_exercise_by_scan(name).unwrap());
            group.bench_function(
                BenchmarkId::new(format!("scan/{exercise}"), sessions),
                |bencher| bencher.iter(|| logs.last_exercise_by_scan(black_box(name)).unwrap()),
            );
            group.bench_function(
                BenchmarkId::new(format!("index/{exercise}"), sessions),
                |bencher| bencher.iter(|| logs.last_exercise(black_box(name)).unwrap()),
            );
        }
        group.finish();
    }
}

criterion_group!(benches, last_exercise);
criterion_main!(benches);
