//! Up, back, and nothing to do.

use migrations::{Direction, Migrator};

use crate::support::*;

#[test]
fn up_and_back_step_by_step_and_at_once() {
    let catalogue = three();
    let file = File::none();
    let mut migrator = file.migrator(&catalogue);
    for version in 1..=3 {
        let report = migrator.upgrade_to(version).unwrap();
        assert_eq!((report.from, report.to), (version - 1, version));
        assert_eq!(report.steps.len(), 1);
        assert_eq!(report.steps[0].version, version);
        assert_eq!(report.steps[0].direction, Direction::Up);
        assert_eq!(migrator.version().unwrap(), version);
    }
    let report = migrator.rollback_to(1).unwrap();
    let undone: Vec<_> = report.steps.iter().map(|step| step.version).collect();
    assert_eq!((report.from, report.to, undone), (3, 1, vec![3, 2]));
    assert!(
        report
            .steps
            .iter()
            .all(|step| step.direction == Direction::Down)
    );
    assert_eq!(
        migrator.state().unwrap().schema,
        catalogue.schema_at(1).unwrap()
    );
    assert_eq!(migrator.upgrade().unwrap().steps.len(), 2);
}

#[test]
fn version_0_has_nothing_of_ours() {
    let catalogue = three().with_application_id(77);
    let file = File::at(&catalogue, 3);
    assert_eq!(file.value::<i64>("PRAGMA application_id"), 77);
    file.migrator(&catalogue).rollback_to(0).unwrap();
    assert_eq!(file.value::<i64>("SELECT count(*) FROM sqlite_schema"), 0);
    assert_eq!(file.value::<i64>("PRAGMA user_version"), 0);
    assert_eq!(file.value::<i64>("PRAGMA application_id"), 0);
    let mut migrator = file.migrator(&catalogue);
    assert_eq!(migrator.version().unwrap(), 0);
    assert_eq!(migrator.upgrade().unwrap().steps.len(), 3);
}

#[test]
fn nothing_to_do_is_said_and_nothing_is_written() {
    let catalogue = three();
    for journal in ["DELETE", "WAL"] {
        let file = File::at(&catalogue, 3);
        file.sql(&format!("PRAGMA journal_mode = {journal}"));
        let before = (file.bytes(), modified(&file));
        for _ in 0..2 {
            let mut migrator = Migrator::open(&catalogue, &file.path, plain()).unwrap();
            let changes: i64 = value(migrator.connection(), "PRAGMA data_version");
            let reports = [
                migrator.upgrade().unwrap(),
                migrator.upgrade_to(3).unwrap(),
                migrator.upgrade_from(3, 3).unwrap(),
                migrator.rollback_to(3).unwrap(),
            ];
            for report in reports {
                assert_eq!((report.from, report.to), (3, 3));
                assert!(report.steps.is_empty() && !report.adopted);
            }
            assert_eq!(value::<i64>(&file.raw(), "SELECT total_changes()"), 0);
            assert_eq!(
                value::<i64>(migrator.connection(), "PRAGMA data_version"),
                changes
            );
            assert_eq!(migrator.connection().total_changes(), 0);
        }
        assert_eq!((file.bytes(), modified(&file)), before, "{journal}");
    }
}

fn modified(file: &File) -> std::time::SystemTime {
    std::fs::metadata(&file.path).unwrap().modified().unwrap()
}

#[test]
fn an_up_to_date_file_is_opened_beside_a_writer() {
    // The fast path takes no lock that a writer has.
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    let other = file.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut migrator = file.migrator_with(&catalogue, hasty());
    assert!(migrator.upgrade().unwrap().steps.is_empty());
}
