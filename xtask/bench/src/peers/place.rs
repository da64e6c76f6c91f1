//! The programs of the tools, and their work folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use xtask::Failure;
use xtask::project::VERSIONS;

use super::Peer;
use super::check::Found;

/// The programs, and their work folder, which is removed at the end.
pub(super) struct Place {
    programs: PathBuf,
    /// The `up.sql` of version 1, and the SQL that migrates to version 2.
    pub(super) training: [String; 2],
    pub(super) folder: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Place {
    pub(super) fn new(root: &Path, programs: PathBuf) -> Result<Place, Failure> {
        let read = |path: PathBuf| {
            fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))
        };
        let first = root.join(VERSIONS).join("0001_training_sessions/up.sql");
        let second = root.join("crates/traininglogs/benches/moving.sql");
        let folder = programs.join(format!("work-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        Ok(Place {
            training: [read(first)?, read(second)?],
            programs,
            folder,
        })
    }

    /// A folder of steps that each make a table.
    pub(super) fn trivial(&self, steps: u32) -> Result<PathBuf, Failure> {
        let step = |table: u32| {
            format!("CREATE TABLE t{table} (id INTEGER PRIMARY KEY, body TEXT NOT NULL);\n")
        };
        let texts: Vec<String> = (1..=steps).map(step).collect();
        self.steps(&format!("trivial-{steps}"), &texts)
    }

    pub(super) fn steps(&self, name: &str, texts: &[String]) -> Result<PathBuf, Failure> {
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

    /// An empty file in this journal mode, without other files beside it.
    pub(super) fn fresh(&self, name: &str, journal: &str) -> Result<PathBuf, Failure> {
        let file = self.folder.join(name);
        for beside in ["", "-journal", "-wal", "-shm"] {
            let _ = fs::remove_file(self.folder.join(format!("{name}{beside}")));
        }
        self.look(&["journal", &file.to_string_lossy(), journal])?;
        Ok(file)
    }

    pub(super) fn look(&self, arguments: &[&str]) -> Result<String, Failure> {
        let program = self
            .programs
            .join(format!("look{}", std::env::consts::EXE_SUFFIX));
        let output = Command::new(&program)
            .args(arguments)
            .output()
            .map_err(|error| cannot("run", &program, &error))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(said("look", &output.stderr))
        }
    }

    pub(super) fn found(&self, file: &Path) -> Result<Found, Failure> {
        let said = self.look(&["tables", &file.to_string_lossy()])?;
        Found::parse(&said)
            .ok_or_else(|| Failure::new(format!("the output of `look` cannot be read: {said}")))
    }

    pub(super) fn expect(
        &self,
        peer: &Peer,
        file: &Path,
        steps: u32,
        tables: &BTreeMap<String, (u64, u64)>,
    ) -> Result<(), Failure> {
        match self.found(file)?.wrong(peer, u64::from(steps), tables) {
            None => Ok(()),
            Some(problem) => {
                let message = format!("`{}` left a wrong file: {problem}", peer.name);
                Err(Failure::new(message)
                    .hint("fix its program in `xtask/peers`; until then its time means nothing"))
            }
        }
    }

    fn program(&self, peer: &Peer) -> PathBuf {
        let name = format!("peer-{}{}", peer.name, std::env::consts::EXE_SUFFIX);
        self.programs.join(name)
    }

    /// The times that the program prints.
    pub(super) fn call(
        &self,
        peer: &Peer,
        verb: &str,
        steps: &Path,
        file: &Path,
        more: &[&str],
    ) -> Result<Vec<f64>, Failure> {
        let mut child = self.spawn(peer, verb, steps, file, more)?;
        drop(child.stdin.take());
        let output = child
            .wait_with_output()
            .map_err(|error| cannot("run", &self.program(peer), &error))?;
        if !output.status.success() {
            return Err(said(peer.name, &output.stderr));
        }
        let lines = String::from_utf8_lossy(&output.stdout);
        Ok(lines.lines().filter_map(|line| line.parse().ok()).collect())
    }

    pub(super) fn spawn(
        &self,
        peer: &Peer,
        verb: &str,
        steps: &Path,
        file: &Path,
        more: &[&str],
    ) -> Result<Child, Failure> {
        let program = self.program(peer);
        Command::new(&program)
            .arg(verb)
            .args([steps, file])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot("run", &program, &error))
    }
}

pub(super) fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {verb} `{}`: {error}", path.display()))
}

fn said(program: &str, stderr: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(stderr);
    Failure::new(format!("`{program}` failed: {}", said.trim()))
}
