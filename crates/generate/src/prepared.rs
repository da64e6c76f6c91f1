//! A generator that is prepared for making databases.

use schema::sql::quote_name;

use observe::Value;

use crate::build::BuildContext;
use crate::generated::Profile;
use crate::model::{Cell, Row};
use crate::plan::{Plan, TablePlan};
use crate::trial::Trial;

/// A generator that is prepared for making databases.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    pub(crate) trial: Trial,
    pub(crate) given: Vec<Row>,
    pub(crate) highest: Vec<i64>,
    pub(crate) profile: Profile,
    pub(crate) rows: usize,
    pub(crate) nulls: bool,
    pub(crate) only_empty: bool,
}

impl Prepared {
    pub(crate) fn context(&self) -> BuildContext<'_> {
        BuildContext {
            plan: &self.plan,
            trial: &self.trial,
            given: &self.given,
            highest: &self.highest,
            profile: self.profile,
            rows: self.rows,
            nulls: self.nulls,
            only_empty: self.only_empty,
        }
    }
}

/// Some existing rows of the database, for references.
pub(crate) fn given_rows(trial: &Trial, place: usize, table: &TablePlan) -> Vec<Row> {
    const ENOUGH: usize = 20;
    let names: Vec<_> = table
        .columns
        .iter()
        .map(|column| quote_name(&column.name))
        .collect();
    let sql = format!(
        "SELECT {} FROM {} LIMIT {ENOUGH}",
        names.join(", "),
        quote_name(&table.name)
    );
    let read = || -> rusqlite::Result<Vec<Row>> {
        let mut statement = trial.connection().prepare(&sql)?;
        let cells = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Row> {
            let cell = |at| {
                Ok(Cell {
                    value: Value::from(row.get_ref(at)?),
                    named: true,
                })
            };
            Ok(Row {
                table: place,
                cells: (0..names.len())
                    .map(cell)
                    .collect::<rusqlite::Result<_>>()?,
                links: vec![None; table.references.len()],
                alive: true,
                given: true,
            })
        };
        statement.query_map([], cells)?.collect()
    };
    // A row that cannot be read gets no reference, and its insert reports the reason.
    read().unwrap_or_default()
}
