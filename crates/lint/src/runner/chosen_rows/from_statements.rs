//! Rows about what statements say: on both sides of each condition, with values that functions
//! change, with values that a statement assigns.

use std::collections::BTreeSet;

use schema::sql::{fold, quote_name};
use schema::{Affinity, Column, Schema, Table, TableKind};

use super::{Cells, ChosenRow, cells};
use crate::script::statement::Statement;
use crate::script::unique_keys::unique_keys;
use generate::rows_about;

/// More rows than these are chosen for no table.
const MOST: usize = 60;

/// More literals of a script than these are not looked up.
const LOOKUPS: usize = 12;

/// Whether a literal is of the kind that a column holds.
fn fits(column: &Column, literal: &str) -> bool {
    let textual = matches!(column.affinity, Affinity::Text | Affinity::Blob);
    literal.starts_with('\'') == textual
}

/// More values than these are not put into a JSON document.
const JSON_VALUES: usize = 6;

/// The same for rows that no other row refers to.
const MOST_ALONE: usize = 12;

/// Rows for the tables of `schema` of `only`, for all of these statements.
pub(crate) fn chosen_rows(
    schema: &Schema,
    only: &BTreeSet<String>,
    statements: &[&Statement],
) -> Vec<ChosenRow> {
    let chosen =
        |table: &&Table| table.kind == TableKind::Ordinary && only.contains(&fold(&table.name));
    let literals: BTreeSet<&String> = (statements.iter())
        .flat_map(|statement| &statement.demands.all_literals)
        .collect();
    let tables = schema.tables().filter(chosen);
    tables
        .flat_map(|table| {
            let mut choice = Choice {
                schema,
                table,
                rows: Vec::new(),
                alone: Vec::new(),
            };
            for statement in statements {
                choice.read(statement, &literals);
            }
            let name = fold(&table.name);
            let rows = choice.rows.into_iter().map(|cells| (cells, false));
            let alone = choice.alone.into_iter().map(|cells| (cells, true));
            rows.chain(alone).map(move |(cells, alone)| ChosenRow {
                table: name.clone(),
                cells,
                alone,
            })
        })
        .collect()
}

/// The rows chosen for one table so far.
struct Choice<'a> {
    schema: &'a Schema,
    table: &'a Table,
    rows: Vec<Cells>,
    /// Rows that no other row shall refer to.
    alone: Vec<Cells>,
}

