//! An empty database at a version, made by running the steps.

use std::sync::OnceLock;

use rusqlite::Connection;
use schema::Schema;

use crate::Version;
use crate::backup::RunBackup;
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::options::Options;
use crate::run::{self, Task};

impl Catalogue {
    /// Returns the schema of `version` without the ledger, made by running the steps on an empty
    /// database in memory.
    ///
    /// # Errors
    /// When a step does not run on an empty database.
    pub fn schema_at(&self, version: Version) -> Result<Schema, Error> {
        let slot = self.derived(version);
        if let Some(known) = slot.and_then(|derived| derived.schema.get()) {
            return Ok(known.clone());
        }
        let schema = FileState::read(&self.build(version)?)?.schema;
        if let Some(derived) = slot {
            let _already_set = derived.schema.set(schema.clone());
        }
        Ok(schema)
    }

    /// Builds an empty database of `version` in memory. The first call for a version runs the
    /// steps; later calls copy the result.
    ///
    /// # Errors
    /// When a step does not run on an empty database.
    pub fn build(&self, version: Version) -> Result<Connection, Error> {
        let mut connection = Connection::open_in_memory().map_err(error::sqlite)?;
        if version == 0 {
            return Ok(connection);
        }
        let slot = self.derived(version).map(|derived| &derived.image);
        if let Some(image) = slot.and_then(OnceLock::get) {
            connection
                .deserialize_read_exact("main", image.as_slice(), image.len(), false)
                .map_err(error::sqlite)?;
            return Ok(connection);
        }
        let options = Options::default();
        let (task, backup) = (Task::Build { target: version }, RunBackup::new(&options));
        run::run(&mut connection, self, &options, task, &backup)?;
        if let Some(slot) = slot {
            let image = connection.serialize("main").map_err(error::sqlite)?;
            let _already_set = slot.set(image.to_vec());
        }
        Ok(connection)
    }
}
