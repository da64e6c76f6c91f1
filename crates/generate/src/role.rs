//! Values that an ordinary application would have.

use schema::Affinity;
use schema::sql::fold;

use crate::stamp::Stamp;
use observe::Value;
use stdx::Rng;

const WORDS: &[&str] = &[
    "Milk", "bread", "Home", "work", "Ada", "Grace", "linus", "Zoe", "blue", "Red", "alpha",
    "Beta", "north", "Oslo", "Paris", "Café", "naïve", "garden", "Invoice", "summer", "draft",
    "Queue",
];

/// The likely content of a column, by its name, type and default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Flag,
    Count,
    Seconds,
    Money,
    Measure,
    Stamp(Stamp),
    Json,
    Email,
    Address,
    Hex,
    Word,
    Sentence,
    Bytes,
    /// No type: the column may contain anything.
    Any,
}

impl Role {
    /// Guesses the role from a column's name, declared type and default.
    pub(super) fn guess(name: &str, kind: &str, affinity: Affinity, default: &str) -> Role {
        let (name, kind, default) = (fold(name), fold(kind), fold(default));
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        let ends = |parts: &[&str]| parts.iter().any(|part| name.ends_with(part));
        let timely = ends(&["_at", "_on", "date", "time", "timestamp", "_ts", "day"])
            || kind.contains("date")
            || kind.contains("time")
            || default.contains("current_")
            || default.contains("datetime")
            || default.contains("strftime");
        let stamp = match () {
            () if default.contains("current_date")
                || kind == "date"
                || (ends(&["date", "day", "_on"]) && !kind.contains("time")) =>
            {
                Stamp::Date
            }
            () if kind == "time"
                || default.contains("current_time") && !default.contains("stamp") =>
            {
                Stamp::Time
            }
            () => Stamp::DateTime,
        };
        let flag = kind.contains("bool")
            || ["is_", "has_", "can_"]
                .iter()
                .any(|start| name.starts_with(start));
        match affinity {
            Affinity::Integer | Affinity::Numeric if flag => Role::Flag,
            Affinity::Integer if timely => Role::Seconds,
            Affinity::Integer => Role::Count,
            Affinity::Numeric if timely => Role::Stamp(stamp),
            Affinity::Numeric if kind == "string" => Role::Word,
            Affinity::Numeric if kind.contains("json") => Role::Json,
            Affinity::Numeric => Role::Money,
            Affinity::Real => Role::Measure,
            Affinity::Blob if kind.is_empty() || kind == "any" => Role::Any,
            Affinity::Blob => Role::Bytes,
            Affinity::Text if timely => Role::Stamp(stamp),
            Affinity::Text
                if has(&["json"])
                    || kind.contains("json")
                    || default.starts_with("'{")
                    || default.starts_with("'[") =>
            {
                Role::Json
            }
            Affinity::Text if has(&["email", "e_mail"]) => Role::Email,
            Affinity::Text if has(&["url", "uri", "link", "website"]) => Role::Address,
            Affinity::Text
                if has(&["uuid", "guid", "hash", "token", "sha", "salt", "digest"])
                    || ends(&["_id", "key"])
                    || name == "id" =>
            {
                Role::Hex
            }
            Affinity::Text
                if has(&[
                    "body",
                    "text",
                    "content",
                    "description",
                    "note",
                    "comment",
                    "message",
                ]) =>
            {
                Role::Sentence
            }
            Affinity::Text => Role::Word,
        }
    }

