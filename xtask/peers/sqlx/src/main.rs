//! sqlx: a transaction for each step, told by a table of its own.

use std::borrow::Cow;
use std::process::ExitCode;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

fn main() -> ExitCode {
    common::main(|work| {
        let steps = work.steps.into_iter().map(|step| {
            Migration::new(
                i64::from(step.version),
                Cow::Owned(step.folder),
                MigrationType::Simple,
                sqlx::SqlStr::from(sqlx::AssertSqlSafe(step.up)),
                false,
            )
        });
        let migrator = Migrator::with_migrations(steps.collect());
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Box::new(move |file| {
            runtime.block_on(async {
                let options = SqliteConnectOptions::new()
                    .filename(file)
                    .create_if_missing(true);
                let mut connection = options.connect().await?;
                migrator.run(&mut connection).await?;
                connection.close().await?;
                Ok(())
            })
        }))
    })
}
