//! The options of a check.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rusqlite::Connection;

use crate::runner::progress::Progress;
use crate::runner::tool_model::Transaction;
use sandbox::{Application, Collation};

/// The options of a check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Foreign keys on or off, whatever the tool does.
    pub foreign_keys: Option<bool>,
    /// The scope of the transactions, whatever the tool does.
    pub transaction: Option<Transaction>,
    /// Whether a `DROP` or `DELETE` that a step spells out is a note and not a warning.
    pub allow_drops: bool,
    /// How long one statement may take, counted in work and not by a clock.
    pub statement_timeout: Duration,
    /// End the check after this time, with the findings so far.
    pub timeout: Duration,
    /// Functions that the application registers, with their number of arguments, -1 for any. They
    /// return NULL.
    pub stub_functions: Vec<(String, i32)>,
    /// The expressions whose values these functions return instead of NULL; `?1` is the first
    /// argument.
    pub stub_expressions: BTreeMap<(String, i32), String>,
    /// Collations that the application registers, each with the comparison to use instead.
    pub stub_collations: Vec<(String, Collation)>,
    /// Modules of virtual tables that the application registers. An ordinary table is used instead
    /// of each table.
    pub stub_modules: Vec<String>,
    /// The database that the history begins from; see [`Options::base`].
    pub base: Vec<u8>,
    /// The first step to check; earlier ones still run.
    pub from: Option<String>,
    /// The last step that is run.
    pub to: Option<String>,
    /// The steps to report, where not all of these are.
    pub only: Option<BTreeSet<String>>,
    /// How many rows a table gets at most.
    pub rows: usize,
    /// From how many versions the long run starts.
    pub starts: usize,
    /// Seed for the generated rows.
    pub seed: u64,
    /// The words of the command that reproduces a finding; the report adds the folder, its layout
    /// and the step.
    pub command: Vec<String>,
    /// Called when a run has ended, from any thread.
    pub progress: Option<fn(&Progress)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            foreign_keys: None,
            transaction: None,
            allow_drops: false,
            statement_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(300),
            stub_functions: Vec::new(),
            stub_expressions: BTreeMap::new(),
            stub_collations: Vec::new(),
            stub_modules: Vec::new(),
            base: Vec::new(),
            from: None,
            to: None,
            only: None,
            rows: 5,
            starts: 20,
            seed: 1,
            command: vec!["rowsafe".to_owned(), "check".to_owned()],
            progress: None,
        }
    }
}

impl Options {
    /// Lets the history begin from a database that was made elsewhere.
    ///
    /// # Errors
    /// When the database cannot be copied.
    pub fn base(mut self, database: &Connection) -> rusqlite::Result<Options> {
        self.base = sandbox::image(database)?;
        Ok(self)
    }

    /// The objects of the application that the options declare.
    pub(crate) fn application(&self) -> Application {
        let application = Application::default();
        for (name, arity) in &self.stub_functions {
            let expression = self.stub_expressions.get(&(name.clone(), *arity));
            application.declare_function(name, *arity, expression.map(String::as_str));
        }
        for (name, collation) in &self.stub_collations {
            application.declare_collation(name, *collation);
        }
        application
    }
}
