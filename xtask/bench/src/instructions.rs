//! Instruction counts, which repeat exactly while times do not: each piece of `xtask/instructions`
//! under valgrind, compared with the committed baseline.
//!
//! This code calls valgrind itself: `gungraun` needs a runner of its own version, which takes
//! longer to compile than all measured code, and keeps its baselines in the target folder, where no
//! diff shows them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use xtask::{say, screen};

use serde_json::json;
use xtask::cli::{Bench, Format};
use xtask::{Failure, Verdict, program, project};

use crate::baseline::{Change, Counts, TOLERANCE, ratio};
use crate::machine;

/// The baseline, below the root.
const BASELINE: &str = "xtask/instructions/baseline.txt";

/// Counts, and prints or writes the counts. False if a count grew.
///
/// # Errors
/// If the program does not compile, valgrind fails, or the baseline cannot be read or written.
pub(crate) fn run(root: &Path, options: &Bench) -> Verdict {
    if !program::is_there("valgrind") {
        return Err(Failure::new("`valgrind` is not installed").hint(
        "install it (`apt-get install valgrind`); it counts on Linux only, and CI does the same",
        ));
    }
    let program = build(root)?;
    let mut now = Counts {
        made_by: made_by(),
        ..Counts::default()
    };
    let all = pieces(&program)?;
    if let Some(unknown) = options.only.iter().find(|name| !all.contains(name)) {
        return Err(Failure::new(format!("there is no piece `{unknown}`"))
            .hint(format!("there are: {}", all.join(", "))));
    }
    for name in all {
        if options.only.is_empty() || options.only.contains(&name) {
            let count = count(&program, &name)?;
            now.pieces.insert(name, count);
        }
    }
    let path = root.join(BASELINE);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut before = Counts::parse(&text)?;
    if options.write_baseline {
        let unchanged = before
            .pieces
            .into_iter()
            .filter(|_| !options.only.is_empty());
        let mut pieces: std::collections::BTreeMap<_, _> = unchanged.collect();
        pieces.extend(now.pieces);
        let counts = Counts { pieces, ..now };
        fs::write(&path, counts.text())
            .map_err(|error| Failure::new(format!("`{BASELINE}` cannot be written: {error}")))?;
        say!("{BASELINE}: written; commit it, and give the reason in the message");
        return Ok(true);
    }
    if !options.only.is_empty() {
        before
            .pieces
            .retain(|name, _| now.pieces.contains_key(name));
    }
    match options.format {
        Format::Text => say!("{}", text_of(&before, &now).trim_end_matches('\n')),
        Format::Json => screen::say_document(&json_of(&before, &now)),
    }
    Ok(verdict(&before, &now))
}

/// The tools that affect counts besides our code: the compiler, and the C library, which has the
/// heap and copies memory.
fn made_by() -> String {
    let libc = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let libc = libc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let libc = libc.unwrap_or_else(|_| "unknown libc".to_owned());
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{}, {libc}, {system} {processor}", machine::compiler())
}

