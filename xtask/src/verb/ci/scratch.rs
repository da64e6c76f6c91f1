//! Tries the scaffolders and the proof of a version under construction in a copy of the checkout:
//! the instructions in CONTRIBUTING.md work, and mistakes are found.

use crate::say;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::project::{self, VERSIONS};

/// A mistake in a new version, and the expected texts of the proof.
struct Mistake {
    name: &'static str,
    up: &'static str,
    down: &'static str,
    /// Text that the report contains.
    expected: &'static [&'static str],
}

const UP: &str = "ALTER TABLE training_sessions ADD COLUMN mood TEXT;\n\
                  CREATE INDEX idx_session_mood ON training_sessions(mood);\n";
const DOWN: &str = "DROP INDEX idx_session_mood;\n\
                    ALTER TABLE training_sessions DROP COLUMN mood;\n";

const MISTAKES: [Mistake; 5] = [
    Mistake {
        name: "down.sql forgets an index",
        up: "CREATE INDEX idx_session_mood ON training_sessions(created_at, id);\n\
             ALTER TABLE training_sessions ADD COLUMN mood TEXT;\n",
        down: "ALTER TABLE training_sessions DROP COLUMN mood;\n",
        expected: &[
            "down restores is broken",
            "idx_session_mood",
            "_scratch/down.sql",
        ],
    },
    Mistake {
        name: "up.sql deletes a session",
        up: "ALTER TABLE training_sessions ADD COLUMN mood TEXT;\n\
             CREATE INDEX idx_session_mood ON training_sessions(mood);\n\
             DELETE FROM training_sessions WHERE id = (SELECT min(id) FROM training_sessions);\n",
        down: DOWN,
        expected: &[
            "up preserves is broken",
            "training_sessions",
            "_scratch/up.sql",
        ],
    },
    Mistake {
        name: "up.sql writes text into duration_minutes",
        up: "ALTER TABLE training_sessions ADD COLUMN mood TEXT;\n\
             CREATE INDEX idx_session_mood ON training_sessions(mood);\n\
             UPDATE training_sessions SET duration_minutes = 'long';\n",
        down: DOWN,
        expected: &[
            "up preserves is broken",
            "training_sessions.duration_minutes",
            "'long'",
        ],
    },
    Mistake {
        name: "up.sql rebuilds training_sessions without its index",
        up: "DROP VIEW session_exercises; DROP TRIGGER session_logged;\n\
             DROP TRIGGER session_changed;\n\
             DROP TRIGGER session_deleted;\n\
             CREATE TABLE new_sessions (id TEXT PRIMARY KEY, created_at TEXT NOT NULL,\n\
             raw_json TEXT NOT NULL, duration_minutes INTEGER, mood TEXT);\n\
             INSERT INTO new_sessions (rowid, id, created_at, raw_json, duration_minutes)\n\
             SELECT rowid, id, created_at, raw_json, duration_minutes FROM training_sessions;\n\
             DROP TABLE training_sessions;\n\
             ALTER TABLE new_sessions RENAME TO training_sessions;\n\
             CREATE INDEX idx_session_mood ON training_sessions(mood);\n",
        down: DOWN,
        expected: &[
            "up preserves is broken",
            "idx_session_created",
            "_scratch/up.sql",
        ],
    },
    Mistake {
        name: "up.sql adds a column that the notes do not describe",
        up: "ALTER TABLE training_sessions ADD COLUMN mood TEXT;\n\
             CREATE INDEX idx_session_mood ON training_sessions(mood);\n\
             ALTER TABLE training_sessions ADD COLUMN weather TEXT;\n",
        down: "DROP INDEX idx_session_mood;\n\
               ALTER TABLE training_sessions DROP COLUMN weather;\n\
               ALTER TABLE training_sessions DROP COLUMN mood;\n",
        expected: &[
            "everything is documented is broken",
            "training_sessions.weather: was added by version",
            "_scratch/notes.md",
        ],
    },
];

