//! Edge values, and their detection.

use schema::Affinity;

use observe::Value;
use stdx::Rng;

/// Whole numbers at a limit: exact doubles, 32 bits, 64 bits.
const NUMBERS: &[i64] = &[
    -1,
    i64::MAX,
    i64::MIN,
    -i64::MAX,
    (1 << 53) + 1,
    -(1 << 53) - 1,
    1 << 31,
    1 << 32,
];

/// Fractions at a limit.
const REALS: &[f64] = &[
    -0.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e308,
    -1e308,
    5e-324,
    9_007_199_254_740_992.0,
    1e19,
];

/// Texts that look like a number, which a numeric column converts.
const DIGITS: &[&str] = &[
    "00123",
    "1e400",
    "12345678901234567890",
    "+5",
    " 7 ",
    "0x1F",
    "-0",
];

/// Texts that break code which expects words.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a ",
    "a\0b",
    "\0",
    "NULL",
    "it's",
    "\"quoted\"",
    "line\r\nbreak\n",
    "'; DROP TABLE note; --",
    "/* ?1 :a @b $c */",
    "%_[*?]\\",
    "e\u{301}\u{323}",
    "İıſß",
    "שלום",
    "\u{202e}txt.exe",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "\u{feff}",
    "\u{d7ff}\u{e000}\u{fffd}",
    "\u{ffff}\u{1fffe}",
    "\u{10ffff}",
    "漢字\u{2f81a}",
    "\t\u{b}\u{85}\u{2028}",
    "{\"a\":",
];

/// The length from which on a value is long.
const LONG: usize = 1_000;

/// Draws an edge value for a column of this affinity; with `strict` typing, never of a different
/// type.
pub(super) fn value(affinity: Affinity, strict: bool, roomy: &mut bool, rng: &mut Rng) -> Value {
    if !strict && rng.chance(15) {
        return foreign(affinity, rng);
    }
    match affinity {
        Affinity::Integer => number(rng),
        Affinity::Real => real(rng),
        Affinity::Numeric if rng.chance(50) => number(rng),
        Affinity::Numeric => real(rng),
        Affinity::Text => Value::text(&text(roomy, rng)),
        Affinity::Blob => blob(roomy, rng),
    }
}

/// Draws a value of a type that the column does not declare; SQLite stores it nevertheless.
fn foreign(affinity: Affinity, rng: &mut Rng) -> Value {
    match affinity {
        Affinity::Integer | Affinity::Real | Affinity::Numeric => match rng.index(4) {
            0 => Value::text("abc"),
            1 => Value::Blob(vec![0, 255]),
            2 => Value::text(""),
            _ => Value::text(rng.pick(DIGITS)),
        },
        Affinity::Text => Value::Blob(vec![b'a', 0, 255]),
        Affinity::Blob => match rng.index(4) {
            0 => Value::text(rng.pick(TEXTS)),
            3 => Value::text("abc"),
            1 => number(rng),
            _ => real(rng),
        },
    }
}

fn number(rng: &mut Rng) -> Value {
    Value::Integer(rng.choose(NUMBERS).copied().unwrap_or(-1))
}

fn real(rng: &mut Rng) -> Value {
    Value::Real(rng.choose(REALS).copied().unwrap_or(-0.0).to_bits())
}

fn text(roomy: &mut bool, rng: &mut Rng) -> String {
    match rng.index(20) {
        0 | 1 => rng.pick(DIGITS).to_owned(),
        2 => any_plane(rng),
        3 if std::mem::take(roomy) => "ü".repeat(size(rng) / 2),
        _ => rng.pick(TEXTS).to_owned(),
    }
}

/// A character of each plane that has any.
fn any_plane(rng: &mut Rng) -> String {
    let planes = [0, 1, 2, 3, 14, 15, 16_u32];
    let character = |plane: &u32| char::from_u32((plane << 16) + (rng.next_u64() % 0xfffe) as u32);
    planes.iter().filter_map(character).collect()
}

fn blob(roomy: &mut bool, rng: &mut Rng) -> Value {
    Value::Blob(match rng.index(5) {
        0 => Vec::new(),
        1 => vec![0],
        2 => (0..=255).collect(),
        3 if std::mem::take(roomy) => vec![0xa5; size(rng)],
        _ => b"text?".to_vec(),
    })
}

/// Mostly a page more than SQLite's smallest cache of a row, rarely a megabyte.
fn size(rng: &mut Rng) -> usize {
    if rng.chance(10) { 1_000_000 } else { 9_000 }
}

