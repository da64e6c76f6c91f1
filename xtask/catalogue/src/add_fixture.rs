//! `cargo xtask add-fixture`: freezes the newest version, or adds one more golden database.

use std::fs;
use std::path::Path;

use harness::{Frozen, FrozenStep, Settings, Subject, draft, dump, fixture_digest, verify};
use migrations::{Migrator, Options};
use rusqlite::{Connection, OpenFlags};
use xtask::cli::AddFixture;
use xtask::verb::new_version;
use xtask::{Failure, Verdict};

/// Freezes the newest version, or takes a database file as one more golden of its version.
///
/// # Errors
/// When there is nothing to freeze, the proof does not hold, or the file is no database of a version
/// that is frozen.
pub(crate) fn run(subject: &Subject<'_>, options: &AddFixture) -> Verdict {
    match &options.file {
        Some(file) => add(subject, file),
        None => freeze(subject),
    }
}

fn read_lock(subject: &Subject<'_>) -> Result<Frozen, Failure> {
    Frozen::read(&subject.root.join(&subject.fixtures)).map_err(Failure::new)
}

#[expect(clippy::print_stdout, reason = "this is a command's report")]
fn freeze(subject: &Subject<'_>) -> Verdict {
    let version = subject.catalogue.current_version();
    let mut frozen = read_lock(subject)?;
    if frozen.newest(subject.catalogue) >= version {
        return Err(Failure::new(format!("version {version} is frozen already"))
            .hint("to add a database of a past version, name its file")
            .hint("to begin a version: `cargo xtask new-version NAME`"));
    }
    let report = verify(subject, &Settings::default());
    if !report.holds() {
        print!("{}", report.to_text());
        return Err(Failure::new("nothing was frozen: the proof does not hold")
            .hint("what is frozen can never be changed; mend it first"));
    }
    let golden = subject.fixture_folder(version).join("golden.sql");
    let script = fs::read_to_string(subject.root.join(&golden)).unwrap_or_default();
    if draft::fits(subject, version, &script) {
        println!("{}: kept as it is", golden.display());
    } else {
        println!(
            "{}: made from the golden database before",
            crate::draft::write_golden(subject)?
        );
    }
    for step in subject.catalogue.steps() {
        frozen
            .steps
            .entry(step.folder().to_owned())
            .or_insert_with(|| FrozenStep::of(step));
    }
    freeze_file(subject, &mut frozen, &golden)?;
    println!("froze version {version}: its step and its golden database");
    new_version::accept_snapshots(&subject.root)?;
    crate::docs::run(subject, false)
}

/// Puts the digest of a fixture into the lock file and writes that.
fn freeze_file(subject: &Subject<'_>, frozen: &mut Frozen, path: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(subject.root.join(path))
        .map_err(|error| Failure::new(format!("`{}` cannot be read: {error}", path.display())))?;
    let name = path.strip_prefix(&subject.fixtures).unwrap_or(path);
    let name = name.to_string_lossy().replace('\\', "/");
    frozen.fixtures.insert(name, fixture_digest(&text));
    frozen
        .write(&subject.root.join(&subject.fixtures))
        .map_err(Failure::new)
}

#[expect(clippy::print_stdout, reason = "this is a command's report")]
fn add(subject: &Subject<'_>, file: &Path) -> Verdict {
    let shown = file.display();
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| Failure::new(format!("`{shown}` cannot be opened: {error}")))?;
    let migrator = Migrator::with_connection(subject.catalogue, connection, Options::default());
    let version = migrator
        .version()
        .map_err(|error| Failure::new(error.report()))?;
    let mut frozen = read_lock(subject)?;
    if version == 0 || version > frozen.newest(subject.catalogue) {
        return Err(Failure::new(format!(
            "`{shown}` is at version {version}, which is not frozen"
        ))
        .hint("freeze the version first: `cargo xtask add-fixture`"));
    }
    let fresh = subject
        .catalogue
        .schema_at(version)
        .map_err(|error| Failure::new(error.report()))?;
    let found = migrator
        .state()
        .map_err(|error| Failure::new(error.report()))?
        .schema;
    if let Some(change) = harness::diff(&fresh, &found).first() {
        return Err(Failure::new(format!(
            "`{shown}` has not the schema of version {version}: {change}"
        ))
        .hint("a golden database is one that a build of that version made"));
    }
    let folder = subject.fixture_folder(version);
    let stem = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let keep = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = stem.chars().map(keep).collect();
    let path = folder.join(format!("{name}.sql"));
    if subject.root.join(&path).exists() {
        return Err(
            Failure::new(format!("`{}` is there already", path.display()))
                .hint("a fixture is never rewritten; give the file another name"),
        );
    }
    let text = dump(migrator.connection()).map_err(Failure::new)?;
    fs::create_dir_all(subject.root.join(&folder))
        .and_then(|()| fs::write(subject.root.join(&path), text))
        .map_err(|error| {
            Failure::new(format!("`{}` cannot be written: {error}", path.display()))
        })?;
    freeze_file(subject, &mut frozen, &path)?;
    println!(
        "froze {} as a golden database of version {version}",
        path.display()
    );
    println!("prove it: cargo xtask verify-migrations --fixture {name}");
    Ok(true)
}
