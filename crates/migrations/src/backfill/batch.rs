//! A batch of rows: as they were read, and the rows that were computed from them. Values are cells
//! that point into one buffer, so a row costs no allocation. A batch is reused after it is written.

use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Rows, Statement};

use super::row_error::RowError;
use crate::error::BoxError;
use crate::loss::show;
use crate::skipped_rows::SkippedRows;

/// The number of bytes at which a batch is sent on: large enough that sending it costs nothing,
/// small enough that four batches fit into a processor's cache.
const BYTES: usize = 256 * 1024;

/// The same limit in cells, for rows that contain only numbers.
const CELLS: usize = 16 * 1024;

/// Computes rows from a row that was read.
pub(super) type Compute<'a> =
    dyn Fn(&Source<'_>, &mut Made<'_>) -> Result<(), BoxError> + Sync + 'a;

#[derive(Clone, Debug)]
enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

/// Rows of equal width, one after the other.
#[derive(Debug, Default)]
struct Table {
    width: usize,
    cells: Vec<Cell>,
    bytes: Vec<u8>,
}

impl Table {
    fn with_width(width: usize) -> Table {
        Table {
            width,
            ..Table::default()
        }
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.bytes.clear();
    }

    fn add(&mut self, value: ValueRef<'_>) {
        let mut keep = |bytes: &[u8]| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            start..self.bytes.len()
        };
        let cell = match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Real(number) => Cell::Real(number),
            ValueRef::Text(text) => Cell::Text(keep(text)),
            ValueRef::Blob(bytes) => Cell::Blob(keep(bytes)),
        };
        self.cells.push(cell);
    }

    fn rows(&self) -> usize {
        self.cells.len() / self.width.max(1)
    }

    fn get(&self, row: usize, column: usize) -> ValueRef<'_> {
        let bytes = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        match self.cells.get(row * self.width + column) {
            None | Some(Cell::Null) => ValueRef::Null,
            Some(Cell::Integer(number)) => ValueRef::Integer(*number),
            Some(Cell::Real(number)) => ValueRef::Real(*number),
            Some(Cell::Text(range)) => ValueRef::Text(bytes(range)),
            Some(Cell::Blob(range)) => ValueRef::Blob(bytes(range)),
        }
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= BYTES || self.cells.len() >= CELLS
    }
}

/// A row that was read.
#[derive(Debug)]
pub struct Source<'a> {
    table: &'a Table,
    row: usize,
}

impl<'a> Source<'a> {
    /// The value of a column, counted from 0; NULL if the SELECT has no such column.
    pub fn get(&self, column: usize) -> ValueRef<'a> {
        if column < self.table.width {
            self.table.get(self.row, column)
        } else {
            ValueRef::Null
        }
    }

    /// The value as text on one line, shortened for a reader.
    pub fn shown(&self, column: usize) -> String {
        show(self.get(column))
    }
}

/// The rows that `compute` adds for one row that was read.
#[derive(Debug)]
pub struct Made<'a> {
    table: &'a mut Table,
    origins: &'a mut Vec<usize>,
    skipped: &'a mut SkippedRows,
    row: usize,
}

impl Made<'_> {
    /// Adds a row to the table that is filled, with `values` in the order of
    /// [`Backfill::columns`](crate::Backfill).
    ///
    /// # Errors
    /// When the number of values differs from the number of columns.
    pub fn row(&mut self, values: &[ValueRef<'_>]) -> Result<(), BoxError> {
        if values.len() != self.table.width {
            let (given, width) = (values.len(), self.table.width);
            return Err(format!("{given} values for {width} columns").into());
        }
        for value in values {
            self.table.add(*value);
        }
        self.origins.push(self.row);
        Ok(())
    }

    /// Records that the row `key` of `table` stays unchanged, and why; see
    /// [`SkippedRows::skip`](crate::SkippedRows::skip).
    pub fn skip(&mut self, table: &str, key: impl Into<String>, reason: impl Into<String>) {
        self.skipped.skip(table, key, reason);
    }
}

/// Rows that were read together, and the rows computed from them.
#[derive(Debug)]
pub(super) struct Batch {
    /// The name of the first column that is read.
    key: String,
    /// The number of rows read before this batch.
    before: u64,
    read: Table,
    made: Table,
    /// For each computed row, the row that it was computed from.
    origins: Vec<usize>,
    skipped: SkippedRows,
    failure: Option<RowError>,
}

impl Batch {
    pub(super) fn new(statement: &Statement<'_>, columns: usize) -> Batch {
        let key = statement.column_name(0).unwrap_or_default();
        Batch::empty(key, statement.column_count(), columns)
    }

    /// An empty batch of the same shape.
    pub(super) fn another(&self) -> Batch {
        Batch::empty(&self.key, self.read.width, self.made.width)
    }

    fn empty(key: &str, read: usize, made: usize) -> Batch {
        Batch {
            key: key.to_owned(),
            before: 0,
            read: Table::with_width(read),
            made: Table::with_width(made),
            origins: Vec::new(),
            skipped: SkippedRows::default(),
            failure: None,
        }
    }

    /// Empties the batch for the rows that follow the first `before` rows.
    pub(super) fn go_on(&mut self, before: u64) {
        self.before = before;
        self.read.clear();
        self.made.clear();
        self.origins.clear();
    }

    /// The number of rows read up to the end of this batch.
    pub(super) fn end(&self) -> u64 {
        self.before + self.read.rows() as u64
    }

    /// Reads until the batch is full; false when there are no more rows.
    pub(super) fn read(&mut self, rows: &mut Rows<'_>) -> rusqlite::Result<bool> {
        while !self.read.is_full() {
            let Some(row) = rows.next()? else {
                return Ok(false);
            };
            for column in 0..self.read.width {
                self.read.add(row.get_ref(column)?);
            }
        }
        Ok(true)
    }

    /// Calls `compute` for each row, up to the first that fails.
    pub(super) fn compute(&mut self, compute: &Compute<'_>) {
        for row in 0..self.read.rows() {
            let source = Source {
                table: &self.read,
                row,
            };
            let mut made = Made {
                table: &mut self.made,
                origins: &mut self.origins,
                skipped: &mut self.skipped,
                row,
            };
            if let Err(error) = compute(&source, &mut made) {
                self.failure = Some(self.error(row, error));
                return;
            }
        }
    }

    fn error(&self, row: usize, source: BoxError) -> RowError {
        RowError {
            number: self.before + row as u64 + 1,
            key: format!("`{}` {}", self.key, show(self.read.get(row, 0))),
            source,
        }
    }

    pub(super) fn skipped(&mut self) -> &mut SkippedRows {
        &mut self.skipped
    }

    pub(super) fn take_failure(&mut self) -> Option<BoxError> {
        Some(self.failure.take()?.into())
    }

    /// The number of computed rows.
    pub(super) fn rows_made(&self) -> usize {
        self.origins.len()
    }

    /// A value of a computed row.
    pub(super) fn made(&self, row: usize, column: usize) -> ValueRef<'_> {
        self.made.get(row, column)
    }

    /// Wraps the error of a computed row with the row that it was computed from.
    pub(super) fn wrap_refusal(&self, made: usize, source: BoxError) -> BoxError {
        let origin = self.origins.get(made).copied().unwrap_or_default();
        self.error(origin, source).into()
    }
}
