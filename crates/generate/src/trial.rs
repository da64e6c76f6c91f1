//! A database on which rows are tried: SQLite decides what is valid.

use rusqlite::{Connection, params_from_iter};
use schema::sql::{fold, quote_name};

use crate::model::Model;
use crate::plan::{Filling, Plan, TablePlan};
use observe::Value;
use observe::check_agrees_with_content;
use sandbox::{Sandbox, is_interrupted, sqlite_message};

/// A connection that never commits.
#[derive(Debug)]
pub(super) struct Trial {
    connection: Sandbox,
    foreign_keys: bool,
}

/// The maximum number of virtual machine instructions for a row, because a trigger may never end.
const ROW: u64 = 2_000_000;

/// The reason why SQLite refused a row.
pub(super) struct Refusal {
    pub(super) words: String,
    /// Whether no other values can help.
    pub(super) hopeless: bool,
}

impl Trial {
    pub(super) fn open(image: &[u8], foreign_keys: bool) -> rusqlite::Result<Trial> {
        let connection = Sandbox::open(image)?;
        connection.set_prepared_statement_cache_capacity(1_024);
        connection.pragma_update(None, "foreign_keys", foreign_keys)?;
        Ok(Trial {
            connection,
            foreign_keys,
        })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The tables that have an AUTOINCREMENT counter already, by folded name.
    pub(super) fn marked(&self) -> Vec<String> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self
                .connection
                .prepare("SELECT name FROM sqlite_sequence")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        // Without such a table there are none.
        read()
            .unwrap_or_default()
            .iter()
            .map(|name| fold(name))
            .collect()
    }

    /// Removes the limit, for work other than inserting a row.
    fn unhurried(&self) {
        self.connection.budget().unlimited();
    }

    pub(super) fn begin(&self, deferred: bool) -> rusqlite::Result<()> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        self.connection.execute_batch("BEGIN")?;
        // It lasts until the end of the transaction.
        if deferred {
            self.connection
                .execute_batch("PRAGMA defer_foreign_keys = ON")?;
        }
        Ok(())
    }

    pub(super) fn end(&self) {
        // A refusal may have ended the transaction already.
        let _ = self.connection.execute_batch("ROLLBACK");
    }

    /// Whether a refusal ended the transaction, and with it all earlier rows.
    pub(super) fn lost_all(&self) -> bool {
        self.connection.is_autocommit()
    }

    pub(super) fn insert(&self, table: &TablePlan, values: &[Value]) -> Result<(), Refusal> {
        self.connection.budget().limit(ROW);
        let refusal = |hopeless| {
            move |error: rusqlite::Error| match (
                is_interrupted(&error),
                self.connection.stop(&error),
            ) {
                (true, _) => Refusal {
                    words: "the row takes too long: a trigger may never end".to_owned(),
                    hopeless: true,
                },
                // Other values do not help against a refused action.
                (false, Some(stop)) => Refusal {
                    words: stop.why(),
                    hopeless: true,
                },
                (false, None) => Refusal {
                    words: sqlite_message(&error),
                    hopeless,
                },
            }
        };
        self.connection.forget_denied();
        let mut statement = self
            .connection
            .prepare_cached(&table.insert)
            .map_err(refusal(true))?;
        match statement
            .execute(params_from_iter(values))
            .map_err(refusal(false))?
        {
            // The changes of a module are not counted.
            0 if table.ordinary => Err(Refusal {
                words: "the row is ignored, by ON CONFLICT or a trigger".to_owned(),
                hopeless: false,
            }),
            _ => Ok(()),
        }
    }

    /// Whether the table has any row now, possibly from a trigger.
    pub(super) fn has_rows(&self, table: &TablePlan) -> bool {
        self.unhurried();
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", quote_name(&table.name));
        self.connection
            .query_row(&sql, [], |row| row.get(0))
            .unwrap_or(false)
    }

    /// Whether a search table shows the rows of its content.
    pub(super) fn shows_content(&self, table: &TablePlan) -> bool {
        self.unhurried();
        check_agrees_with_content(&self.connection, &table.name).is_ok()
    }

    /// The tables with rows whose references are broken.
    pub(super) fn dangling(&self, plan: &Plan, model: &Model) -> Vec<usize> {
        self.unhurried();
        let mut used = vec![false; plan.tables.len()];
        for row in model.living().filter_map(|place| model.rows.get(place)) {
            if let Some(used) = used.get_mut(row.table) {
                *used = true;
            }
        }
        let refers = |place: &usize| {
            let table = plan.table(*place);
            self.foreign_keys
                && used.get(*place) == Some(&true)
                && table.is_some_and(|table| {
                    table.filling == Filling::Made && !table.references.is_empty()
                })
        };
        let dangles = |place: &usize| {
            let Some(table) = plan.table(*place) else {
                return false;
            };
            let sql = format!("PRAGMA foreign_key_check({})", quote_name(&table.name));
            let check = self.connection.prepare_cached(&sql);
            check.and_then(|mut check| check.exists([])).unwrap_or(true)
        };
        (0..plan.tables.len())
            .filter(refers)
            .filter(dangles)
            .collect()
    }

    /// Whether SQLite accepts all rows of the model, and their keys hold at the end.
    pub(super) fn accepts(&self, plan: &Plan, model: &Model) -> bool {
        if self.begin(model.refers_forward()).is_err() {
            return false;
        }
        let all = model.living().all(|place| {
            let row = model.rows.get(place).and_then(|row| plan.table(row.table));
            row.is_some_and(|table| self.insert(table, &model.values(plan, place)).is_ok())
        });
        let good = all && self.dangling(plan, model).is_empty();
        self.end();
        good
    }
}
