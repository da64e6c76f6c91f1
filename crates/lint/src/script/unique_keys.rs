//! The unique keys of a table.

use std::collections::BTreeSet;

use schema::sql::fold;
use schema::{PartKind, Schema, Table};

/// A set of columns or expressions in which no two rows may be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) parts: Vec<Part>,
    /// The condition of a partial index.
    pub(crate) filter: Option<String>,
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) kind: PartKind,
    /// In upper case.
    pub(crate) collation: String,
}

impl Part {
    /// The folded names of its columns.
    pub(crate) fn columns(&self) -> BTreeSet<String> {
        match &self.kind {
            PartKind::Column(name) => BTreeSet::from([fold(name)]),
            PartKind::Expression(text) => generate::names(text),
        }
    }
}

/// The unique keys of a table.
pub(crate) fn unique_keys(schema: &Schema, table: &Table) -> Vec<Key> {
    let collation = |name: &str, own: Option<&String>| {
        let column = table
            .column(name)
            .and_then(|column| column.collation.as_ref());
        let found = own.or(column).map(|text| text.to_ascii_uppercase());
        found.unwrap_or_else(|| "BINARY".to_owned())
    };
    let declared = (table.primary_key.iter().map(|key| &key.columns))
        .chain(table.uniques.iter().map(|unique| &unique.columns));
    let mut all: Vec<Key> = declared
        .map(|columns| Key {
            parts: columns
                .iter()
                .map(|part| Part {
                    kind: PartKind::Column(part.name.clone()),
                    collation: collation(&part.name, part.collation.as_ref()),
                })
                .collect(),
            filter: None,
        })
        .collect();
    let own = |index: &&schema::Index| index.unique && fold(&index.table) == fold(&table.name);
    all.extend(schema.indexes().filter(own).map(|index| {
        Key {
            parts: index
                .columns
                .iter()
                .map(|part| {
                    let name = match &part.kind {
                        PartKind::Column(name) | PartKind::Expression(name) => name,
                    };
                    Part {
                        kind: part.kind.clone(),
                        collation: collation(name, part.collation.as_ref()),
                    }
                })
                .collect(),
            filter: index.filter.clone(),
        }
    }));
    all.retain(|key| !key.parts.is_empty());
    all
}
