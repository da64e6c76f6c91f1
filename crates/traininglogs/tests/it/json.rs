//! `--format json`: one document on standard output in every case.

use serde_json::Value;
use traininglogs::CURRENT_VERSION;

use crate::refusals::ALL;
use crate::shell::Shell;

const SESSION: &str = r#"{"date":"2025-01-02","exercises":[{"name":"Squat"},{"name":"Row"}]}"#;

/// Runs the command in JSON; returns its exit code and its document.
fn json(shell: &Shell, arguments: &[&str]) -> (i32, Value) {
    let arguments = [&["--format", "json"], arguments].concat();
    let output = shell.command(&arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.is_empty(), "{arguments:?}: {stderr}");
    let document = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), document)
}

fn done(shell: &Shell, arguments: &[&str]) -> Value {
    let (code, document) = json(shell, arguments);
    assert_eq!(code, 0, "{arguments:?}: {document:#}");
    assert!(document.get("error").is_none());
    document
}

fn versions(list: &Value) -> Vec<u64> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|each| each["version"].as_u64().unwrap())
        .collect()
}

#[test]
fn every_verb_gives_a_document() {
    let shell = Shell::new();
    let current = u64::from(CURRENT_VERSION);
    let init = done(&shell, &["init"]);
    assert_eq!(versions(&init["steps"]), (1..=current).collect::<Vec<_>>());
    assert_eq!(
        (&init["to"], &init["file"]),
        (&current.into(), &"traininglogs.db".into())
    );
    assert_eq!(done(&shell, &["init"])["steps"], Value::Array(Vec::new()));

    shell.write("session.json", SESSION);
    let log = done(&shell, &["log", "session.json", "--user", "ann"]);
    assert_eq!(log["exercises"], serde_json::json!(["Squat", "Row"]));
    let last = done(&shell, &["last", "Squat"]);
    assert_eq!(
        (&last["session"], &last["date"]),
        (&log["session"], &"2025-01-02".into())
    );

    let backup = done(&shell, &["backup"]);
    let backup = backup["backup"].as_str().unwrap();
    let plan = done(&shell, &["plan", "--to", "3", "--rehearse"]);
    assert_eq!(plan["at_risk"][0]["object"], "session_metadata.user_id");
    assert_eq!(plan["at_risk"][0]["rows"], 1);
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(
        steps.last().unwrap()["script"],
        "0004_session_created_index/down.sql"
    );
    let rehearsal = &plan["rehearsal"];
    let tables = rehearsal["tables"].as_array().unwrap();
    let metadata = tables
        .iter()
        .find(|table| table["table"] == "session_metadata")
        .unwrap();
    assert_eq!(
        (&metadata["before"], &metadata["after"]),
        (&1.into(), &Value::Null)
    );
    assert_eq!(tables.len(), 3, "every table is listed");
    assert_eq!(
        rehearsal["way_back"]["but_not"][0],
        "session_metadata.user_id"
    );
    assert!(rehearsal["bytes_needed"].as_u64() > rehearsal["bytes_before"].as_u64());

    let back = done(&shell, &["rollback", "--to", "3", "--accept-loss"]);
    assert_eq!((&back["from"], &back["to"]), (&current.into(), &3.into()));
    assert_eq!(back["steps"][0]["direction"], "down");
    assert!(shell.path(back["backup"].as_str().unwrap()).exists());
    let sql = done(&shell, &["plan", "--sql"]);
    assert!(sql["sql"].as_str().unwrap().contains("BEGIN IMMEDIATE;"));

    let status = done(&shell, &["status"]);
    assert_eq!(
        (&status["version"], &status["current"]),
        (&3.into(), &current.into())
    );
    assert_eq!(versions(&status["applied"]), [1, 2, 3]);
    assert_eq!(
        versions(&status["pending"]),
        (4..=current).collect::<Vec<_>>()
    );
    assert_eq!(versions(&status["backups"]), [current, current]);
    assert_eq!(status["backups"][0]["path"], backup);
    assert_eq!(status["drift"], false);

    let dry = done(&shell, &["migrate", "--dry-run"]);
    let tables = dry["rehearsal"]["tables"].as_array().unwrap();
    let added = tables
        .iter()
        .find(|table| table["table"] == "session_metadata")
        .unwrap();
    assert_eq!(
        (&added["before"], &added["after"]),
        (&Value::Null, &1.into())
    );
    let restored = done(&shell, &["restore", backup]);
    assert_eq!(
        (&restored["version"], &restored["restored_from"]),
        (&current.into(), &backup.into())
    );
    assert_eq!(restored["backup"], "traininglogs.db.v3.backup");
    assert_eq!(done(&shell, &["migrate"])["backup"], Value::Null);
}

