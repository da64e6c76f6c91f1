//! Rows that stopped a script, changed so that they pass the rule in question: what lies behind it in the script
//! would not be seen else.

use std::collections::BTreeSet;

use rusqlite::ffi;
use schema::Schema;
use schema::sql::{fold, quote_name};

use crate::options::Options;
use crate::runner::execute::{Failure, Runner};
use crate::runner::fill_rows::MODE;

/// How many rules in a row are passed.
pub(crate) const MOST: usize = 6;

/// The database with other values where `failure` found one that it refuses; `None` where that cannot be said or
/// changes nothing.
pub(crate) fn repair(
    image: &[u8],
    failure: &Failure,
    before: &Schema,
    after: &Schema,
    touched: &BTreeSet<String>,
    options: &Options,
) -> Option<Vec<u8>> {
    let engine = Runner::open(image, MODE, options).ok()?;
    let tables = before
        .tables()
        .filter(|table| touched.contains(&fold(&table.name)));
    let changes_before = engine.connection.total_changes();
    for table in tables {
        let name = quote_name(&table.name);
        let has = |column: &String| table.column(column).is_some();
        let run = |sql: String| engine.connection.execute_batch(&sql);
        match failure.code {
            ffi::SQLITE_CONSTRAINT_NOTNULL => {
                for column in columns(&failure.words).iter().filter(|own| has(own)) {
                    let column = quote_name(column);
                    let fill = |value: &str| {
                        run(format!(
                            "UPDATE main.{name} SET {column} = {value} WHERE {column} IS NULL"
                        ))
                    };
                    let known =
                        format!("(SELECT {column} FROM main.{name} WHERE {column} IS NOT NULL)");
                    let made = (fill(&format!("coalesce({known}, 'mended')")))
                        .or_else(|_| fill("'mended ' || rowid"))
                        .or_else(|_| fill("1000 + rowid"));
                    // A rule that refuses all of these is left to the next finding.
                    let _ = made;
                }
            }
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                let columns = columns(&failure.words);
                if !columns.is_empty() && columns.iter().all(has) {
                    let columns: Vec<String> = columns
                        .iter()
                        .map(|column| format!("{} COLLATE NOCASE", quote_name(column)))
                        .collect();
                    let _ = run(format!(
                        "DELETE FROM main.{name} WHERE rowid NOT IN \
                         (SELECT min(rowid) FROM main.{name} GROUP BY {})",
                        columns.join(", ")
                    ));
                }
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
                let now = after.table(&table.name);
                for key in now.iter().flat_map(|table| &table.foreign_keys) {
                    let new = !table.foreign_keys.contains(key);
                    let parent = before.table(&key.parent);
                    let (Some(parent), [column], true) = (parent, key.columns.as_slice(), new)
                    else {
                        continue;
                    };
                    let own = parent.primary_key.iter().flat_map(|key| &key.columns);
                    let target = key.parent_columns.first().cloned();
                    let target = target.or_else(|| own.map(|part| part.name.clone()).next());
                    if let Some(target) = target.filter(|_| has(column)) {
                        let _ = run(format!(
                            "UPDATE main.{name} SET {} = (SELECT {} FROM main.{})",
                            quote_name(column),
                            quote_name(&target),
                            quote_name(&parent.name)
                        ));
                    }
                }
            }
            _ if failure.words.contains("malformed JSON") => {
                for column in table.stored_columns() {
                    let column = quote_name(&column.name);
                    let _ = run(format!(
                        "UPDATE main.{name} SET {column} = '{{\"n\": 1}}' \
                         WHERE typeof({column}) IN ('text', 'blob') AND NOT json_valid({column})"
                    ));
                }
            }
            _ => return None,
        }
    }
    if engine.connection.total_changes() == changes_before {
        return None;
    }
    engine.image().ok()
}

/// The columns that `NOT NULL constraint failed: t.a` and its kind name.
fn columns(words: &str) -> Vec<String> {
    let Some((_, list)) = words.split_once("constraint failed: ") else {
        return Vec::new();
    };
    let list = list.split(';').next().unwrap_or_default();
    let parts = list.split(", ").filter_map(|part| part.rsplit_once('.'));
    parts.map(|(_, column)| column.trim().to_owned()).collect()
}
