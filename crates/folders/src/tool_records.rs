//! How each tool compares a folder with its records of applied steps, so that a change of a shipped
//! step can be judged.
//!
//! - sqlx stores SHA-384 of the bytes, and stops if a recorded version is missing or differs; a
//!   version before the last one runs late:
//!   <https://docs.rs/sqlx-core/0.9.0/src/sqlx_core/migrate/migrator.rs.html>.
//! - refinery hashes version, name and bytes, and stops for a divergent or missing one, and for a
//!   new `V` before the current one:
//!   <https://docs.rs/refinery-core/0.10.1/src/refinery_core/traits/mod.rs.html>.
//! - Flyway computes CRC-32 line by line without line ends, compares the description, and stops if
//!   any of these is wrong:
//!   <https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-command-dry-runs>.
//! - Prisma stores SHA-256 and accepts both line ends; `migrate deploy` warns about an edited step
//!   and passes over a missing one:
//!   <https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories>.
//! - golang-migrate stores the last version alone:
//!   <https://github.com/golang-migrate/migrate/blob/master/migrate.go>.
//! - goose and dbmate store versions, and compare nothing; goose stops for one that was left out:
//!   <https://pressly.github.io/goose/documentation/out-of-order-migrations/>.
//! - sql-migrate stores file names, and stops for a recorded one that is missing:
//!   <https://github.com/rubenv/sql-migrate/blob/master/migrate.go>.
//! - Drizzle stores the time of the last entry:
//!   <https://github.com/drizzle-team/drizzle-orm/blob/main/drizzle-orm/src/sqlite-core/dialect.ts>.
//! - sqitch gives each change an id that includes the id of the change before it:
//!   <https://sqitch.org/docs/manual/sqitchchanges/>.

use crate::layout_name::LayoutName;

/// The way in which a tool treats a new step before one that is applied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    /// It never runs the step.
    Skips,
    /// It stops.
    Refuses,
    /// It runs the step after the later one.
    Runs,
    /// It counts applied steps: it skips this one and runs the last one again.
    Counts,
    /// Nobody knows.
    Depends,
}

/// The part of an applied step that a tool compares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// All bytes, and it stops.
    Bytes,
    /// All but line ends, and it stops.
    Lines,
    /// The statements, and it stops.
    Statements,
    /// All but line ends, and it only warns.
    Warns,
    /// Nothing.
    Nothing,
}

/// The way in which a tool treats an applied step that is not in the folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It stops.
    Refuses,
    /// It passes over it.
    Ignores,
}

/// How a tool compares a folder with its records.
#[derive(Clone, Copy)]
pub(crate) struct Records {
    pub(crate) tool: &'static str,
    pub(crate) late: Late,
    pub(crate) compared: Compared,
    /// Whether the name after the version is compared, too.
    pub(crate) names: bool,
    pub(crate) missing: Missing,
    /// The option with which the tool does not stop for a late step, as a clause.
    pub(crate) unless: &'static str,
}

impl Records {
    pub(crate) fn of(layout: LayoutName) -> Records {
        use Compared::{Bytes, Lines, Nothing, Statements, Warns};
        use Late::{Counts, Depends, Refuses, Runs, Skips};
        let (late, compared, missing) = match layout {
            LayoutName::Sqlx => (Runs, Bytes, Missing::Refuses),
            LayoutName::Refinery => (Refuses, Bytes, Missing::Refuses),
            LayoutName::Flyway => (Refuses, Lines, Missing::Refuses),
            LayoutName::Prisma => (Runs, Warns, Missing::Ignores),
            LayoutName::GolangMigrate => (Skips, Nothing, Missing::Refuses),
            LayoutName::Sqldelight => (Skips, Nothing, Missing::Refuses),
            LayoutName::Drizzle => (Skips, Nothing, Missing::Ignores),
            LayoutName::Goose => (Refuses, Nothing, Missing::Ignores),
            LayoutName::SqlMigrate => (Runs, Nothing, Missing::Refuses),
            LayoutName::Diesel | LayoutName::Dbmate | LayoutName::D1 => {
                (Runs, Nothing, Missing::Ignores)
            }
            LayoutName::RusqliteMigration => (Counts, Nothing, Missing::Refuses),
            LayoutName::Sqitch => (Refuses, Nothing, Missing::Refuses),
            LayoutName::Ours => (Refuses, Statements, Missing::Refuses),
            LayoutName::Plain => (Depends, Nothing, Missing::Ignores),
        };
        Records {
            tool: match layout {
                LayoutName::Ours => "the engine",
                LayoutName::Plain => "the application",
                LayoutName::D1 => "wrangler",
                LayoutName::Sqldelight => "SQLDelight",
                other => other.as_str(),
            },
            late,
            compared,
            names: matches!(layout, LayoutName::Refinery | LayoutName::Flyway),
            missing,
            unless: match layout {
                LayoutName::Goose => ", unless it runs with `-allow-missing`",
                LayoutName::Flyway => ", unless `outOfOrder` is on",
                _ => "",
            },
        }
    }
}
