//! The columns that identify the rows of a table.

use std::collections::BTreeMap;

use crate::schema::{Index, IndexPart, PartKind, Schema};
use crate::sql::fold;
use crate::table::{IndexedColumn, Table};

/// A key: its columns, by folded name, and the collation of each.
pub(super) type Key = BTreeMap<String, String>;

pub(super) fn key(table: &Table, columns: &[IndexedColumn]) -> Key {
    let part = |part: &IndexedColumn| {
        (
            fold(&part.name),
            compared(table, &part.name, &part.collation),
        )
    };
    columns.iter().map(part).collect()
}

fn compared(table: &Table, column: &str, collation: &Option<String>) -> String {
    let own = table
        .column(column)
        .and_then(|column| column.collation.clone());
    collation
        .clone()
        .or(own)
        .unwrap_or_else(|| "BINARY".to_owned())
}

pub(super) fn index_key(table: &Table, index: &Index) -> Option<Key> {
    let part = |part: &IndexPart| match &part.kind {
        PartKind::Column(name) => Some((fold(name), compared(table, name, &part.collation))),
        PartKind::Expression(_) => None,
    };
    let whole = index.unique && index.filter.is_none();
    index
        .columns
        .iter()
        .map(part)
        .collect::<Option<Key>>()
        .filter(|_| whole)
}

/// All unique keys of a table.
pub(super) fn unique_keys(table: &Table, schema: &Schema) -> Vec<Key> {
    let constraints = table.uniques.iter().map(|unique| unique.columns.as_slice());
    let primary = table.primary_key.iter().map(|key| key.columns.as_slice());
    let mut keys: Vec<Key> = constraints
        .chain(primary)
        .map(|columns| key(table, columns))
        .collect();
    let indexes = schema
        .indexes()
        .filter(|index| index.table.eq_ignore_ascii_case(&table.name));
    keys.extend(indexes.filter_map(|index| index_key(table, index)));
    keys
}

pub(super) fn holds(wanted: &Key, keys: &[Key]) -> bool {
    let part_of = |key: &Key| key.iter().all(|(name, by)| wanted.get(name) == Some(by));
    keys.iter().any(|key| !key.is_empty() && part_of(key))
}

/// The columns of a unique index, whether or not it is partial: if no two rows of the whole table
/// are equal in them, none of a part are.
pub(super) fn index_key_of_any(table: &Table, index: &Index) -> Option<Key> {
    let whole = Index {
        filter: None,
        ..index.clone()
    };
    index_key(table, &whole)
}
