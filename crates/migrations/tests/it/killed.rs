//! A process that is killed in the middle of a hundred small steps; the child is this test binary itself.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use migrations::{Back, Catalogue, Commit, Migrator, Options, Step, Version};

use crate::support::*;

/// What tells the child which file it is about, and how it commits.
const FILE: &str = "MIGRATIONS_TEST_FILE";
const COMMIT: &str = "MIGRATIONS_TEST_COMMIT";

const STEPS: Version = 100;

fn hundred() -> Catalogue {
    let steps = (1..=STEPS).map(|version| {
        let up = match version {
            1 => "CREATE TABLE count (step INTEGER PRIMARY KEY, times INTEGER NOT NULL);".to_owned(),
            // What ran twice would say so.
            _ => format!(
                "INSERT INTO count VALUES ({version}, 1) ON CONFLICT DO UPDATE SET times = times + 1;"
            ),
        };
        let down = Back::Irreversible("no test goes back here".into());
        Step::new(format!("{version:04}_small"), up, down, "")
    });
    catalogue(steps.collect())
}

fn options(per_step: bool) -> Options {
    Options {
        commit: if per_step {
            Commit::PerStep
        } else {
            Commit::Run
        },
        ..plain()
    }
}

/// Not a test by itself: what the child does. It says when it begins, and then nobody waits for it.
#[test]
fn child() {
    let Ok(file) = env::var(FILE) else { return };
    let per_step = env::var(COMMIT).is_ok();
    println!("begin");
    let catalogue = hundred();
    let mut migrator = Migrator::create(&catalogue, file.as_ref(), options(per_step)).unwrap();
    migrator.upgrade().unwrap();
}

/// Starts the child and kills it after it has begun and the parent has counted to `delay`.
fn kill_one(file: &File, per_step: bool, delay: u32) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "killed::child", "--nocapture"])
        .env(FILE, &file.path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if per_step {
        command.env(COMMIT, "1");
    }
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines {
        if line.unwrap().ends_with("begin") {
            break;
        }
    }
    // Work, not sleep: the moments are spread however fast the machine is.
    let mut sum = 0_u32;
    for n in 0..delay {
        sum = std::hint::black_box(sum.wrapping_add(n));
    }
    let _ = child.kill();
    child.wait().unwrap();
}

fn killed(per_step: bool) {
    let catalogue = hundred();
    let mut cut = 0;
    for round in 0..10 {
        let file = File::none();
        let delay = round * if per_step { 8_000_000 } else { 1_000_000 };
        kill_one(&file, per_step, delay);
        let seen = match file.path.exists() {
            true => file.migrator(&catalogue).version().unwrap(),
            false => 0,
        };
        assert!(
            per_step || seen == 0 || seen == STEPS,
            "round {round}: {seen}"
        );
        cut += u32::from(seen < STEPS);
        let mut migrator = file.migrator_with(&catalogue, options(per_step));
        assert_eq!(migrator.upgrade().unwrap().to, STEPS, "round {round}");
        let ran = "SELECT count(*) || ' ' || sum(times) FROM count";
        assert_eq!(file.value::<String>(ran), "99 99", "round {round}");
    }
    assert!(cut > 0, "no kill came in time");
}

#[test]
fn a_hundred_small_steps_in_one_commit() {
    killed(false);
}

#[test]
fn a_hundred_small_steps_each_committed() {
    killed(true);
}
