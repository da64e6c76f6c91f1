//! Steps that are added after the newest version: on files of an application, the engine runs the
//! permitted ones and refuses the others.

use std::borrow::Cow;

use migrations::{
    Backfill, Catalogue, Commit, Down, ErrorKind, Migrator, Outcome, Step, StepFn, Version,
};
use rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;

use super::{Ask, goes, image_of, refusal, settings, settings_changed};
use crate::finding::{Finding, Findings};
use crate::journey::proving;
use crate::subject::Subject;

/// A parent table with a child table whose rows are deleted with their parent.
const FAMILY: &str = "CREATE TABLE harness_parent (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE harness_child (
        parent INTEGER NOT NULL REFERENCES harness_parent (id) ON DELETE CASCADE
    );
    INSERT INTO harness_parent VALUES (1, 'a'), (2, 'b');
    INSERT INTO harness_child VALUES (1), (1), (2);";

/// A rebuild of the parent.
const REBUILD: &str = "CREATE TABLE harness_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO harness_new SELECT id, name FROM harness_parent;
    DROP TABLE harness_parent;
    ALTER TABLE harness_new RENAME TO harness_parent;";

/// A table with more rows than are written at a time.
const MANY: &str = "CREATE TABLE harness_many (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO harness_many SELECT i, 'row ' || i FROM n;
    CREATE TABLE harness_copy (id INTEGER PRIMARY KEY, body TEXT NOT NULL);";

const BACKFILL: Backfill<'_> = Backfill {
    from: "SELECT id, body FROM harness_many ORDER BY id",
    into: "harness_copy",
    columns: &["id", "body"],
};

const COPY: StepFn = StepFn {
    name: "the proof's copy",
    preflight: |_, _| Ok(()),
    apply: |connection, skipped| {
        BACKFILL.run(connection, skipped, |row, made| {
            made.row(&[row.get(0), row.get(1)])
        })
    },
};

/// The catalogue with more steps after the newest.
fn with(subject: &Subject<'_>, more: &[&str]) -> Option<Catalogue> {
    let mut steps = subject.catalogue.steps().to_vec();
    for (number, up) in (subject.catalogue.current_version() + 1..).zip(more) {
        steps.push(step(number, up));
    }
    Some(
        Catalogue::new(steps)
            .ok()?
            .with_application_id(subject.catalogue.application_id()),
    )
}

fn step(version: Version, up: &str) -> Step {
    let back = Down::Irreversible(Cow::Borrowed("The proof added it."));
    Step::new(format!("{version:04}_harness"), up.to_owned(), back, "")
}

/// Checks that forbidden actions of a step are refused, and that a run restores the settings.
pub(crate) fn check_added_steps(subject: &Subject<'_>, findings: &mut Findings) {
    let current = subject.catalogue.current_version();
    let Ok(image) = image_of(subject.catalogue, current) else {
        return;
    };
    let next = Ask::Up(current + 1);
    let sound = with(subject, &[FAMILY]);
    // If even the sound step fails, the other laws report why.
    if !sound.is_some_and(|sound| goes(&sound, &image, "", next)) {
        return;
    }
    let orphan = format!("{FAMILY} INSERT INTO harness_child VALUES (3);");
    let ends = format!("{FAMILY} COMMIT; CREATE TABLE harness_more (a);");
    let fails = format!("{FAMILY} INSERT INTO harness_child VALUES (NULL);");
    let mistakes = [
        (
            "leaves a row without its parent",
            orphan,
            ErrorKind::ForeignKeysViolated,
        ),
        ("ends the transaction", ends, ErrorKind::StepForbidden),
        ("fails half way", fails, ErrorKind::StepFailed),
    ];
    for (what, up, kind) in mistakes {
        let Some(catalogue) = with(subject, &[&up]) else {
            continue;
        };
        findings.checked();
        let wrong = refusal(&catalogue, &image, "", next, proving(), kind);
        let object = format!("a step that {what}");
        findings
            .found
            .extend(wrong.map(|wrong| Finding::new(object, wrong)));
    }
    check_rebuild(subject, &image, findings);
    check_each_step(subject, &image, findings);
}