impl Choice<'_> {
    /// Reads one statement; `literals` are those of the whole script.
    fn read(&mut self, statement: &Statement, literals: &BTreeSet<&String>) {
        let columns: Vec<(String, Affinity)> = (self.table.stored_columns())
            .map(|column| (column.name.clone(), column.affinity))
            .collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let demands = &statement.demands;
        for condition in &demands.conditions {
            let mut understood = false;
            for row in rows_about(condition, &columns) {
                understood = true;
                let row = cells(&names, row);
                if !demands.pairs.is_empty() {
                    self.add_alone(self.with_overwritten(row.clone(), statement));
                }
                self.add(self.with_values(row, statement));
            }
            let computes = ["(", "||"].iter().any(|sign| condition.contains(sign));
            let named = self.named(&generate::names(condition));
            if !understood || computes {
                self.guess(&named, condition, statement);
            }
            if !understood {
                for column in named {
                    self.spread(&column);
                }
            }
        }
        for column in self.named(&demands.computed) {
            self.compute(&column);
        }
        let keys = unique_keys(self.schema, self.table);
        for (name, value) in &demands.assigned {
            let unique = keys.iter().any(|key| {
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
        // A table that the script makes may hold any of its literals.
        let unknown = |name: &&String| self.schema.tables().all(|own| own.column(name).is_none());
        let mut lookups: BTreeSet<String> = demands.lookups.clone();
        for (a, b) in &demands.pairs {
            for (own, other) in [(a, b), (b, a)] {
                if unknown(&other) {
                    lookups.insert(own.clone());
                }
            }
        }
        for column in self.named(&lookups) {
            for value in literals.iter().take(LOOKUPS) {
                if fits(&column, value) {
                    self.add(vec![(column.name.clone(), (*value).clone())]);
                }
            }
        }
        for (a, b) in &demands.pairs {
            self.pair(a, b, statement);
            self.pair(b, a, statement);
        }
    }

    /// The cells, and values for the columns that the statement sets: what it overwrites must be
    /// there.
    fn with_overwritten(&self, mut cells: Cells, statement: &Statement) -> Cells {
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
        cells
    }

    /// The same, and values that lead to rows of other tables.
    fn with_values(&self, cells: Cells, statement: &Statement) -> Cells {
        let mut cells = self.with_overwritten(cells, statement);
        for (a, b) in &statement.demands.pairs {
            for (own, other) in [(a, b), (b, a)] {
                let known = cells.iter().any(|(name, _)| fold(name) == *own);
                let id = self.table.rowid_alias().map(fold);
                if let Some(column) = self.column(own).filter(|_| !known)
                    && id.as_deref() != Some(own.as_str())
                    && let Some(value) = self.values_elsewhere(other, statement).into_iter().next()
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

    fn add_alone(&mut self, cells: Cells) {
        if !cells.is_empty() && self.alone.len() < MOST_ALONE && !self.alone.contains(&cells) {
            self.alone.push(cells);
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

    /// Values made from the literals of a condition that is not understood, for each of its columns
    /// and for all of them at once.
    fn guess(&mut self, columns: &[Column], condition: &str, statement: &Statement) {
        let literals = generate::literals(condition);
        let mut numbers: Vec<i64> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for literal in &literals {
            match literal {
                observe::Value::Integer(number) => numbers.push(*number),
                observe::Value::Text(bytes) => {
                    texts.push(String::from_utf8_lossy(bytes).into_owned());
                }
                _ => {}
            }
        }
        let product = numbers
            .iter()
            .fold(1_i64, |all, one| all.saturating_mul(*one));
        let quoted = |text: &str| observe::Value::text(text).to_sql_text();
        let mut as_number: Vec<String> = Vec::new();
        for number in numbers.iter().chain([&product]) {
            let beside = [0, 1, -1].map(|by| number.saturating_add(by).to_string());
            as_number.extend(beside);
            as_number.push(number.saturating_neg().to_string());
        }
        as_number.extend(
            texts
                .iter()
                .map(|text| format!("CAST({} AS INTEGER)", quoted(text))),
        );
        as_number.extend(
            texts
                .iter()
                .map(|text| format!("unixepoch({}) + 60", quoted(text))),
        );
        let escapes: Vec<String> = (texts.iter())
            .filter(|text| text.chars().count() == 1)
            .cloned()
            .collect();
        // A pattern without its wildcards matches itself.
        let plain: Vec<String> = (texts.iter())
            .map(|text| {
                let text = text.replace('%', "");
                escapes
                    .iter()
                    .fold(text, |text, escape| text.replace(escape, ""))
            })
            .collect();
        texts.extend(plain);
        let joined = texts.concat();
        let mut as_text: Vec<String> = Vec::new();
        for text in texts.iter().chain([&joined]) {
            for shape in [
                text.clone(),
                format!("ab{text}"),
                format!("{text}ab"),
                format!("abc{text}"),
                format!("{text}-06-15 12:00:00"),
                format!("{text}-15"),
                format!("2020-{text}"),
                format!("{text} 12:00:00"),
            ] {
                as_text.push(quoted(&shape));
            }
        }
        for number in &numbers {
            as_text.push(quoted(&format!("{number}-06-15 12:00:00")));
            as_text.push(format!("char({number})"));
            as_text.push(format!(
                "'x' || hex(zeroblob({}))",
                number.clamp(&0, &2_000)
            ));
        }
        let values = |column: &Column| match column.affinity {
            Affinity::Text | Affinity::Blob => as_text.clone(),
            _ => as_number.clone(),
        };
        let all: Cells = (columns.iter())
            .filter_map(|column| Some((column.name.clone(), values(column).first()?.clone())))
            .collect();
        if columns.len() > 1 {
            self.add(self.with_values(all, statement));
        }
        for column in columns {
            for value in values(column) {
                let cells = vec![(column.name.clone(), value)];
                self.add(self.with_values(cells, statement));
            }
        }
        let mut rowid = ["rowid", "_rowid_", "oid"].into_iter();
        let names = generate::names(condition);
        let has = |name: &&str| names.contains(*name) && self.table.column(name).is_none();
        if let Some(rowid) = rowid.find(has).filter(|_| !self.table.without_rowid) {
            for value in as_number.iter().take(4) {
                self.add(vec![(rowid.to_owned(), value.clone())]);
            }
        }
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
                "'a long text ' || hex(zeroblob(35000)) || '1'",
                "'a long text ' || hex(zeroblob(35000)) || '2'",
            ],
        };
        for value in values {
            self.add(vec![(column.name.clone(), (*value).to_owned())]);
        }
    }

    /// A value of a column that other tables of the statement have, as SQL, for each of them.
    fn values_elsewhere(&self, column: &str, statement: &Statement) -> Vec<String> {
        let others = self.schema.tables().filter(|other| {
            other.name != self.table.name
                && statement.mentions(&other.name)
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
    fn pair(&mut self, a: &str, b: &str, statement: &Statement) {
        let Some(column) = self.column(a) else {
            return;
        };
        let name = column.name;
        for other in self.values_elsewhere(b, statement) {
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
