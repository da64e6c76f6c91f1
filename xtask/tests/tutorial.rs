//! `docs/tutorial.md` works: its files are written, its commands run, and their output compared.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod samples;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file that the page shows: its place on the page, its name and its content.
struct Shown {
    line: usize,
    name: String,
    content: String,
}

/// The blocks of code that are files: the paragraph before each names the file first.
fn files(page: &str) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut paragraph = String::new();
    let mut lines = page.lines().enumerate();
    while let Some((line, text)) = lines.next() {
        if let Some(language) = text.strip_prefix("```") {
            let content = lines.by_ref().map(|(_, text)| text);
            let content: Vec<&str> = content.take_while(|text| *text != "```").collect();
            if language != "text" {
                let names = paragraph.split('`').skip(1).step_by(2);
                let mut files = names.filter(|name| name.contains('.') && !name.contains(' '));
                shown.push(Shown {
                    line,
                    name: files
                        .next()
                        .expect("the paragraph names the file")
                        .to_owned(),
                    content: content.join("\n") + "\n",
                });
            }
            paragraph.clear();
        } else if text.is_empty() {
            // The paragraph ends; it is kept if a block follows at once.
            if !matches!(page.lines().nth(line + 1), Some(next) if next.starts_with("```")) {
                paragraph.clear();
            }
        } else {
            paragraph.push_str(text);
            paragraph.push(' ');
        }
    }
    shown
}

/// The project of the reader. It is outside of the workspace, and shares the lock file, the
/// compiled dependencies and their profiles.
struct Project {
    root: PathBuf,
    folder: PathBuf,
    target: PathBuf,
}

impl Project {
    fn write(&self, file: &Shown) {
        let path = self.folder.join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut content = file.content.clone();
        if file.name == "Cargo.toml" {
            // Literal strings, because a path of Windows has backslashes.
            let root = self.root.display();
            content = content
                .replace(
                    "\"../rowsafe/crates/migrations\"",
                    &format!("'{root}/crates/migrations'"),
                )
                .replace(
                    "\"../rowsafe/crates/harness\"",
                    &format!("'{root}/crates/harness'"),
                );
            let manifest = fs::read_to_string(self.root.join("Cargo.toml")).unwrap();
            let profiles = manifest.split("\n[");
            for profile in profiles.filter(|table| table.starts_with("profile.dev")) {
                content.push_str(&format!("\n[{profile}\n"));
            }
            fs::copy(self.root.join("Cargo.lock"), self.folder.join("Cargo.lock")).unwrap();
        }
        fs::write(path, content).unwrap();
    }

    /// Runs a command of the page and returns its standard output.
    fn run(&self, command: &str) -> String {
        let mut words = command.split(' ').peekable();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
            cargo.env(name, value);
            words.next();
        }
        assert_eq!(words.next(), Some("cargo"), "{command}");
        let output = cargo
            .args(words)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_NET_OFFLINE", "true")
            .env("RUST_BACKTRACE", "0")
            .env_remove("INSTA_UPDATE")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("could not compile"), "{command}: {errors}");
        assert!(!errors.contains("error: failed to"), "{command}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
#[ignore = "it compiles the engine and the proof once more: `cargo xtask ci tutorial`"]
fn the_tutorial_works() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut project = Project {
        root: root.to_owned(),
        folder: temporary.path().to_owned(),
        // The folder above `debug/deps`.
        target: program.ancestors().nth(3).unwrap().to_owned(),
    };
    let page = root.join("docs/tutorial.md");
    let files = files(&fs::read_to_string(&page).unwrap());
    let mut written = 0;
    samples::check(&page, |sample| {
        while let Some(file) = files.get(written).filter(|file| file.line < sample.line()) {
            project.write(file);
            written += 1;
        }
        if let Some(folder) = sample.command.strip_prefix("cd ") {
            project.folder.push(folder);
            return Some(String::new());
        }
        Some(project.run(&sample.command))
    });
    assert_eq!(written, files.len());
}
