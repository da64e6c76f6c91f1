//! Rows about what statements say: on both sides of each condition, with values that functions
//! change, with values that a statement assigns.

use std::collections::BTreeSet;

use schema::sql::{fold, quote_name};
use schema::{Affinity, Column, Schema, Table, TableKind};

use super::keys::keys;
use super::{Cells, ChosenRow};
use crate::script::statement::Statement;
use generate::rows_about;

/// More rows than these are chosen for no table.
const MOST: usize = 40;

/// More values than these are not put into a JSON document.
const JSON_VALUES: usize = 6;

/// Rows for the tables of `schema` of `only`, for all of these statements.
pub(crate) fn chosen_rows(
    schema: &Schema,
    only: &BTreeSet<String>,
    statements: &[&Statement],
) -> Vec<ChosenRow> {
    let chosen =
        |table: &&Table| table.kind == TableKind::Ordinary && only.contains(&fold(&table.name));
    let tables = schema.tables().filter(chosen);
    tables
        .flat_map(|table| {
            let mut choice = Choice {
                schema,
                table,
                rows: Vec::new(),
            };
            for statement in statements {
                choice.read(statement);
            }
            let name = fold(&table.name);
            choice.rows.into_iter().map(move |cells| ChosenRow {
                table: name.clone(),
                cells,
            })
        })
        .collect()
}

/// The rows chosen for one table so far.
struct Choice<'a> {
    schema: &'a Schema,
    table: &'a Table,
    rows: Vec<Cells>,
}

