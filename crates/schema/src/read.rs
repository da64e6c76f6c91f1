//! Queries SQLite for the declarations of a database.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row};

use crate::cache::{self, Stored};
use crate::error::Error;
use crate::parse;
use crate::schema::{Internal, InternalKind, Schema};
use crate::sql::{fold, quote_name, tight};
use crate::table::{Affinity, Column, Generated, Table, TableKind};
use crate::text::Names;

/// The number of attempts when another connection changes the schema during a read.
const TRIES: usize = 10;

impl Schema {
    /// Reads the declarations of the database `main`, without temporary and attached objects.
    /// Nothing is written, and no transaction is opened. A thread caches the last schemas that it
    /// read: if `sqlite_schema` has the same content again, SQLite is not queried further.
    ///
    /// # Errors
    ///
    /// Returns SQLite's error if the file cannot be read, is locked, or contains a schema that
    /// SQLite does not understand; and an error without source if other connections change the
    /// schema each time it is read.
    pub fn read(conn: &Connection) -> Result<Schema, Error> {
        Schema::read_from(conn, "main")
    }

    /// Reads the declarations of one database of the connection: `main`, `temp`, or the name under
    /// which one was [attached](https://sqlite.org/lang_attach.html). The other databases are not
    /// read.
    ///
    /// # Errors
    ///
    /// As [`read`](Schema::read), and if there is no database of that name.
    pub fn read_from(conn: &Connection, database: &str) -> Result<Schema, Error> {
        // Several queries are needed, and outside a transaction each may see a different schema;
        // SQLite's schema counter shows whether they did.
        let source = Source { conn, database };
        let inside = !conn.is_autocommit();
        for _ in 0..TRIES {
            let before = source.schema_version()?;
            let stored = source.stored();
            // One query sees one schema.
            if let Some(schema) = stored
                .as_ref()
                .ok()
                .and_then(|stored| cache::recall(stored))
            {
                return Ok(schema);
            }
            let read = stored.and_then(|stored| source.read_once(stored));
            // Inside a transaction no other connection changes the schema. An error may have rolled
            // the transaction back, and the next query then reads a different schema without an
            // error.
            if inside {
                return read;
            }
            if source.schema_version()? == before {
                return read;
            }
        }
        Err(Error::restless())
    }
}

/// A row of `PRAGMA table_list`.
struct Listed {
    kind: String,
    without_rowid: bool,
    strict: bool,
}

/// A database of a connection.
struct Source<'a> {
    conn: &'a Connection,
    database: &'a str,
}

impl Source<'_> {
    fn schema_version(&self) -> Result<i64, Error> {
        let sql = format!("PRAGMA {}.schema_version", quote_name(self.database));
        self.conn
            .query_row(&sql, [], |row| row.get(0))
            .map_err(Error::reading("the schema version"))
    }

    fn read_once(&self, all: Vec<Stored>) -> Result<Schema, Error> {
        let listed = self.listed()?;
        let mut columns = self.columns()?;
        let mut schema = Schema::default();
        let is_shadow = |name: &str| {
            let listed = listed.get(&fold(name));
            listed.is_some_and(|listed| listed.kind == "shadow")
        };

        let (own, stored): (Vec<&Stored>, Vec<&Stored>) = all.iter().partition(|object| {
            is_internal(&object.name) || (object.kind == "table" && is_shadow(&object.name))
        });
        for object in stored.iter().filter(|object| object.kind == "table") {
            let key = fold(&object.name);
            let table = self.table(object, listed.get(&key), columns.remove(&key));
            schema.tables.insert(key, table);
        }
        for object in stored.iter().filter(|object| object.kind == "index") {
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
        schema.internal = own
            .into_iter()
            .map(|object| internal_object(object.clone(), &schema))
            .collect();
        // The module of a virtual table determines its columns, and may differ on another
        // connection.
        if !listed.values().any(|listed| listed.kind == "virtual") {
            cache::remember(all, &schema);
        }
        Ok(schema)
    }

    fn table(
        &self,
        object: &Stored,
        listed: Option<&Listed>,
        columns: Option<Vec<Column>>,
    ) -> Table {
        let virtual_table = listed.is_some_and(|listed| listed.kind == "virtual");
        let mut table = Table {
            name: object.name.clone(),
            columns: if virtual_table {
                self.columns_of_virtual(&object.name)
            } else {
                columns.unwrap_or_default()
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
                let declared_type = column.declared_type.as_deref();
                column.affinity = if table.strict {
                    Affinity::from_strict_type(declared_type)
                } else {
                    Affinity::from_type(declared_type)
                };
            }
            parse::table(&mut table, &object.sql);
        }
        table
    }

    /// The stored text of each object, including SQLite's own.
    fn stored(&self) -> Result<Vec<Stored>, Error> {
        let sql = format!(
            "SELECT type, name, tbl_name, sql FROM {}.sqlite_schema",
            quote_name(self.database)
        );
        self.collect(&sql, [], "`sqlite_schema`", |row| {
            Ok(Stored {
                kind: text(row, 0)?,
                name: text(row, 1)?,
                table: text(row, 2)?,
                sql: text(row, 3)?,
            })
        })
    }

    /// SQLite's data on each table and view, by folded name.
    fn listed(&self) -> Result<HashMap<String, Listed>, Error> {
        let rows = self.collect(
            "SELECT name, type, wr, strict FROM pragma_table_list
             WHERE schema = ?1 COLLATE NOCASE",
            [self.database],
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

    /// The columns of each table that is not virtual, by folded name.
    ///
    /// Virtual tables are queried one by one: a module that this build lacks causes an error, which
    /// must not hide all other tables.
    fn columns(&self) -> Result<HashMap<String, Vec<Column>>, Error> {
        let rows = self.collect(
            "SELECT l.name, c.name, c.type, c.\"notnull\", c.hidden
             FROM pragma_table_list AS l
             CROSS JOIN pragma_table_xinfo(l.name, ?1) AS c
             WHERE l.schema = ?1 COLLATE NOCASE AND l.type = 'table'",
            [self.database],
            "the columns of the tables",
            |row| Ok((fold(&text(row, 0)?), column(row, 1)?)),
        )?;
        // SQLite returns the columns of a table together and in their order.
        let mut columns: HashMap<String, Vec<Column>> = HashMap::new();
        for (table, column) in rows {
            columns.entry(table).or_default().push(column);
        }
        Ok(columns)
    }

    /// The columns of a virtual table; none if this build lacks its module.
    fn columns_of_virtual(&self, table: &str) -> Vec<Column> {
        self.collect(
            "SELECT name, type, \"notnull\", hidden FROM pragma_table_xinfo(?1, ?2) ORDER BY cid",
            [table, self.database],
            "the columns of a virtual table",
            |row| column(row, 0),
        )
        .unwrap_or_default()
    }

    /// All rows of a query.
    fn collect<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        what: &'static str,
        each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let read = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.conn.prepare(sql)?;
            statement.query_map(parameters, each)?.collect()
        };
        read().map_err(Error::reading(what))
    }
}

