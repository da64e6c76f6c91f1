//! Strategies for sessions in files: mostly as devices send them, sometimes odd, and sometimes
//! hostile.
//!
//! All text is UTF-8 without the character NUL, so that a generated session can be written as SQL;
//! in a document the escape `\u0000` represents it. All values shrink towards a session with an
//! empty id, a plain time and a document without exercises.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::NewSession;

/// A session as a row of `training_sessions`, with the values that later versions store in
/// addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedSession {
    /// The column `id`; `None` for NULL, which a primary key that is not an INTEGER may be.
    pub id: Option<String>,
    /// The column `created_at`.
    pub created_at: String,
    /// The column `raw_json`.
    pub raw_json: String,
    /// The column `duration_minutes`, from version 3 on.
    pub duration_minutes: Option<i64>,
    /// `session_metadata.user_id`, from version 5 on.
    pub user_id: Option<String>,
    /// `session_metadata.device`, from version 5 on.
    pub device: Option<String>,
}

impl GeneratedSession {
    /// The session for [`write_session`](crate::write_session), which takes id and time separately.
    pub fn to_new(&self) -> NewSession {
        NewSession {
            document: self.raw_json.clone(),
            created_at: None,
            duration_minutes: self.duration_minutes,
            user_id: self.user_id.clone(),
            device: self.device.clone(),
        }
    }
}

/// Names that are common enough to be in several sessions. Two differ by case only, one by
/// whitespace, and one is the name of exercises without a name.
pub const NAMES: [&str; 6] = [
    "Squat",
    "squat",
    "Bench Press",
    "Bench  Press",
    "Unknown",
    "",
];

/// One session.
pub fn session() -> impl Strategy<Value = GeneratedSession> {
    (
        id(),
        created_at(),
        raw_json(),
        duration(),
        option::of(label()),
        option::of(label()),
    )
        .prop_map(
            |(id, created_at, raw_json, duration_minutes, user_id, device)| GeneratedSession {
                id,
                created_at,
                raw_json,
                duration_minutes,
                user_id,
                device,
            },
        )
}

/// Up to eleven sessions; no two have the same id, but several may have none.
pub fn sessions() -> impl Strategy<Value = Vec<GeneratedSession>> {
    vec(session(), 0..12).prop_map(|mut sessions| {
        let mut seen = HashSet::new();
        sessions.retain(|session| session.id.is_none() || seen.insert(session.id.clone()));
        sessions
    })
}

fn id() -> impl Strategy<Value = Option<String>> {
    let short = ["", "a", "A", "a ", "it's", "é", "e\u{301}", "1", "01"];
    let some = prop_oneof![
        3 => select(short.to_vec()).prop_map(str::to_owned),
        12 => any::<u128>().prop_map(|number| uuid::Uuid::from_u128(number).to_string()),
        1 => label(),
    ];
    prop_oneof![19 => some.prop_map(Some), 1 => Just(None)]
}

fn created_at() -> impl Strategy<Value = String> {
    let odd = [
        "",
        "yesterday",
        "2025-01-02",
        "2025-01-02 18:30:00Z",
        "2025-01-02T18:30:00",
        "2025-01-02T18:30:00+02:00",
        "2025-01-02T18:30:60Z",
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "1900-01-01T00:00:00Z",
        "-001000-01-01T00:00:00Z",
        "9999-12-30T22:00:00Z",
    ];
    // Twenty years from 2010 on, in seconds and milliseconds since 1970.
    let seconds = 1_262_304_000..1_893_456_000_i64;
    let milliseconds = 1_262_304_000_000..1_893_456_000_000_i64;
    let same = ["2025-01-02T18:30:00Z", "2025-01-02T18:30:00.000Z"];
    prop_oneof![
        3 => select(same.to_vec()).prop_map(str::to_owned),
        8 => seconds.prop_map(|seconds| rfc3339(seconds * 1000)),
        4 => milliseconds.prop_map(rfc3339),
        2 => select(odd.to_vec()).prop_map(str::to_owned),
        1 => label(),
    ]
}

fn rfc3339(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map(|time| time.to_string())
        .unwrap_or_default()
}

fn duration() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        3 => Just(None),
        6 => (0..300_i64).prop_map(Some),
        1 => any::<i64>().prop_map(Some),
    ]
}

/// Short text of any characters except NUL.
fn label() -> impl Strategy<Value = String> {
    let without_nul = |text: Vec<char>| text.into_iter().filter(|c| *c != '\0').collect();
    prop_oneof![
        3 => "[a-z0-9-]{0,12}",
        1 => vec(any::<char>(), 0..12).prop_map(without_nul),
    ]
}

fn raw_json() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => document(),
        3 => select(HOSTILE).prop_map(str::to_owned),
        1 => (document(), any::<prop::sample::Index>()).prop_map(|(text, end)| cut(&text, &end)),
        1 => (1..3000_usize, any::<bool>()).prop_map(|(depth, closed)| nested(depth, closed)),
        1 => label(),
    ]
}

