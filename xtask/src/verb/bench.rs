//! `cargo xtask bench`: the lookup benchmarks, as one table.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::project;
use crate::{Failure, Verdict};

/// The sizes that the benchmark measures, in sessions.
const SIZES: [u32; 3] = [1_000, 10_000, 100_000];

/// The exercises that it looks up: in most sessions, in one of hundreds, in none.
const EXERCISES: [&str; 3] = ["common", "rare", "absent"];

/// Runs criterion and prints medians and ratios.
///
/// # Errors
/// When the benchmark fails, or left no figures.
#[expect(clippy::print_stdout, reason = "this is a command's report")]
pub fn run(root: &Path) -> Verdict {
    let status = Command::new(project::cargo())
        .current_dir(root)
        .args([
            "bench",
            "--package",
            "traininglogs",
            "--bench",
            "last_exercise",
        ])
        .status()
        .map_err(|error| Failure::new(format!("cannot run cargo: {error}")))?;
    if !status.success() {
        return Err(Failure::new("the benchmark failed"));
    }
    println!("\nlast_exercise, median of one run on this machine\n");
    println!(
        "{:>9}  {:<8} {:>12} {:>12} {:>12} {:>10}",
        "sessions", "exercise", "scan", "version 2", "version 6", "ratio"
    );
    for size in SIZES {
        for exercise in EXERCISES {
            let scan = median(root, "scan", exercise, size)?;
            let before = median(root, "v2", exercise, size)?;
            let index = median(root, "v6", exercise, size)?;
            println!(
                "{size:>9}  {exercise:<8} {:>12} {:>12} {:>12} {:>9.1}x",
                show(scan),
                show(before),
                show(index),
                scan / index
            );
        }
    }
    println!("\nratio: how many times as long as by the index of version 6 the scan takes");
    Ok(true)
}

/// The median in nanoseconds that criterion left in the target folder.
fn median(root: &Path, way: &str, exercise: &str, size: u32) -> Result<f64, Failure> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let path = target
        .join("criterion/last_exercise")
        .join(format!("{way}_{exercise}"))
        .join(size.to_string())
        .join("new/estimates.json");
    let missing = || {
        Failure::new(format!("criterion left no figures at `{}`", path.display()))
            .hint("run `cargo bench --package traininglogs` and look at what it prints")
    };
    let text = fs::read_to_string(&path).map_err(|_| missing())?;
    let estimates: Value = serde_json::from_str(&text).map_err(|_| missing())?;
    estimates
        .pointer("/median/point_estimate")
        .and_then(Value::as_f64)
        .ok_or_else(missing)
}

fn show(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{small:.0} ns"),
        micro if micro < 1e6 => format!("{:.1} µs", micro / 1e3),
        milli if milli < 1e9 => format!("{:.1} ms", milli / 1e6),
        long => format!("{:.2} s", long / 1e9),
    }
}
