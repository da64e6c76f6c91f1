//! Asking SQLite what a database declares.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::error::Error;
use crate::parse;
use crate::schema::Schema;
use crate::sql::{fold, tight};
use crate::table::{Affinity, Column, Table, TableKind};
use crate::text::Names;

/// How often a schema is read again when another connection changes it meanwhile.
const TRIES: usize = 10;

impl Schema {
    /// Reads what the schema `main` of the database declares. Nothing is written, and no
    /// transaction is opened.
    ///
    /// # Errors
    ///
    /// Returns SQLite's error if the file cannot be read, is locked, or holds a schema that SQLite
    /// does not understand; and an error without source if other connections change the schema
    /// each time it is read.
    pub fn read(conn: &Connection) -> Result<Schema, Error> {
        // Several queries are needed, and outside a transaction each may see another schema; the
        // counter that SQLite keeps for the same purpose tells whether they did.
        for _ in 0..TRIES {
            let before = schema_version(conn)?;
            let read = read_once(conn);
            if schema_version(conn)? == before {
                return read;
            }
        }
        Err(Error::restless())
    }
}

fn schema_version(conn: &Connection) -> Result<i64, Error> {
    conn.query_row("PRAGMA main.schema_version", [], |row| row.get(0))
        .map_err(Error::reading("the schema version"))
}

/// One row of `sqlite_schema`.
struct Stored {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

/// What `PRAGMA table_list` tells of a table.
struct Listed {
    kind: String,
    without_rowid: bool,
    strict: bool,
}

fn read_once(conn: &Connection) -> Result<Schema, Error> {
    let stored = stored(conn)?;
    let listed = listed(conn)?;
    let mut columns = columns(conn)?;
    let mut schema = Schema::default();

    for object in stored.iter().filter(|object| object.kind == "table") {
        let key = fold(&object.name);
        let listed = listed.get(&key);
        if listed.is_some_and(|listed| listed.kind == "shadow") {
            continue;
        }
        let virtual_table = listed.is_some_and(|listed| listed.kind == "virtual");
        let mut table = Table {
            name: object.name.clone(),
            columns: match virtual_table {
                true => columns_of_virtual(conn, &object.name),
                false => columns.remove(&key).unwrap_or_default(),
            },
            primary_key: None,
            uniques: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            without_rowid: listed.is_some_and(|listed| listed.without_rowid),
            strict: listed.is_some_and(|listed| listed.strict),
            kind: TableKind::Ordinary,
        };
        if virtual_table {
            table.kind = parse::virtual_table(&object.sql);
        } else {
            for column in &mut table.columns {
                column.affinity = Affinity::of(column.declared_type.as_deref(), table.strict);
            }
            parse::table(&mut table, &object.sql);
        }
        schema.tables.insert(key, table);
    }

    for object in stored
        .iter()
        .filter(|object| object.kind == "index" && !object.sql.is_empty())
    {
        let table = schema.table(&object.table);
        let index = parse::index(&object.name, &object.table, table, &object.sql);
        schema.indexes.insert(fold(&object.name), index);
    }
    let names = all_names(&schema, &stored);
    for object in stored.iter().filter(|object| object.kind == "trigger") {
        let trigger = parse::trigger(&object.name, &object.table, &object.sql, &names);
        schema.triggers.insert(fold(&object.name), trigger);
    }
    for object in stored.iter().filter(|object| object.kind == "view") {
        let view = parse::view(&object.name, &object.sql, &names);
        schema.views.insert(fold(&object.name), view);
    }
    Ok(schema)
}

/// Whatever a quoted word in a view or a trigger may name.
fn all_names(schema: &Schema, stored: &[Stored]) -> Names {
    let columns = schema.tables().flat_map(|table| &table.columns);
    let columns = columns.map(|column| fold(&column.name));
    columns
        .chain(stored.iter().map(|object| fold(&object.name)))
        .chain(["new", "old", "rowid", "excluded"].map(str::to_owned))
        .collect()
}

/// What is stored of each object that is not SQLite's own.
fn stored(conn: &Connection) -> Result<Vec<Stored>, Error> {
    collect(
        conn,
        "SELECT type, name, tbl_name, sql FROM main.sqlite_schema",
        "`sqlite_schema`",
        |row| {
            Ok(Stored {
                kind: text(row, 0)?,
                name: text(row, 1)?,
                table: text(row, 2)?,
                sql: text(row, 3)?,
            })
        },
    )
    .map(|mut all| {
        all.retain(|object| !is_internal(&object.name));
        all
    })
}

/// Names that begin with `sqlite_` are [reserved](https://sqlite.org/lang_createtable.html).
fn is_internal(name: &str) -> bool {
    name.get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}

/// By folded name, what SQLite knows of each table and view.
fn listed(conn: &Connection) -> Result<HashMap<String, Listed>, Error> {
    let rows = collect(
        conn,
        "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'",
        "the list of tables",
        |row| {
            let listed = Listed {
                kind: text(row, 1)?,
                without_rowid: row.get(2)?,
                strict: row.get(3)?,
            };
            Ok((fold(&text(row, 0)?), listed))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// By folded name, the columns of each table that is not virtual.
///
/// Virtual tables are asked one by one: a module that this build does not know is an error, and
/// must not hide all other tables.
fn columns(conn: &Connection) -> Result<HashMap<String, Vec<Column>>, Error> {
    let rows = collect(
        conn,
        "SELECT l.name, c.name, c.type, c.\"notnull\", c.hidden
         FROM pragma_table_list AS l
         CROSS JOIN pragma_table_xinfo(l.name, 'main') AS c
         WHERE l.schema = 'main' AND l.type = 'table'",
        "the columns of the tables",
        |row| Ok((fold(&text(row, 0)?), column(row, 1)?)),
    )?;
    // SQLite gives the columns of a table together and in their order.
    let mut columns: HashMap<String, Vec<Column>> = HashMap::new();
    for (table, column) in rows {
        columns.entry(table).or_default().push(column);
    }
    Ok(columns)
}

/// The columns of a virtual table; none if its module is not in this build.
fn columns_of_virtual(conn: &Connection, table: &str) -> Vec<Column> {
    let read = || -> rusqlite::Result<Vec<Column>> {
        let mut statement = conn.prepare(
            "SELECT name, type, \"notnull\", hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY cid",
        )?;
        statement
            .query_map([table], |row| column(row, 0))?
            .collect()
    };
    read().unwrap_or_default()
}

/// A column from name, type, NOT NULL and hidden, in this order from `at` on.
fn column(row: &Row<'_>, at: usize) -> rusqlite::Result<Column> {
    let declared_type = Some(tight(&text(row, at + 1)?)).filter(|name| !name.is_empty());
    Ok(Column {
        name: text(row, at)?,
        affinity: Affinity::of(declared_type.as_deref(), false),
        declared_type,
        not_null: row.get(at + 2)?,
        not_null_on_conflict: None,
        default: None,
        collation: None,
        generated: None,
        // 2 and 3 are generated columns, which the text tells.
        hidden: row.get::<_, i64>(at + 3)? == 1,
    })
}

/// All rows of a query.
fn collect<T>(
    conn: &Connection,
    sql: &str,
    what: &'static str,
    each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Error> {
    let read = || -> rusqlite::Result<Vec<T>> {
        let mut statement = conn.prepare(sql)?;
        statement.query_map([], each)?.collect()
    };
    read().map_err(Error::reading(what))
}

/// Text as it stands in the file. NULL is empty, and bytes that are not UTF-8 are replaced: a name
/// that cannot be read must not make all others unreadable.
fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(at)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
    })
}
