//! A cache of the schemas that this thread has read, by the text that SQLite stores for them. A
//! caller that reads a file again, as a migration does before and after each step, mostly finds one
//! of the last few.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::schema::Schema;

/// The number of cached schemas.
const KEPT: usize = 16;

thread_local! {
    static CACHE: RefCell<VecDeque<(Vec<Stored>, Schema)>> =
        const { RefCell::new(VecDeque::new()) };
}

/// One row of `sqlite_schema`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) sql: String,
}

/// Clears the schemas that this thread has cached, so that the next read works as in a new process:
/// [`Schema::read`] then always runs the same queries.
pub fn clear_thread_cache() {
    CACHE.with_borrow_mut(VecDeque::clear);
}

/// Looks up the schema that was read from the same rows.
pub(crate) fn recall(stored: &[Stored]) -> Option<Schema> {
    CACHE.with_borrow_mut(|cache| {
        let at = cache.iter().position(|(known, _)| known == stored)?;
        let found = cache.remove(at)?;
        let schema = found.1.clone();
        cache.push_front(found);
        Some(schema)
    })
}

/// Caches the schema that was read from these rows, which must determine all of it.
pub(crate) fn remember(stored: Vec<Stored>, schema: &Schema) {
    CACHE.with_borrow_mut(|cache| {
        cache.truncate(KEPT - 1);
        cache.push_front((stored, schema.clone()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: usize) -> Vec<Stored> {
        vec![Stored {
            kind: "table".to_owned(),
            name: format!("t{name}"),
            table: format!("t{name}"),
            sql: format!("CREATE TABLE t{name}(a)"),
        }]
    }

    #[test]
    fn the_last_few_are_kept() {
        for name in 0..=KEPT {
            assert!(recall(&table(name)).is_none());
            remember(table(name), &Schema::default());
        }
        assert!(recall(&table(0)).is_none());
        assert!((1..=KEPT).all(|name| recall(&table(name)).is_some()));
        // A schema that was looked up is kept longer than one that was not.
        assert!(recall(&table(1)).is_some());
        remember(table(0), &Schema::default());
        assert!(recall(&table(1)).is_some() && recall(&table(2)).is_none());
        clear_thread_cache();
        assert!(recall(&table(1)).is_none());
    }

    #[test]
    fn one_with_a_virtual_table_is_not() {
        let known = |script: &str| {
            clear_thread_cache();
            let conn = rusqlite::Connection::open_in_memory().expect("memory");
            conn.execute_batch(script).expect("a table");
            Schema::read(&conn).expect("a schema");
            CACHE.with_borrow(VecDeque::len)
        };
        assert_eq!(known("CREATE TABLE t(a)"), 1);
        assert_eq!(known("CREATE VIRTUAL TABLE t USING fts5(a)"), 0);
    }
}
