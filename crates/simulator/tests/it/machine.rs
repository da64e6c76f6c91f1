//! The machine is a good disk while nothing fails, loses what it may when something fails, and
//! catches work that relies on more.

use rusqlite::Connection;
use simulator::{
    Claimed, CrashState, Device, Failure, Fault, FaultMode, FaultPlan, FileKind, Found, Machine,
    Repeat, Sampling, SweepStats, Workload, repeat_failure, sweep,
};

const FILE: &str = "bank.db";

const POWER: FaultMode = FaultMode::forever(Fault::PowerLoss);

/// The settings and the work of a connection.
#[derive(Clone, Copy)]
struct Bank {
    journal: &'static str,
    synchronous: &'static str,
    work: &'static str,
    durable: bool,
    device: Device,
}

/// Moves money from one account to another: their sum must not change.
const MOVE: &str = "BEGIN;
    UPDATE account SET money = money - 10 WHERE id = 1;
    UPDATE account SET money = money + 10 WHERE id = 300;
    COMMIT;";

fn bank(journal: &'static str, synchronous: &'static str) -> Bank {
    Bank {
        journal,
        synchronous,
        work: MOVE,
        durable: match journal {
            "WAL" => synchronous == "FULL",
            _ => synchronous == "EXTRA",
        },
        device: Device::default(),
    }
}

impl Bank {
    fn image(self) -> Vec<u8> {
        let machine = Machine::new(Device::default()).unwrap();
        let connection = machine.connect(FILE).unwrap();
        let mode = match self.journal {
            "WAL" => "WAL",
            _ => "DELETE",
        };
        connection
            .query_row(&format!("PRAGMA journal_mode = {mode}"), [], |_| Ok(()))
            .unwrap();
        connection
            .execute_batch(
                "CREATE TABLE account (id INTEGER PRIMARY KEY, money INTEGER, note TEXT);
                 WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)
                 INSERT INTO account SELECT i, 100, printf('account %064d', i) FROM n",
            )
            .unwrap();
        drop(connection);
        machine.file(FILE).unwrap()
    }

    fn open(self, machine: &Machine) -> rusqlite::Result<Connection> {
        let connection = machine.connect(FILE)?;
        if self.journal != "WAL" {
            let set = format!("PRAGMA journal_mode = {}", self.journal);
            connection.query_row(&set, [], |_| Ok(()))?;
        }
        connection.pragma_update(None, "synchronous", self.synchronous)?;
        connection.pragma_update(None, "cache_size", 2)?;
        Ok(connection)
    }

    fn try_every(self, kind: FaultMode, seeds: u64) -> SweepStats {
        self.workload(|workload| {
            let counts = workload.measure().unwrap();
            sweep(workload, &counts, kind, &Sampling::exhaustive(seeds)).unwrap()
        })
    }

    fn workload<T>(self, act: impl FnOnce(&Workload<'_>) -> T) -> T {
        let work = |machine: &Machine| {
            let done = self.open(machine).and_then(|connection| {
                let moved: bool = connection.query_row(
                    "SELECT money = 90 FROM account WHERE id = 1",
                    [],
                    |row| row.get(0),
                )?;
                if moved {
                    Ok(())
                } else {
                    connection.execute_batch(self.work)
                }
            });
            done.map_or(Claimed::Unknown, |()| Claimed::After)
        };
        let workload = Workload {
            device: self.device,
            file: FILE,
            image: &self.image(),
            files: &[],
            prepare: &|| {},
            work: &work,
            look: &look,
            durable: self.durable,
            finish: true,
            beside: None,
        };
        act(&workload)
    }
}

