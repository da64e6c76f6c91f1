//! One side of a comparison: a table read row by row, as digests.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::{Connection, Row};
use schema::Table;

use crate::observation::Observation;
use crate::rows::layout;
use crate::value::Value;

/// The number of sums over which the rows of a table are distributed, so that few rows are read
/// again.
const SUMS: usize = 256;

/// A table on one side, in the columns that both sides have.
pub(crate) struct Side<'a> {
    connection: &'a Connection,
    pub(crate) columns: Vec<String>,
    /// The positions of the columns that identify a row; all columns if there is no key.
    pub(crate) key: Vec<usize>,
    /// Whether the key identifies one row only, unless it is NULL.
    pub(crate) keyed: bool,
    sql: String,
}

/// The digest of a row that is not in memory.
pub(crate) struct Digest {
    pub(crate) key: u64,
    /// Eight bytes for each column.
    pub(crate) columns: Vec<u8>,
    whole: u64,
}

impl<'a> Side<'a> {
    pub(crate) fn of(
        connection: &'a Connection,
        own: &Observation,
        table: &Table,
        other: &Observation,
        other_table: &Table,
    ) -> Side<'a> {
        let (columns, key, _) = layout(&own.schema, table);
        let (others, other_key, _) = layout(&other.schema, other_table);
        let same = |a: &String, b: &String| a.eq_ignore_ascii_case(b);
        let names = |columns: &[String], key: &[usize]| -> Vec<String> {
            let names = key.iter().filter_map(|place| columns.get(*place));
            names.map(|name| schema::sql::fold(name)).collect()
        };
        let keyed = !key.is_empty() && names(&columns, &key) == names(&others, &other_key);
        let key_names = names(&columns, &key);
        let mut shared: Vec<String> = columns
            .into_iter()
            .filter(|own| others.iter().any(|other| same(own, other)))
            .collect();
        // The order must be the same on both sides, whatever the order in the files.
        shared.sort_by_key(|name| schema::sql::fold(name));
        let place = |name: &String| shared.iter().position(|own| same(own, name));
        let key = if keyed {
            key_names.iter().filter_map(place).collect()
        } else {
            (0..shared.len()).collect()
        };
        let list: Vec<_> = shared
            .iter()
            .map(|name| schema::sql::quote_name(name))
            .collect();
        let list = if list.is_empty() {
            "1".to_owned()
        } else {
            list.join(", ")
        };
        let sql = format!(
            "SELECT {list} FROM main.{}",
            schema::sql::quote_name(&table.name)
        );
        Side {
            connection,
            columns: shared,
            key,
            keyed,
            sql,
        }
    }

    pub(crate) fn each(
        &self,
        mut take: impl FnMut(u64, &Row<'_>, Digest) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(&self.sql)?;
        let mut rows = statement.query([])?;
        let mut number = 0;
        while let Some(row) = rows.next()? {
            let digest = self.digest(row)?;
            if !take(number, row, digest)? {
                break;
            }
            number += 1;
        }
        Ok(())
    }

    fn digest(&self, row: &Row<'_>) -> rusqlite::Result<Digest> {
        let mut parts = Vec::with_capacity(self.columns.len());
        let mut null = false;
        for place in 0..self.columns.len() {
            let value = row.get_ref(place)?;
            null |= value == rusqlite::types::ValueRef::Null && self.key.contains(&place);
            parts.push(hash_value(value));
        }
        let whole = hash(&parts);
        // SQLite allows NULL more than once in a key that is not the rowid.
        let key: Vec<u64> = self
            .key
            .iter()
            .filter_map(|place| parts.get(*place).copied())
            .collect();
        let key = if null || !self.keyed {
            whole
        } else {
            hash(&key)
        };
        let columns = parts.iter().flat_map(|part| part.to_le_bytes()).collect();
        Ok(Digest {
            key,
            columns,
            whole,
        })
    }

    pub(crate) fn sums(&self) -> rusqlite::Result<(u64, Vec<u64>)> {
        let (mut rows, mut sums) = (0, vec![0_u64; SUMS]);
        self.each(|_, _, digest| {
            rows += 1;
            if let Some(sum) = sums.get_mut(digest.sum()) {
                *sum = sum.wrapping_add(digest.whole);
            }
            Ok(true)
        })?;
        Ok((rows, sums))
    }

    /// Reads the rows with these numbers.
    pub(crate) fn fetch(
        &self,
        numbers: &BTreeSet<u64>,
    ) -> rusqlite::Result<BTreeMap<u64, Vec<Value>>> {
        let mut found = BTreeMap::new();
        let Some(last) = numbers.last() else {
            return Ok(found);
        };
        self.each(|number, row, _| {
            if numbers.contains(&number) {
                let values =
                    (0..self.columns.len()).map(|place| row.get_ref(place).map(Value::from));
                found.insert(number, values.collect::<rusqlite::Result<_>>()?);
            }
            Ok(number < *last)
        })?;
        Ok(found)
    }
}

impl Digest {
    pub(crate) fn sum(&self) -> usize {
        usize::try_from(self.key % SUMS as u64).unwrap_or(0)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A hash of type and bytes, so that 1 differs from 1.0, and a text from a blob.
fn hash_value(value: rusqlite::types::ValueRef<'_>) -> u64 {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => hash(&0_u8),
        ValueRef::Integer(number) => hash(&(1_u8, number)),
        ValueRef::Real(number) => hash(&(2_u8, number.to_bits())),
        ValueRef::Text(bytes) => hash(&(3_u8, bytes)),
        ValueRef::Blob(bytes) => hash(&(4_u8, bytes)),
    }
}
