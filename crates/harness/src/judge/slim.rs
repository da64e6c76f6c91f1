//! A database without the tables that a step cannot reach: SQLite reads the whole schema each time that one is
//! opened, and a step is run on many.

use std::collections::BTreeSet;
use std::sync::Arc;

use schema::sql::fold;
use schema::{Schema, TableKind};

use super::touch::with_parents;
use crate::fixture;
use crate::observe::search_option;

/// The database with nothing but the tables of `only`, and what hangs on them.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn slim(
    image: &[u8],
    schema: &Schema,
    only: &BTreeSet<String>,
) -> Result<Arc<Vec<u8>>, String> {
    let keep = reached(schema, only);
    let goes: BTreeSet<String> = schema
        .tables()
        .map(|table| fold(&table.name))
        .filter(|name| !keep.contains(name))
        .collect();
    if goes.len() < FEW {
        return Ok(Arc::new(image.to_vec()));
    }
    let connection = fixture::from_image(image)?;
    let drop = || -> rusqlite::Result<()> {
        connection.execute_batch("PRAGMA writable_schema = ON; BEGIN")?;
        let sql = "DELETE FROM main.sqlite_schema \
                   WHERE lower(tbl_name) IN (SELECT value FROM json_each(?1))";
        connection.execute(sql, [serde_json::json!(goes).to_string()])?;
        connection.execute_batch("COMMIT; PRAGMA writable_schema = OFF")
    };
    drop().map_err(|error| error.to_string())?;
    Ok(Arc::new(fixture::image(&connection)?))
}

/// Fewer tables than these are not worth the work.
const FEW: usize = 8;

/// The tables to which rows of `only` lead, and those that views and triggers name.
fn reached(schema: &Schema, only: &BTreeSet<String>) -> BTreeSet<String> {
    let tables: Vec<String> = schema.tables().map(|table| fold(&table.name)).collect();
    let named = |text: &str| {
        let text = fold(text);
        tables
            .iter()
            .filter(move |name| text.contains(name.as_str()))
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut keep = with_parents(schema, only);
    // A view that names what is not there gets in the way of every RENAME.
    keep.extend(schema.views().flat_map(|view| named(&view.text)));
    // SQLite looks up the modules and the content of virtual tables.
    let virtuals = schema
        .tables()
        .filter(|table| matches!(table.kind, TableKind::Virtual { .. }));
    for table in virtuals {
        keep.insert(fold(&table.name));
        keep.extend(search_option(table, "content").map(|name| fold(&name)));
    }
    loop {
        let count = keep.len();
        let fires = schema
            .triggers()
            .filter(|trigger| keep.contains(&fold(&trigger.table)));
        let more: Vec<String> = fires.flat_map(|trigger| named(&trigger.text)).collect();
        keep.extend(more);
        keep = with_parents(schema, &keep);
        if keep.len() == count {
            return keep;
        }
    }
}