/// The reason why a value is an edge value in a column of this affinity; `None` for an ordinary
/// one.
pub fn why(value: &Value, affinity: Affinity, typed: bool) -> Option<&'static str> {
    let numeric = matches!(
        affinity,
        Affinity::Integer | Affinity::Real | Affinity::Numeric
    );
    match value {
        Value::Null => None,
        Value::Integer(number) if *number < 0 => Some("a negative number"),
        Value::Integer(number) if *number >= 1 << 31 => Some("a large number"),
        Value::Integer(_) => None,
        Value::Real(bits) => {
            let real = f64::from_bits(*bits);
            match () {
                () if real.is_infinite() => Some("an infinite number"),
                () if *bits == (-0.0_f64).to_bits() => Some("a negative nought"),
                () if real < 0.0 => Some("a negative number"),
                () if real > 1e9 || (real != 0.0 && real < 1e-9) => Some("a number at the edge"),
                () if affinity == Affinity::Integer && typed => {
                    Some("a fraction in a column of integers")
                }
                () => None,
            }
        }
        Value::Text(bytes) => {
            let Ok(text) = std::str::from_utf8(bytes) else {
                return Some("text that is not UTF-8");
            };
            why_text(text).or(match affinity {
                Affinity::Integer | Affinity::Real => Some("text in a column of numbers"),
                Affinity::Blob if typed => Some("text in a column of blobs"),
                _ => None,
            })
        }
        Value::Blob(_) if affinity == Affinity::Text => Some("a blob in a column of text"),
        Value::Blob(_) if numeric => Some("a blob in a column of numbers"),
        Value::Blob(bytes) if bytes.is_empty() => Some("an empty blob"),
        Value::Blob(bytes) if bytes.len() > LONG => Some("a long blob"),
        Value::Blob(_) => None,
    }
}

fn why_text(text: &str) -> Option<&'static str> {
    let looks_like_number = || {
        let trimmed = text.trim();
        let digits = trimmed.trim_start_matches(['+', '-']);
        let padded = digits.starts_with('0')
            && digits.len() > 1
            && digits.bytes().all(|b| b.is_ascii_digit());
        digits.starts_with(|c: char| c.is_ascii_digit())
            && (padded
                || trimmed.len() != digits.len()
                || trimmed != text
                || (digits.len() > 18 && digits.bytes().all(|b| b.is_ascii_digit()))
                || trimmed.parse::<f64>().is_ok_and(f64::is_infinite)
                || digits.starts_with("0x"))
    };
    let strange = |c: char| {
        let code = u32::from(c);
        c.is_control()
            || code >= 0x10000
            || (0x300..0x370).contains(&code)
            || (0x590..0x900).contains(&code)
            || (0x130..0x180).contains(&code)
            || (0x2000..0x2070).contains(&code)
            || code >= 0x3000
            || c == 'ß'
    };
    match text {
        "" => Some("empty text"),
        _ if text.len() > LONG => Some("long text"),
        _ if text.contains('\0') => Some("a NUL inside text"),
        _ if text.contains(['\n', '\r', '\t']) => Some("a line break inside text"),
        _ if text.trim() != text => Some("leading or trailing whitespace"),
        _ if looks_like_number() => Some("text that looks like a number"),
        _ if text.contains(strange) => Some("unusual characters"),
        "NULL" | "it's" | "\"quoted\"" => Some("text that looks like SQL"),
        _ if text.contains("--") || text.contains("/*") || text.contains("%_") => {
            Some("text that looks like SQL")
        }
        "{\"a\":" => Some("a broken document"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_edge_is_reported_as_one() {
        let is_edge = |value: &Value, affinity| why(value, affinity, true).is_some();
        for text in TEXTS.iter().chain(DIGITS) {
            let edge = is_edge(&Value::text(text), Affinity::Text);
            assert!(edge, "{text:?} counts as an ordinary text");
        }
        for number in NUMBERS {
            assert!(
                is_edge(&Value::Integer(*number), Affinity::Integer),
                "{number}"
            );
        }
        for real in REALS {
            assert!(
                is_edge(&Value::Real(real.to_bits()), Affinity::Real),
                "{real}"
            );
        }
        let all = [
            Affinity::Text,
            Affinity::Integer,
            Affinity::Real,
            Affinity::Numeric,
        ];
        for affinity in all {
            assert!(is_edge(&Value::Blob(vec![1]), affinity), "{affinity:?}");
        }
    }
}
