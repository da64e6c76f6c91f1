//! Whether the steps that are compiled into this program are those of the current checkout.

use std::fs;

use harness::Subject;
use migrations::Down;
use xtask::Failure;

/// Compares each compiled step with its files. A program that was built before they changed would
/// prove, freeze and document steps that no longer exist.
///
/// # Errors
/// If a file differs, or is missing.
pub(crate) fn check(subject: &Subject<'_>) -> Result<(), Failure> {
    let steps = (1..=subject.catalogue.current_version())
        .filter_map(|version| subject.catalogue.step(version));
    for step in steps {
        let (down, back) = match step.down() {
            Down::Sql(sql) => ("down.sql", sql),
            Down::Irreversible(why) => ("irreversible.md", why),
        };
        for (file, compiled) in [("up.sql", step.up()), (down, &**back)] {
            let path = subject.versions.join(step.folder()).join(file);
            let there = fs::read_to_string(subject.root.join(&path)).ok();
            if there.as_deref() != Some(compiled) {
                let shown = path.display();
                return Err(Failure::new(format!(
                    "`{shown}` changed since this program was built"
                ))
                .hint("call it through `cargo xtask`, which builds it again"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_dir() {
                copy(&entry.path(), &to.join(entry.file_name()));
            } else {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }

    #[test]
    fn a_program_that_was_built_before_a_step_changed_refuses() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = std::env::temp_dir().join(format!("xtask-belonging-{}", std::process::id()));
        let subject = crate::subject::subject(PathBuf::from(&root));
        copy(&own.join(&subject.versions), &root.join(&subject.versions));
        let same = check(&subject);
        let step = subject.versions.join("0003_session_duration");
        fs::write(root.join(&step).join("notes.md"), "other words").unwrap();
        let words = check(&subject);
        fs::write(root.join(&step).join("up.sql"), "SELECT 1;").unwrap();
        let changed = check(&subject);
        fs::remove_dir_all(root.join(&step)).unwrap();
        let gone = check(&subject);
        fs::remove_dir_all(&root).unwrap();
        assert!(same.is_ok() && words.is_ok() && changed.is_err() && gone.is_err());
        let text = changed.unwrap_err().to_string();
        assert!(text.contains("0003_session_duration/up.sql"), "{text}");
    }
}
