//! Newer files, edited histories, drift.

use migrations::{Catalogue, Down, ErrorKind, Remedy, Step};

use crate::support::*;

#[test]
fn an_older_build_goes_back_with_what_the_file_carries() {
    let catalogue = three();
    let older = catalogue.cut_at(1).unwrap();
    let file = File::at(&catalogue, 3);
    file.sql("INSERT INTO note VALUES (1, 'kept', NULL)");
    let mut migrator = file.migrator(&older);
    assert_eq!(migrator.upgrade().unwrap_err().kind(), ErrorKind::Newer);
    assert_eq!(migrator.upgrade_to(1).unwrap_err().kind(), ErrorKind::Newer);
    assert_eq!(
        migrator.rollback_to(3).unwrap_err().kind(),
        ErrorKind::Newer
    );
    assert_eq!(
        migrator.rollback_to(2).unwrap_err().kind(),
        ErrorKind::WrongVersion
    );
    let report = migrator.rollback_to(1).unwrap();
    assert_eq!((report.from, report.to, report.steps.len()), (3, 1, 2));
    assert_eq!(
        migrator.state().unwrap().schema,
        older.schema_at(1).unwrap()
    );
    assert_eq!(file.value::<String>("SELECT body FROM note"), "kept");
    assert!(migrator.upgrade().unwrap().steps.is_empty());
}

#[test]
fn a_newer_file_that_cannot_come_back_is_still_reported_as_newer() {
    let last = Step::new("0002_codes", "", Down::Irreversible("Gone.".into()), "");
    let newer = catalogue(vec![note_step(), last]);
    let file = File::at(&newer, 2);
    let older = newer.cut_at(1).unwrap();
    let mut migrator = file.migrator(&older);
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Newer);
    let restore = "it has no way back: to go on with this build, restore an earlier backup";
    let advice = ["update the application", restore].map(|text| Remedy::Advice(text.to_owned()));
    assert_eq!(error.remedies(), advice);
    // A test that unwraps shows the whole report.
    let shown = format!("{error:?}");
    assert_eq!(format!("error: {shown}\n"), error.report());
    let error = migrator.rollback_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Irreversible);
    // An earlier step that cannot be undone does not matter.
    let steps = vec![
        Step::new("0001_note", NOTE, Down::Irreversible("Kept.".into()), ""),
        label_step(),
    ];
    let newer = catalogue(steps);
    let file = File::at(&newer, 2);
    let error = file.migrator(&newer.cut_at(1).unwrap()).upgrade();
    let report = error.unwrap_err().report();
    assert!(report.contains("hint: or go back with this build: `Migrator::rollback_to(1)`"));
}

#[test]
fn the_time_of_a_step_is_recorded_in_utc_to_the_millisecond() {
    let file = File::at(&three(), 3);
    let form = "SELECT count(*) FROM schema_migrations WHERE applied_at GLOB '20[0-9][0-9]-*'
        AND applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', applied_at)";
    assert_eq!(file.value::<i64>(form), 3);
}

#[test]
fn tampering_with_a_stored_way_back_is_found() {
    let catalogue = three();
    let older = catalogue.cut_at(2).unwrap();
    for edit in [
        "down_sql = 'DROP TABLE note'",
        "down_sql = NULL",
        "down_loses = 'note'",
        "down_digest = ''",
    ] {
        let file = File::at(&catalogue, 3);
        file.sql(&format!(
            "UPDATE schema_migrations SET {edit} WHERE version = 3"
        ));
        let before = file.bytes();
        let error = file.migrator(&older).rollback_to(2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HistoryEdited, "{edit}");
        assert_eq!(file.bytes(), before);
    }
}

/// A catalogue whose step `which` has a different `up.sql` or `down.sql`.
fn with(which: usize, up: Option<&'static str>, down: Option<&'static str>) -> Catalogue {
    let mut steps = three().steps().to_vec();
    let old = steps[which].clone();
    steps[which] = Step::new(
        old.folder().to_owned(),
        up.map_or(old.up().to_owned(), str::to_owned),
        Down::Sql(
            down.map_or(old.down_sql().unwrap().to_owned(), str::to_owned)
                .into(),
        ),
        "# other words\n",
    );
    catalogue(steps)
}

