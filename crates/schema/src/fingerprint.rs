//! A short value that stands for what a schema means.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::normal::Normal;
use crate::schema::Schema;

/// Stands for what a schema means: two are equal exactly when [`diff`](crate::diff()) is empty.
///
/// [`Display`](fmt::Display) gives 64 hexadecimal digits. It is the same on every machine, in every
/// run, for every version of Rust, so it may be kept in a file; a release of this crate that
/// compares more than the one before gives others, and says so in its change log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The number of the normal form that is hashed. It counts up whenever that changes, and is
    /// part of what is hashed, so that a fingerprint of another release is another one rather than
    /// nearly the same. Whoever keeps fingerprints keeps it beside them: those of two forms say
    /// nothing of each other.
    pub const FORM: u32 = 1;

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Schema {
    /// The fingerprint of what is declared: equal exactly when [`diff`](crate::diff()) is empty.
    ///
    /// It hashes the normal form that `diff` compares. The hash is SHA-256, because nobody, not
    /// even the author of a hostile file, can make two schemas of one fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        let form = format!("schema normal form {}\n", Fingerprint::FORM);
        let mut hash = Hash(Sha256::new_with_prefix(form));
        serde_json::to_writer(&mut hash, &Normal::new(self))
            .expect("a tree of text with text for keys is JSON, and a hash takes every byte");
        Fingerprint(hash.0.finalize().into())
    }
}

/// Takes what is written into the hash.
struct Hash(Sha256);

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// As its hexadecimal digits.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