/// A copy of the tracked files, which is removed on drop.
struct Scratch {
    root: PathBuf,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Remains in the target folder are replaced by the next run.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// The proof with few generated databases: golden ones show the planted mistakes.
const FEW: [&str; 3] = ["verify-migrations", "--cases", "4"];

/// Begins a version in a copy, plants several mistakes in it, then corrects and freezes it.
pub(super) fn check(root: &Path) -> Result<(), Failure> {
    let scratch = Scratch::copy(root)?;
    scratch.expect(
        &["new-version", "scratch", "--code"],
        true,
        &["Begin with the notes"],
    )?;
    say!("begun: the proof lists the missing parts");
    scratch.expect(&FEW, false, &["[ ] task and plan written"])?;
    scratch.write("notes.md", &notes())?;
    for mistake in MISTAKES {
        say!("a mistake: {}", mistake.name);
        scratch.write("up.sql", mistake.up)?;
        scratch.write("down.sql", mistake.down)?;
        scratch.expect(&FEW, false, mistake.expected)?;
    }
    say!("a missing down.sql");
    scratch.write("up.sql", UP)?;
    scratch.remove("down.sql")?;
    scratch.expect(&FEW, false, &["_scratch/down.sql: is missing"])?;
    say!("an undeclared loss");
    scratch.write("down.sql", DOWN)?;
    scratch.write("notes.md", &notes().replace("- Loses:", "It loses"))?;
    let expected = ["back and forth keeps is broken", "training_sessions.mood"];
    scratch.expect(&FEW, false, &expected)?;
    say!("the correct version, then frozen");
    scratch.write("notes.md", &notes())?;
    scratch.expect(&FEW, true, &["[ ] fixture frozen"])?;
    scratch.expect(&["add-fixture"], true, &["froze version"])?;
    scratch.expect(
        &["verify-migrations", "--require-frozen"],
        true,
        &["laws hold"],
    )?;
    scratch.expect(&["docs", "--check"], true, &["up to date"])
}

impl Scratch {
    fn copy(root: &Path) -> Result<Scratch, Failure> {
        let cannot = |error: std::io::Error| Failure::new(format!("scratch copy: {error}"));
        let names = project::tracked_files(root)?;
        let to = root.join("target").join("scratch");
        if to.exists() {
            fs::remove_dir_all(&to).map_err(cannot)?;
        }
        for name in names {
            let (from, to) = (root.join(&name), to.join(&name));
            if from.is_file() {
                let folder = to.parent().unwrap_or(&to);
                fs::create_dir_all(folder)
                    .and_then(|()| fs::copy(&from, &to))
                    .map_err(cannot)?;
            }
        }
        Ok(Scratch { root: to })
    }

    fn step(&self, file: &str) -> PathBuf {
        let folders = fs::read_dir(self.root.join(VERSIONS)).into_iter().flatten();
        let own = folders.filter_map(Result::ok).map(|entry| entry.path());
        let own = own
            .into_iter()
            .find(|path| path.to_string_lossy().ends_with("_scratch"));
        own.unwrap_or_default().join(file)
    }

    fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        fs::write(self.step(file), text).map_err(|error| Failure::new(format!("{file}: {error}")))
    }

    fn remove(&self, file: &str) -> Result<(), Failure> {
        fs::remove_file(self.step(file)).map_err(|error| Failure::new(format!("{file}: {error}")))
    }

    /// Runs a verb in the copy, with the dependencies that are compiled already.
    fn expect(&self, arguments: &[&str], succeeds: bool, expected: &[&str]) -> Result<(), Failure> {
        let target = self.root.parent().unwrap_or(&self.root).to_owned();
        let program = std::env::current_exe()
            .map_err(|error| Failure::new(format!("cannot find this program: {error}")))?;
        let output = Command::new(program)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO", project::cargo())
            .args(arguments)
            .output()
            .map_err(|error| Failure::new(format!("cannot run xtask: {error}")))?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let missing: Vec<_> = expected
            .iter()
            .filter(|words| !text.contains(**words))
            .collect();
        if output.status.success() == succeeds && missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "`cargo xtask {}` ended with {} and should {}; missing texts: {missing:?}\n{text}",
            arguments.join(" "),
            output.status,
            if succeeds { "succeed" } else { "fail" },
        )))
    }
}

fn notes() -> String {
    "# Scratch

## Task
Record how a session felt.

Schema change: a column `mood` on `training_sessions`, with an index.

Backwards compatibility: supported, because the column may be NULL.

## Why
Because this version is tried in a copy.

## Columns
- `training_sessions.mood`: how it felt, in a word; NULL where nobody said.
- `idx_session_mood`: finds the sessions of a mood.

## Data migration
None: NULL for the sessions that are there.

## Rollback
The column is dropped.

- Loses: `training_sessions.mood` — the moods stand nowhere else.
"
    .to_owned()
}