fn look(machine: &Machine) -> Found {
    let read = || -> rusqlite::Result<Found> {
        let connection = machine.connect(FILE)?;
        let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        let accounts = connection.query_row(
            "SELECT group_concat(money || note, '') FROM account",
            [],
            |row| row.get::<_, String>(0),
        )?;
        let expected = |first: i64, last: i64| -> String {
            let money = |id| match id {
                1 => first,
                300 => last,
                _ => 100,
            };
            (1..=300)
                .map(|id| format!("{}account {id:064}", money(id)))
                .collect()
        };
        Ok(match check.as_str() {
            "ok" if accounts == expected(100, 100) => Found::Before,
            "ok" if accounts == expected(90, 110) => Found::After,
            "ok" => Found::Neither("the money is wrong".to_owned()),
            said => Found::Neither(said.to_owned()),
        })
    };
    read().unwrap_or_else(|error| Found::Neither(error.to_string()))
}

fn sound(stats: &SweepStats) {
    let failures: Vec<String> = stats.failures.iter().map(Failure::to_string).collect();
    assert_eq!(stats.wrong, 0, "{}", failures.join("\n"));
    assert_eq!(stats.tried, stats.of);
    assert!(stats.of > 3, "{stats:?}");
}

fn caught(stats: &SweepStats, words: &str) {
    assert!(stats.wrong > 0, "nothing found: {stats:?}");
    let said = |failure: &Failure| failure.to_string().contains(words);
    assert!(stats.failures.iter().any(said), "{:?}", stats.failures);
}

#[test]
fn sqlite_survives_every_power_cut() {
    for (journal, synchronous) in [
        ("DELETE", "FULL"),
        ("DELETE", "EXTRA"),
        ("TRUNCATE", "FULL"),
        ("PERSIST", "FULL"),
        ("WAL", "FULL"),
        ("WAL", "NORMAL"),
    ] {
        let stats = bank(journal, synchronous).try_every(POWER, 8);
        sound(&stats);
        assert!(stats.after > 0 && stats.after < stats.looks, "{stats:?}");
    }
}

#[test]
fn sqlite_survives_on_a_disk_that_tears_whole_sectors() {
    let device = Device {
        sector: 4096,
        powersafe_overwrite: false,
        ..Device::default()
    };
    for (journal, synchronous) in [("DELETE", "EXTRA"), ("WAL", "FULL")] {
        let bank = bank(journal, synchronous);
        sound(&Bank { device, ..bank }.try_every(POWER, 8));
    }
}

#[test]
fn who_does_not_sync_is_caught() {
    for journal in ["DELETE", "WAL"] {
        caught(
            &bank(journal, "OFF").try_every(POWER, 8),
            "neither before nor after",
        );
    }
}

/// In journal mode DELETE, `NORMAL` relies on a disk that keeps the order of writes, and `FULL` on
/// one that does not restore a deleted journal.
/// <https://sqlite.org/pragma.html#pragma_synchronous>
#[test]
fn what_sqlite_does_not_promise_is_found() {
    // The journal's header reaches the disk, and one of its pages only partly, in bytes that its
    // checksum does not cover: about one seed in a hundred, once the journal is complete.
    let wrong = |crash_state| {
        let unlucky = |at| Failure {
            mode: POWER,
            at,
            of: 0,
            crash_state: Some(crash_state),
            message: String::new(),
        };
        let at = |at| {
            bank("DELETE", "NORMAL")
                .workload(|workload| repeat_failure(workload, &unlucky(at)).unwrap())
        };
        (5..8).find_map(at)
    };
    assert!((0..400).any(|seed| wrong(CrashState::Seeded(seed)).is_some()));
    assert!((0..40).all(|seed| wrong(CrashState::InOrder(seed)).is_none()));
    let full = Bank {
        durable: true,
        ..bank("DELETE", "FULL")
    };
    caught(&full.try_every(POWER, 2), "reported success");
    let normal = Bank {
        durable: true,
        ..bank("WAL", "NORMAL")
    };
    caught(&normal.try_every(POWER, 2), "reported success");
}

#[test]
fn who_writes_without_a_journal_on_the_disk_is_caught() {
    for journal in ["MEMORY", "OFF"] {
        caught(
            &bank(journal, "FULL").try_every(POWER, 4),
            "neither before nor after",
        );
    }
}