impl Choice<'_> {
    fn read(&mut self, statement: &Statement) {
        let columns: Vec<(String, Affinity)> = (self.table.stored_columns())
            .map(|column| (column.name.clone(), column.affinity))
            .collect();
        let demands = &statement.demands;
        for condition in &demands.conditions {
            let mut understood = false;
            for row in rows_about(condition, &columns) {
                understood = true;
                let cell = |(at, value): (usize, observe::Value)| {
                    let (name, _) = columns.get(at)?;
                    Some((name.clone(), value.to_sql_text()))
                };
                let row: Cells = row.into_iter().filter_map(cell).collect();
                self.add(self.with_values(row, statement));
            }
            if !understood {
                let names = generate::names(condition);
                for column in self.named(&names) {
                    self.spread(&column);
                }
            }
        }
        for column in self.named(&demands.computed) {
            self.compute(&column);
        }
        for (name, value) in &demands.assigned {
            let unique = keys(self.schema, self.table).iter().any(|key| {
                let mut parts = key.parts.iter();
                parts.any(|part| part.columns().contains(name))
            });
            if let Some(column) = self.column(name).filter(|_| !unique) {
                self.add(vec![(column.name, value.clone())]);
            }
        }
        for (name, path) in &demands.json {
            if let Some(column) = self.column(name) {
                for value in demands.literals.iter().take(JSON_VALUES) {
                    let document = format!("json_set('{{}}', {path}, {value})");
                    self.add(vec![(column.name.clone(), document)]);
                }
            }
        }
        for (a, b) in &demands.pairs {
            self.pair(a, b);
            self.pair(b, a);
        }
    }

    /// The cells, and values for the columns that the statement sets: what it overwrites must be
    /// there.
    fn with_values(&self, mut cells: Cells, statement: &Statement) -> Cells {
        let demands = &statement.demands;
        let assigned = demands.assigned.iter().map(|(name, _)| name);
        let derived = demands.derived.iter().map(|(name, _)| name);
        for name in assigned.chain(derived) {
            let known = cells.iter().any(|(own, _)| fold(own) == *name);
            if let Some(column) = self.column(name).filter(|own| !known && !own.not_null) {
                let usual = match column.affinity {
                    Affinity::Text => "'some words'",
                    Affinity::Integer => "5",
                    Affinity::Real | Affinity::Numeric => "2.5",
                    Affinity::Blob => "x'616263'",
                };
                let own = quote_name(&column.name);
                cells.push((column.name, format!("coalesce({own}, {usual})")));
            }
        }
        for (a, b) in &demands.pairs {
            for (own, other) in [(a, b), (b, a)] {
                let known = cells.iter().any(|(name, _)| fold(name) == *own);
                let id = self.table.rowid_alias().map(fold);
                if let Some(column) = self.column(own).filter(|_| !known)
                    && id.as_deref() != Some(own.as_str())
                    && let Some(value) = self.values_elsewhere(other).into_iter().next()
                {
                    cells.push((column.name, value));
                }
            }
        }
        cells
    }

    fn add(&mut self, cells: Cells) {
        if !cells.is_empty() && self.rows.len() < MOST && !self.rows.contains(&cells) {
            self.rows.push(cells);
        }
    }

    fn column(&self, name: &str) -> Option<Column> {
        let mut columns = self.table.stored_columns();
        columns.find(|own| fold(&own.name) == name).cloned()
    }

    fn named(&self, names: &BTreeSet<String>) -> Vec<Column> {
        let own = self.table.stored_columns();
        own.filter(|column| names.contains(&fold(&column.name)))
            .cloned()
            .collect()
    }

    /// Values of all sorts for a column in a condition that is not understood.
    fn spread(&mut self, column: &Column) {
        let values: &[&str] = match column.affinity {
            Affinity::Integer | Affinity::Real | Affinity::Numeric => {
                &["NULL", "-1", "0", "1", "100", "1000000", "4102444800"]
            }
            Affinity::Text | Affinity::Blob => &[
                "NULL",
                "''",
                "'1970-01-01 00:00:00'",
                "'2999-12-31 23:59:59'",
                "'ZZ zz'",
            ],
        };
        for value in values {
            self.add(vec![(column.name.clone(), (*value).to_owned())]);
        }
    }

    /// Values that functions, casts and arithmetic change.
    fn compute(&mut self, column: &Column) {
        let values: &[&str] = match column.affinity {
            Affinity::Integer => &["NULL", "-7", "0", "6", "7", "9007199254740993"],
            Affinity::Real | Affinity::Numeric => &[
                "NULL",
                "-7.25",
                "0",
                "3.75",
                "3.75 + 0.375",
                "4.0",
                "3.25",
                "1e15",
            ],
            Affinity::Text | Affinity::Blob => &[
                "NULL",
                "''",
                "'  Padded Text  '",
                "'Padded Text'",
                "'padded text'",
                "'MiXed, CASE; a-b'",
                "'mixed, case; a-b'",
                "'007'",
                "'1e5'",
                "'12345678901234567890'",
                "'a long text ' || hex(zeroblob(120)) || '1'",
                "'a long text ' || hex(zeroblob(120)) || '2'",
            ],
        };
        for value in values {
            self.add(vec![(column.name.clone(), (*value).to_owned())]);
        }
    }

    /// A value of a column that other tables have, as SQL, for each of them.
    fn values_elsewhere(&self, column: &str) -> Vec<String> {
        let others = self.schema.tables().filter(|other| {
            other.name != self.table.name
                && other.kind == TableKind::Ordinary
                && other.stored_columns().any(|own| fold(&own.name) == column)
        });
        let column = quote_name(column);
        let value = |other: &Table| {
            let table = quote_name(&other.name);
            format!("(SELECT {column} FROM main.{table} WHERE {column} IS NOT NULL LIMIT 1)")
        };
        others.map(value).collect()
    }

    /// A row that `a` leads to a row of another table, and one that it leads nowhere.
    fn pair(&mut self, a: &str, b: &str) {
        let Some(column) = self.column(a) else {
            return;
        };
        let name = column.name;
        for other in self.values_elsewhere(b) {
            self.add(vec![(name.clone(), other)]);
        }
        self.add(vec![(name.clone(), "NULL".to_owned())]);
        self.add(vec![(name, nowhere(column.affinity).to_owned())]);
    }
}

/// A value that no generated row has.
pub(super) fn nowhere(affinity: Affinity) -> &'static str {
    match affinity {
        Affinity::Integer | Affinity::Real | Affinity::Numeric => "987654321",
        Affinity::Text | Affinity::Blob => "'no such row'",
    }
}
