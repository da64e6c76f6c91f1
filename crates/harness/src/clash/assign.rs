//! Changes to existing rows.

use rusqlite::Connection;
use schema::Table;
use schema::sql::quote_name;

use observe::Value;

/// The maximum number of rows that are read from a table.
const ENOUGH: usize = 200;

/// The rows of one table as they are stored.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
    /// The condition that selects each row.
    pub(super) places: Vec<String>,
}

impl Rows {
    pub(super) fn read(connection: &Connection, table: &Table) -> rusqlite::Result<Rows> {
        let columns: Vec<String> = table.stored_columns().map(|own| own.name.clone()).collect();
        let mut names: Vec<String> = columns.iter().map(|name| quote_name(name)).collect();
        if !table.without_rowid {
            names.push("rowid".to_owned());
        }
        let sql = format!(
            "SELECT {} FROM {} LIMIT {ENOUGH}",
            names.join(", "),
            quote_name(&table.name)
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Vec<Value>> {
            let cell = |at| Ok(Value::from(row.get_ref(at)?));
            (0..names.len()).map(cell).collect()
        };
        let mut rows: Vec<Vec<Value>> = statement
            .query_map([], read)?
            .collect::<rusqlite::Result<_>>()?;
        let mut places = Vec::new();
        for row in &mut rows {
            places.push(if table.without_rowid {
                key(table, &columns, row)
            } else {
                match row.pop() {
                    Some(id) => format!("rowid = {}", id.to_sql_text()),
                    None => "0".to_owned(),
                }
            });
        }
        Ok(Rows {
            columns,
            rows,
            places,
        })
    }

    pub(super) fn place(&self, column: &str) -> Option<usize> {
        let same = |own: &String| own.eq_ignore_ascii_case(column);
        self.columns.iter().position(same)
    }

    pub(super) fn value(&self, row: usize, column: &str) -> Option<&Value> {
        self.rows.get(row)?.get(self.place(column)?)
    }
}

/// The condition that finds a row by its primary key.
fn key(table: &Table, columns: &[String], row: &[Value]) -> String {
    let parts = table.primary_key.iter().flat_map(|key| &key.columns);
    let one = |name: &String| {
        let place = columns
            .iter()
            .position(|own| own.eq_ignore_ascii_case(name))?;
        let value = row.get(place)?.to_sql_text();
        Some(format!("{} IS {value}", quote_name(name)))
    };
    let all: Vec<String> = parts.filter_map(|part| one(&part.name)).collect();
    all.join(" AND ")
}

/// Values for some columns of some rows.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) table: String,
    /// For each row, the condition that selects it, and its new values by column.
    pub(super) rows: Vec<(String, Vec<(String, Value)>)>,
    /// The description of the change to the rows.
    pub(super) why: String,
    /// The way in which the rows violate the demand. Candidates that violate it in the same way
    /// find the same mistake, so one of them is enough.
    pub(super) way: Way,
    /// The unusual properties of the values.
    pub(super) hostile: Vec<String>,
}

/// The way in which rows violate a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Two rows have the same values.
    Same,
    /// Two rows have different values that the key compares as equal.
    Alike,
    /// A value is NULL.
    Null,
    /// A value has the type that the column declares.
    Usual,
    /// A value has a different type.
    Odd,
    /// A row refers to no parent.
    Orphan,
}

impl Assignment {
    /// Applies the assignment, and returns whether SQLite accepted all of it.
    pub(super) fn apply(&self, connection: &Connection) -> bool {
        let one = |sql: String| matches!(connection.execute(&sql, []), Ok(1..));
        self.statements().all(one)
    }

    pub(super) fn to_sql(&self) -> String {
        let statements: Vec<String> = self.statements().collect();
        format!("{};\n", statements.join(";\n"))
    }

    fn statements(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|(place, values)| {
            let set = |(name, value): &(String, Value)| {
                format!("{} = {}", quote_name(name), value.to_sql_text())
            };
            let sets: Vec<String> = values.iter().map(set).collect();
            let table = quote_name(&self.table);
            format!("UPDATE {table} SET {} WHERE {place}", sets.join(", "))
        })
    }
}

/// Whether all foreign keys of the database hold, or SQLite cannot check them.
pub(super) fn keys_hold(connection: &Connection) -> bool {
    let check = connection.prepare_cached("PRAGMA foreign_key_check");
    !check
        .and_then(|mut check| check.exists([]))
        .unwrap_or(false)
}
