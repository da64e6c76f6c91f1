//! `cargo xtask new-version NAME`: begins version N+1.

use crate::say;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::Command;

use crate::cli::NewVersion;
use crate::project::{self, CATALOGUE, FIXTURES, SOURCES, VERSIONS};
use crate::{Failure, Verdict, version_folders};

/// The templates of a new version's files, below the root of the checkout that gets the version.
const TEMPLATES: &str = "xtask/template";

/// A step with a function is refused without a way back.
const UNTIL_WRITTEN: &str = "SELECT 'there is nothing to undo yet: replace this';\n";

/// Makes the folder from the templates, adds its line to the catalogue, drafts fixture and docs,
/// and asks for the notes first.
///
/// # Errors
/// If the name is invalid, the newest version is not frozen yet, or a file cannot be written.
pub fn run(root: &Path, options: &NewVersion) -> Verdict {
    project::report_checkout(root);
    let name = options.name.as_str();
    check_name(name)?;
    let [notes, up, down, code] = templates(root)?;
    if !version_folders::is_complete(root, false)? {
        return Ok(false);
    }
    let (newest, newest_folder) = newest(root)?;
    let frozen = fs::read_to_string(root.join(FIXTURES).join("frozen.json")).unwrap_or_default();
    if !frozen.contains(&format!("\"{newest_folder}\"")) {
        return Err(Failure::new(format!(
            "version {newest} (`{newest_folder}`) is not frozen yet"
        ))
        .hint("finish it first: `cargo xtask verify-migrations` lists the missing parts"));
    }
    let version = newest + 1;
    let folder = format!("{version:04}_{name}");
    let path = root.join(VERSIONS).join(&folder);
    let fill = |text: &str| {
        text.replace("{version}", &version.to_string())
            .replace("{older}", &newest.to_string())
            .replace("{title}", &name.replace('_', " "))
            .replace("{name}", name)
    };
    if options.code {
        add_code(root, name, &fill(&code))?;
    }
    let cannot =
        |error: io::Error| Failure::new(format!("cannot write `{VERSIONS}/{folder}`: {error}"));
    fs::create_dir(&path).map_err(cannot)?;
    let (down, line) = if options.code {
        (
            format!("{down}{UNTIL_WRITTEN}"),
            format!("\"{folder}\" with crate::{name}::CODE"),
        )
    } else {
        (down, format!("\"{folder}\""))
    };
    for (file, text) in [("notes.md", &notes), ("up.sql", &up), ("down.sql", &down)] {
        fs::write(path.join(file), fill(text)).map_err(cannot)?;
    }
    add_line(root, &line)?;
    say!("made {VERSIONS}/{folder}/ with notes.md, up.sql and down.sql");
    if options.code {
        say!("made {SOURCES}/{name}.rs with the step's function");
    }
    say!("added it to {CATALOGUE}");
    if !version_folders::run(root, false, &["draft"])? {
        return Ok(false);
    }
    accept_snapshots(root)?;
    let notes = format!("{VERSIONS}/{folder}/notes.md");
    say!("\nBegin with the notes: {notes}");
    say!(
        "Then write up.sql and down.sql. `cargo xtask verify-migrations` lists the missing parts."
    );
    open(root, &notes);
    Ok(true)
}

fn templates(root: &Path) -> Result<[String; 4], Failure> {
    let read = |name: &str| {
        fs::read_to_string(root.join(TEMPLATES).join(name))
            .map_err(|error| Failure::new(format!("`{TEMPLATES}/{name}` cannot be read: {error}")))
    };
    Ok([
        read("notes.md")?,
        read("up.sql")?,
        read("down.sql")?,
        read("code.rs")?,
    ])
}

fn check_name(name: &str) -> Result<(), Failure> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let letter = |c: char| c.is_ascii_lowercase();
    let ends = name.ends_with('_') || name.contains("__");
    if name.starts_with(letter) && name.chars().all(good) && name.len() <= 60 && !ends {
        return Ok(());
    }
    Err(
        Failure::new(format!("`{name}` is not a name for a version")).hint(
            "begin with a lower case letter, continue with letters, digits and single underscores, \
         such as `session_duration`; the command adds the number",
        ),
    )
}

/// The version folders, in order.
fn folders(root: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |error| Failure::new(format!("`{VERSIONS}` cannot be read: {error}"));
    let entries = fs::read_dir(root.join(VERSIONS)).map_err(unreadable)?;
    let names = entries.filter_map(Result::ok);
    let mut names: Vec<_> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// The newest version and its folder.
fn newest(root: &Path) -> Result<(u32, String), Failure> {
    let names = folders(root)?.into_iter();
    let numbered = names.filter_map(|name| Some((name.split('_').next()?.parse().ok()?, name)));
    numbered
        .max()
        .ok_or_else(|| Failure::new(format!("`{VERSIONS}` holds no version")))
}

/// Makes the module of the step's function, and declares it in the crate.
fn add_code(root: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let (file, library) = (format!("{SOURCES}/{name}.rs"), format!("{SOURCES}/lib.rs"));
    if root.join(&file).exists() {
        return Err(Failure::new(format!("`{file}` exists already"))
            .hint("give the version a different name, or write its function by hand"));
    }
    let cannot = |error: io::Error| Failure::new(format!("`{library}`: {error}"));
    let old = fs::read_to_string(root.join(&library)).map_err(cannot)?;
    let beside = "mod catalogue;\n";
    if !old.contains(beside) {
        return Err(Failure::new(format!("`{library}` has no `mod catalogue;`"))
            .hint("the command adds the module of the step's function after it"));
    }
    let new = old.replacen(beside, &format!("{beside}mod {name};\n"), 1);
    fs::write(root.join(&file), text)
        .and_then(|()| fs::write(root.join(&library), new))
        .map_err(cannot)
}

/// Adds the step's line at the end of the list.
fn add_line(root: &Path, step: &str) -> Result<(), Failure> {
    let path = root.join(CATALOGUE);
    let cannot = |error: io::Error| Failure::new(format!("`{CATALOGUE}`: {error}"));
    let text = fs::read_to_string(&path).map_err(cannot)?;
    let list = text.find("steps! {").and_then(|start| {
        text.get(start..)?
            .find("\n}")
            .map(|length| start + length + 1)
    });
    let Some(end) = list else {
        return Err(Failure::new(format!("`{CATALOGUE}` has no list of steps"))
            .hint("it is the call of `migrations::steps! { … }`"));
    };
    let (before, after) = text.split_at(end);
    fs::write(&path, format!("{before}    {step},\n{after}")).map_err(cannot)
}

/// Makes the snapshots of the new version's schema and of its queries' plans.
///
/// # Errors
/// If the test that makes them fails.
pub fn accept_snapshots(root: &Path) -> Result<(), Failure> {
    let status = Command::new(project::cargo())
        .current_dir(root)
        .env("INSTA_UPDATE", "always")
        .args([
            "test",
            "--quiet",
            "--package",
            "traininglogs",
            "--test",
            "it",
            "schema",
        ])
        .stdout(std::process::Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::new("the snapshots of the schema cannot be made")
            .hint("run `INSTA_UPDATE=always cargo test --package traininglogs --test it schema`")),
    }
}

/// Opens the notes in the user's editor, if there is a terminal.
fn open(root: &Path, file: &str) {
    let editor = std::env::var_os("VISUAL").or_else(|| std::env::var_os("EDITOR"));
    if let Some(editor) = editor.filter(|_| io::stdin().is_terminal() && io::stdout().is_terminal())
    {
        // Without a working editor, the path is on the screen.
        let _ = Command::new(editor).arg(root.join(file)).status();
    }
}
