//! A folder that somebody else wrote cannot forge what the command prints.

use std::fs;
use std::path::Path;
use std::process::Command;

use lint::report::Format;
use rusqlite::Connection;
use schema::escape::is_unsafe;

/// Characters that a name of a table and of a file may have; a script cannot hold NUL.
fn evil() -> String {
    let controls: String = ('\u{1}'..=' ').chain('\u{7f}'..='\u{9f}').collect();
    let marks = "\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}";
    format!("{controls}{marks}\n::error::x\n  ::stop-commands::x\nok: forged\n##[error]x é漢字")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

struct Run {
    code: i32,
    out: String,
    text: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_rowsafe"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let text = format!("{out}{err}");
    let raw = text.chars().find(|c| *c != '\n' && is_unsafe(*c));
    assert_eq!(raw, None, "{arguments:?}: {text}");
    let github = arguments.contains(&"github");
    for line in text.lines() {
        let start = line.trim_start();
        let ours = github && line.starts_with("::") && line.contains(" title=")
            || github && line.contains(",title=");
        assert!(ours || !start.starts_with("::"), "{arguments:?}: {line}");
        assert!(!line.contains("##["), "{arguments:?}: {line}");
        assert!(!line.starts_with("ok: forged"), "{arguments:?}: {line}");
    }
    Run {
        code: output.status.code().unwrap(),
        out,
        text,
    }
}

#[test]
fn nothing_that_is_printed_can_be_forged() {
    let evil = evil();
    let name = evil.replace('/', "");
    let table = quoted(&evil);
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let first = format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY, {table} TEXT);\n");
    write(&format!("{name}/1_a{name}.sql"), &first);
    write(
        &format!("{name}/2_b.sql"),
        &format!("UPDATE {table} SET {table} = {table} || 'x';\nDROP TABLE {table};\n"),
    );
    write(
        &format!("broken{name}/1_a.sql"),
        &format!("{first}SELECT\t'{evil}', nope;\n"),
    );
    write("old.sql", &first);
    write(
        &format!("new{name}.sql"),
        &format!(
            "CREATE TABLE t (a);\nCREATE INDEX {} ON t (a);\n",
            quoted(&format!("i{evil}"))
        ),
    );
    write(
        &format!("bad{name}.sql"),
        &format!("CREATE TABLE {table} (\t'{evil}'"),
    );
    write(&format!("{name}/{name}.bin"), "\0");
    Connection::open(folder.path().join(format!("base{name}.db")))
        .unwrap()
        .execute_batch(&first)
        .unwrap();
    let here = folder.path();
    let mut readable = 0;
    for format in Format::ALL {
        let format = format.name();
        let run = run(
            here,
            &["check", &name, "--layout", "plain", "--format", format],
        );
        assert!(run.code < 2, "{}", run.text);
        readable += usize::from(run.out.contains("é漢字"));
    }
    // SARIF has it in places that are no paths, too.
    assert_eq!(readable, Format::ALL.len());
    let broken = format!("broken{name}");
    let (new, bad, base) = (
        format!("new{name}.sql"),
        format!("bad{name}.sql"),
        format!("base{name}.db"),
    );
    let none = format!("none{name}");
    let commands: &[&[&str]] = &[
        &["check", &broken, "--layout", "plain"],
        &["check", &broken],
        &["check", &name, "--layout", "plain", "--base", &base],
        &["check", &name, "--layout", "plain", "--base", &bad],
        &["check", &name, "--layout", "plain", "--from", &evil],
        &["check", &name, "--layout", "plain", "--since", &evil],
        &["check", &name, "--layout", "plain", "--baseline", &none],
        &[
            "check",
            &name,
            "--layout",
            "plain",
            "--baseline",
            &none,
            "--write-baseline",
        ],
        &["check", &name, "--layout", "plain", "--baseline", &none],
        &["check", &name, "--layout", "plain", "--baseline", &bad],
        &["check", &name, "--layout", &evil],
        &["check", &name, "--define", &evil],
        &["check", &none],
        &["diff", "old.sql", &new],
        &["diff", "old.sql", &new, "--format", "json"],
        &["diff", &new, &new],
        &["diff", "old.sql", &bad],
        &["diff", "old.sql", &none],
        &["diff", "old.sql", &name],
        &["diff", "old.sql", &new, "--rename", &format!("{evil}=x")],
        &["diff", "old.sql", &new, "--rename", &evil],
        &["man", &evil],
        &["completions", &evil],
        &["diff", &evil],
    ];
    for arguments in commands {
        let run = run(here, arguments);
        let nothing = run.text.is_empty() && run.code == 0;
        assert!(!nothing, "{arguments:?}");
    }
}

/// A pipe that was closed early changes no verdict, and one that is full is an error.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed_is_no_result() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("1_a.sql"), "CREATE TABLE t (a);").unwrap();
    fs::write(folder.path().join("a.sql"), "CREATE TABLE t (a);").unwrap();
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for arguments in [
        &["diff", "a.sql", "a.sql"][..],
        &["diff", "1_a.sql", "a.sql", "--format", "json"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["check", ".", "--layout", "plain"],
        &["check", ".", "--layout", "plain", "--format", "sarif"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowsafe"));
        command.current_dir(folder.path()).args(arguments);
        let output = command.stdout(full()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(
            text.starts_with("error: the result could not be printed"),
            "{text}"
        );
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let closed = command.stdout(writer).output().unwrap();
        let open = command
            .stdout(std::process::Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(closed.status, open.status, "{arguments:?}");
    }
}