#[test]
fn a_disk_that_does_not_sync_what_it_says_is_caught() {
    for (journal, kind) in [
        ("DELETE", FileKind::Journal),
        ("DELETE", FileKind::Main),
        ("WAL", FileKind::Wal),
    ] {
        let device = Device {
            ignores_sync_of: Some(kind),
            ..Device::default()
        };
        let synchronous = if journal == "WAL" { "FULL" } else { "EXTRA" };
        let stats = Bank {
            device,
            ..bank(journal, synchronous)
        }
        .try_every(POWER, 8);
        assert!(stats.wrong > 0, "{kind:?}: {stats:?}");
    }
}

#[test]
fn who_commits_twice_is_caught() {
    for (journal, synchronous) in [("DELETE", "EXTRA"), ("WAL", "FULL")] {
        let work = "UPDATE account SET money = money - 10 WHERE id = 1;
                    UPDATE account SET money = money + 10 WHERE id = 300;";
        let bank = Bank {
            work,
            ..bank(journal, synchronous)
        };
        caught(&bank.try_every(POWER, 0), "the money is wrong");
        let once = |fault| FaultMode::once(fault);
        caught(
            &bank.try_every(once(Fault::IoError), 0),
            "the money is wrong",
        );
        caught(
            &bank.try_every(once(Fault::Interrupt), 0),
            "the money is wrong",
        );
    }
}

#[test]
fn sqlite_survives_every_call_that_fails() {
    for (journal, synchronous) in [("DELETE", "EXTRA"), ("WAL", "FULL"), ("WAL", "NORMAL")] {
        for fault in [
            Fault::IoError,
            Fault::DoneButFailed,
            Fault::Full,
            Fault::Busy,
        ] {
            for repeat in [Repeat::Once, Repeat::Forever] {
                sound(&bank(journal, synchronous).try_every(FaultMode { fault, repeat }, 1));
            }
        }
    }
}

/// SQLite takes a short read for the end of the file, so no engine can detect it.
/// <https://sqlite.org/c3ref/io_methods.html>
#[test]
fn a_short_read_is_believed() {
    let once = FaultMode::once(Fault::ShortRead);
    caught(
        &bank("DELETE", "EXTRA").try_every(once, 0),
        "neither before nor after",
    );
}

#[test]
fn a_failure_repeats() {
    let bank = bank("DELETE", "OFF");
    for failure in bank.try_every(POWER, 4).failures {
        let again = bank.workload(|workload| repeat_failure(workload, &failure).unwrap());
        assert_eq!(again.as_ref(), Some(&failure.message), "{failure}");
    }
}

/// The only value of the only row.
fn value<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn is_busy<T>(result: rusqlite::Result<T>) -> bool {
    let code = result.err().and_then(|error| error.sqlite_error_code());
    code == Some(rusqlite::ErrorCode::DatabaseBusy)
}

#[test]
fn two_writers_and_a_reader_with_a_rollback_journal() {
    let machine = Machine::new(Device::default()).unwrap();
    let [first, second] = [(); 2].map(|()| machine.connect(FILE).unwrap());
    second
        .busy_timeout(std::time::Duration::from_millis(50))
        .unwrap();
    first
        .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        .unwrap();
    first
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)")
        .unwrap();
    assert!(is_busy(second.execute_batch("BEGIN IMMEDIATE")));
    second.execute_batch("BEGIN").unwrap();
    assert_eq!(value::<i64>(&second, "SELECT count(*) FROM t"), 1);
    assert!(is_busy(first.execute_batch("COMMIT")));
    second.execute_batch("COMMIT").unwrap();
    first.execute_batch("COMMIT").unwrap();
    assert_eq!(value::<i64>(&second, "SELECT count(*) FROM t"), 2);
}

