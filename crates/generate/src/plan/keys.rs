//! The keys of the tables, and the references between them.

use std::collections::BTreeMap;

use schema::sql::fold;
use schema::{ForeignKey, PartKind, Schema, Table};

use super::tables::{KeyPart, Plan, Reference};

pub(super) fn keys(schema: &Schema, table: &Table, names: &[String]) -> Vec<Vec<KeyPart>> {
    let part = |name: &str, collation: Option<&str>| {
        let column = names
            .iter()
            .position(|own| own.eq_ignore_ascii_case(name))?;
        let declared = table
            .column(name)
            .and_then(|column| column.collation.as_deref());
        let collation = collation.or(declared).unwrap_or("BINARY");
        Some(KeyPart {
            column,
            nocase: collation == "NOCASE",
            rtrim: collation == "RTRIM",
        })
    };
    let declared = table.primary_key.iter().map(|key| &key.columns);
    let declared = declared.chain(table.uniques.iter().map(|unique| &unique.columns));
    let mut keys: Vec<Vec<KeyPart>> = declared
        .filter_map(|columns| {
            columns
                .iter()
                .map(|one| part(&one.name, one.collation.as_deref()))
                .collect()
        })
        .collect();
    // A partial index is left to SQLite, which knows the rows in it.
    let indexes = schema.indexes().filter(|index| {
        index.unique && index.filter.is_none() && index.table.eq_ignore_ascii_case(&table.name)
    });
    for index in indexes {
        let parts = index.columns.iter().map(|one| match &one.kind {
            PartKind::Column(name) => part(name, one.collation.as_deref()),
            PartKind::Expression(_) => None,
        });
        keys.extend(parts.collect::<Option<Vec<_>>>());
    }
    keys.retain(|key| !key.is_empty());
    keys
}

pub(super) fn references(
    plan: &Plan,
    tables: &[&Table],
    places: &BTreeMap<String, usize>,
    place: usize,
    table: &Table,
) -> Vec<Reference> {
    let find = |place: usize, names: &[String]| -> Option<Vec<usize>> {
        let columns = &plan.table(place)?.columns;
        let find = |name: &String| {
            columns
                .iter()
                .position(|own| own.name.eq_ignore_ascii_case(name))
        };
        names.iter().map(find).collect()
    };
    let one = |key: &ForeignKey| {
        let parent = *places.get(&fold(&key.parent))?;
        let declared = tables.get(parent)?;
        let names: Vec<String> = match (&key.parent_columns, &declared.primary_key) {
            (names, Some(primary)) if names.is_empty() => primary
                .columns
                .iter()
                .map(|part| part.name.clone())
                .collect(),
            (names, _) => names.clone(),
        };
        let columns = find(place, &key.columns)?;
        let parent_columns = find(parent, &names)?;
        let own = &plan.table(place)?.columns;
        let may = |at: &usize| own.get(*at).is_some_and(|column| !column.not_null);
        let nullable = columns.iter().copied().filter(may).collect();
        (columns.len() == parent_columns.len()).then_some(Reference {
            columns,
            parent,
            parent_columns,
            nullable,
        })
    };
    let mut found: Vec<Reference> = table.foreign_keys.iter().filter_map(one).collect();
    found.sort_by_key(|reference| std::cmp::Reverse(reference.columns.len()));
    found
}
