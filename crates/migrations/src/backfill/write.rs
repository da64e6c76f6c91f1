//! Writes rows, many with one statement, and builds the indexes afterwards.

use std::ops::Range;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Statement};
use schema::sql::quote_name;

use super::batch::Batch;
use super::row_error::refuses_row;
use crate::error::BoxError;

/// The number of parameters of one statement: enough to make its fixed cost small, and below the
/// limit [of every SQLite](https://sqlite.org/limits.html#max_variable_number).
const PARAMETERS: usize = 128;

/// Drops the indexes of `table` that are not UNIQUE, if the table is empty, and returns the
/// statements that create them again.
pub(super) fn put_off_indexes(
    connection: &Connection,
    table: &str,
) -> rusqlite::Result<Vec<String>> {
    let filled = format!("SELECT EXISTS (SELECT 1 FROM main.{})", quote_name(table));
    if connection.query_row(&filled, [], |row| row.get(0))? {
        return Ok(Vec::new());
    }
    let indexes: Vec<(String, String)> = connection
        .prepare(
            "SELECT s.name, s.sql FROM main.sqlite_schema AS s
             JOIN pragma_index_list(?1, 'main') AS i ON i.name = s.name
             WHERE s.type = 'index' AND i.origin = 'c' AND NOT i.\"unique\" ORDER BY s.rowid",
        )?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX main.{}", quote_name(name)))?;
    }
    Ok(indexes.into_iter().map(|(_, sql)| sql).collect())
}

/// Two statements: one for many rows, and one for a single row.
pub(super) struct Writer<'a> {
    many: Statement<'a>,
    one: Statement<'a>,
    rows: usize,
    columns: usize,
}

impl<'a> Writer<'a> {
    /// Prepares to write the columns `names` of `table`.
    pub(super) fn new(
        connection: &'a Connection,
        table: &str,
        names: &[&str],
    ) -> rusqlite::Result<Writer<'a>> {
        let columns = names.len();
        let rows = (PARAMETERS / columns.max(1)).max(1);
        let names: Vec<String> = names.iter().map(|name| quote_name(name)).collect();
        let row = format!("({})", vec!["?"; columns].join(", "));
        let prepare = |rows| {
            connection.prepare(&format!(
                "INSERT INTO main.{} ({}) VALUES {}",
                quote_name(table),
                names.join(", "),
                vec![&*row; rows].join(", ")
            ))
        };
        Ok(Writer {
            many: prepare(rows)?,
            one: prepare(1)?,
            rows,
            columns,
        })
    }

    /// Writes all rows of the batch, in order.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), BoxError> {
        let mut next = 0;
        while next < batch.rows_made() {
            let end = next + self.rows;
            let whole = end <= batch.rows_made();
            if !whole || !self.write_many(batch, next..end)? {
                self.write_each(batch, next..end.min(batch.rows_made()))?;
            }
            next = end;
        }
        Ok(())
    }

    /// Writes the rows with one statement; false if a row is refused, and then none is written.
    fn write_many(&mut self, batch: &Batch, rows: Range<usize>) -> Result<bool, BoxError> {
        bind(&mut self.many, batch, rows, self.columns)?;
        match self.many.raw_execute() {
            Ok(_) => Ok(true),
            Err(error) if refuses_row(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the rows one by one, so that an error names its row.
    fn write_each(&mut self, batch: &Batch, rows: Range<usize>) -> Result<(), BoxError> {
        for row in rows {
            bind(&mut self.one, batch, row..row + 1, self.columns)?;
            self.one.raw_execute().map_err(|error| {
                if refuses_row(&error) {
                    batch.wrap_refusal(row, error.into())
                } else {
                    error.into()
                }
            })?;
        }
        Ok(())
    }
}

fn bind(
    statement: &mut Statement<'_>,
    batch: &Batch,
    rows: Range<usize>,
    columns: usize,
) -> rusqlite::Result<()> {
    let cells = rows.flat_map(|row| (0..columns).map(move |column| (row, column)));
    for (index, (row, column)) in cells.enumerate() {
        let value = ToSqlOutput::Borrowed(batch.made(row, column));
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(())
}