#[test]
fn an_edited_head_is_not_hidden_by_the_quick_path() {
    for edited in [
        with(2, Some("CREATE TABLE tag (name TEXT);"), None),
        with(2, None, Some("DROP TABLE IF EXISTS tag;")),
    ] {
        let file = File::at(&three(), 3);
        let error = file.migrator(&edited).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HistoryEdited);
        assert!(error.report().contains("`0003_tag/"), "{}", error.report());
    }
}

/// The error shows the applied and the present statement, so that a person sees which is right.
#[test]
fn an_edited_step_is_shown_as_it_was_and_as_it_is() {
    let edited = with(2, Some("CREATE TABLE tag (\n  name TEXT\n);"), None);
    let file = File::at(&three(), 3);
    let report = file.migrator(&edited).upgrade().unwrap_err().report();
    assert!(
        report.contains(
            "\n  stored   line 1: CREATE TABLE tag (name TEXT PRIMARY KEY)\n  present  line 1: \
             CREATE TABLE tag (\n"
        ),
        "{report}"
    );
    let longer = with(2, None, Some("DROP TABLE tag;\n\nDROP TABLE note;"));
    let report = file.migrator(&longer).upgrade().unwrap_err().report();
    assert!(
        report.contains("\n  stored   ends before that\n  present  line 3: DROP TABLE note\n"),
        "{report}"
    );
    // The stored text must be the applied one.
    file.sql("UPDATE schema_migrations SET up_sql = 'SELECT 1' WHERE version = 3");
    let report = file.migrator(&edited).upgrade().unwrap_err().report();
    assert!(report.contains("\n  stored   digest "), "{report}");
}

/// A ledger from before the column `up_sql` is read and written, and gets its column with the next
/// run up.
#[test]
fn the_ledger_of_an_older_engine_goes_on() {
    let file = File::at(&three(), 2);
    file.sql("ALTER TABLE schema_migrations DROP COLUMN up_sql");
    let before = file.bytes();
    let catalogue = three();
    let mut migrator = file.migrator(&catalogue);
    assert_eq!(migrator.rollback_to(2).unwrap().steps.len(), 0);
    assert_eq!(migrator.repair().unwrap(), []);
    assert_eq!(file.bytes(), before);
    let edited = with(1, Some("ALTER TABLE note ADD COLUMN label"), None);
    let report = file.migrator(&edited).upgrade().unwrap_err().report();
    assert!(report.contains("\n  stored   digest "), "{report}");
    assert_eq!(file.migrator(&three()).upgrade().unwrap().to, 3);
    let kept: Vec<bool> = [1, 2, 3]
        .map(|version| {
            file.value(&format!(
                "SELECT up_sql IS NOT NULL FROM schema_migrations WHERE version = {version}"
            ))
        })
        .to_vec();
    assert_eq!(kept, [false, false, true]);
    assert_eq!(file.migrator(&three()).rollback_to(0).unwrap().to, 0);
}

#[test]
fn an_edited_past_is_refused_before_the_next_step() {
    for edited in [
        with(0, Some("CREATE TABLE note (id);"), None),
        with(0, None, Some("DROP TABLE IF EXISTS note;")),
    ] {
        let file = File::at(&three(), 2);
        let error = file.migrator(&edited).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HistoryEdited);
    }
}

/// Each row covers the one before, so that the newest covers all.
#[test]
fn an_edited_past_is_refused_also_where_there_is_no_next_step() {
    for edited in [
        with(0, Some("CREATE TABLE note (id);"), None),
        with(0, None, Some("DROP TABLE IF EXISTS note;")),
        with(1, Some("ALTER TABLE note ADD COLUMN label;"), None),
        with(1, None, Some("SELECT 1;")),
    ] {
        let file = File::at(&three(), 3);
        let error = file.migrator(&edited).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HistoryEdited, "{}", error.report());
        // An edit is also found in a ledger whose digests are missing.
        file.sql("UPDATE schema_migrations SET chain_digest = NULL");
        let error = file.migrator(&edited).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HistoryEdited, "{}", error.report());
        file.sql("ALTER TABLE schema_migrations DROP COLUMN chain_digest");
        let error = file.migrator(&edited).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HistoryEdited, "{}", error.report());
    }
}

