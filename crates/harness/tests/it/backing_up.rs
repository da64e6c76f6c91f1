//! Engines of other authors that back the file up before they change it: each one whose backup may
//! be missing, incomplete or left over is caught, by its mistake.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::crash_test::{Backups, CrashTest, FILE, Setup, SetupStats, connect_and_write};
use harness::simulated_files;
use migrations::Files;
use rusqlite::backup::StepResult;
use rusqlite::{Connection, OpenFlags};
use simulator::{Claimed, CrashState, Device, Fault, Machine, Sampling};

use crate::note::{image, options, upgrade};

const DRAFT: &str = "file.db.1.partial";

/// The precautions of an engine; each mistake leaves one out.
#[derive(Clone, Copy)]
struct Care {
    /// It writes the copy under a draft name until it is complete.
    draft: bool,
    /// It syncs the copy before it gets its name.
    content_lasts: bool,
    /// It syncs the name afterwards.
    name_lasts: bool,
    /// It takes the backup before it writes anything.
    first: bool,
    /// It removes the backup if the run fails.
    goes: bool,
    /// It removes the files of an earlier failed try.
    sweeps: bool,
    /// It removes some of the old backups, the oldest first.
    prunes: fn(&mut Vec<String>),
}

const CARE: Care = Care {
    draft: true,
    content_lasts: true,
    name_lasts: true,
    first: true,
    goes: true,
    sweeps: true,
    prunes: Vec::clear,
};

fn copy(connection: &Connection, files: &dyn Files, care: Care) -> io::Result<PathBuf> {
    let failed = |error: rusqlite::Error| io::Error::other(error);
    let free = (1..).map(|n| PathBuf::from(format!("{FILE}.v1.{n}.backup")));
    let name = free
        .into_iter()
        .find(|name| files.look(name).is_err())
        .unwrap();
    let path = if care.draft { Path::new(DRAFT) } else { &name };
    let made = files.create(path, None)?;
    let write = || -> io::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let vfs = files.vfs().unwrap();
        let mut target = Connection::open_with_flags_and_vfs(path, flags, vfs).map_err(failed)?;
        let quiet = "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF";
        target.execute_batch(quiet).map_err(failed)?;
        let done = rusqlite::backup::Backup::new(connection, &mut target)
            .and_then(|copy| copy.step(-1))
            .map_err(failed)?;
        if done != StepResult::Done {
            return Err(io::Error::other("it is locked"));
        }
        target.execute_batch(quiet).map_err(failed)?;
        if care.content_lasts {
            made.finish()?;
        }
        if care.draft {
            files.link(path, &name)?;
        }
        Ok(())
    };
    let written = write();
    if care.draft || written.is_err() {
        let _ = files.remove(path).or_else(|_| files.remove(path));
    }
    written?;
    if care.name_lasts && files.sync_directory(Path::new(".")).is_err() {
        let _ = files.remove(&name).or_else(|_| files.remove(&name));
        return Err(io::Error::other("its name may be lost"));
    }
    Ok(name)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn run(machine: &Machine, setup: Option<Setup>, care: Care) -> Claimed {
    let Ok(connection) = connect_and_write(machine, setup) else {
        return Claimed::Before;
    };
    match version(&connection) {
        Ok(2) => return Claimed::After,
        Ok(_) => {}
        Err(_) => return Claimed::Before,
    }
    let files = simulated_files(machine);
    if care.sweeps {
        let _ = files.remove_abandoned(Path::new(DRAFT));
    }
    let work =
        "PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE; ALTER TABLE note ADD COLUMN label TEXT;
                UPDATE note SET label = upper(body); PRAGMA user_version = 2; COMMIT";
    let backup = if care.first {
        copy(&connection, files, care)
    } else {
        Ok(PathBuf::new())
    };
    let Ok(mut backup) = backup else {
        return Claimed::Before;
    };
    if connection.execute_batch(work).is_err() {
        let _ = connection.execute_batch("ROLLBACK");
        let before = version(&connection).is_ok_and(|version| version == 1);
        if before && care.goes {
            let _ = files.remove(&backup).or_else(|_| files.remove(&backup));
        }
        return if before {
            Claimed::Before
        } else {
            Claimed::Unknown
        };
    }
    if !care.first {
        backup = copy(&connection, files, care).unwrap_or_default();
    }
    let mut others: Vec<String> = machine.names();
    others.retain(|name| name.starts_with("file.db.v1000.") && Path::new(name) != backup);
    (care.prunes)(&mut others);
    for name in others {
        let _ = files.remove(Path::new(&name));
    }
    Claimed::After
}

/// The engine of this workspace.
fn migrate_on(
    machine: &Machine,
    connection: Connection,
    to: u32,
    backups: migrations::Backups,
) -> Claimed {
    let options = options()
        .backups(backups)
        .files(simulated_files(machine))
        // No other thread releases the injected lock, so waiting is useless.
        .busy_timeout(Duration::ZERO);
    upgrade(connection, to, options)
}

/// Two older backups, the older first.
fn older() -> Vec<(String, Vec<u8>)> {
    let names = ["file.db.v1000.a.backup", "file.db.v1000.b.backup"];
    names
        .map(|name| (name.to_owned(), b"older".to_vec()))
        .to_vec()
}

