//! Hints about the values of columns from other SQL: the literals with which it compares them, and
//! the columns that it reads as JSON.

use std::collections::{BTreeMap, BTreeSet};

use schema::sql::fold;

/// The number of values read from an `IN` list.
const LONGEST: usize = 8;

/// Hints about columns from statements, by folded name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueHints {
    /// Literals with which a column is compared, as SQL.
    pub literals: BTreeMap<String, Vec<String>>,
    /// Columns that a JSON function or `->` reads.
    pub json: BTreeSet<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Word<'a> {
    /// A name or a keyword, folded and without quotes.
    Name(String),
    /// A string or a number, as written.
    Literal(&'a str),
    Sign(&'a str),
}

use Word::{Literal, Name, Sign};

impl ValueHints {
    /// Adds the hints in `sql`.
    pub fn read(&mut self, sql: &str) {
        let words = words(sql);
        let mut assigns = false;
        for (place, word) in words.iter().enumerate() {
            let Name(name) = word else { continue };
            assigns = match name.as_str() {
                "set" => true,
                "where" | "from" | "when" | "on" => false,
                _ => assigns,
            };
            let rest = words.get(place + 1..).unwrap_or_default();
            match rest {
                // A new value of a column is no hint about its old one.
                [Sign("="), ..] if assigns => {}
                [Sign("=" | "==" | "!=" | "<>"), Literal(value), rest @ ..] if ends(rest) => {
                    self.compared(name, value);
                }
                [
                    Sign("=" | "==" | "!=" | "<>"),
                    Sign("-"),
                    Literal(value),
                    rest @ ..,
                ] if ends(rest) => {
                    self.compared(name, &format!("-{value}"));
                }
                [Name(is), Literal(value), ..] if is == "is" => self.compared(name, value),
                [Name(word), Sign("("), list @ ..] if word == "in" && name != "not" => {
                    self.listed(name, list)
                }
                [Name(not), Name(word), Sign("("), list @ ..] if not == "not" && word == "in" => {
                    self.listed(name, list);
                }
                [Sign("->" | "->>"), ..] => {
                    self.json.insert(name.clone());
                }
                [Sign("("), Name(_), Sign("."), Name(column), ..]
                | [Sign("("), Name(column), ..]
                    if name.starts_with("json") =>
                {
                    self.json.insert(column.clone());
                }
                _ => {}
            }
            let before = words.get(..place).unwrap_or_default();
            if let [.., Literal(value), Sign("=" | "==")] = before {
                self.compared(name, value);
            }
        }
    }

    fn compared(&mut self, column: &str, value: &str) {
        let known = self.literals.entry(column.to_owned()).or_default();
        if known.len() < LONGEST && !known.iter().any(|own| own == value) {
            known.push(value.to_owned());
        }
    }

    fn listed(&mut self, column: &str, list: &[Word<'_>]) {
        for word in list {
            match word {
                Literal(value) => self.compared(column, value),
                Sign(",") => {}
                _ => break,
            }
        }
    }
}

/// The names and keywords in SQL, folded and without quotes.
pub fn names(sql: &str) -> BTreeSet<String> {
    let names = words(sql).into_iter().filter_map(|word| match word {
        Name(name) => Some(name),
        Literal(_) | Sign(_) => None,
    });
    names.collect()
}

/// Whether a literal is a whole side of a comparison.
fn ends(rest: &[Word<'_>]) -> bool {
    let goes_on = ["|", "+", "-", "*", "/", "%", "->", "->>"];
    !matches!(rest.first(), Some(Sign(sign)) if goes_on.contains(sign))
}

fn words(sql: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (length, word) = word(rest, first);
        found.extend(word);
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// The length of the first word of `rest`, and the word, unless it is whitespace or a comment.
fn word(rest: &str, first: char) -> (usize, Option<Word<'_>>) {
    let until = |end: &str, from: usize| {
        let found = rest.get(from..).and_then(|tail| tail.find(end));
        found.map_or(rest.len(), |at| from + at + end.len())
    };
    let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
    let name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    match first {
        _ if first.is_whitespace() => (run(char::is_whitespace), None),
        '-' if rest.starts_with("--") => (until("\n", 2), None),
        '/' if rest.starts_with("/*") => (until("*/", 2), None),
        '\'' => {
            let length = closed(rest, '\'');
            (length, rest.get(..length).map(Literal))
        }
        '"' | '`' | '[' => {
            let end = if first == '[' { ']' } else { first };
            let length = closed(rest, end);
            let inner = rest.get(1..length.saturating_sub(1)).unwrap_or_default();
            (length, Some(Name(fold(inner))))
        }
        '0'..='9' => {
            let length = run(|c| c.is_ascii_alphanumeric() || c == '.');
            (length, rest.get(..length).map(Literal))
        }
        _ if name(first) => {
            let length = run(|c| c.is_alphanumeric() || c == '_' || c == '$');
            (length, rest.get(..length).map(|word| Name(fold(word))))
        }
        _ => {
            let signs = ["->>", "->", "==", "!=", "<>"];
            let sign = signs.iter().find(|sign| rest.starts_with(**sign));
            let length = sign.map_or(first.len_utf8(), |sign| sign.len());
            (length, rest.get(..length).map(Sign))
        }
    }
}

/// The length of a quoted word that ends with `end`, which is doubled inside.
fn closed(rest: &str, end: char) -> usize {
    let mut from = 1;
    loop {
        let Some(at) = rest.get(from..).and_then(|tail| tail.find(end)) else {
            return rest.len();
        };
        let next = from + at + end.len_utf8();
        if rest.get(next..).is_some_and(|tail| tail.starts_with(end)) {
            from = next + end.len_utf8()
        } else {
            return next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(sql: &str) -> Vec<(String, Vec<String>)> {
        let mut hints = ValueHints::default();
        hints.read(sql);
        hints.literals.into_iter().collect()
    }

    fn json(sql: &str) -> Vec<String> {
        let mut hints = ValueHints::default();
        hints.read(sql);
        hints.json.into_iter().collect()
    }

    #[test]
    fn what_is_compared_is_read() {
        let pair = |name: &str, values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            (name.to_owned(), values)
        };
        assert_eq!(
            literals("DELETE FROM t WHERE t.\"Kind\" = 'it''s' AND n <> -3 OR 'x' = [b c]"),
            [
                pair("b c", &["'x'"]),
                pair("kind", &["'it''s'"]),
                pair("n", &["-3"])
            ]
        );
        assert_eq!(
            literals("UPDATE t SET a = 'b', c = 4 WHERE `s` NOT IN ('a', 'b') AND r IN (1)"),
            [pair("r", &["1"]), pair("s", &["'a'", "'b'"])]
        );
        assert_eq!(
            literals("SELECT a = b, -- c = 'd'\n /* e = 1 */ f = NULL"),
            []
        );
        assert_eq!(literals("SELECT 'open"), []);
        assert_eq!(literals("UPDATE t SET a = 'x' || a, b = 1 + b"), []);
    }

    #[test]
    fn what_is_read_as_json_is_read() {
        assert_eq!(
            json("SELECT json_extract(t.data, '$.a'), meta ->> 'x'"),
            ["data", "meta"]
        );
        assert_eq!(json("SELECT a - b, lower(c)"), Vec::<String>::new());
    }
}
