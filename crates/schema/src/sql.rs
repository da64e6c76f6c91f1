//! SQL as text: the ends of statements, the significant parts of a script, and quoting.
//!
//! Nothing here queries SQLite, and nothing fails: invalid text is passed on, so that SQLite
//! refuses it.

pub(crate) mod token;

use token::{Kind, Token, tokens, words};

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement<'a> {
    /// The text from the first token to the last, without the closing `;`, with inner comments.
    pub text: &'a str,
    /// The start of `text` in the script, in bytes.
    pub offset: usize,
    /// The line of the first token, from 1.
    pub line: usize,
    /// The column of the first token, from 1, in characters.
    pub column: usize,
}

/// The statements of a script, in order.
///
/// A statement ends at each `;` at which [`sqlite3_complete`] finds it complete: the body of a
/// trigger stays whole, and a `;` in a string, a quoted name or a comment ends nothing. A statement
/// that consists only of whitespace and comments is left out.
///
/// An unclosed string or quoted name extends to the end of the script and makes the rest one
/// statement, which SQLite reports. An unclosed comment is its own statement or the end of one;
/// SQLite would skip it silently.
///
/// ```
/// let script = "CREATE TABLE t(a);\nINSERT INTO t VALUES (';'); -- the end";
/// let all = schema::sql::statements(script);
/// assert_eq!(all.len(), 2);
/// assert_eq!(all[1].text, "INSERT INTO t VALUES (';')");
/// assert_eq!((all[1].line, all[1].column), (2, 1));
/// ```
///
/// [`sqlite3_complete`]: https://sqlite.org/c3ref/complete.html
pub fn statements(script: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut state = State::Start;
    let mut place = Place { line: 1, column: 1 };
    let mut open: Option<Statement<'_>> = None;
    for token in tokens(script) {
        state = state.after(token);
        match (token.kind, state) {
            (Kind::Blank, _) => {}
            (Kind::Semicolon, State::Start) => found.extend(open.take()),
            _ => {
                let start = open.get_or_insert(Statement {
                    text: "",
                    offset: token.offset,
                    line: place.line,
                    column: place.column,
                });
                let end = token.offset + token.text.len();
                start.text = script.get(start.offset..end).unwrap_or_default();
            }
        }
        place.pass(token.text);
    }
    found.extend(open);
    found
}

/// The line and column, both from 1, of the next character.
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    fn pass(&mut self, text: &str) {
        match text.rfind('\n') {
            Some(at) => {
                self.line += text.bytes().filter(|&b| b == b'\n').count();
                self.column = text.get(at + 1..).unwrap_or_default().chars().count() + 1;
            }
            None => self.column += text.chars().count(),
        }
    }
}

/// The states of `sqlite3_complete()`. A trigger ends only at `; END ;`, so neither the `;` of its
/// statements nor the `END` of a `CASE` ends it.
#[derive(Clone, Copy)]
enum State {
    Start,
    Normal,
    Explain,
    Create,
    Trigger,
    TriggerSemicolon,
    TriggerEnd,
}

impl State {
    fn after(self, token: Token<'_>) -> State {
        let is = |word: &str| token.kind == Kind::Word && token.text.eq_ignore_ascii_case(word);
        match (self, token.kind) {
            (_, Kind::Blank) => self,
            (State::Trigger | State::TriggerSemicolon, Kind::Semicolon) => State::TriggerSemicolon,
            (_, Kind::Semicolon) => State::Start,
            (State::TriggerSemicolon, _) if is("END") => State::TriggerEnd,
            (State::Trigger | State::TriggerSemicolon | State::TriggerEnd, _) => State::Trigger,
            (State::Start, _) if is("EXPLAIN") => State::Explain,
            (State::Start | State::Explain, _) if is("CREATE") => State::Create,
            (State::Explain, _) => State::Explain,
            (State::Create, _) if is("TEMP") || is("TEMPORARY") => State::Create,
            (State::Create, _) if is("TRIGGER") => State::Trigger,
            _ => State::Normal,
        }
    }
}