fn wrong(
    keep: Option<usize>,
    faults: &[Fault],
    work: &dyn Fn(&Machine, Option<Setup>) -> Claimed,
) -> Vec<String> {
    let (image, files) = (image(), older());
    let passage = CrashTest::with_backups(&image, Backups { files, keep }, work).unwrap();
    let passage = passage.durable();
    let sampling = Sampling {
        points: 60,
        seeds: 6,
        seed: 1,
    };
    let cuts = passage.cut_power_at_barriers(&sampling);
    let cuts = cuts.and_then(|mut cuts| {
        cuts.extend(passage.cut_by(faults, &sampling)?);
        Ok(cuts)
    });
    let listed = |SetupStats { setup, stats }: &SetupStats| {
        let failures = stats.failures.iter();
        failures
            .map(|one| format!("{setup}, {one}"))
            .collect::<Vec<_>>()
    };
    match cuts {
        Ok(cuts) => cuts.iter().flat_map(listed).collect(),
        Err(error) => vec![error.to_string()],
    }
}

const CALLS: [Fault; 4] = [
    Fault::IoError,
    Fault::DoneButFailed,
    Fault::Full,
    Fault::Busy,
];

fn caught(keep: Option<usize>, care: Care, words: &str) {
    let wrong = wrong(keep, &CALLS, &|machine, setup| run(machine, setup, care));
    assert!(
        wrong.iter().any(|one| one.contains(words)),
        "not found: {words}\n{wrong:#?}"
    );
}

#[test]
fn an_engine_that_takes_care_passes() {
    let found = wrong(None, &[Fault::PowerLoss], &|machine, setup| {
        run(machine, setup, CARE)
    });
    assert_eq!(found, [""; 0]);
    let prunes = |names: &mut Vec<String>| names.truncate(1);
    let care = Care { prunes, ..CARE };
    let found = wrong(Some(2), &CALLS, &|machine, setup| run(machine, setup, care));
    assert_eq!(found, [""; 0]);
}

#[test]
fn this_engine_passes() {
    for (keep, backups) in [
        (None, migrations::Backups::KeepAll),
        (Some(2), migrations::Backups::Keep(2)),
        (Some(1), migrations::Backups::Keep(1)),
    ] {
        let files: Vec<(String, Vec<u8>)> = ["v1000.backup", "v1000.2.backup"]
            .map(|ending| (format!("{FILE}.{ending}"), b"older".to_vec()))
            .to_vec();
        let image = image();
        let work = |machine: &Machine, setup: Option<Setup>| {
            let connection = connect_and_write(machine, setup);
            connection.map_or(Claimed::Before, |own| migrate_on(machine, own, 3, backups))
        };
        let passage = CrashTest::with_backups(&image, Backups { files, keep }, &work).unwrap();
        let passage = passage.durable();
        let sampling = Sampling {
            points: 120,
            seeds: 6,
            seed: 1,
        };
        let mut all = passage.cut_power_at_barriers(&sampling).unwrap();
        all.extend(passage.cut(&sampling).unwrap());
        for SetupStats { setup, stats } in all {
            let listed: Vec<String> = stats.failures.iter().map(ToString::to_string).collect();
            assert_eq!(stats.wrong, 0, "{setup}, {keep:?}: {}", listed.join("\n"));
        }
    }
}

#[test]
fn a_backup_that_is_not_synced_before_it_gets_its_name_is_caught() {
    let care = Care {
        content_lasts: false,
        ..CARE
    };
    caught(None, care, "is not a complete database");
}

#[test]
fn a_backup_whose_name_is_not_synced_is_caught() {
    let care = Care {
        name_lasts: false,
        ..CARE
    };
    caught(None, care, "no backup contains its former content");
}

#[test]
fn a_backup_that_has_its_name_while_it_is_written_is_caught() {
    let care = Care {
        draft: false,
        ..CARE
    };
    caught(None, care, "is not a complete database");
}

#[test]
fn a_backup_of_what_the_run_made_is_caught() {
    let care = Care {
        first: false,
        ..CARE
    };
    caught(None, care, "no backup contains its former content");
}

#[test]
fn a_backup_that_stays_where_the_run_fails_is_caught() {
    let care = Care {
        goes: false,
        ..CARE
    };
    caught(None, care, "`file.db.v1.1.backup` is left over");
}

#[test]
fn a_draft_that_nobody_removes_is_caught() {
    let care = Care {
        sweeps: false,
        ..CARE
    };
    // The draft is in the way of the next one.
    caught(None, care, "done again, the work does not succeed");
}

#[test]
fn who_removes_the_newest_is_caught() {
    let prunes = |names: &mut Vec<String>| drop(names.remove(0));
    caught(Some(2), Care { prunes, ..CARE }, "but the older");
}

#[test]
fn who_removes_none_or_too_many_is_caught() {
    caught(Some(2), CARE, "3 backups are left, and 2 should be");
    let care = Care {
        prunes: |_| {},
        ..CARE
    };
    caught(Some(2), care, "1 backups are left, and 2 should be");
}

/// A disk that does not support hard links gets its backups by renaming.
#[test]
fn a_disk_without_links_gets_backups_too() {
    let device = Device {
        links: false,
        ..Device::default()
    };
    let machine = Machine::with_file(device, FILE, &image()).unwrap();
    let connection = machine.connect(FILE).unwrap();
    let claimed = migrate_on(&machine, connection, 2, migrations::Backups::KeepAll);
    assert_eq!(claimed, Claimed::After);
    assert_eq!(machine.names(), [FILE, "file.db.v1.backup"]);
    let again = machine.restart(CrashState::Nothing).unwrap();
    assert_eq!(again.names(), [FILE, "file.db.v1.backup"]);
    assert_eq!(
        again.file("file.db.v1.backup"),
        machine.file("file.db.v1.backup")
    );
}
