//! The page for `man` and the completions know every option of the command line.

use std::fs;
use std::process::Command;

use super::{check, rowsafe};

fn run(arguments: &[&str]) -> String {
    let (code, text) = rowsafe(&std::env::temp_dir(), arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {text}");
    text
}

/// The long options that the help of a verb names.
pub(super) fn options(verb: &[&str]) -> Vec<String> {
    let help = run(&[verb, &["--help"]].concat());
    let names = help.lines().filter_map(|line| {
        let (_, rest) = line.split_once("--")?;
        line.trim_start().starts_with('-').then_some(rest)
    });
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-');
        rest[..end.unwrap_or(rest.len())].to_owned()
    };
    names.map(name).collect()
}

#[test]
fn the_page_for_man_names_every_option() {
    for verb in [&["check"][..], &["diff"]] {
        let page = run(&[&["man"], verb].concat());
        let options = options(verb);
        assert!(options.len() > 5, "{options:?}");
        for option in options {
            let name = format!("\\-\\-{}", option.replace('-', "\\-"));
            assert!(page.contains(&name), "{name}: {page}");
        }
        let title = [&["rowsafe"], verb].concat().join("-");
        assert!(page.contains(&format!(".TH {title} 1")), "{page}");
    }
    let (code, text) = rowsafe(&std::env::temp_dir(), &["man", "nosuch"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        text,
        "error: unknown verb `nosuch`\nhint: the verbs are check, diff, man, completions\n"
    );
}

#[test]
fn the_completions_name_every_option() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = run(&["completions", shell]);
        for option in options(&["check"]) {
            assert!(text.contains(&option), "{shell}: {option}");
        }
    }
    #[cfg(unix)]
    {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("completions");
        fs::write(&script, run(&["completions", "bash"])).unwrap();
        let checked = Command::new("bash").arg("-n").arg(&script).status();
        assert!(checked.unwrap().success());
    }
}

#[test]
fn a_folder_may_be_called_like_a_verb() {
    let folder = super::folder("SELECT 1;\n", "SELECT 1;\n");
    for verb in ["man", "diff", "completions", "check"] {
        fs::rename(folder.path().join("migrations"), folder.path().join(verb)).unwrap();
        let (code, text) = check(folder.path(), &[verb]);
        assert_eq!(code, Some(0), "{text}");
        assert!(
            text.starts_with(&format!("rowsafe check: {verb}, ")),
            "{text}"
        );
        fs::rename(folder.path().join(verb), folder.path().join("migrations")).unwrap();
    }
}