/// The canonical text of a script: one statement per line, each closed by `;`, with each run of
/// whitespace and comments replaced by one space, and without any at the ends. Everything else is
/// kept byte for byte, including the content of strings and quoted names.
///
/// Two scripts with equal canonical texts have the same effect. The reverse does not hold, because
/// case and optional spaces are kept. Digests of shipped steps are computed from this text, so its
/// rules never change.
///
/// ```
/// let text = schema::sql::canonical("-- why\r\nCREATE  TABLE t(\r\n  a TEXT -- what\r\n)");
/// assert_eq!(text, "CREATE TABLE t( a TEXT );\n");
/// ```
pub fn canonical(script: &str) -> String {
    let mut text = String::with_capacity(script.len());
    for statement in statements(script) {
        for token in tokens(statement.text) {
            match token.kind {
                Kind::Blank if text.ends_with(' ') => {}
                Kind::Blank => text.push(' '),
                _ => text.push_str(token.text),
            }
        }
        text.push_str(";\n");
    }
    text
}

/// A name in double quotes, as SQLite reads it back whatever it holds; inner quotes are doubled.
///
/// ```
/// assert_eq!(schema::sql::quote_name(r#"a "b""#), r#""a ""b""""#);
/// ```
pub fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal in single quotes; inner quotes are doubled. A NUL inside would end the SQL
/// text for SQLite, so text that may hold one must be bound and not quoted.
///
/// ```
/// assert_eq!(schema::sql::quote_text("it's"), "'it''s'");
/// ```
pub fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name as SQLite compares names: ASCII letters in lower case, all others as they are.
///
/// ```
/// assert_eq!(schema::sql::fold("Größe_ID"), "größe_id");
/// ```
pub fn fold(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Formats a name for output and comparison: folded, and quoted only if it must be.
pub fn show_name(name: &str) -> String {
    let folded = fold(name);
    if is_plain(&folded) {
        folded
    } else {
        quote_name(&folded)
    }
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b > 0x7f;
    bytes.next().is_some_and(letter)
        && bytes.all(|b| letter(b) || b.is_ascii_digit() || b == b'$')
        && !is_keyword(name)
}

/// Whether SQLite reserves the word, for any purpose.
fn is_keyword(name: &str) -> bool {
    // The parser's own table is defined only for words of keyword shape, and panics on others.
    let may_be = (2..=17).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    may_be && sqlite3_parser::dialect::keyword_token(name.as_bytes()).is_some()
}

/// The name in a token: without its quotes, if it is quoted and the quotes are closed.
pub(crate) fn unquote(token: &str) -> Option<String> {
    let quote = token.chars().next()?;
    let close = match quote {
        '"' | '`' | '\'' => quote,
        '[' => ']',
        _ => return None,
    };
    let inner = token.strip_prefix(quote)?.strip_suffix(close)?;
    if close == ']' {
        return (!inner.contains(']')).then(|| inner.to_owned());
    }
    let doubled: String = [quote, quote].iter().collect();
    let lone = inner.replace(&doubled, "").contains(quote);
    (!lone).then(|| inner.replace(&doubled, &quote.to_string()))
}

/// The name that a token of the grammar represents.
pub(crate) fn unquote_name(token: &str) -> String {
    unquote(token).unwrap_or_else(|| token.to_owned())
}

/// Normalises text that no grammar here understands, so that it can be compared: its tokens with
/// one space between them, words in lower case, names without unnecessary quotes.
pub(crate) fn plain(text: &str) -> String {
    let shown: Vec<String> = words(text)
        .map(|token| match token.kind {
            Kind::Word => fold(token.text),
            Kind::Quoted | Kind::DoubleQuoted => {
                unquote(token.text).map_or_else(|| token.text.to_owned(), |name| show_name(&name))
            }
            _ => token.text.to_owned(),
        })
        .collect();
    shown.join(" ")
}

/// The tokens of `text` unchanged, with one space between words and none around symbols.
pub(crate) fn tight(text: &str) -> String {
    let mut shown = String::new();
    let mut after_symbol = true;
    for token in words(text) {
        let symbol = token.kind == Kind::Symbol;
        if !after_symbol && !symbol {
            shown.push(' ');
        }
        shown.push_str(token.text);
        if token.text == "," {
            shown.push(' ');
        }
        after_symbol = symbol;
    }
    shown
}