#[test]
fn drift_is_listed() {
    let shell = Shell::new();
    done(&shell, &["init"]);
    shell.database(
        "traininglogs.db",
        "ALTER TABLE training_sessions ADD COLUMN mood TEXT;",
    );
    let status = done(&shell, &["status"]);
    assert_eq!(status["drift"], true);
    assert_eq!(
        status["differences"],
        serde_json::json!(["+ table training_sessions: mood TEXT"])
    );
}

/// Every refusal in text is a refusal in JSON, with the same exit code and the file unchanged.
#[test]
fn every_refusal_is_a_document() {
    let kinds = [
        ("not a database", "not-a-database"),
        ("", "not-found"),
        ("recipes", "not-ours"),
    ];
    for (content, kind) in kinds {
        let shell = Shell::new();
        match content {
            "" => {}
            "recipes" => shell.database("traininglogs.db", "CREATE TABLE recipe (id INTEGER);"),
            _ => shell.write("traininglogs.db", content.repeat(100)),
        }
        for arguments in ALL
            .into_iter()
            .filter(|all| kind != "not-found" || all[0] != "init")
        {
            let before = shell.files();
            let (code, document) = json(&shell, arguments);
            let error = &document["error"];
            assert_eq!(code, 1, "{arguments:?}: {document:#}");
            let expected = match arguments[0] {
                "adopt" if kind == "not-ours" => "drifted",
                _ => kind,
            };
            assert_eq!(error["kind"], expected, "{arguments:?}: {document:#}");
            assert!(error["message"].is_string() && !error["hints"].as_array().unwrap().is_empty());
            let untouched = ["untouched", "rolled-back"].map(Value::from);
            assert!(untouched.contains(&error["outcome"]), "{document:#}");
            assert!(before == shell.files(), "{arguments:?} changed a file");
        }
    }
}

/// The document contains the results before the error, too.
#[test]
fn an_error_stands_beside_what_was_found() {
    let shell = Shell::new();
    done(&shell, &["init"]);
    done(&shell, &["rollback", "--to", "2"]);
    shell.database(
        "traininglogs.db",
        "ALTER TABLE training_sessions ADD COLUMN mood TEXT;",
    );
    let (code, document) = json(&shell, &["migrate", "--to", "3", "--dry-run"]);
    assert_eq!(code, 1);
    assert_eq!((&document["from"], &document["to"]), (&2.into(), &3.into()));
    assert_eq!(document["error"]["kind"], "drifted");
    assert!(document.get("rehearsal").is_none());
}

#[test]
fn a_command_line_that_makes_no_sense_is_a_document() {
    let shell = Shell::new();
    for arguments in [
        &[][..],
        &["rollback"],
        &["migrate", "--to", "five"],
        &["plan", "--sql", "--rehearse"],
        &["plan", "--from-version", "1"],
        &["migrate", "--no-backup", "--keep-backups", "1"],
    ] {
        let (code, document) = json(&shell, arguments);
        assert_eq!(code, 2);
        assert_eq!(document["error"]["kind"], "usage", "{document:#}");
        assert!(!document["error"]["message"].as_str().unwrap().is_empty());
    }
    assert!(shell.files().is_empty());
}
