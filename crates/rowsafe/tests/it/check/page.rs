//! `docs/any-folder.md` agrees with the definitions.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use folders::LayoutName;
use lint::Rule;
use lint::report::Format;
use yaml_rust2::YamlLoader;

use super::check;

const PAGE: &str = include_str!("../../../../../docs/any-folder.md");

/// The rows of all tables whose first cell is code: that, and the second cell.
fn rows() -> Vec<(String, String)> {
    let row = |line: &str| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` |")?;
        let about = rest.trim().trim_end_matches('|').trim();
        Some((name.to_owned(), about.to_owned()))
    };
    let rows = PAGE.lines().filter_map(row);
    rows.filter(|(name, _)| !name.starts_with("--")).collect()
}

/// The blocks of code in one language.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    let blocks = PAGE.split(&fence).skip(1);
    blocks
        .map(|rest| rest.split_once("\n```").unwrap().0.to_owned())
        .collect()
}

/// The page has a row for each rule, layout and format, and no other.
#[test]
fn the_page_lists_all_rules_layouts_and_formats() {
    let mut named: Vec<String> = rows().into_iter().map(|(name, _)| name).collect();
    let layouts = LayoutName::ALL.iter().map(ToString::to_string);
    let rules = Rule::ALL.map(|rule| rule.name().to_owned());
    let formats = Format::ALL.iter().map(|format| format.name().to_owned());
    let mut all: Vec<String> = layouts.chain(rules).chain(formats).collect();
    all.sort();
    named.sort();
    assert_eq!(named, all);
    // The `helpUri` of a rule in SARIF leads here.
    assert!(PAGE.contains("\n## Rules\n"));
    for rule in Rule::ALL {
        let row = (rule.name().to_owned(), rule.about().to_owned());
        assert!(rows().contains(&row), "the page differs: {row:?}");
    }
}