#[test]
fn readers_of_a_wal_see_what_was_there_when_they_began() {
    let machine = Machine::new(Device::default()).unwrap();
    let [writer, reader] = [(); 2].map(|()| machine.connect(FILE).unwrap());
    assert_eq!(value::<String>(&writer, "PRAGMA journal_mode = WAL"), "wal");
    writer
        .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        .unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(value::<i64>(&reader, "SELECT count(*) FROM t"), 1);
    writer.execute_batch("INSERT INTO t VALUES (2)").unwrap();
    assert_eq!(value::<i64>(&reader, "SELECT count(*) FROM t"), 1);
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(value::<i64>(&reader, "SELECT count(*) FROM t"), 2);
    drop((writer, reader));
    assert_eq!(machine.names(), [FILE], "the last one takes the WAL away");
}

#[test]
fn threads_share_one_machine_and_machines_share_nothing() {
    let work = |machine: &Machine, journal: &str| {
        let connection = machine.connect(FILE).unwrap();
        let _: String = value(&connection, &format!("PRAGMA journal_mode = {journal}"));
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let connection = machine.connect(FILE).unwrap();
                    for _ in 0..25 {
                        while is_busy(connection.execute("INSERT INTO t VALUES (1)", [])) {
                            std::thread::yield_now();
                        }
                    }
                });
            }
        });
        assert_eq!(value::<i64>(&connection, "SELECT count(*) FROM t"), 100);
        assert_eq!(value::<String>(&connection, "PRAGMA integrity_check"), "ok");
    };
    std::thread::scope(|scope| {
        for journal in ["DELETE", "WAL", "DELETE", "WAL"] {
            scope.spawn(move || work(&Machine::new(Device::default()).unwrap(), journal));
        }
    });
}

#[test]
fn temporary_files_and_copies_between_machines() {
    let machine = Machine::new(Device::default()).unwrap();
    let connection = machine.connect(FILE).unwrap();
    connection
        .execute_batch(
            "PRAGMA temp_store = FILE; PRAGMA cache_size = 1; CREATE TEMP TABLE big (a);
             WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
             INSERT INTO big SELECT hex(randomblob(200)) FROM n;
             CREATE TABLE t AS SELECT a FROM big ORDER BY a DESC; VACUUM",
        )
        .unwrap();
    assert_eq!(machine.names(), [FILE], "temporary files have no name");
    let other = Machine::new(Device::default()).unwrap();
    let mut target = other.connect("copy.db").unwrap();
    let backup = rusqlite::backup::Backup::new(&connection, &mut target).unwrap();
    backup
        .run_to_completion(5, std::time::Duration::ZERO, None)
        .unwrap();
    drop(backup);
    assert_eq!(value::<i64>(&target, "SELECT count(*) FROM t"), 3000);
}

#[test]
fn a_connection_may_outlive_its_machine() {
    let machine = Machine::new(Device::default()).unwrap();
    let connection = machine.connect(FILE).unwrap();
    drop(machine);
    let other = Machine::new(Device::default()).unwrap();
    connection.execute_batch("CREATE TABLE t (a)").unwrap();
    assert_eq!(other.names(), [""; 0], "another machine has another disk");
    drop(connection);
}

#[test]
fn a_machine_that_stopped_does_nothing_more() {
    let machine = Machine::new(Device::default()).unwrap();
    let connection = machine.connect(FILE).unwrap();
    connection.execute_batch("CREATE TABLE t (a)").unwrap();
    machine.inject(FaultPlan::nth(1, Fault::PowerLoss));
    assert!(
        connection
            .execute_batch("INSERT INTO t VALUES (1)")
            .is_err()
    );
    machine.clear_faults();
    assert!(machine.is_powered_off());
    assert!(
        connection
            .execute_batch("INSERT INTO t VALUES (1)")
            .is_err()
    );
    assert!(
        machine
            .connect(FILE)
            .and_then(|new| new.execute_batch("SELECT * FROM t"))
            .is_err()
    );
}
