//! Databases made from a schema alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod applications;
mod filling;
mod shrinking;
mod text;

use generate::{Generated, Generator, Profile};
use rusqlite::Connection;
use schema::Schema;

/// An empty database of this schema, and a generator for it.
fn made_by(script: &str) -> (Connection, Generator) {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(script).unwrap();
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    let schema = Schema::read(&connection).unwrap();
    let generator = Generator::new(&schema, &connection).unwrap();
    (connection, generator)
}

/// Puts a database into a copy of the empty one, with foreign keys on.
fn put(empty: &Connection, made: &Generated) -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    let image = empty.serialize("main").unwrap().to_vec();
    connection
        .deserialize_read_exact("main", image.as_slice(), image.len(), false)
        .unwrap();
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    if let Err(error) = made.content.put_into(&connection) {
        panic!("{error}\n{}", made.content.to_sql());
    }
    connection
}

const PROFILES: [Profile; 2] = [Profile::Plain, Profile::Hostile];
