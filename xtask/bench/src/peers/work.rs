//! The work of the tools: opening, applying, moving data, and eight concurrent starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Child;

use xtask::Failure;

use super::place::{Place, cannot};
use super::{PEERS, Peer};

/// The number of programs that start at once.
const STARTERS: u32 = 8;

/// One piece of work, in one journal mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Open {
        verb: &'static str,
        steps: u32,
        journal: &'static str,
        rounds: u32,
        times: u32,
    },
    Apply {
        steps: u32,
        journal: &'static str,
        rounds: u32,
    },
    Move {
        sessions: u32,
        rounds: u32,
    },
    Start {
        steps: u32,
        journal: &'static str,
        rounds: u32,
    },
}

/// The times of a tool, in nanoseconds, or the number of its programs that failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Timed {
    pub(super) peer: &'static str,
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) failed: Option<(u32, u32)>,
    /// The number of rounds with a wrong file afterwards.
    pub(super) wrong: u32,
}

impl Timed {
    pub(super) fn wrong(&self) -> String {
        match self.wrong {
            0 => String::new(),
            rounds => format!(", a wrong file in {rounds} rounds"),
        }
    }
}

impl Work {
    /// All pieces of work, in the order of the report.
    pub(super) fn all(quick: bool) -> Vec<Work> {
        let rounds = |slow: u32, fast: u32| if quick { fast } else { slow };
        let mut all = Vec::new();
        for verb in ["open", "ask"] {
            for journal in ["DELETE", "WAL"] {
                all.push(Work::Open {
                    verb,
                    steps: 100,
                    journal,
                    rounds: rounds(20, 5),
                    times: 50,
                });
            }
        }
        for steps in [100, 1_000] {
            for journal in ["DELETE", "WAL"] {
                let rounds = rounds(if steps == 100 { 15 } else { 7 }, 3);
                all.push(Work::Apply {
                    steps,
                    journal,
                    rounds,
                });
            }
        }
        let sessions = if quick { 5_000 } else { 100_000 };
        all.push(Work::Move {
            sessions,
            rounds: rounds(5, 3),
        });
        for journal in ["DELETE", "WAL"] {
            let rounds = rounds(15, 3);
            all.push(Work::Start {
                steps: 5,
                journal,
                rounds,
            });
        }
        all
    }

    pub(super) fn name(&self) -> String {
        match self {
            Work::Open {
                verb,
                steps,
                journal,
                ..
            } => {
                let asked = if *verb == "ask" { " and ask it" } else { "" };
                format!("open a current file{asked}, {steps} steps, {journal}")
            }
            Work::Apply { steps, journal, .. } => {
                format!("apply {steps} trivial steps to a fresh file, {journal}")
            }
            Work::Move { sessions, .. } => {
                format!("move version 1 to 2 of the training logs, {sessions} sessions")
            }
            Work::Start { steps, journal, .. } => {
                format!(
                    "start {STARTERS} programs at once on a fresh file, {steps} steps, {journal}"
                )
            }
        }
    }
}

impl Place {
    /// Lets all tools do `work` in turn, round after round.
    pub(super) fn measure(&self, work: &Work) -> Result<Vec<Timed>, Failure> {
        match *work {
            Work::Open {
                verb,
                steps,
                journal,
                rounds,
                times,
            } => {
                let folder = self.trivial(steps)?;
                let current = |peer: &Peer| {
                    let file = self.fresh(&format!("{}.db", peer.name), journal)?;
                    self.call(peer, "apply", &folder, &file, &[])?;
                    self.expect(peer, &file, steps, &trivial_tables(steps))?;
                    Ok(file)
                };
                let files: Vec<PathBuf> =
                    PEERS.iter().map(current).collect::<Result<_, Failure>>()?;
                let times = times.to_string();
                self.in_turn(rounds, |place, peer| {
                    self.call(peer, verb, &folder, &files[place], &[&times])
                })
            }
            Work::Apply {
                steps,
                journal,
                rounds,
            } => {
                let folder = self.trivial(steps)?;
                self.in_turn(rounds, |_, peer| {
                    let file = self.fresh("applied.db", journal)?;
                    let taken = self.call(peer, "apply", &folder, &file, &[])?;
                    self.expect(peer, &file, steps, &trivial_tables(steps))?;
                    Ok(taken)
                })
            }
            Work::Move { sessions, rounds } => self.moving(sessions, rounds),
            Work::Start {
                steps,
                journal,
                rounds,
            } => self.starting(steps, journal, rounds),
        }
    }

