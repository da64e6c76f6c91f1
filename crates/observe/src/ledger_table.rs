//! The table in which an application records its migrations.

use rusqlite::Connection;
use schema::Schema;
use schema::sql::quote_name;

use crate::value::Value;

/// The table in which an application records its migrations. It does not count as data, and some of
/// its columns, such as times, differ between two equal runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerTable {
    /// The table's name.
    pub name: &'static str,
    /// The columns to observe; the rows are in the order of the first.
    pub columns: &'static [&'static str],
}

impl LedgerTable {
    /// The rows in the listed columns, NULL for a column that the table lacks; `None` if there is
    /// no such table.
    pub(crate) fn read(
        self,
        connection: &Connection,
        schema: &Schema,
    ) -> rusqlite::Result<Option<Vec<Vec<Value>>>> {
        let Some(table) = schema.table(self.name) else {
            return Ok(None);
        };
        let column = |name: &&str| match table.column(name) {
            Some(column) => quote_name(&column.name),
            None => "NULL".to_owned(),
        };
        let columns: Vec<_> = self.columns.iter().map(column).collect();
        let (list, name) = (columns.join(", "), quote_name(&table.name));
        let sql = format!("SELECT {list} FROM main.{name} ORDER BY 1");
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| {
            let values = (0..columns.len()).map(|index| row.get_ref(index).map(Value::from));
            values.collect()
        })?;
        rows.collect::<rusqlite::Result<_>>().map(Some)
    }
}
