//! The subject of the proof: the catalogue of the training logs, with the declarations of its
//! application.

use std::path::PathBuf;

use harness::{Application, Content, Insert, Subject, Value};
use migrations::{BoxError, Version};
use proptest::strategy::{BoxedStrategy, Strategy};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use traininglogs::generate::{self, GeneratedSession};
use traininglogs::{Document, NewSession};
use xtask::project;

/// The subject, in the checkout at `root`.
pub(crate) fn subject(root: PathBuf) -> Subject<'static> {
    Subject {
        root,
        versions: PathBuf::from(project::VERSIONS),
        fixtures: PathBuf::from(project::FIXTURES),
        docs: project::DOCS.iter().map(PathBuf::from).collect(),
        catalogue: traininglogs::catalogue(),
        queries: traininglogs::QUERIES,
        application: &TrainingLogs,
        title: "verify-migrations".to_owned(),
        repeat: harness::Repeat::Command("cargo xtask verify-migrations".to_owned()),
    }
}

struct TrainingLogs;

impl Application for TrainingLogs {
    fn content(&self, version: Version) -> Option<BoxedStrategy<Content>> {
        let content = move |sessions: Vec<GeneratedSession>| Content {
            inserts: sessions
                .iter()
                .flat_map(|session| rows(session, version))
                .collect(),
        };
        Some(generate::sessions().prop_map(content).boxed())
    }

    fn write(&self, connection: &Connection, version: Version, seed: u64) -> Result<(), BoxError> {
        let names = ["Squat", "Deadlift", "Überkopfdrücken"];
        let exercises: Vec<_> = names
            .iter()
            .take(usize::try_from(seed % 4)?)
            .map(|name| serde_json::json!({ "name": name, "sets": [{ "reps": 5 }] }))
            .collect();
        let document = serde_json::json!({ "date": "2030-01-02", "exercises": exercises });
        let session = NewSession {
            document: document.to_string(),
            duration_minutes: Some(45),
            user_id: Some("written by an older build".to_owned()),
            ..NewSession::default()
        };
        let id = format!("older-build-{version}-{seed}");
        let time = format!("2030-01-02T03:04:{seed:02}Z");
        traininglogs::write_session(connection, version, &id, &time, &session)?;
        Ok(())
    }

    fn inconsistencies(
        &self,
        connection: &Connection,
        version: Version,
    ) -> Result<Vec<String>, BoxError> {
        Ok(traininglogs::inconsistencies(connection, version)?)
    }
}

/// The rows that a build of `version` writes for a session. A session without an id, which no build
/// writes but the schema allows, gets the rows of an upgrade.
fn rows(session: &GeneratedSession, version: Version) -> Vec<Insert> {
    let id = session.id.as_deref().map_or(Value::Null, Value::text);
    let time = session.created_at.as_str();
    let mut values = vec![
        ("id", id.clone()),
        ("created_at", Value::text(time)),
        ("raw_json", Value::text(&session.raw_json)),
    ];
    if version >= 3 {
        values.push((
            "duration_minutes",
            session.duration_minutes.map_or(Value::Null, Value::Integer),
        ));
    }
    let mut inserts = vec![insert("training_sessions", values)];
    let document = Document::parse(&session.raw_json);
    if let (2.., Some(own), Ok(document)) = (version, &session.id, document) {
        let date = document.date.as_deref().map_or(Value::Null, Value::text);
        for (position, name) in document.exercises.iter().enumerate() {
            let (id_text, time) = (
                ValueRef::Text(own.as_bytes()),
                ValueRef::Text(time.as_bytes()),
            );
            let row = traininglogs::exercise_id(id_text, time, position);
            inserts.push(insert(
                "exercises_index",
                vec![
                    ("id", Value::text(&row.to_string())),
                    ("session_id", id.clone()),
                    ("exercise_name", Value::text(name)),
                    ("date_logged", date.clone()),
                ],
            ));
        }
    }
    if version >= 5 {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::text);
        inserts.push(insert(
            "session_metadata",
            vec![
                ("session_id", id),
                ("user_id", text(&session.user_id)),
                ("device", text(&session.device)),
            ],
        ));
    }
    inserts
}

fn insert(table: &str, values: Vec<(&str, Value)>) -> Insert {
    let values = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Insert {
        table: table.to_owned(),
        values: values.collect(),
    }
}

#[cfg(test)]
mod tests {
    use harness::{Content, observe};
    use proptest::proptest;
    use proptest::test_runner::Config;
    use traininglogs::generate;

    use super::rows;

    proptest! {
        #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

        /// The generated databases are those that builds of each version would write.
        #[test]
        fn content_is_what_a_build_writes(sessions in generate::sessions()) {
            let has_id = |session: &generate::GeneratedSession| session.id.is_some();
            let sessions: Vec<_> = sessions.into_iter().filter(has_id).collect();
            let catalogue = traininglogs::catalogue();
            for version in 1..=catalogue.current_version() {
                let made = catalogue.build(version).unwrap();
                let inserts = sessions.iter().flat_map(|session| rows(session, version)).collect();
                Content { inserts }.put_into(&made).unwrap();
                let written = catalogue.build(version).unwrap();
                for session in &sessions {
                    let id = session.id.as_deref().unwrap();
                    let (time, new) = (&session.created_at, session.to_new());
                    traininglogs::write_session(&written, version, id, time, &new).unwrap();
                }
                let (made, written) = (observe(&made), observe(&written));
                assert_eq!(made.unwrap().tables, written.unwrap().tables);
            }
        }
    }
}