/// If nothing was edited, nothing is written, whatever the ledger lacks and whatever comments
/// changed; the next run completes the ledger.
#[test]
fn a_current_file_is_current_with_any_ledger() {
    let commented = with(
        0,
        Some("-- why\r\nCREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);"),
        None,
    );
    for lacking in [
        "SELECT 1",
        "UPDATE schema_migrations SET chain_digest = NULL, schema_fingerprint = NULL",
        "ALTER TABLE schema_migrations DROP COLUMN chain_digest",
        "ALTER TABLE schema_migrations DROP COLUMN schema_fingerprint",
        "ALTER TABLE schema_migrations DROP COLUMN schema_fingerprint; ALTER TABLE \
         schema_migrations DROP COLUMN chain_digest",
    ] {
        let file = File::at(&three(), 2);
        file.sql(lacking);
        let before = file.bytes();
        let two = three().cut_at(2).unwrap();
        let commented = commented.cut_at(2).unwrap();
        for same in [&two, &commented] {
            // A writer does not block a reader.
            let writer = file.raw();
            writer.execute_batch("BEGIN IMMEDIATE").unwrap();
            assert_eq!(
                file.migrator_with(same, hasty())
                    .upgrade()
                    .unwrap()
                    .steps
                    .len(),
                0
            );
        }
        assert_eq!(file.bytes(), before, "{lacking}");
        let report = file.migrator(&three()).upgrade().unwrap();
        assert_eq!(report.to, 3);
        let covered = "SELECT count(*) FROM schema_migrations WHERE chain_digest IS NOT NULL";
        assert_eq!(file.value::<i64>(covered), 3, "{lacking}");
        let noted = "SELECT group_concat(version) FROM schema_migrations WHERE schema_fingerprint \
                     LIKE '1:%'";
        assert_eq!(file.value::<String>(noted), "2,3", "{lacking}");
    }
}

/// The file had a different schema at this version: the fingerprint in the ledger is compared, too.
#[test]
fn a_rollback_must_give_back_the_schema_that_was_noted() {
    let file = File::at(&three(), 1);
    file.migrator(&three()).upgrade().unwrap();
    file.sql("UPDATE schema_migrations SET schema_fingerprint = '1:00' WHERE version = 2");
    let error = file.migrator(&three()).rollback_to(2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drifted, "{}", error.report());
    assert!(
        error
            .report()
            .contains("does not bring back the schema that the file had at version 2")
    );
    // A fingerprint of a different form is ignored.
    file.sql("UPDATE schema_migrations SET schema_fingerprint = '0:00' WHERE version = 2");
    assert_eq!(file.migrator(&three()).rollback_to(2).unwrap().to, 2);
}

#[test]
fn comments_and_blanks_are_no_edit() {
    let commented = "-- why\r\nCREATE TABLE tag (name TEXT  PRIMARY KEY); /* the end */";
    for same in [
        with(2, Some(commented), None),
        with(2, None, Some("DROP  TABLE tag -- gone\n;")),
    ] {
        let file = File::at(&three(), 3);
        let mut migrator = file.migrator(&same);
        assert!(migrator.upgrade().unwrap().steps.is_empty());
        assert_eq!(migrator.upgrade_to(3).unwrap().to, 3);
        assert_eq!(migrator.rollback_to(0).unwrap().to, 0);
    }
}

#[test]
fn the_quick_path_refuses_a_file_of_another_application() {
    let file = File::at(&three().with_application_id(6), 3);
    let error = file
        .migrator(&three().with_application_id(5))
        .upgrade()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOurs);
    // A catalogue without an id accepts any; a file without one is older than the id.
    assert_eq!(file.migrator(&three()).upgrade().unwrap().to, 3);
    let file = File::at(&three(), 3);
    let ours = three().with_application_id(5);
    assert_eq!(file.migrator(&ours).upgrade().unwrap().to, 3);
}