/// Rebuilds a table to which others refer, on a connection with foreign keys and on one without.
fn check_rebuild(subject: &Subject<'_>, image: &[u8], findings: &mut Findings) {
    let current = subject.catalogue.current_version();
    let Some(catalogue) = with(subject, &[FAMILY, REBUILD]) else {
        return;
    };
    for keys in [true, false] {
        let Ok(connection) = sandbox::from_image(image) else {
            return;
        };
        let set = connection.set_db_config(SQLITE_DBCONFIG_ENABLE_FKEY, keys);
        let was = settings(&connection);
        if set.is_err() || was.0 != keys {
            return;
        }
        findings.checked();
        let object = format!("a step that rebuilds a parent table, with foreign_keys {keys}");
        let mut migrator = Migrator::with_connection(&catalogue, connection, proving());
        for to in [current + 1, current + 2] {
            if let Err(error) = migrator.upgrade_to(to) {
                findings.add(Finding::new(&object, error.to_string()));
                return;
            }
        }
        let connection = migrator.into_connection();
        let children =
            connection.query_row("SELECT count(*) FROM harness_child", [], |row| row.get(0));
        let children: i64 = children.unwrap_or(0);
        if children != 3 {
            let message = format!("the child table had 3 rows, and now has {children}");
            findings.add(Finding::new(&object, message));
        }
        if settings(&connection) != was {
            findings.add(Finding::new(
                &object,
                settings_changed(was, settings(&connection)),
            ));
        }
    }
}

/// A run with a COMMIT for each step, of which the second fails: it stops after the first, and
/// reports that.
fn check_each_step(subject: &Subject<'_>, image: &[u8], findings: &mut Findings) {
    let current = subject.catalogue.current_version();
    let fails = "INSERT INTO harness_child VALUES (NULL);";
    let (Some(catalogue), Ok(connection)) =
        (with(subject, &[FAMILY, fails]), sandbox::from_image(image))
    else {
        return;
    };
    let options = proving().commit(Commit::PerStep);
    findings.checked();
    let object = "a run that commits each step and whose second step fails";
    let mut migrator = Migrator::with_connection(&catalogue, connection, options);
    let wanted = Outcome::CommittedTo(current + 1);
    match migrator.upgrade_to(current + 2) {
        Ok(_) => findings.add(Finding::new(object, "the run reports success")),
        Err(error) if error.outcome() != wanted => {
            let got = error.outcome();
            let message = format!("the error reports the outcome {got:?} instead of {wanted:?}");
            findings.add(Finding::new(object, message));
        }
        Err(_) => {}
    }
    let at = migrator.version().ok();
    if at != Some(current + 1) {
        let message = format!("the file is at {at:?}, but should be at {}", current + 1);
        findings.add(Finding::new(object, message));
    }
}

/// Checks a step whose code fills a table from a table with more rows than are written at a time.
pub(crate) fn check_large(subject: &Subject<'_>, findings: &mut Findings) {
    let current = subject.catalogue.current_version();
    let (Ok(image), Some(sound)) = (
        image_of(subject.catalogue, current),
        with(subject, &[FAMILY]),
    ) else {
        return;
    };
    if !goes(&sound, &image, "", Ask::Up(current + 1)) {
        return;
    }
    let mut steps = subject.catalogue.steps().to_vec();
    steps.push(step(current + 1, MANY).with_code(COPY));
    let (Ok(catalogue), Ok(connection)) = (Catalogue::new(steps), sandbox::from_image(&image))
    else {
        return;
    };
    let catalogue = catalogue.with_application_id(subject.catalogue.application_id());
    findings.checked();
    let object = "a step that fills a table from 20,000 rows";
    let mut migrator = Migrator::with_connection(&catalogue, connection, proving());
    if let Err(error) = migrator.upgrade_to(current + 1) {
        findings.add(Finding::new(object, error.to_string()));
        return;
    }
    let differ =
        "SELECT count(*) FROM (SELECT * FROM harness_many EXCEPT SELECT * FROM harness_copy)";
    let missing = migrator
        .connection()
        .query_row(differ, [], |row| row.get(0));
    match missing.unwrap_or(-1_i64) {
        0 => {}
        missing => findings.add(Finding::new(object, format!("{missing} rows are missing"))),
    }
}
