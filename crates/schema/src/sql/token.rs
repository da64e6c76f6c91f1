//! The tokens of SQL text, with the same ends as in SQLite's own tokenizer.
//!
//! Only statements, comments and quotes are distinguished here; parsing is not the task of this
//! file.

/// The kind of a piece of SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whitespace or a comment, which SQLite does not run.
    Blank,
    /// A keyword, a bare identifier, a number or a parameter.
    Word,
    /// `"x"`, which is a name if that name exists, and otherwise a string.
    DoubleQuoted,
    /// `` `x` `` or `[x]`, which is always a name.
    Quoted,
    /// `'x'`.
    String,
    /// `;`.
    Semicolon,
    /// An operator, a parenthesis, a comma, or a character that is not part of SQL.
    Symbol,
    /// An unclosed comment. SQLite silently reads the rest of the text as a comment, so it is kept
    /// as a token for a reader to see.
    OpenComment,
}

/// A piece of the text; the pieces together are the whole text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
}

/// All tokens of `text`, in order.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = text.get(offset..).filter(|rest| !rest.is_empty())?;
        let (kind, length) = first(rest);
        let token = Token {
            kind,
            text: rest.get(..length)?,
            offset,
        };
        offset += length;
        Some(token)
    })
}

/// The tokens of `text` except for whitespace and comments.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Token<'_>> {
    tokens(text).filter(|token| token.kind != Kind::Blank)
}

/// The kind and the length in bytes of the first token of `rest`, which is not empty.
fn first(rest: &str) -> (Kind, usize) {
    let bytes = rest.as_bytes();
    let second = bytes.get(1).copied();
    match bytes.first().copied().unwrap_or_default() {
        b if is_blank(b) => (Kind::Blank, run(bytes, is_blank)),
        // SQLite reads a byte order mark as whitespace.
        _ if rest.starts_with('\u{feff}') => (Kind::Blank, '\u{feff}'.len_utf8()),
        b'-' if second == Some(b'-') => (Kind::Blank, run(bytes, |b| b != b'\n')),
        b'/' if second == Some(b'*') => match rest.get(2..).and_then(|body| body.find("*/")) {
            Some(end) => (Kind::Blank, end + 4),
            None => (Kind::OpenComment, rest.len()),
        },
        b'\'' => (Kind::String, quoted(bytes, b'\'')),
        b'"' => (Kind::DoubleQuoted, quoted(bytes, b'"')),
        b'`' => (Kind::Quoted, quoted(bytes, b'`')),
        b'[' => {
            let end = bytes.iter().position(|&b| b == b']');
            (Kind::Quoted, end.map_or(bytes.len(), |end| end + 1))
        }
        b';' => (Kind::Semicolon, 1),
        b if is_number_start(b, second) => (Kind::Word, number(bytes)),
        b if is_word(b) => (Kind::Word, run(bytes, is_word)),
        _ => (Kind::Symbol, symbol(rest)),
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

/// Whether a byte is part of an identifier, a number or a parameter; SQLite reads every byte beyond
/// ASCII as a letter.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@' | b'#' | b':') || byte > 0x7f
}

fn is_number_start(byte: u8, second: Option<u8>) -> bool {
    byte.is_ascii_digit() || (byte == b'.' && second.is_some_and(|b| b.is_ascii_digit()))
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|&b| !belongs(b))
        .unwrap_or(bytes.len())
}

/// The length of a number, whose exponent may have a sign: `1.5e-3` is one token.
fn number(bytes: &[u8]) -> usize {
    let hexadecimal = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let mut length = 0;
    while let Some(&byte) = bytes.get(length) {
        let after_exponent = length > 0
            && !hexadecimal
            && matches!(bytes.get(length - 1), Some(b'e' | b'E'))
            && bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        if is_word(byte) || byte == b'.' || (matches!(byte, b'+' | b'-') && after_exponent) {
            length += 1;
        } else {
            break;
        }
    }
    length
}

/// The length of a quoted token. A doubled quote is one quote; an unclosed token extends to the
/// end.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(found) = bytes
        .get(at..)
        .and_then(|b| b.iter().position(|&b| b == quote))
    {
        at += found + 1;
        if bytes.get(at) != Some(&quote) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// The length of an operator or of a single character.
fn symbol(rest: &str) -> usize {
    const LONG: [&str; 9] = ["->>", "->", "||", "<=", ">=", "<>", "!=", "==", "<<"];
    let long = LONG.iter().find(|operator| rest.starts_with(**operator));
    match long {
        Some(operator) => operator.len(),
        None if rest.starts_with(">>") => 2,
        None => rest.chars().next().map_or(1, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each token in its own brackets.
    fn cut(text: &str) -> String {
        words(text)
            .map(|token| format!("[{}]", token.text))
            .collect()
    }

    #[test]
    fn numbers_are_whole() {
        insta::assert_snapshot!(
            cut("1 1.5 .5 1.5e-3 2E+10 1e3 0x1F 1_000"),
            @"[1][1.5][.5][1.5e-3][2E+10][1e3][0x1F][1_000]"
        );
        // A sign belongs only to an exponent, and only if a digit follows it.
        insta::assert_snapshot!(
            cut("1+2 1.5-3 1e+x 0x1e+1 e+1 1e-"),
            @"[1][+][2][1.5][-][3][1e][+][x][0x1e][+][1][e][+][1][1e][-]"
        );
        insta::assert_snapshot!(cut("a.b a.*"), @"[a][.][b][a][.][*]");
    }

    #[test]
    fn words_hold_what_sqlite_takes_for_a_letter() {
        insta::assert_snapshot!(cut("größe a_b$1 :p @p #1 数"), @"[größe][a_b$1][:p][@p][#1][数]");
        assert_eq!(cut("a\u{7f}b"), "[a][\u{7f}][b]");
    }

    #[test]
    fn operators_are_whole() {
        insta::assert_snapshot!(
            cut("a->>b->c||d<=e>=f<>g!=h==i<<j>>k<l>m=n"),
            @"[a][->>][b][->][c][||][d][<=][e][>=][f][<>][g][!=][h][==][i]\
              [<<][j][>>][k][<][l][>][m][=][n]"
        );
        assert_eq!(cut("“a”"), "[“a”]");
    }
}
