//! What the tools do: opening, applying, moving, and eight that start at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use xtask::Failure;
use xtask::project::VERSIONS;

use super::check::Found;
use super::{PEERS, Peer, program};

/// How many programs start at once.
const STARTERS: u32 = 8;

/// One piece of work, in one journal mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Open {
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

/// What a tool took, in nanoseconds, or how many of its programs failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Timed {
    pub(super) peer: &'static str,
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) failed: Option<(u32, u32)>,
    /// In how many rounds the file was not as it should be afterwards.
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
    /// All, in the order of the report.
    pub(super) fn all(quick: bool) -> Vec<Work> {
        let rounds = |slow: u32, fast: u32| if quick { fast } else { slow };
        let mut all = Vec::new();
        for journal in ["DELETE", "WAL"] {
            let (rounds, times) = (rounds(20, 5), 50);
            all.push(Work::Open {
                steps: 100,
                journal,
                rounds,
                times,
            });
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
            Work::Open { steps, journal, .. } => {
                format!("open a current file, {steps} steps, {journal}")
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

/// Where the programs are, and the folder that they work in, which goes with this.
pub(super) struct Bench {
    programs: PathBuf,
    /// The `up.sql` of version 1, and the SQL that moves to version 2.
    training: [String; 2],
    folder: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Bench {
    pub(super) fn new(root: &Path, programs: PathBuf) -> Result<Bench, Failure> {
        let read = |path: PathBuf| {
            fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))
        };
        let first = root.join(VERSIONS).join("0001_training_sessions/up.sql");
        let second = root.join("xtask/peers/moving.sql");
        let folder = programs.join(format!("work-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        Ok(Bench {
            training: [read(first)?, read(second)?],
            programs,
            folder,
        })
    }

    /// Lets all tools do `work` in turn, round after round.
    pub(super) fn measure(&self, work: &Work) -> Result<Vec<Timed>, Failure> {
        match *work {
            Work::Open {
                steps,
                journal,
                rounds,
                times,
            } => {
                let folder = self.trivial(steps)?;
                let current = |peer: &Peer| {
                    let file = self.fresh(&format!("{}.db", peer.name), journal)?;
                    self.call(peer, &["apply"], &folder, &file, &[])?;
                    self.expect(peer, &file, steps, &trivial_tables(steps))?;
                    Ok(file)
                };
                let files: Vec<PathBuf> =
                    PEERS.iter().map(current).collect::<Result<_, Failure>>()?;
                let times = times.to_string();
                self.in_turn(rounds, |place, peer| {
                    self.call(peer, &["open"], &folder, &files[place], &[&times])
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
                    let taken = self.call(peer, &["apply"], &folder, &file, &[])?;
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
            self.call(peer, &["move"], &old, &file, &[])?;
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
            let taken = self.call(peer, &["move"], &new, &file, &[])?;
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
                    .map(|_| self.spawn(peer, &["apply"], &folder, &file, &[]))
                    .collect::<Result<_, Failure>>()?;
                // The end of its input lets each go.
                children
                    .iter_mut()
                    .for_each(|child| drop(child.stdin.take()));
                for child in children {
                    let ended = child.wait_with_output();
                    failed += u32::from(!ended.is_ok_and(|output| output.status.success()));
                }
                let sound = self.found(&file)?;
                let told = sound.wrong(peer, u64::from(steps), &trivial_tables(steps));
                wrong += u32::from(told.is_some());
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

    /// Each tool once in each round, so that whatever else the machine does falls on all of them.
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

    /// A folder of steps that make a table each.
    fn trivial(&self, steps: u32) -> Result<PathBuf, Failure> {
        let step = |table: u32| {
            format!("CREATE TABLE t{table} (id INTEGER PRIMARY KEY, body TEXT NOT NULL);\n")
        };
        let texts: Vec<String> = (1..=steps).map(step).collect();
        self.steps(&format!("trivial-{steps}"), &texts)
    }

    fn steps(&self, name: &str, texts: &[String]) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(name);
        for (version, text) in (1..).zip(texts) {
            let step = folder.join(format!("{version:04}_step{version}"));
            let written = fs::create_dir_all(&step)
                .and_then(|()| fs::write(step.join("up.sql"), text))
                .and_then(|()| fs::write(step.join("down.sql"), "SELECT 1;\n"));
            written.map_err(|error| cannot("write", &step, &error))?;
        }
        Ok(folder)
    }

    /// An empty file in this journal mode, and nothing beside it.
    fn fresh(&self, name: &str, journal: &str) -> Result<PathBuf, Failure> {
        let file = self.folder.join(name);
        for beside in ["", "-journal", "-wal", "-shm"] {
            let _ = fs::remove_file(self.folder.join(format!("{name}{beside}")));
        }
        self.look(&["journal", &file.to_string_lossy(), journal])?;
        Ok(file)
    }

    fn look(&self, arguments: &[&str]) -> Result<String, Failure> {
        let program = self
            .programs
            .join(format!("look{}", std::env::consts::EXE_SUFFIX));
        let output = Command::new(&program)
            .args(arguments)
            .output()
            .map_err(|error| cannot("run", &program, &error))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(said("look", &output.stderr)),
        }
    }

    fn found(&self, file: &Path) -> Result<Found, Failure> {
        let said = self.look(&["tables", &file.to_string_lossy()])?;
        Found::parse(&said).ok_or_else(|| Failure::new(format!("`look` said nonsense: {said}")))
    }

    fn expect(
        &self,
        peer: &Peer,
        file: &Path,
        steps: u32,
        tables: &BTreeMap<String, (u64, u64)>,
    ) -> Result<(), Failure> {
        match self.found(file)?.wrong(peer, u64::from(steps), tables) {
            None => Ok(()),
            Some(told) => Err(Failure::new(format!("`{}` left a wrong file: {told}", peer.name))
                .hint("its program is in `xtask/peers`; its time is worth nothing until that is right")),
        }
    }

    /// The times that the program prints.
    fn call(
        &self,
        peer: &Peer,
        verb: &[&str],
        steps: &Path,
        file: &Path,
        more: &[&str],
    ) -> Result<Vec<f64>, Failure> {
        let mut child = self.spawn(peer, verb, steps, file, more)?;
        drop(child.stdin.take());
        let output = child
            .wait_with_output()
            .map_err(|error| cannot("run", &program(&self.programs, peer), &error))?;
        if !output.status.success() {
            return Err(said(peer.name, &output.stderr));
        }
        let lines = String::from_utf8_lossy(&output.stdout);
        Ok(lines.lines().filter_map(|line| line.parse().ok()).collect())
    }

    fn spawn(
        &self,
        peer: &Peer,
        verb: &[&str],
        steps: &Path,
        file: &Path,
        more: &[&str],
    ) -> Result<Child, Failure> {
        let program = program(&self.programs, peer);
        Command::new(&program)
            .args(verb)
            .args([steps, file])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot("run", &program, &error))
    }
}

fn trivial_tables(steps: u32) -> BTreeMap<String, (u64, u64)> {
    (1..=steps)
        .map(|table| (format!("t{table}"), (0, 0)))
        .collect()
}

fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {verb} `{}`: {error}", path.display()))
}

fn said(program: &str, stderr: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(stderr);
    Failure::new(format!("`{program}` failed: {}", said.trim()))
}