/// Compiles the program with the pieces, and returns its path.
fn build(root: &Path) -> Result<PathBuf, Failure> {
    let output = Command::new(project::cargo())
        .current_dir(root)
        .args([
            "build",
            "--package",
            "xtask-instructions",
            "--profile",
            "instructions",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::new(format!("cannot run `cargo`: {error}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut executables = said
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    executables
        .next()
        .filter(|_| output.status.success())
        .ok_or_else(|| {
            Failure::new("`xtask-instructions` does not compile")
                .hint("the compiler's message above names the file")
        })
}

fn pieces(program: &Path) -> Result<Vec<String>, Failure> {
    let output = Command::new(program)
        .arg("list")
        .output()
        .map_err(|error| cannot_run(&program.display().to_string(), &error))?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(names.lines().map(str::to_owned).collect())
}

/// The instructions between the start and the end of the function `measured`.
fn count(program: &Path, name: &str) -> Result<u64, Failure> {
    let mut valgrind = on_one_core("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(["--collect-atstart=no", "--toggle-collect=*measured*"])
        .arg(program)
        .arg(name)
        // Otherwise glibc sometimes merges small free pieces of memory, depending on their
        // addresses.
        .env("GLIBC_TUNABLES", "glibc.malloc.mxfast=0");
    let output = valgrind
        .output()
        .map_err(|error| cannot_run("valgrind", &error))?;
    let counted = collected(&output);
    counted.filter(|count| *count > 0).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = said.lines().rev().take(4).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Failure::new(format!(
            "nothing was counted for `{name}`:\n{}",
            last.join("\n")
        ))
        .hint(format!("run it: `{} {name}`", program.display()))
    })
}

/// Uses one core, because instructions of other threads are not counted.
fn on_one_core(program: &str) -> Command {
    let taskset = Command::new("taskset").arg("--version").output();
    match taskset {
        Ok(_) => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", "0", program]);
            command
        }
        Err(_) => Command::new(program),
    }
}

fn collected(output: &Output) -> Option<u64> {
    if !output.status.success() {
        return None;
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

fn cannot_run(program: &str, error: &std::io::Error) -> Failure {
    let failure = Failure::new(format!("cannot run `{program}`: {error}"));
    match error.kind() {
        ErrorKind::NotFound => failure.hint("install it, or see that it is in the PATH"),
        _ => failure,
    }
}

/// Whether no count changed beyond the tolerance. Counts of a different compiler or C library are
/// not comparable: they are shown, but not judged until the baseline is updated.
fn verdict(before: &Counts, now: &Counts) -> bool {
    let same = |change: &Change| *change == Change::Same;
    before.made_by != now.made_by || before.changes(now).iter().all(|(_, change)| same(change))
}

fn text_of(before: &Counts, now: &Counts) -> String {
    let mut text = format!("instructions, {}\n\n", now.made_by);
    let shown = |counts: &Counts, name: &str| {
        counts
            .pieces
            .get(name)
            .map_or_else(|| "-".to_owned(), u64::to_string)
    };
    text += &format!("  {:<28} {:>12} {:>12}\n", "piece", "baseline", "now");
    let changes = before.changes(now);
    for (name, change) in &changes {
        let (old, new) = (shown(before, name), shown(now, name));
        let beside = match (before.pieces.get(name), now.pieces.get(name)) {
            (Some(old), Some(new)) => format!("{:+7.2} %", (ratio(*old, *new) - 1.0) * 100.0),
            _ => String::new(),
        };
        let line = format!(
            "  {name:<28} {old:>12} {new:>12}  {beside}  {}",
            word(*change)
        );
        text += line.trim_end();
        text.push('\n');
    }
    text.push('\n');
    let moved = changes
        .iter()
        .filter(|(_, change)| *change != Change::Same)
        .count();
    let again = "update the baseline: `cargo xtask bench --instructions --write-baseline`";
    if before.made_by != now.made_by {
        text += &format!(
            "not judged: the baseline was made by {}\nhint: {again}\n",
            before.made_by
        );
    } else if moved > 0 {
        let total = changes.len();
        let percent = TOLERANCE * 100.0;
        text += &format!("error: {moved} of {total} pieces changed by more than {percent:.0} %\n");
        text += &format!("hint: find the cause; if the change is intended, {again}\n");
    } else {
        text += &format!(
            "ok: {} pieces within {:.0} %\n",
            changes.len(),
            TOLERANCE * 100.0
        );
    }
    text
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Same => "",
        Change::Grew => "grew",
        Change::Shrank => "shrank",
        Change::New => "is not in the baseline",
        Change::Gone => "is in the baseline only",
    }
}

fn json_of(before: &Counts, now: &Counts) -> serde_json::Value {
    let piece = |(name, change): &(String, Change)| {
        json!({
            "name": name,
            "baseline": before.pieces.get(name),
            "now": now.pieces.get(name),
            "moved": *change != Change::Same,
        })
    };
    let pieces: Vec<_> = before.changes(now).iter().map(piece).collect();
    json!({
        "made_by": now.made_by,
        "baseline_made_by": before.made_by,
        "holds": verdict(before, now),
        "pieces": pieces,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(made_by: &str, pieces: &[(&str, u64)]) -> Counts {
        Counts {
            made_by: made_by.to_owned(),
            pieces: pieces
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
        }
    }

    #[test]
    fn growth_fails_and_is_reported() {
        let before = counts(
            "rustc 1",
            &[("judging/6", 89_000_000), ("opening/10", 1_800_000)],
        );
        let now = counts(
            "rustc 1",
            &[("judging/6", 89_100_000), ("opening/10", 1_890_000)],
        );
        assert!(!verdict(&before, &now));
        assert!(verdict(&before, &before));
        insta::assert_snapshot!(text_of(&before, &now));
    }

    #[test]
    fn counts_of_another_compiler_are_shown_and_not_judged() {
        let before = counts("rustc 1", &[("opening/10", 1_800_000)]);
        let now = counts("rustc 2", &[("opening/10", 2_800_000)]);
        assert!(verdict(&before, &now));
        insta::assert_snapshot!(text_of(&before, &now));
    }
}
