//! Accepted findings.
//!
//! A TOML file with one entry for each finding, in the order of the steps. An entry names rule,
//! step, direction and object, so it survives moved lines; a finding that is worse than the
//! accepted severity is new.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::nearest::did_you_mean;
use folders::History;
use folders::InputError;
use lint::{Direction, Finding, Rule, Severity, Verdict};

const HEAD: &str = "\
# Accepted findings of `rowsafe check`, written by `--write-baseline`, which keeps each `reason`.
";

/// A file of accepted findings.
#[derive(Debug)]
pub(crate) struct Baseline {
    path: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    known: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(alias = "class")]
    rule: String,
    step: String,
    direction: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    object: String,
    /// The highest severity that is accepted.
    severity: String,
    /// The reason, as the team wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Baseline {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Baseline, InputError> {
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let hint = "create it with `--write-baseline`, or correct the path";
                InputError::new(path, "does not exist", hint)
            }
            io::ErrorKind::InvalidData => InputError::new(path, "is not UTF-8 text", REMAKE),
            _ => InputError::io(path, &error),
        })?;
        let document: Document = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let what = format!("is not a baseline: {}", error.message().trim());
            InputError::at(path, &text, at, &what, REMAKE)
        })?;
        for entry in &document.known {
            entry.check(path)?;
        }
        Ok(Baseline {
            path: path.to_owned(),
            entries: document.known,
        })
    }

    /// Reads the file, or starts an empty one if it does not exist.
    pub(crate) fn read_or_new(path: &Path) -> Result<Baseline, InputError> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Baseline {
                path: path.to_owned(),
                entries: Vec::new(),
            }),
            _ => Baseline::read(path),
        }
    }

    /// Removes the accepted findings from the verdict. Returns their number, and a note for each
    /// entry that accepts nothing; entries for steps that were not checked get none.
    pub(crate) fn apply(&self, verdict: &mut Verdict, history: &History) -> (usize, Vec<String>) {
        let found = verdict.findings.len();
        let mut used = vec![false; self.entries.len()];
        verdict.findings.retain(|finding| {
            let mut accepted = false;
            for (entry, used) in self.entries.iter().zip(&mut used) {
                if entry.is(finding) {
                    // A finding that became worse still uses its entry.
                    *used = true;
                    accepted |= finding.severity <= entry.up_to();
                }
            }
            !accepted
        });
        let unused = self.entries.iter().zip(used).filter(|(entry, used)| {
            let judged = verdict.judged.iter().any(|own| own.step == entry.step);
            !used && (judged || !entry.is_in(history))
        });
        let notes = unused.map(|(entry, _)| {
            let gone = if entry.is_in(history) {
                "no longer occurs"
            } else {
                "names a step that does not exist"
            };
            format!(
                "`{}`: {entry} {gone}; remove the entry",
                self.path.display()
            )
        });
        (found - verdict.findings.len(), notes.collect())
    }

    /// Writes an entry for each finding, and keeps the entries of steps that were not checked.
    /// Notes need no entry, as they never make the command fail. Returns the number of entries.
    pub(crate) fn write(self, verdict: &Verdict, history: &History) -> Result<usize, InputError> {
        let mut known: Vec<Entry> = (verdict.findings.iter())
            .filter(|finding| finding.severity > Severity::Note)
            .map(|finding| Entry {
                reason: (self.entries.iter())
                    .find(|entry| entry.is(finding))
                    .and_then(|entry| entry.reason.clone()),
                ..Entry::of(finding)
            })
            .collect();
        let unjudged = |entry: &&Entry| {
            entry.is_in(history) && !verdict.judged.iter().any(|own| own.step == entry.step)
        };
        known.extend(self.entries.iter().filter(unjudged).cloned());
        let place = |entry: &Entry| {
            let mut steps = history.steps.iter();
            steps.position(|step| step.name == entry.step)
        };
        // `up` before `down`, and rules in their own order.
        known.sort_by_cached_key(|entry| {
            let rule = Rule::ALL.iter().position(|own| own.name() == entry.rule);
            let down = entry.direction == Direction::Down.name();
            (place(entry), down, rule, entry.object.clone())
        });
        let count = known.len();
        let failed = |error: &dyn std::fmt::Display| InputError::unwritable(&self.path, error);
        let blocks = toml::to_string(&Document { known }).map_err(|error| failed(&error))?;
        let text = match count {
            0 => HEAD.to_owned(),
            _ => format!("{HEAD}\n{blocks}"),
        };
        replace(&self.path, &text).map_err(|error| failed(&error))?;
        Ok(count)
    }
}

const REMAKE: &str = "correct the file, or remove it and create it again with `--write-baseline`";

impl Entry {
    fn of(finding: &Finding) -> Entry {
        Entry {
            rule: finding.rule.name().to_owned(),
            step: finding.step.clone(),
            direction: finding.direction.name().to_owned(),
            object: finding.object.clone(),
            severity: finding.severity.name().to_owned(),
            reason: None,
        }
    }

    fn is(&self, finding: &Finding) -> bool {
        // A finding about the whole folder has the step that was checked first.
        let is_same_step = finding.folder_steps.is_some() || self.step == finding.step;
        is_same_step
            && self.rule == finding.rule.name()
            && self.direction == finding.direction.name()
            && self.object == finding.object
    }

    fn is_in(&self, history: &History) -> bool {
        history.steps.iter().any(|step| step.name == self.step)
    }

    fn up_to(&self) -> Severity {
        let found = SEVERITIES.iter().find(|own| own.name() == self.severity);
        found.copied().unwrap_or(Severity::Note)
    }

    /// Refuses names that no finding has.
    fn check(&self, path: &Path) -> Result<(), InputError> {
        let known: [(&str, &str, Vec<&str>); 3] = [
            ("rule", &self.rule, Rule::ALL.map(Rule::name).to_vec()),
            (
                "direction",
                &self.direction,
                [Direction::Up, Direction::Down]
                    .map(Direction::name)
                    .to_vec(),
            ),
            (
                "severity",
                &self.severity,
                SEVERITIES.map(Severity::name).to_vec(),
            ),
        ];
        for (field, word, words) in known {
            if !words.contains(&word) {
                let what = format!(
                    "has an entry for step `{}` with the unknown {field} `{word}`{}",
                    self.step,
                    did_you_mean(word, words)
                );
                return Err(InputError::new(path, &what, REMAKE));
            }
        }
        Ok(())
    }
}

const SEVERITIES: [Severity; 3] = [Severity::Note, Severity::Warning, Severity::Error];

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` in `{}` {}", self.rule, self.step, self.direction)?;
        if self.object.is_empty() {
            return Ok(());
        }
        write!(f, " at `{}`", self.object)
    }
}

/// Replaces a file by a rename, so that no reader sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    write().inspect_err(|_| {
        // The rest of a failed write, which is reported itself.
        let _ = fs::remove_file(&beside);
    })
}
