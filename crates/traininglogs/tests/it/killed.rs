//! `kill -9` during a run: the file is as before or as after, and the next start completes the run.
//!
//! `KILLS=200 SESSIONS=200000` sets the number of kills and the size of the file; `SEED` varies the
//! moments. `--nocapture` shows the statistics.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use migrations::LEDGER_TABLE;
use rusqlite::Connection;

use crate::processes::{
    assert_same, at_the_gate, beside, copy, file_of_version_1, start, version_of,
};
use crate::shell::Shell;

/// As a share of the run's duration; above 1, so that some kills come too late.
const LATEST: f64 = 1.1;
/// The share at which the end of a run begins.
const LATE: f64 = 0.7;

/// Few rounds over few sessions by default, so that the test is fast.
const KILLS: u32 = 20;
const SESSIONS: u32 = 10_000;

/// A file without a ledger is adopted, which gives the run five steps to record; a file with a
/// ledger has four pending steps.
const ADOPT: &[&str] = &["migrate", "--from-version", "1"];
const UPGRADE: &[&str] = &["migrate"];

struct Case {
    name: String,
    arguments: &'static [&'static str],
    /// The duration of the run without a kill.
    undisturbed: Duration,
}

impl Case {
    fn old(&self) -> String {
        format!("{}.db", self.name)
    }

    fn reference(&self) -> String {
        format!("{}-reference.db", self.name)
    }
}

#[test]
fn a_run_killed_at_any_moment_is_before_or_after() {
    let number = |name: &str| Some(std::env::var(name).ok()?.parse::<u32>().unwrap());
    let kills = number("KILLS").unwrap_or(KILLS);
    let seed = number("SEED").unwrap_or(1);
    let sessions = number("SESSIONS").unwrap_or(SESSIONS);

    let shell = Shell::new();
    let mut cases: Vec<Case> = [
        ("delete", UPGRADE),
        ("wal", ADOPT),
        ("delete", ADOPT),
        ("wal", UPGRADE),
    ]
    .into_iter()
    .map(|(journal, arguments)| case(&shell, journal, arguments, sessions))
    .collect();
    let count = cases.len();
    let mut random = Random(u64::from(seed));
    let mut tallies: Vec<Tally> = cases.iter().map(|_| Tally::default()).collect();
    for round in 0..kills {
        let turn = round as usize % count;
        let case = &mut cases[turn];
        let mut share = LATEST * (f64::from(round) + random.below_1()) / f64::from(kills);
        // Every second round kills near the end, during the short steps and the COMMIT.
        if (round as usize / count) % 2 == 1 {
            share = LATE + share * (LATEST - LATE) / LATEST;
        }
        let moment = case.undisturbed.mul_f64(share);
        let what = format!(
            "KILLS={kills} SESSIONS={sessions} SEED={seed}, kill {round}: \
             {} after {moment:?} of {:?}",
            case.name, case.undisturbed
        );
        kill_once(&shell, case, moment, &what, &mut tallies[turn]);
    }
    let (mut killed, mut unfinished) = (0, 0);
    for (case, tally) in cases.iter().zip(&tallies) {
        println!("{}: {tally:?}", case.name);
        killed += tally.killed;
        unfinished += tally.unfinished;
        // On a busy machine, a few kills may all come too early or too late; many do not.
        assert!(kills < 100 || tally.unfinished > 0, "{}", case.name);
    }
    // Otherwise the test proves nothing.
    assert!(
        kills < KILLS || killed > 0 && unfinished > 0,
        "{killed}, {unfinished}"
    );
}

/// The states in which the kills left the file.
#[derive(Debug, Default)]
struct Tally {
    killed: u32,
    /// A journal or a WAL was left.
    unfinished: u32,
    before: u32,
    after: u32,
}

fn case(shell: &Shell, journal: &str, arguments: &'static [&'static str], sessions: u32) -> Case {
    let adopts = arguments == ADOPT;
    let how = if adopts {
        "without-ledger"
    } else {
        "with-ledger"
    };
    let mut case = Case {
        name: format!("{journal}-{how}"),
        arguments,
        undisturbed: Duration::ZERO,
    };
    let old = shell.path(&case.old());
    file_of_version_1(&old, sessions as usize, journal);
    if adopts {
        let sql = format!(
            "DROP TABLE {LEDGER_TABLE}; PRAGMA user_version = 0; PRAGMA application_id = 0;"
        );
        Connection::open(&old).unwrap().execute_batch(&sql).unwrap();
    }
    let reference = shell.path(&case.reference());
    copy(&old, &reference);
    let gate = at_the_gate(1, arguments, &reference);
    let started = Instant::now();
    gate.go().remove(0).wait().done();
    case.undisturbed = started.elapsed();
    case
}

fn kill_once(shell: &Shell, case: &mut Case, moment: Duration, what: &str, tally: &mut Tally) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("logs.db");
    let (old, reference) = (shell.path(&case.old()), shell.path(&case.reference()));
    copy(&old, &path);
    // Otherwise the run's own syncs also write the copy, and it takes longer than measured.
    let copied = OpenOptions::new().write(true).open(&path).unwrap();
    copied.sync_all().unwrap();
    drop(copied);
    let starter = start(case.arguments, &path);
    // The kill waits for nothing, so it comes at any point of the run.
    thread::sleep(moment);
    tally.killed += u32::from(starter.kill());
    let left = |name: &str| fs::metadata(beside(&path, name)).is_ok_and(|left| left.len() > 0);
    tally.unfinished += u32::from(left("-journal") || left("-wal"));

    // A copy is checked, so that the next start is the first to see the state after the kill.
    let seen = directory.path().join("seen.db");
    copy(&path, &seen);
    let before = is_before(&seen, &old, what);
    if before {
        tally.before += 1
    } else {
        tally.after += 1;
        assert_same(&seen, &reference, what);
    }
    let next = if before { case.arguments } else { UPGRADE };
    let gate = at_the_gate(1, next, &path);
    let started = Instant::now();
    let printed = gate.go().remove(0).wait().done();
    if before {
        // The machine may be faster or slower than at first.
        case.undisturbed = started.elapsed();
    }
    assert_eq!(
        printed.contains("nothing to do"),
        !before,
        "{what}: {printed}"
    );
    assert_same(&path, &reference, what);
}

/// Whether the file equals the one before the run, byte for byte, after SQLite has rolled back.
fn is_before(path: &Path, old: &Path, what: &str) -> bool {
    if version_of(path) != version_of(old) {
        return false;
    }
    let connection = Connection::open(path).unwrap();
    let integrity: String = connection
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok", "{what}");
    drop(connection);
    assert!(
        fs::read(path).unwrap() == fs::read(old).unwrap(),
        "{what}: the bytes differ"
    );
    true
}

/// [SplitMix64](https://prng.di.unimi.it/splitmix64.c), which is good enough for random moments.
struct Random(u64);

impl Random {
    fn below_1(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((z ^ (z >> 31)) >> 32).unwrap();
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }
}
