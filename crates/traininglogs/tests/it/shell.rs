//! A directory in which the command runs; its whole output is recorded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use traininglogs::CURRENT_VERSION;

/// The newest version in the recorded texts. Lines about later versions are left out, so that a new
/// version does not change the texts.
const RECORDED: u32 = 5;

pub(crate) struct Shell {
    directory: TempDir,
    transcript: String,
}

impl Shell {
    pub(crate) fn new() -> Shell {
        Shell {
            directory: tempfile::tempdir().unwrap(),
            transcript: String::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A database file made by SQL.
    pub(crate) fn database(&self, name: &str, sql: &str) {
        let connection = rusqlite::Connection::open(self.path(name)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_traininglogs"));
        command.current_dir(self.directory.path()).args(arguments);
        command
    }

    /// Runs the command and returns its exit code.
    pub(crate) fn run(&mut self, arguments: &[&str]) -> i32 {
        self.run_with(arguments, b"")
    }

    /// The same with something on standard input.
    pub(crate) fn run_with(&mut self, arguments: &[&str], input: &[u8]) -> i32 {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses at once does not read it.
        let _ = child.stdin.take().unwrap().write_all(input);
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(stdout), text(stderr));
        // In JSON, errors are on standard output, too.
        let quiet = status.success() || arguments.contains(&"json");
        assert_eq!(quiet, stderr.is_empty(), "{arguments:?}: {stdout}{stderr}");
        let code = status.code().unwrap();
        let _ = write!(
            self.transcript,
            "$ traininglogs {}\n{stdout}",
            arguments.join(" ")
        );
        let _ = writeln!(self.transcript, "{stderr}[exit code {code}]\n");
        code
    }

    /// Runs the command, which must refuse and leave the whole directory as it was.
    pub(crate) fn refuses(&mut self, arguments: &[&str]) {
        self.refuses_with(arguments, b"");
    }

    pub(crate) fn refuses_with(&mut self, arguments: &[&str], input: &[u8]) {
        let before = self.files();
        assert_eq!(self.run_with(arguments, input), 1, "{}", self.transcript);
        assert!(before == self.files(), "{arguments:?} changed a file");
    }

    /// Every file in the directory with its bytes.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).ok()))
            .collect()
    }

    /// The whole input and output, without the parts that differ from run to run.
    pub(crate) fn transcript(&self) -> String {
        self.normalize(&self.transcript)
    }

    /// A text without the parts that differ from run to run.
    pub(crate) fn normalize(&self, printed: &str) -> String {
        let mut text = String::new();
        let directory = fs::canonicalize(self.directory.path()).unwrap();
        for line in printed.lines().filter(|line| !is_about_later(line)) {
            let newer = CURRENT_VERSION + 1;
            let line = line
                .replace(&directory.display().to_string(), "[directory]")
                .replace(&format!("{newer:04}_later"), "[newer]_later")
                .replace(&format!("  {newer}  later"), "  [newer]  later")
                .replace(&format!("Version: {newer}"), "Version: [newer]")
                .replace(&format!("Version: {CURRENT_VERSION}"), "Version: [current]")
                .replace(&format!(".v{CURRENT_VERSION}."), ".v[current].")
                .replace(&format!(".v{newer}."), ".v[newer].")
                .replace(&format!("version {CURRENT_VERSION}"), "version [current]")
                .replace(&format!("of {CURRENT_VERSION}:"), "of [current]:")
                .replace(&format!("up to {CURRENT_VERSION}"), "up to [current]")
                .replace(&format!(" to {CURRENT_VERSION}"), " to [current]")
                .replace(&format!("--to {CURRENT_VERSION}"), "--to [current]")
                .replace(&format!("version {newer}"), "version [newer]");
            text.push_str(&without_sizes(&without_ids_and_times(&in_any_system(
                &line,
            ))));
            text.push('\n');
        }
        text
    }
}

/// Whether the line is about a step of this build that is later than the recorded texts.
fn is_about_later(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let folder = match words.as_slice() {
        ["up" | "down", folder] => folder,
        [number, name, ..] if name.ends_with(',') => number,
        _ => return false,
    };
    let version = folder.split('_').next().unwrap_or_default();
    line.starts_with("  ")
        && version
            .parse::<u32>()
            .is_ok_and(|version| is_known(version) && version > RECORDED)
}

/// Whether this build has the version.
fn is_known(version: u32) -> bool {
    version <= CURRENT_VERSION
}

/// Each system has its own message for a missing file.
fn in_any_system(line: &str) -> String {
    match line.split_once("because: ") {
        Some((before, words)) if words.contains("(os error") => {
            format!("{before}because: [the system's words]")
        }
        _ => line.to_owned(),
    }
}

fn without_ids_and_times(line: &str) -> String {
    const ID: &str = "xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx";
    const TIME: &str = "202d-dd-ddTdd:dd:dd";
    let mut rest = line;
    let mut text = String::new();
    while let Some(c) = rest.chars().next() {
        if fits(rest, ID) {
            text.push_str("[id]");
            rest = &rest[ID.len()..];
        } else if fits(rest, TIME) {
            text.push_str("[time]");
            rest = rest[TIME.len()..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            rest = rest.strip_prefix('Z').unwrap_or(rest);
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    text
}

/// Replaces sizes and durations, which differ from run to run and from version to version.
fn without_sizes(line: &str) -> String {
    let words = line.split(' ').collect::<Vec<_>>();
    let units = ["kB", "MB", "ms"];
    let unit = |word: &str| units.contains(&word.trim_end_matches(','));
    let shown = (0..words.len()).map(|place| {
        let next = words.get(place + 1).is_some_and(|word| unit(word));
        match words[place].parse::<f64>() {
            Ok(_) if next => "[number]",
            _ => words[place],
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Whether `text` begins like `pattern`, in which `x` is any hexadecimal digit and `d` any digit.
fn fits(text: &str, pattern: &str) -> bool {
    let mut bytes = text.bytes();
    pattern.bytes().all(|wanted| {
        bytes.next().is_some_and(|found| match wanted {
            b'x' => found.is_ascii_hexdigit(),
            b'd' => found.is_ascii_digit(),
            exactly => found == exactly,
        })
    })
}
