//! The digest of a script, independent of comments and whitespace.

use sha2::{Digest, Sha256};

/// The SHA-256 of a script's tokens, in hexadecimal. Comments, line ends and whitespace between
/// tokens do not count. It freezes a step after release.
pub fn digest(sql: &str) -> String {
    hexadecimal(&Sha256::digest(schema::sql::canonical(sql).as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(digits);
    text
}
