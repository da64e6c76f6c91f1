//! Reading documents: every error, and the same result as a plain read of the whole JSON.

use proptest::prelude::*;
use rusqlite::types::ValueRef;
use serde_json::Value;
use traininglogs::{Document, UNKNOWN, Unreadable, generate};

fn check(text: &str) -> String {
    match Document::parse(text) {
        Ok(document) => format!("{:?} {:?}", document.date, document.exercises),
        Err(reason) => reason.to_string(),
    }
}

#[test]
fn readable() {
    assert_eq!(check("{}"), "None []");
    let squat = r#"{"date":"2025-01-02","exercises":[{"name":"Squat","sets":[{"reps":5}]}]}"#;
    assert_eq!(check(squat), r#"Some("2025-01-02") ["Squat"]"#);
    assert_eq!(
        check(r#"{"date":5,"exercises":[{},{"name":""}]}"#),
        r#"None ["Unknown", ""]"#
    );
    assert_eq!(
        check(r#"{"exercises":[{"n\u0061me":"\u0053"}]}"#),
        r#"None ["S"]"#
    );
    // The ignored parts may be any JSON, however deep or large.
    let deep = format!("{{\"x\":{}1e999{}}}", "[".repeat(9999), "]".repeat(9999));
    assert_eq!(check(&deep), "None []");
    // Of a duplicate key the last one counts.
    assert_eq!(
        check(r#"{"date":"a","date":null,"exercises":5,"exercises":[]}"#),
        "None []"
    );
    assert_eq!(
        check(r#"{"exercises":[{"name":5,"name":"Squat"}]}"#),
        r#"None ["Squat"]"#
    );
}

#[test]
fn unreadable() {
    assert_eq!(check("[]"), "it is not an object");
    assert_eq!(check(r#"{"exercises":null}"#), "`exercises` is not a list");
    assert_eq!(
        check(r#"{"exercises":[{},[]]}"#),
        "exercise 2 is not an object"
    );
    assert_eq!(
        check(r#"{"exercises":[{"name":null}]}"#),
        "the name of exercise 1 is not a string"
    );
    assert_eq!(
        check(r#"{"exercises":[{"name":7},5]}"#),
        "the name of exercise 1 is not a string"
    );
    assert_eq!(
        check(r#"{"exercises":5"#),
        "it is not JSON: EOF while parsing an object at line 1 column 14"
    );
    assert_eq!(
        check(""),
        "it is not JSON: EOF while parsing a value at line 1 column 0"
    );
    for value in [ValueRef::Null, ValueRef::Integer(5), ValueRef::Blob(b"{}")] {
        assert_eq!(Document::read(value), Err(Unreadable::NotText));
    }
    assert_eq!(
        Document::read(ValueRef::Text(b"{\"a\":\"\xff\"}")),
        Err(Unreadable::NotUtf8)
    );
}

/// Reads the whole JSON first, and then takes it apart.
fn plainly(value: &Value) -> Result<(Option<&str>, Vec<&str>), Unreadable> {
    let object = value.as_object().ok_or(Unreadable::NotAnObject)?;
    let date = object.get("date").and_then(Value::as_str);
    let Some(exercises) = object.get("exercises") else {
        return Ok((date, Vec::new()));
    };
    let list = exercises.as_array().ok_or(Unreadable::ExercisesNotAList)?;
    let mut names = Vec::new();
    for (number, exercise) in (1..).zip(list) {
        let exercise = exercise
            .as_object()
            .ok_or(Unreadable::ExerciseNotAnObject(number))?;
        match exercise.get("name") {
            None => names.push(UNKNOWN),
            Some(Value::String(name)) => names.push(name),
            Some(_) => return Err(Unreadable::NameNotAString(number)),
        }
    }
    Ok((date, names))
}

/// Small JSON close to a document, so that every kind of value occurs at every place.
fn close_to_a_document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-5".to_owned()),
        Just("1.5".to_owned()),
        Just("\"Squat\"".to_owned()),
        Just("\"\\u00fc\"".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![Just("date"), Just("exercises"), Just("name"), Just("x")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((key, inner), 0..4).prop_map(|entries| {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

/// The result is the same as with `serde_json`, which may refuse more, such as numbers out of range
/// in ignored parts.
fn agrees(text: &str) {
    let read = Document::parse(text);
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let (date, exercises) = match plainly(&value) {
        Ok(plain) => plain,
        Err(reason) => return assert_eq!(read, Err(reason), "{text}"),
    };
    let read = read.unwrap();
    assert_eq!(read.date.as_deref(), date, "{text}");
    assert_eq!(read.exercises, exercises, "{text}");
}

proptest! {
    #![proptest_config(crate::cases())]

    #[test]
    fn generated_documents_read_alike(session in generate::session()) {
        agrees(&session.raw_json);
    }

    #[test]
    fn odd_shapes_read_alike(text in close_to_a_document()) {
        agrees(&text);
    }
}