/// A document that can be read, in several spellings.
fn document() -> impl Strategy<Value = String> {
    let date = prop_oneof![
        1 => Just(None),
        4 => (1..29_u8).prop_map(|day| Some(format!("\"2025-01-{day:02}\""))),
        2 => select(&["null", "20250102", r#""""#, r#""someday""#, r#""2025-1-2""#, "{}", "[]"][..])
            .prop_map(|odd| Some(odd.to_owned())),
        1 => string().prop_map(Some),
    ];
    let exercises = prop_oneof![
        1 => Just(None),
        8 => vec(exercise(), 0..5).prop_map(|list| Some(format!("[{}]", list.join(",")))),
    ];
    let extra = prop_oneof![
        5 => Just(None),
        1 => string().prop_map(Some),
        1 => select(&["1e999", r#""\ud800""#, r#"{"name":5,"date":7}"#, "-0.0"][..])
            .prop_map(|value| Some(value.to_owned())),
    ];
    (date, exercises, extra, any::<bool>()).prop_map(|(date, exercises, extra, reversed)| {
        let mut parts = Vec::new();
        for (key, value) in [("date", date), ("exercises", exercises), ("notes", extra)] {
            parts.extend(value.map(|value| format!("\"{key}\":{value}")));
        }
        if reversed {
            parts.reverse();
            return format!("{{ {} }}\n", parts.join(" ,\n\t"));
        }
        format!("{{{}}}", parts.join(","))
    })
}

fn exercise() -> impl Strategy<Value = String> {
    let sets = r#""sets":[{"reps":5,"kg":102.5}]"#;
    prop_oneof![
        1 => select(&["{}", r#"{"sets":[]}"#, r#"{"Name":"Squat"}"#][..]).prop_map(str::to_owned),
        8 => name().prop_map(move |name| format!("{{\"name\":{name},{sets}}}")),
        1 => (name(), name()).prop_map(|(a, b)| format!("{{\"name\":{a},\"name\":{b}}}")),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(&NAMES[..]).prop_map(quoted),
        1 => select(&NAMES[..]).prop_map(escaped),
        2 => string(),
    ]
}

/// A JSON string: short text, escapes, and sometimes very long text.
fn string() -> impl Strategy<Value = String> {
    let escapes = [
        r#""\u0000""#,
        r#""\ud83c\udfcb""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""a\u0000b""#,
    ];
    prop_oneof![
        4 => label().prop_map(|text| quoted(&text)),
        2 => label().prop_map(|text| escaped(&text)),
        2 => select(escapes.to_vec()).prop_map(str::to_owned),
        1 => (0..20_000_usize).prop_map(|length| quoted(&"ü".repeat(length))),
    ]
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The same text with every character as an escape.
fn escaped(text: &str) -> String {
    let units: String = text
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    format!("\"{units}\"")
}

fn cut(text: &str, end: &prop::sample::Index) -> String {
    text.chars()
        .take(end.index(text.chars().count().max(1)))
        .collect()
}

fn nested(depth: usize, closed: bool) -> String {
    let closing = if closed {
        "]".repeat(depth)
    } else {
        String::new()
    };
    format!(
        "{{\"exercises\":[{{\"name\":\"Squat\",\"sets\":{}{closing}}}]}}",
        "[".repeat(depth)
    )
}

/// Documents that no device should send, but that files contain.
const HOSTILE: &[&str] = &[
    "",
    "null",
    "5",
    "[]",
    "\"Squat\"",
    "{",
    "{} {}",
    "{\"exercises\":[],}",
    "\u{feff}{}",
    "{'exercises':[]}",
    r#"{"exercises":null}"#,
    r#"{"exercises":5}"#,
    r#"{"exercises":{"name":"Squat"}}"#,
    r#"{"exercises":"Squat"}"#,
    r#"{"exercises":["Squat"]}"#,
    r#"{"exercises":[{"name":"Squat"},null]}"#,
    r#"{"exercises":[[{"name":"Squat"}]]}"#,
    r#"{"exercises":[{"name":7}]}"#,
    r#"{"exercises":[{"name":null}]}"#,
    r#"{"exercises":[{"name":["Squat"]}]}"#,
    r#"{"exercises":[{"name":1e999}]}"#,
    r#"{"exercises":[{"name":"\ud800"}]}"#,
    r#"{"exercises":[{"name":"Squat"}],"exercises":5}"#,
    r#"{"exercises":5,"exercises":[{"name":"Squat"}]}"#,
    r#"{"exercises":[{"name":7,"name":"Squat"}]}"#,
    r#"{"date":"2025-01-02","date":null,"exercises":[{"name":"Squat"}]}"#,
    r#"{"date":1e999,"exercises":[{"name":"Squat"}]}"#,
    r#"{"exercises":[{"name":7}],"exercises":["Squat"],"broken"#,
];
