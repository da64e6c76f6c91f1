//! # History is frozen
//!
//! A released step or fixture never changes. A digest of its meaning protects a step (comments,
//! line ends and whitespace do not count); a digest of its text protects a fixture. The digests are
//! in `frozen.json` beside the fixtures. Every version has a golden database; only the newest one
//! may lack digests.
//!
//! The engine enforces this on every file: it refuses a file whose schema, ledger, header or
//! application id differs from the catalogue, a file that is adopted with a different schema, and a
//! way back that was changed in the file. It leaves each such file as it was.

#![expect(clippy::disallowed_methods, reason = "golden databases are files")]

use std::fs;

use crate::check::{Check, Law};
use crate::evidence::versions;
use crate::finding::{Finding, Findings};
use crate::fixture::{self, Frozen, FrozenStep};
use crate::refusals;
use crate::subject::{Subject, show};

pub(super) const LAW: Law = Law {
    name: "history is frozen",
    checks: &[Check::Catalogue(check)],
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let folder = subject.root.join(&subject.fixtures);
    let lock_file = show(&subject.fixtures.join(Frozen::FILE));
    let frozen = match Frozen::read(&folder) {
        Ok(frozen) => frozen,
        Err(error) => {
            let finding = Finding::new(&lock_file, format!("cannot be read: {error}"));
            findings.add(
                finding
                    .in_file(Some(lock_file))
                    .hint("restore it from version control"),
            );
            return;
        }
    };
    if frozen == Frozen::default() && subject.catalogue.current_version() > 1 {
        findings.add(
            Finding::new(
                &lock_file,
                "is missing: nothing is frozen, although there are several versions",
            )
            .in_file(Some(lock_file.clone()))
            .hint(format!(
                "restore it, `git checkout -- {lock_file}`, or freeze the released versions with \
                 `harness::freeze::new_versions`"
            )),
        );
        return;
    }
    check_steps(subject, &frozen, findings);
    check_fixtures(subject, &frozen, findings);
    // If the history changed, the engine refuses everything.
    if findings.found.is_empty() {
        refusals::check_history(subject, findings);
    }
}

fn check_steps(subject: &Subject<'_>, frozen: &Frozen, findings: &mut Findings) {
    let newest = frozen.newest(subject.catalogue);
    for step in subject.catalogue.steps() {
        findings.checked();
        let Some(shipped) = frozen.steps.get(step.folder()) else {
            if step.version() < newest.max(subject.catalogue.current_version()) {
                let file = subject.step_file(step.version(), "up.sql");
                findings.add(
                    Finding::new(&file, "is not frozen, although there is a newer version")
                        .in_file(Some(file.clone()))
                        .hint(
                            "freeze a version with `harness::freeze::new_versions` before the next \
                             one begins",
                        ),
                );
            }
            continue;
        };
        let now = FrozenStep::of(step);
        for (name, before, after) in [
            ("up.sql", Some(&shipped.up), Some(&now.up)),
            ("down.sql", shipped.down.as_ref(), now.down.as_ref()),
        ] {
            if before != after {
                let file = subject.step_file(step.version(), name);
                findings.add(
                    Finding::new(
                        &file,
                        "was changed after its release: its digest differs from the frozen one",
                    )
                    .in_file(Some(file.clone()))
                    .hint(format!(
                        "restore it (`git checkout -- {file}`), and put the change into a new \
                         version"
                    )),
                );
            }
        }
    }
    for folder in frozen.steps.keys() {
        if !subject
            .catalogue
            .steps()
            .iter()
            .any(|step| step.folder() == folder)
        {
            let path = show(&subject.versions.join(folder));
            findings.add(
                Finding::new(&path, "is frozen, but not in the catalogue")
                    .in_file(Some(path.clone()))
                    .hint("restore it: files of users are at this version"),
            );
        }
    }
}

fn check_fixtures(subject: &Subject<'_>, frozen: &Frozen, findings: &mut Findings) {
    let how = "add a new one with `harness::freeze::fixture`";
    for (name, shipped) in &frozen.fixtures {
        findings.checked();
        let path = subject.fixtures.join(name);
        let shown = show(&path);
        let restore = format!("restore it (`git checkout -- {shown}`); {how}");
        match fs::read_to_string(subject.root.join(&path)) {
            // The loop below reports an existing fixture that cannot be read.
            Err(_) if subject.root.join(&path).exists() => {}
            Err(_) => findings.add(
                Finding::new(&shown, "is frozen, but missing")
                    .in_file(Some(shown.clone()))
                    .hint(restore),
            ),
            Ok(text) if fixture::text_digest(&text) != *shipped => findings.add(
                Finding::new(
                    &shown,
                    "was changed after it was frozen: its digest differs",
                )
                .in_file(Some(shown.clone()))
                .hint(restore),
            ),
            Ok(_) => {}
        }
    }
    let newest = frozen.newest(subject.catalogue);
    let fixture::Files {
        found: files,
        unreadable,
        strange,
    } = fixture::files(subject);
    for (file, error) in unreadable {
        findings.add(
            Finding::new(&file, format!("cannot be read: {error}"))
                .in_file(Some(file.clone()))
                .hint(format!("restore it (`git checkout -- {file}`)")),
        );
    }
    for path in strange {
        findings.add(
            Finding::new(
                &path,
                "is not a golden database of an existing version, so nothing reads it",
            )
            .hint("golden databases are named `vNNNN/NAME.sql`; move it, or remove it"),
        );
    }
    for (version, file, _) in &files {
        let prefix = format!("{}/", show(&subject.fixtures));
        let name = file.strip_prefix(&prefix).unwrap_or(file);
        if *version <= newest && !frozen.fixtures.contains_key(name) {
            findings.add(
                Finding::new(file, "is beside frozen fixtures, but is not frozen itself")
                    .in_file(Some(file.clone()))
                    .hint(format!("remove it; {how}")),
            );
        }
    }
    for version in versions(subject).filter(|version| *version <= newest) {
        if !files.iter().any(|(own, ..)| *own == version) {
            let folder = show(&subject.fixture_folder(version));
            findings.add(
                Finding::new(&folder, format!("version {version} has no golden database"))
                    .in_file(Some(folder.clone()))
                    .hint(format!("restore it from version control; {how}")),
            );
        }
    }
}
