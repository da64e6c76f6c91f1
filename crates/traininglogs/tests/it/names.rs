//! Each verb opens the same file, whatever its name.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::process::{Command, Output};

use crate::refusals::ALL;

struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Directory {
        Directory(tempfile::tempdir().unwrap())
    }

    fn run(&self, name: &OsStr, arguments: &[&str]) -> Output {
        let mut option = OsString::from("--db=");
        option.push(name);
        Command::new(env!("CARGO_BIN_EXE_traininglogs"))
            .current_dir(self.0.path())
            .arg(option)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs the command, which must succeed, and returns what it printed.
    fn done(&self, name: &OsStr, arguments: &[&str]) -> String {
        let output = self.run(name, arguments);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(output.status.success(), "{name:?} {arguments:?}: {text}");
        text
    }

    fn entries(&self) -> BTreeSet<OsString> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }
}

#[test]
fn any_name_is_the_name_of_a_file() {
    let names = [
        "./:memory:",
        "./file:a.db",
        "./file:x?mode=memory",
        "a?mode=memory",
        "a#b",
        "50%.db",
        "%41.db",
        "-x",
        "--format",
        " ",
        "it's.db",
        "a\nb",
        "größe 漢字.db",
    ];
    let mut names: Vec<OsString> = names.iter().map(OsString::from).collect();
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStringExt;
        names.push(OsString::from_vec(b"a\xff\xfe.db".to_vec()));
    }
    for name in &names {
        let directory = Directory::new();
        let file = std::path::Path::new(name).file_name().unwrap().to_owned();
        let with = |ending: &str| {
            let mut name = file.clone();
            name.push(ending);
            name
        };
        directory.done(name, &["init"]);
        assert_eq!(directory.entries(), [file.clone()].into(), "{name:?}");
        let document = directory.0.path().join("session.json");
        fs::write(&document, r#"{"exercises":[{"name":"Squat"}]}"#).unwrap();
        directory.done(name, &["log", "session.json"]);
        directory.done(name, &["last", "Squat"]);
        directory.done(name, &["plan", "--to", "1", "--rehearse"]);
        directory.done(
            name,
            &["rollback", "--to", "1", "--accept-loss", "--no-backup"],
        );
        directory.done(name, &["backup"]);
        directory.done(name, &["migrate"]);
        directory.done(name, &["migrate"]);
        directory.done(name, &["repair"]);
        directory.done(name, &["init"]);
        directory.done(name, &["status"]);
        let expected = [
            file.clone(),
            with(".v1.backup"),
            with(".v1.2.backup"),
            "session.json".into(),
        ];
        assert_eq!(directory.entries(), expected.into(), "{name:?}");
        if let Some(backup) = with(".v1.backup").to_str() {
            let backup = format!("./{backup}");
            let text = directory.done(name, &["restore", "--no-backup", &backup]);
            assert!(text.contains("is at version 1, restored from"), "{text}");
            let text = directory.done(name, &["status"]);
            assert!(!text.contains("backups: none"), "{text}");
        }
    }
}

#[test]
fn what_is_no_path_of_a_file_is_refused_and_nothing_is_made() {
    let directory = Directory::new();
    fs::create_dir(directory.0.path().join("folder")).unwrap();
    let before = directory.entries();
    for name in [
        "",
        ":memory:",
        "file:a.db",
        "file:a.db?mode=memory",
        "file::memory:",
        "file:///tmp/a.db",
        "a.db/",
        "a.db/.",
        "folder/",
        "folder",
        ".",
        "..",
    ] {
        let verbs = ALL
            .into_iter()
            .chain([&["restore", "folder"][..], &["repair"]]);
        for arguments in verbs {
            let output = directory.run(OsStr::new(name), arguments);
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(
                output.status.code(),
                Some(if name.is_empty() { 2 } else { 1 }),
                "{name:?} {arguments:?}: {text}"
            );
            assert!(text.contains("\nhint: ") || name.is_empty(), "{text}");
            assert!(
                !text.contains("does not exist"),
                "{name:?} {arguments:?}: {text}"
            );
            assert_eq!(directory.entries(), before, "{name:?} {arguments:?}");
        }
    }
}