/// The example of a file of options has all keys that there are, each with words of its own, and is
/// read.
#[test]
fn the_example_of_a_file_is_whole_and_works() {
    let blocks = blocks("toml");
    let example = blocks
        .iter()
        .find(|block| block.starts_with("# rowsafe.toml"));
    let example = example.unwrap();
    let document: toml::Table = example.parse().unwrap();
    let document = document["check"].as_table().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let write = |name: &str, text: &str| {
        let file = path.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let text = |key: &str| document[key].as_str().unwrap().to_owned();

    // The hint about an unknown key lists all keys.
    write("migrations/1_a/up.sql", "SELECT 1;\n");
    write("rowsafe.toml", "[check]\nnosuch = 1\n");
    let (_, refused) = check(path, &["migrations"]);
    let (_, keys) = refused.trim_end().split_once("the keys are ").unwrap();
    let keys: BTreeSet<&str> = keys.split(", ").collect();
    assert_eq!(
        document.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        keys
    );
    let lines: Vec<&str> = example.lines().collect();
    for pair in lines.windows(2) {
        let is_key = !pair[1].starts_with(['#', '[']) && !pair[1].is_empty();
        assert!(!is_key || pair[0].starts_with("# "), "{}", pair[1]);
    }

    fs::remove_dir_all(path.join("migrations")).unwrap();
    for name in [
        "2024-01-01-000000_first".to_owned(),
        text("from"),
        text("to"),
    ] {
        write(&format!("migrations/{name}.sql"), "SELECT 1;\n");
        write(&format!("migrations/{name}.down.sql"), "SELECT 1;\n");
    }
    write(&text("base"), "CREATE TABLE log (line TEXT);\n");
    write(&text("baseline"), "");
    write("rowsafe.toml", example);
    for arguments in [
        &["init", "--quiet"][..],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.c",
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "a",
        ],
        &[
            "update-ref",
            &format!("refs/remotes/{}", text("since")),
            "HEAD",
        ],
    ] {
        let git = Command::new("git")
            .args(arguments)
            .current_dir(path)
            .status();
        assert!(git.unwrap().success(), "{arguments:?}");
    }
    let (code, printed) = check(path, &["migrations"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("layout plain, 2 steps"), "{printed}");
}

/// The projects with a runner of their own are read whole, and nothing is found in them.
#[test]
fn the_home_made_runners_are_checked() {
    let (_, section) = PAGE.split_once("\n## Home-made runners\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut projects = 0;
    let mut parts = section.split("\n```text\n");
    let mut prose = parts.next().unwrap();
    for part in parts {
        let (files, after) = part.split_once("\n```").unwrap();
        let (_, command) = prose.rsplit_once("(`rowsafe check ").unwrap();
        let (named, steps) = command.split_once("`, ").unwrap();
        let steps = steps.trim_end().trim_end_matches("):");
        prose = after;
        let folder = tempfile::tempdir().unwrap();
        for file in files.split("=== ").skip(1) {
            let (name, text) = file.split_once('\n').unwrap();
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        let (code, printed) = check(folder.path(), &[named]);
        assert_eq!(code, Some(0), "{printed}");
        let head = format!("{named}, layout plain, {steps}, ");
        assert!(printed.contains(&head), "{head}: {printed}");
        assert!(!printed.contains("gap: "), "{printed}");
        projects += 1;
    }
    assert_eq!(projects, 6);
}

/// The entry of a baseline on the page is one.
#[test]
fn the_example_of_a_baseline_is_read() {
    let blocks = blocks("toml");
    let example = blocks
        .iter()
        .find(|block| block.starts_with("[[known]]"))
        .unwrap();
    let folder = super::folder(super::REBUILD, "ALTER TABLE person DROP COLUMN age;\n");
    fs::write(folder.path().join("known.toml"), example).unwrap();
    let (code, printed) = check(folder.path(), &["migrations", "--baseline", "known.toml"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("known: 1 finding"), "{printed}");
}

/// The workflows are YAML, and give the action inputs that it has.
#[test]
fn the_workflows_fit_the_action() {
    let inputs = super::action::inputs();
    let workflows = blocks("yaml");
    assert_eq!(workflows.len(), 3);
    for workflow in workflows {
        let document = YamlLoader::load_from_str(&workflow).unwrap().remove(0);
        assert_eq!(document["permissions"]["contents"].as_str(), Some("read"));
        let steps = document["jobs"]["verify"]["steps"].as_vec().unwrap();
        let uses = |step: &yaml_rust2::Yaml| step["uses"].as_str().unwrap().to_owned();
        let ours = steps
            .iter()
            .find(|step| uses(step).contains("/rowsafe-check@"))
            .unwrap();
        let given = ours["with"].as_hash().unwrap();
        for (name, value) in given {
            assert!(inputs.contains(name.as_str().unwrap()), "{name:?}");
            assert!(value.as_str().is_some(), "{name:?} is no text");
        }
        if ours["with"]["since"].as_str().is_some() {
            assert_eq!(steps[0]["with"]["fetch-depth"].as_i64(), Some(0));
        }
        let uploads = ours["with"]["upload-sarif"].as_str() == Some("true");
        let may = document["permissions"]["security-events"].as_str() == Some("write");
        assert_eq!(uploads, may);
    }
}

/// Each option that the page names is one.
#[test]
fn the_options_on_the_page_are_options() {
    let options: BTreeSet<String> = super::man::options(&["check"]).into_iter().collect();
    // Those of cargo and git, in commands of theirs.
    let others = ["package", "git", "locked", "unshallow"];
    let words = PAGE.split(|c: char| c.is_whitespace() || "`\"(,.:;".contains(c));
    let named = words.filter_map(|word| word.strip_prefix("--"));
    for option in named {
        let end = option.find(|c: char| !c.is_ascii_lowercase() && c != '-');
        let option = &option[..end.unwrap_or(option.len())];
        let known = options.contains(option) || others.contains(&option) || option.is_empty();
        assert!(known, "--{option}");
    }
    for option in &options {
        let meta = ["help", "version"].contains(&option.as_str());
        assert!(
            meta || PAGE.contains(&format!("--{option}"))
                || PAGE.contains(&format!("\n{option} = ")),
            "--{option}"
        );
    }
}
