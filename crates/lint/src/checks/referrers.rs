//! Columns and search tables that refer to the ids of a table.

use schema::Schema;
use schema::sql::fold;

/// A column or a search table that refers to the ids of a table, by a key or by its name.
pub(crate) fn find_referrer(schema: &Schema, table: &str, id: &str) -> Option<String> {
    find_keyed_referrer(schema, table, id)
        .or_else(|| find_loose_referrer(schema, table, id))
        .or_else(|| find_search_table(schema, table))
}

/// A column with a key to the id.
fn find_keyed_referrer(schema: &Schema, table: &str, id: &str) -> Option<String> {
    schema.tables().find_map(|other| {
        let mut keys = other.foreign_keys.iter();
        let key = keys.find(|key| {
            // Without columns the key is to the primary key, which the id is.
            let mut to = key.parent_columns.iter().map(|name| fold(name));
            fold(&key.parent) == table && (key.parent_columns.is_empty() || to.any(|to| to == id))
        })?;
        let column = key.columns.first()?;
        Some(format!("`{}.{column}`", other.name))
    })
}

/// A column of another table that has no key and is named after the id, such as `book_id`.
pub(crate) fn find_loose_referrer(schema: &Schema, table: &str, id: &str) -> Option<String> {
    let one = table.strip_suffix('s').unwrap_or(table);
    let names = [
        format!("{table}_{id}"),
        format!("{one}_{id}"),
        format!("{table}{id}"),
        format!("{one}{id}"),
    ];
    let others = schema.tables().filter(|other| fold(&other.name) != table);
    others
        .flat_map(|other| other.stored_columns().map(move |column| (other, column)))
        .find(|(other, column)| {
            let mut keys = other.foreign_keys.iter();
            let keyed = keys.any(|key| {
                key.columns
                    .iter()
                    .any(|own| fold(own) == fold(&column.name))
            });
            !keyed && names.contains(&fold(&column.name))
        })
        .map(|(other, column)| format!("`{}.{}`", other.name, column.name))
}

/// A search table whose rowids are those of the table.
fn find_search_table(schema: &Schema, table: &str) -> Option<String> {
    schema.tables().find_map(|search| {
        let content = observe::search_option(search, "content")?;
        (fold(&content) == table).then(|| format!("the search table `{}`", search.name))
    })
}