    /// A value of this role.
    pub(super) fn value(self, rng: &mut Rng) -> Value {
        match self {
            Role::Flag => Value::Integer(rng.between(0, 1)),
            Role::Count => Value::Integer(rng.between(0, 120)),
            Role::Seconds => Value::Integer(rng.between(1_262_304_000, 1_893_456_000)),
            Role::Money if rng.chance(50) => Value::Integer(rng.between(0, 5_000)),
            Role::Money | Role::Measure => {
                // Quarters are exact in binary and in decimal, so that printing and reading do not
                // change them.
                Value::Real((rng.between(1, 4_000) as f64 / 4.0).to_bits())
            }
            Role::Stamp(stamp) => Value::text(&time(stamp, rng)),
            Role::Json => Value::text(&json(None, rng)),
            Role::Email => Value::text(&format!("{}@example.org", fold(rng.pick(&WORDS[4..8])))),
            Role::Address => Value::text(&format!(
                "https://example.org/{}",
                fold(rng.pick(&WORDS[..4]))
            )),
            // A letter in front, because a numeric column would convert digits alone.
            Role::Hex => Value::text(&format!(
                "{:x}{:015x}",
                rng.between(10, 15),
                rng.next_u64() >> 4
            )),
            Role::Word => Value::text(rng.pick(WORDS)),
            Role::Sentence => Value::text(&words(rng)),
            Role::Bytes => Value::Blob(rng.next_u64().to_le_bytes().to_vec()),
            Role::Any if rng.chance(50) => Value::Integer(rng.between(0, 120)),
            Role::Any => Value::text(rng.pick(WORDS)),
        }
    }

    /// Draws a value that differs for each `number`, for columns that must be unique.
    pub(super) fn distinct(self, number: usize, rng: &mut Rng) -> Value {
        let whole = i64::try_from(number).unwrap_or(i64::MAX);
        let text = match self {
            Role::Count | Role::Flag | Role::Money | Role::Any => return Value::Integer(whole),
            Role::Seconds => return Value::Integer(1_262_304_000 + whole),
            Role::Measure => return Value::Real((whole as f64 + 0.5).to_bits()),
            Role::Bytes => return Value::Blob(whole.to_be_bytes().to_vec()),
            Role::Stamp(Stamp::Date) => format!(
                "{:04}-{:02}-{:02}",
                2000 + number / 336,
                1 + number / 28 % 12,
                1 + number % 28
            ),
            Role::Stamp(Stamp::DateTime) => {
                format!(
                    "2025-03-01 {:02}:{:02}:{:02}",
                    number / 3600 % 24,
                    number / 60 % 60,
                    number % 60
                )
            }
            Role::Stamp(Stamp::Time) => format!(
                "{:02}:{:02}:{:02}",
                number / 3600 % 24,
                number / 60 % 60,
                number % 60
            ),
            Role::Json => format!("{{\"n\":{number}}}"),
            Role::Email => format!("person{number}@example.org"),
            Role::Address => format!("https://example.org/{number}"),
            Role::Hex => return self.value(rng),
            Role::Word | Role::Sentence => format!("{} {number}", rng.pick(WORDS)),
        };
        Value::text(&text)
    }
}

/// Some words, separated by spaces.
pub(super) fn words(rng: &mut Rng) -> String {
    let count = 1 + rng.index(4);
    (0..count)
        .map(|_| rng.pick(WORDS))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Draws a valid time between 2010 and 2030.
pub(super) fn time(stamp: Stamp, rng: &mut Rng) -> String {
    let date = format!(
        "{:04}-{:02}-{:02}",
        rng.between(2010, 2029),
        rng.between(1, 12),
        rng.between(1, 28)
    );
    let time = format!(
        "{:02}:{:02}:{:02}",
        rng.between(0, 23),
        rng.between(0, 59),
        rng.between(0, 59)
    );
    match stamp {
        Stamp::Date => date,
        Stamp::Time => time,
        Stamp::DateTime => format!("{date} {time}"),
    }
}

/// Draws a small JSON document of a type, as `json_type` names it.
pub(super) fn json(kind: Option<&str>, rng: &mut Rng) -> String {
    let number = rng.between(0, 99);
    let word = rng.pick(WORDS);
    let kinds = ["object", "object", "object", "array"];
    match kind.unwrap_or_else(|| rng.choose(&kinds).copied().unwrap_or_default()) {
        "array" => (*rng
            .choose(&["[]".to_owned(), format!("[{number},\"{word}\"]")])
            .unwrap_or(&String::new()))
        .clone(),
        "text" => format!("\"{word}\""),
        "integer" => number.to_string(),
        "real" => format!("{number}.5"),
        "true" | "false" | "null" => kind.unwrap_or_default().to_owned(),
        _ if rng.chance(25) => "{}".to_owned(),
        _ => format!("{{\"name\":\"{word}\",\"n\":{number}}}"),
    }
}