#[test]
fn a_ledger_with_values_of_the_wrong_kind_is_refused() {
    for edit in [
        "version = 'three'",
        "version = -3",
        "version = 4294967296",
        "version = NULL",
        "up_digest = NULL",
        "name = x'ff'",
    ] {
        // The fast path does not read the name.
        let migrates = if edit.starts_with("name") {
            vec![false]
        } else {
            vec![true, false]
        };
        for migrate in migrates {
            let file = File::at(&three(), 3);
            // Without its constraints, as a different tool would have left it.
            file.sql(
                "CREATE TABLE loose AS SELECT * FROM schema_migrations;
                 DROP TABLE schema_migrations;
                 ALTER TABLE loose RENAME TO schema_migrations;",
            )
            .sql(&format!(
                "UPDATE schema_migrations SET {edit} WHERE version = 3"
            ));
            let before = file.bytes();
            let three = three();
            let mut migrator = file.migrator(&three);
            let error = if migrate {
                migrator.upgrade().unwrap_err()
            } else {
                migrator.rollback_to(1).unwrap_err()
            };
            let kinds = [ErrorKind::NotOurs, ErrorKind::HistoryEdited];
            assert!(kinds.contains(&error.kind()), "{edit}: {}", error.report());
            assert_eq!(file.bytes(), before);
        }
    }
}

#[test]
fn a_user_version_that_nobody_set_is_refused() {
    for claim in [-1, i32::MAX, 3] {
        let file = File::none();
        file.sql(&format!("PRAGMA user_version = {claim}"));
        let error = file.migrator(&three()).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotOurs, "{claim}");
    }
}

#[test]
fn drift_is_reported() {
    let catalogue = three();
    let drift = |file: &File, catalogue: &Catalogue| -> Vec<String> {
        let changes = file.migrator(catalogue).drift().unwrap();
        changes.iter().map(ToString::to_string).collect()
    };
    for version in 0..=3 {
        assert_eq!(drift(&File::at(&catalogue, version), &catalogue), [""; 0]);
    }
    let file = File::at(&catalogue, 3);
    file.sql("ALTER TABLE note ADD COLUMN extra TEXT");
    assert_eq!(drift(&file, &catalogue), ["ADD COLUMN note.extra TEXT"]);
    // This build does not know the schema of a newer version.
    assert_eq!(drift(&file, &catalogue.cut_at(2).unwrap()), [""; 0]);
}

#[test]
fn drift_is_refused_in_both_directions() {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    file.sql("CREATE VIEW mine AS SELECT 1");
    for error in [
        file.migrator(&catalogue).upgrade().unwrap_err(),
        file.migrator(&catalogue).rollback_to(0).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Drifted);
        assert!(error.report().contains("mine"), "{}", error.report());
    }
}

#[test]
fn repair_records_comments_again_and_nothing_else() {
    let file = File::at(&three(), 3);
    let commented = with(
        1,
        None,
        Some("-- why\nALTER TABLE note  DROP COLUMN label;"),
    );
    let mut migrator = file.migrator(&commented);
    let repaired = migrator.repair().unwrap();
    let scripts: Vec<_> = repaired.iter().map(|one| one.script.as_str()).collect();
    assert_eq!(scripts, ["0002_label/down.sql"]);
    assert_ne!(repaired[0].before, repaired[0].after);
    assert_eq!(migrator.repair().unwrap(), []);
    let kept: String = file.value("SELECT down_sql FROM schema_migrations WHERE version = 2");
    assert!(kept.starts_with("-- why"), "{kept}");
    migrator.rollback_to(1).unwrap();

    let file = File::at(&three(), 3);
    let before = file.bytes();
    let edited = with(1, None, Some("ALTER TABLE note DROP COLUMN body;"));
    let error = file.migrator(&edited).repair().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HistoryEdited);
    assert_eq!(file.bytes(), before);
}
