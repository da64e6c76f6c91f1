//! Files from before the ledger.

use migrations::ErrorKind;

use crate::support::*;

#[test]
fn a_file_of_the_right_shape_is_adopted() {
    for claim in [0, 1] {
        let catalogue = three().with_application_id(5);
        let file = File::none();
        file.sql(NOTE)
            .sql("INSERT INTO note VALUES (1, 'kept')")
            .sql(&format!("PRAGMA user_version = {claim}"));
        let mut migrator = file.migrator(&catalogue);
        let report = migrator.upgrade_from(1, 3).unwrap();
        assert!(report.adopted);
        assert_eq!((report.from, report.to, report.steps.len()), (1, 3, 2));
        let entries = migrator.state().unwrap().ledger.unwrap();
        let by: Vec<_> = entries
            .iter()
            .map(|entry| entry.applied_by.starts_with("adopted by "))
            .collect();
        assert_eq!(by, [true, false, false]);
        assert_eq!(file.value::<i64>("PRAGMA application_id"), 5);
        assert_eq!(file.value::<String>("SELECT body FROM note"), "kept");
        // The file is adopted, with a down migration.
        let report = migrator.rollback_to(1).unwrap();
        assert!(!report.adopted);
    }
}

#[test]
fn a_file_of_the_current_shape_is_adopted_without_a_step() {
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    file.sql("DROP TABLE schema_migrations; PRAGMA user_version = 0;");
    let mut migrator = file.migrator(&catalogue);
    let report = migrator.upgrade_from(3, 3).unwrap();
    assert!(report.adopted && report.steps.is_empty());
    assert_eq!(migrator.version().unwrap(), 3);
    assert!(!migrator.upgrade_from(3, 3).unwrap().adopted);
}

#[test]
fn an_adoption_whose_first_step_fails_did_not_happen() {
    let catalogue = note_and("nonsense");
    let file = File::none();
    file.sql(NOTE);
    let before = file.bytes();
    file.migrator(&catalogue).upgrade_from(1, 2).unwrap_err();
    assert_eq!(file.bytes(), before);
}

#[test]
fn what_does_not_fit_is_refused() {
    let catalogue = three();
    let refused = |script: &str, expected, target| {
        let file = File::none();
        file.sql(script);
        let before = file.bytes();
        let error = file
            .migrator(&catalogue)
            .upgrade_from(expected, target)
            .unwrap_err();
        assert_eq!(file.bytes(), before);
        error.kind()
    };
    assert_eq!(refused(NOTE, 2, 3), ErrorKind::Drifted);
    assert_eq!(refused(NOTE, 9, 9), ErrorKind::WrongVersion);
    assert_eq!(refused(NOTE, 1, 0), ErrorKind::WrongVersion);
    assert_eq!(refused(NOTE, 0, 3), ErrorKind::NotOurs);
    let other = format!("{NOTE} PRAGMA user_version = 2");
    assert_eq!(refused(&other, 1, 3), ErrorKind::WrongVersion);

    let ours = catalogue.cut_at(3).unwrap().with_application_id(5);
    let file = File::none();
    file.sql(NOTE).sql("PRAGMA application_id = 6");
    let error = file.migrator(&ours).upgrade_from(1, 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOurs);
}
