//! A process that is killed during a hundred small steps, a backup, or a restore; the child is this
//! test binary itself.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio, abort};
use std::sync::atomic::{AtomicU32, Ordering};

use migrations::{
    Backups, Catalogue, Commit, Down, Migrator, Options, Progress, Step, Version, backups, restore,
};

use crate::support::*;

/// The environment variables that give the child its file and its commit mode.
const FILE: &str = "MIGRATIONS_TEST_FILE";
const COMMIT: &str = "MIGRATIONS_TEST_COMMIT";

const STEPS: Version = 100;

fn hundred() -> Catalogue {
    let steps = (1..=STEPS).map(|version| {
        let up = match version {
            1 => "CREATE TABLE count (step INTEGER PRIMARY KEY, times INTEGER NOT \
                  NULL);"
                .to_owned(),
            // A step that ran twice would leave a count of 2.
            _ => format!(
                "INSERT INTO count VALUES ({version}, 1) ON CONFLICT DO UPDATE SET times = times \
                 + 1;"
            ),
        };
        let down = Down::Irreversible("no test goes back here".into());
        Step::new(format!("{version:04}_small"), up, down, "")
    });
    catalogue(steps.collect())
}

fn options(per_step: bool) -> Options {
    plain().commit(if per_step {
        Commit::PerStep
    } else {
        Commit::Run
    })
}

/// Not a test by itself: the work of the child. It reports its start, and the parent does not wait
/// for its end.
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
    // Work, not sleep: the moments are spread, however fast the machine is.
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
        let seen = if file.path.exists() {
            file.migrator(&catalogue).version().unwrap()
        } else {
            0
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

/// The report of progress at which the child ends, and its operation.
const REPORT: &str = "MIGRATIONS_TEST_REPORT";
const DEED: &str = "MIGRATIONS_TEST_DEED";

/// The number of reports for a copy of the file: it has some thousands of pages, and each report is
/// for a thousand.
const REPORTS: u32 = 4;

fn dies(_: Progress) {
    static SEEN: AtomicU32 = AtomicU32::new(0);
    let at: u32 = env::var(REPORT).unwrap().parse().unwrap();
    if SEEN.fetch_add(1, Ordering::Relaxed) + 1 == at {
        abort();
    }
}

/// Not a test by itself: the work of the child.
#[test]
fn copying_child() {
    let (Ok(file), Ok(deed)) = (env::var(FILE), env::var(DEED)) else {
        return;
    };
    let (file, catalogue) = (Path::new(&file), three());
    let options = plain().progress(Some(dies));
    match deed.as_str() {
        "migrate" => {
            let mut migrator = Migrator::open(&catalogue, file, options).unwrap();
            migrator.upgrade().unwrap();
        }
        _ => {
            let options = options.backups(Backups::Off);
            restore(&catalogue, Path::new(&deed), file, &options).unwrap();
        }
    }
}

/// Runs the child until it dies at `report`; returns whether it did.
fn dies_at(report: u32, deed: &str, file: &File) -> bool {
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::copying_child", "--nocapture"])
        .env(FILE, &file.path)
        .env(DEED, deed)
        .env(REPORT, report.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    !status.success()
}

/// Fifteen megabytes at version 2.
fn large() -> File {
    let file = File::at(&three(), 2);
    file.sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO note (body) SELECT hex(zeroblob(1500)) FROM n",
    );
    file
}

fn names(file: &File) -> Vec<String> {
    let entries = fs::read_dir(file.directory.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A run that dies during its backup has changed nothing, and the next one takes the backup again.
#[test]
fn a_backup_that_is_killed_is_made_anew() {
    let catalogue = three();
    for report in 1..=REPORTS {
        let file = large();
        let before = file.bytes();
        assert!(dies_at(report, "migrate", &file), "report {report}");
        assert_eq!(file.bytes(), before, "report {report}");
        assert_eq!(
            backups(&file.path).unwrap(),
            [],
            "none that could be mistaken for one"
        );
        file.migrator(&catalogue).upgrade().unwrap();
        assert_eq!(
            names(&file),
            ["notes.db", "notes.db.v2.backup"],
            "report {report}"
        );
    }
    assert!(
        !dies_at(100, "migrate", &large()),
        "it has no more reports than these"
    );
}

/// A restore that dies leaves the previous content, and the next one succeeds.
#[test]
fn a_restore_that_is_killed_leaves_what_was_there() {
    let catalogue = three();
    for report in 1..=REPORTS {
        let file = large();
        file.migrator(&catalogue).upgrade().unwrap();
        let backup = backups(&file.path).unwrap().remove(0).path;
        file.sql("UPDATE note SET body = upper(body) || id");
        let held: i64 = file.value("SELECT sum(length(body)) FROM note");
        assert!(
            dies_at(report, backup.to_str().unwrap(), &file),
            "report {report}"
        );
        let now: i64 = file.value("SELECT sum(length(body)) FROM note");
        assert_eq!(
            (file.value::<i64>("PRAGMA user_version"), now),
            (3, held),
            "report {report}"
        );
        assert_eq!(file.value::<String>("PRAGMA integrity_check"), "ok");
        let options = plain().backups(Backups::Off);
        restore(&catalogue, &backup, &file.path, &options).unwrap();
        assert_eq!(file.value::<i64>("PRAGMA user_version"), 2);
        assert_eq!(
            names(&file),
            ["notes.db", "notes.db.v2.backup"],
            "report {report}"
        );
    }
}
