//! A short value that identifies the meaning of a schema.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::normal::Normal;
use crate::schema::Schema;

/// A hash of the meaning of a schema: two are equal exactly when [`diff`](crate::diff()) is empty.
///
/// [`Display`](fmt::Display) prints 64 hexadecimal digits. The value is the same on every machine,
/// in every run and for every version of Rust, so it may be stored in a file. A release of this
/// crate that compares more properties returns different values, and its change log says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The number of the hashed normal form. It increases whenever the form changes and is part of
    /// the hash, so that fingerprints of different forms never match. Store it together with a
    /// fingerprint: two fingerprints of different forms are not comparable.
    pub const FORM: u32 = 1;

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Schema {
    /// The fingerprint of the declarations: equal exactly when [`diff`](crate::diff()) is empty.
    ///
    /// It hashes the normal form that `diff` compares. The hash is SHA-256, so that not even the
    /// author of a hostile file can construct two schemas with one fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        let form = format!("schema normal form {}\n", Fingerprint::FORM);
        let mut hash = Hash(Sha256::new_with_prefix(form));
        serde_json::to_writer(&mut hash, &Normal::new(self))
            .expect("a tree of text with text for keys is JSON, and a hash takes every byte");
        Fingerprint(hash.0.finalize().into())
    }
}

/// A writer into the hash.
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

/// Serializes the hexadecimal digits.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