/// All names to which a quoted word in a view or a trigger may refer.
fn all_names(schema: &Schema, stored: &[&Stored]) -> Names {
    let columns = schema.tables().flat_map(|table| &table.columns);
    let columns = columns.map(|column| fold(&column.name));
    columns
        .chain(stored.iter().map(|object| fold(&object.name)))
        .chain(["new", "old", "rowid", "excluded"].map(str::to_owned))
        .collect()
}

/// Names that begin with `sqlite_` are [reserved](https://sqlite.org/lang_createtable.html).
fn is_internal(name: &str) -> bool {
    name.get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}

/// Describes an object that SQLite made.
fn internal_object(object: Stored, schema: &Schema) -> Internal {
    let name = fold(&object.name);
    let mut table = object.table;
    let kind = if object.kind == "index" {
        InternalKind::AutomaticIndex
    } else if name == "sqlite_sequence" {
        InternalKind::Sequence
    } else if name.starts_with("sqlite_stat") {
        InternalKind::Statistics
    } else if name.starts_with("sqlite_") {
        InternalKind::Other
    } else {
        // A shadow table is named after its virtual table; of two candidates, after the longer
        // name.
        let is_of = |own: &&Table| {
            let rest = name.strip_prefix(&fold(&own.name));
            matches!(own.kind, TableKind::Virtual { .. })
                && rest.is_some_and(|rest| rest.starts_with('_'))
        };
        let owner = schema
            .tables()
            .filter(is_of)
            .max_by_key(|own| own.name.len());
        table = owner.map_or(table, |own| own.name.clone());
        InternalKind::Shadow
    };
    Internal {
        name: object.name,
        table,
        kind,
    }
}

/// Reads a column from name, type, NOT NULL and hidden, in this order from `at` on.
fn column(row: &Row<'_>, at: usize) -> rusqlite::Result<Column> {
    let declared_type = Some(tight(&text(row, at + 1)?)).filter(|name| !name.is_empty());
    let hidden: i64 = row.get(at + 3)?;
    Ok(Column {
        name: text(row, at)?,
        affinity: Affinity::from_type(declared_type.as_deref()),
        declared_type,
        not_null: row.get(at + 2)?,
        not_null_on_conflict: None,
        default: None,
        collation: None,
        // Only the text contains its expression.
        generated: matches!(hidden, 2 | 3).then(|| Generated {
            expression: String::new(),
            stored: hidden == 3,
        }),
        hidden: hidden == 1,
    })
}

/// The text in the file. NULL is empty. Each byte that is not UTF-8 becomes a mark and its two
/// digits, so that an unreadable name neither makes the others unreadable nor equals a different
/// name.
fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(at)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            let mut text = String::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                for byte in chunk.invalid() {
                    text.push_str(&format!("\u{fffd}{byte:02x}"));
                }
            }
            text
        }
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
    })
}
