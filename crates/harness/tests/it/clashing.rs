//! Rows that one version allows and the next one does not go on journeys, unless the application
//! never writes such rows.

use harness::{Application, Report, Settings, Subject, Value};
use migrations::{BoxError, Version};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use rusqlite::Connection;

use crate::case::Case;

const UNIQUE: &str = "
=== 0001_device/up.sql
CREATE TABLE device (id INTEGER PRIMARY KEY, serial TEXT);
=== 0001_device/down.sql
DROP TABLE device;
=== 0002_unique/up.sql
CREATE UNIQUE INDEX device_serial ON device (serial);
=== 0002_unique/down.sql
DROP INDEX device_serial;
=== rows.sql
INSERT INTO device (id, serial) VALUES (1, 'A-17'), (2, 'B-3');
";

const CHECK: &str = "
=== 0001_device/up.sql
CREATE TABLE device (id INTEGER PRIMARY KEY, serial TEXT);
=== 0001_device/down.sql
DROP TABLE device;
=== 0002_check/up.sql
CREATE TABLE d (id INTEGER PRIMARY KEY, serial TEXT
    CHECK (serial NOT NULL AND length(serial) BETWEEN 1 AND 9));
INSERT INTO d (id, serial) SELECT id, serial FROM device;
DROP TABLE device;
ALTER TABLE d RENAME TO device;
=== 0002_check/down.sql
CREATE TABLE d (id INTEGER PRIMARY KEY, serial TEXT);
INSERT INTO d (id, serial) SELECT id, serial FROM device;
DROP TABLE device;
ALTER TABLE d RENAME TO device;
=== 0002_check/data_migration
- Alters: `device` — serial numbers are short.
=== rows.sql
INSERT INTO device (id, serial) VALUES (1, 'A-17'), (2, 'B-3');
";

/// An application whose serial numbers are unique, or that describes them.
struct Devices {
    apart: bool,
    short: bool,
}

impl Application for Devices {
    fn column(&self, _: Version, _: &str, column: &str) -> Option<BoxedStrategy<Value>> {
        let serial = "[A-Z]-[0-9]{1,3}".prop_map(|text| Value::text(&text));
        (self.short && column == "serial").then(|| serial.boxed())
    }

    fn inconsistencies(
        &self,
        connection: &Connection,
        _: Version,
    ) -> Result<Vec<String>, BoxError> {
        let twice = "SELECT count(serial) > count(DISTINCT serial) FROM device";
        let twice: bool = connection.query_row(twice, [], |row| row.get(0))?;
        Ok(if twice && self.apart {
            vec!["two devices have one serial number".to_owned()]
        } else {
            Vec::new()
        })
    }
}

fn verify(text: &str, application: &Devices, settings: &Settings) -> Report {
    let case = Case::new(text);
    let catalogue = case.catalogue();
    let subject = Subject {
        application,
        ..case.subject(&catalogue)
    };
    harness::verify(&subject, settings)
}

fn clashing() -> Settings {
    Settings {
        fixture: Some("clashing".to_owned()),
        ..Settings::default()
    }
}

#[test]
fn two_rows_alike_meet_a_unique_index_and_the_repeat_shows_them_again() {
    let open = Devices {
        apart: false,
        short: false,
    };
    let report = verify(UNIQUE, &open, &clashing());
    let law = report.laws.iter().find(|law| law.name == "up preserves");
    let broken = &law.unwrap().broken[0];
    assert_eq!(broken.file.as_deref(), Some("versions/0002_unique/up.sql"));
    assert_eq!(
        broken.sql.as_deref().unwrap().lines().collect::<Vec<_>>(),
        [
            "-- UNIQUE INDEX `device_serial` on `device`: two rows with the same `serial`",
            "-- fixtures/v0001/golden.sql, and then:",
            "UPDATE \"device\" SET \"serial\" = 'A-17' WHERE rowid = 2;",
        ]
    );
    assert!(broken.hostile.is_empty());
    assert_eq!(
        broken.repeat,
        "verify --journey v1..v2..v1 --fixture clashing --seed 1 --cases 24"
    );
    let again = Settings {
        journey: Some("v1..v2..v1".parse().unwrap()),
        law: Some("up preserves".to_owned()),
        ..clashing()
    };
    assert!(!verify(UNIQUE, &open, &again).holds());
}

#[test]
fn rows_that_the_application_contradicts_do_not_clash() {
    let apart = Devices {
        apart: true,
        short: false,
    };
    let report = verify(UNIQUE, &apart, &Settings::default());
    assert!(report.holds(), "{}", report.to_text());
}

#[test]
fn values_that_the_application_never_writes_do_not_clash() {
    let mut devices = Devices {
        apart: false,
        short: false,
    };
    assert!(!verify(CHECK, &devices, &clashing()).holds());
    devices.short = true;
    let report = verify(CHECK, &devices, &clashing());
    let broken = report.laws.iter().any(|law| !law.broken.is_empty());
    assert!(!broken, "{}", report.to_text());
}
