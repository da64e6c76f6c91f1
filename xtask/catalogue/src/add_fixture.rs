//! `cargo xtask add-fixture`: freezes the newest version, or adds a golden database.

use std::fs;
use std::path::Path;
use xtask::say;

use harness::{Frozen, Settings, Subject, dump, freeze, verify};
use migrations::{Migrator, Options, Version};
use rusqlite::{Connection, OpenFlags};
use xtask::cli::AddFixture;
use xtask::verb::new_version;
use xtask::{Failure, Verdict, project};

/// Freezes the newest version, or adds a database file as a further golden database of its version.
///
/// # Errors
/// If there is nothing to freeze, the proof does not hold, or the file is not a database of a
/// frozen version.
pub(crate) fn run(subject: &Subject<'_>, options: &AddFixture) -> Verdict {
    project::report_checkout(&subject.root);
    match &options.file {
        Some(file) => add(subject, file),
        None => freeze_newest(subject),
    }
}

fn read_lock(subject: &Subject<'_>) -> Result<Frozen, Failure> {
    Frozen::read(&subject.root.join(&subject.fixtures)).map_err(Failure::new)
}

fn freeze_newest(subject: &Subject<'_>) -> Verdict {
    let version = subject.catalogue.current_version();
    let frozen = read_lock(subject)?;
    if frozen.newest(subject.catalogue) >= version {
        return Err(Failure::new(format!("version {version} is frozen already"))
            .hint("to add a database of a past version, name its file")
            .hint("to begin a version: `cargo xtask new-version NAME`"));
    }
    let report = verify(subject, &Settings::default());
    if !report.holds() {
        say!("{}", report.to_text().trim_end());
        return Err(Failure::new("nothing was frozen: the proof does not hold")
            .hint("a frozen version can never be changed; fix it first"));
    }
    let written = freeze::new_versions(subject, &report).map_err(Failure::new)?;
    let golden = subject.fixture_folder(version).join("golden.sql");
    let how = if written.contains(&golden) {
        "made from that of the version before, migrated forward"
    } else {
        "kept as it is"
    };
    say!("{}: {how}", golden.display());
    say!("froze version {version}: its step and its golden database");
    new_version::accept_snapshots(&subject.root)?;
    crate::docs::run(subject, false)
}

/// Opens a database file of a frozen version.
fn open_past<'a>(
    subject: &Subject<'a>,
    frozen: &Frozen,
    file: &Path,
) -> Result<(Migrator<'a>, Version), Failure> {
    let shown = file.display();
    let refuse = |why: String, hint: &str| Failure::new(why).hint(hint);
    let usual = "give a database file that a build of the application wrote";
    if !file.is_file() {
        return Err(refuse(format!("there is no file `{shown}`"), usual));
    }
    // SQLite reads some names, such as `:memory:`, in a different way, but never an absolute path.
    let connection = std::path::absolute(file)
        .map_err(|error| error.to_string())
        .and_then(|whole| {
            Connection::open_with_flags(whole, OpenFlags::SQLITE_OPEN_READ_ONLY)
                .map_err(|error| error.to_string())
        })
        .map_err(|error| refuse(format!("`{shown}` cannot be opened: {error}"), usual))?;
    let migrator = Migrator::with_connection(subject.catalogue, connection, Options::default());
    let version = migrator
        .version()
        .map_err(|error| refuse(format!("`{shown}`: {error}"), usual))?;
    let current = subject.catalogue.current_version();
    if version == 0 {
        return Err(refuse(
            format!("`{shown}` is empty: there is nothing to prove"),
            usual,
        ));
    }
    if version > current {
        let why = format!("`{shown}` is at version {version}, this build knows up to {current}");
        return Err(refuse(why, "check out the build that made it"));
    }
    if version > frozen.newest(subject.catalogue) {
        let why = format!("`{shown}` is at version {version}, which is not frozen");
        return Err(refuse(
            why,
            "freeze the version first: `cargo xtask add-fixture`",
        ));
    }
    let report = |error: migrations::Error| Failure::new(error.report());
    let fresh = subject.catalogue.schema_at(version).map_err(report)?;
    let found = migrator.state().map_err(report)?.schema;
    if let Some(change) = harness::diff(&fresh, &found).first() {
        let why = format!("`{shown}` does not have the schema of version {version}: {change}");
        return Err(refuse(
            why,
            "give a database that a build of that version made",
        ));
    }
    Ok((migrator, version))
}

/// The fixture's name for a file: only characters that a path may contain on every system.
fn name_of(file: &Path) -> Result<String, Failure> {
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
    if ["empty", "generated", "plain", "hostile"].contains(&name.as_str())
        || name.starts_with("filled")
    {
        let why = format!("`{name}` is the proof's name for one of its own databases");
        return Err(Failure::new(why).hint("give the file a different name"));
    }
    Ok(name)
}

fn add(subject: &Subject<'_>, file: &Path) -> Verdict {
    let frozen = read_lock(subject)?;
    let (migrator, version) = open_past(subject, &frozen, file)?;
    let name = name_of(file)?;
    let folder = subject.fixture_folder(version);
    let path = folder.join(format!("{name}.sql"));
    let target = subject.root.join(&path);
    if target.exists() {
        return Err(Failure::new(format!("`{}` exists already", path.display()))
            .hint("a fixture is never rewritten; give the file a different name"));
    }
    let text = dump(migrator.connection()).map_err(Failure::new)?;
    fs::create_dir_all(subject.root.join(&folder))
        .and_then(|()| fs::write(&target, text))
        .map_err(|error| {
            Failure::new(format!("`{}` cannot be written: {error}", path.display()))
        })?;
    let only = Settings {
        fixture: Some(name.clone()),
        ..Settings::default()
    };
    let report = verify(subject, &only);
    // It is not frozen yet, which is expected.
    let mut judged = report
        .laws
        .iter()
        .filter(|law| law.name != "history is frozen");
    if judged.any(|law| !law.broken.is_empty()) {
        say!("{}", report.to_text().trim_end());
        let _ = fs::remove_file(&target);
        let why = format!(
            "nothing was frozen: the proof does not hold with `{}`",
            file.display()
        );
        return Err(Failure::new(why).hint("keep the file: fix in a new version what it breaks"));
    }
    freeze::fixture(subject, &path).map_err(Failure::new)?;
    say!(
        "froze {} as a golden database of version {version}",
        path.display()
    );
    say!("proved: cargo xtask verify-migrations --fixture {name} repeats the proof");
    Ok(true)
}