    fn moving(&self, sessions: u32, rounds: u32) -> Result<Vec<Timed>, Failure> {
        let old = self.steps("training-1", &self.training[..1])?;
        let new = self.steps("training-2", &self.training)?;
        let filled = |peer: &Peer| {
            let file = self.fresh(&format!("{}-1.db", peer.name), "DELETE")?;
            self.call(peer, "move", &old, &file, &[])?;
            self.look(&["fill", &file.to_string_lossy(), &sessions.to_string()])?;
            Ok(file)
        };
        let files: Vec<PathBuf> = PEERS.iter().map(filled).collect::<Result<_, Failure>>()?;
        let sessions = u64::from(sessions);
        let expected = BTreeMap::from([
            ("training_sessions".to_owned(), (sessions, 1)),
            ("exercises_index".to_owned(), (sessions * 5, 2)),
        ]);
        self.in_turn(rounds, |place, peer| {
            let file = self.folder.join("moved.db");
            fs::copy(&files[place], &file).map_err(|error| cannot("copy", &file, &error))?;
            let synced = fs::File::open(&file).and_then(|copy| copy.sync_all());
            synced.map_err(|error| cannot("sync", &file, &error))?;
            let taken = self.call(peer, "move", &new, &file, &[])?;
            self.expect(peer, &file, 2, &expected)?;
            Ok(taken)
        })
    }

    fn starting(&self, steps: u32, journal: &str, rounds: u32) -> Result<Vec<Timed>, Failure> {
        let folder = self.trivial(steps)?;
        let mut all = Vec::new();
        for peer in &PEERS {
            let (mut failed, mut wrong) = (0, 0);
            for _ in 0..rounds {
                let file = self.fresh("started.db", journal)?;
                let mut children: Vec<Child> = (0..STARTERS)
                    .map(|_| self.spawn(peer, "apply", &folder, &file, &[]))
                    .collect::<Result<_, Failure>>()?;
                // The end of its input lets each program continue.
                children
                    .iter_mut()
                    .for_each(|child| drop(child.stdin.take()));
                for child in children {
                    let ended = child.wait_with_output();
                    failed += u32::from(!ended.is_ok_and(|output| output.status.success()));
                }
                let sound = self.found(&file)?;
                let problem = sound.wrong(peer, u64::from(steps), &trivial_tables(steps));
                wrong += u32::from(problem.is_some());
            }
            all.push(Timed {
                peer: peer.name,
                failed: Some((failed, rounds * STARTERS)),
                wrong,
                ..Timed::default()
            });
        }
        Ok(all)
    }

    /// Runs each tool once in each round, so that other load on the machine affects all of them.
    fn in_turn(
        &self,
        rounds: u32,
        mut work: impl FnMut(usize, &Peer) -> Result<Vec<f64>, Failure>,
    ) -> Result<Vec<Timed>, Failure> {
        let mut taken: Vec<Vec<f64>> = vec![Vec::new(); PEERS.len()];
        for _ in 0..rounds {
            for (place, peer) in PEERS.iter().enumerate() {
                taken[place].extend(work(place, peer)?);
            }
        }
        let timed = |(peer, mut times): (&Peer, Vec<f64>)| {
            times.sort_by(f64::total_cmp);
            Timed {
                peer: peer.name,
                least: times.first().copied().unwrap_or_default(),
                median: times.get(times.len() / 2).copied().unwrap_or_default(),
                ..Timed::default()
            }
        };
        Ok(PEERS.iter().zip(taken).map(timed).collect())
    }
}

fn trivial_tables(steps: u32) -> BTreeMap<String, (u64, u64)> {
    (1..=steps)
        .map(|table| (format!("t{table}"), (0, 0)))
        .collect()
}
