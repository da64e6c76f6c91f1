//! A database without the tables that a step cannot reach: SQLite reads the whole schema each time
//! that one is opened, and a step is run on many.

use std::collections::BTreeSet;
use std::sync::Arc;

use schema::Schema;
use schema::sql::fold;

use crate::script::affected_tables::with_parents;
use observe::search_option;
use sandbox::Sandbox;

/// The database with nothing but the tables of `only`, and what is linked with them; `None` where
/// that is nearly all of it, or where it cannot be made.
pub(crate) fn prune(
    image: &[u8],
    schema: &Schema,
    only: &BTreeSet<String>,
) -> Option<Arc<Vec<u8>>> {
    let keep = reached(schema, only);
    let goes: BTreeSet<String> = names(schema).filter(|name| !keep.contains(name)).collect();
    if goes.len() < FEW {
        return None;
    }
    let connection = Sandbox::open(image).ok()?;
    let drop = || -> rusqlite::Result<()> {
        connection.set_defensive(false)?;
        connection.execute_batch("PRAGMA writable_schema = ON; BEGIN")?;
        let sql = "DELETE FROM main.sqlite_schema \
                   WHERE lower(tbl_name) IN (SELECT value FROM json_each(?1))";
        connection.execute(sql, [serde_json::json!(goes).to_string()])?;
        connection.execute_batch("COMMIT; PRAGMA writable_schema = OFF")
    };
    drop().ok()?;
    Some(Arc::new(connection.image().ok()?))
}

/// Fewer tables and views than these are not worth the work.
const FEW: usize = 8;

/// The tables and views of a schema, folded.
fn names(schema: &Schema) -> impl Iterator<Item = String> {
    let tables = schema.tables().map(|table| fold(&table.name));
    tables.chain(schema.views().map(|view| fold(&view.name)))
}

/// The tables and views that are linked with those of `only`: by keys to their parents, by
/// triggers, by views that name them, and by what a search table shows.
fn reached(schema: &Schema, only: &BTreeSet<String>) -> BTreeSet<String> {
    let all: Vec<String> = names(schema).collect();
    let named = |text: &str| -> Vec<String> {
        let text = fold(text);
        let there = all.iter().filter(|name| text.contains(name.as_str()));
        there.cloned().collect()
    };
    let texts: Vec<(String, Vec<String>)> = schema
        .views()
        .map(|view| (fold(&view.name), named(&view.text)))
        .collect();
    let mut keep = only.clone();
    loop {
        let count = keep.len();
        keep = with_parents(schema, &keep);
        for (view, named) in &texts {
            if named.iter().any(|name| keep.contains(name)) {
                keep.insert(view.clone());
                keep.extend(named.iter().cloned());
            }
        }
        for trigger in schema.triggers() {
            if keep.contains(&fold(&trigger.table)) {
                keep.extend(named(&trigger.text));
            }
        }
        for table in schema.tables() {
            if keep.contains(&fold(&table.name)) {
                keep.extend(search_option(table, "content").map(|name| fold(&name)));
            }
        }
        if keep.len() == count {
            return keep;
        }
    }
}
