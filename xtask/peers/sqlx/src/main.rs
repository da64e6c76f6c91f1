//! sqlx: a transaction for each step, which it records in its own table.

use std::borrow::Cow;
use std::process::ExitCode;

use common::{FIRST_QUERY, Verb};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};

fn main() -> ExitCode {
    common::main(|work| {
        let steps = work.steps.into_iter().map(|step| {
            Migration::new(
                i64::from(step.version),
                Cow::Owned(step.folder),
                MigrationType::Simple,
                AssertSqlSafe(step.up).into_sql_str(),
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
                if work.verb == Verb::Ask {
                    sqlx::query(FIRST_QUERY).fetch_one(&mut connection).await?;
                }
                connection.close().await?;
                Ok(())
            })
        }))
    })
}
