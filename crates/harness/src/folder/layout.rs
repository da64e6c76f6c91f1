//! The layouts that are known, and what each of them is asked.

use std::fmt;
use std::str::FromStr;

use super::reading::Reading;
use super::tree::Tree;
use super::{
    Options, d1, dbmate, diesel, drizzle, flyway, golang_migrate, goose, ours, plain, prisma,
    refinery, rusqlite_migration, sqitch, sql_migrate, sqlx,
};
use crate::refusal::Refusal;

/// One layout.
pub(super) struct Layout {
    pub(super) name: LayoutName,
    /// Whether a folder is of this layout. It says no more than what the names and the markers show.
    pub(super) fit: fn(&Tree) -> Result<Fit, Refusal>,
    pub(super) read: fn(&Tree, &Options) -> Result<Reading, Refusal>,
}

/// Whether a folder is of a layout, and why, as a clause about what is in it.
pub(super) enum Fit {
    /// Something that only this tool writes.
    Sure(String),
    /// Names that this tool would take, and others might.
    Shape(String),
    /// Nothing that it would run.
    No(String),
}

macro_rules! layouts {
    ($($(#[$doc:meta])* $variant:ident $text:literal $module:ident,)*) => {
        /// The name of a layout, as `--layout` takes it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LayoutName { $($(#[$doc])* $variant,)* }

        impl LayoutName {
            /// All of them, in the order in which they are told.
            pub const ALL: &[LayoutName] = &[$(LayoutName::$variant,)*];

            /// As `--layout` takes it.
            pub fn as_str(self) -> &'static str {
                match self { $(LayoutName::$variant => $text,)* }
            }

            pub(super) fn layout(self) -> Layout {
                match self {
                    $(LayoutName::$variant => Layout {
                        name: self,
                        fit: $module::fit,
                        read: $module::read,
                    },)*
                }
            }
        }
    };
}

layouts! {
    /// Diesel: `2024-01-31-120000_name/up.sql` and `down.sql`.
    Diesel "diesel" diesel,
    /// sqlx: `1_name.sql`, or `1_name.up.sql` and `1_name.down.sql`.
    Sqlx "sqlx" sqlx,
    /// refinery: `V1__name.sql` and `U1__name.sql`, all forward.
    Refinery "refinery" refinery,
    /// rusqlite_migration: `1-name/up.sql` and `down.sql`.
    RusqliteMigration "rusqlite_migration" rusqlite_migration,
    /// golang-migrate: `1_name.up.sql` and `1_name.down.sql`.
    GolangMigrate "golang-migrate" golang_migrate,
    /// goose: `1_name.sql` with `-- +goose Up` and `-- +goose Down`.
    Goose "goose" goose,
    /// dbmate: `1_name.sql` with `-- migrate:up` and `-- migrate:down`.
    Dbmate "dbmate" dbmate,
    /// sql-migrate: `1_name.sql` with `-- +migrate Up` and `-- +migrate Down`.
    SqlMigrate "sql-migrate" sql_migrate,
    /// Flyway: `V1__name.sql`, `U1__name.sql` for the way back, and `R__name.sql`.
    Flyway "flyway" flyway,
    /// Drizzle: `0000_name.sql` with `meta/_journal.json`.
    Drizzle "drizzle" drizzle,
    /// Prisma: `20240131120000_name/migration.sql`.
    Prisma "prisma" prisma,
    /// Cloudflare D1, by wrangler: `0001_name.sql`.
    D1 "d1" d1,
    /// sqitch: `sqitch.plan` with `deploy/` and `revert/`.
    Sqitch "sqitch" sqitch,
    /// Our own engine: `0001_name/up.sql`, `down.sql` and `notes.md`.
    Ours "ours" ours,
    /// Files with a number in their name, run by an application itself.
    Plain "plain" plain,
}

impl fmt::Display for LayoutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl clap::ValueEnum for LayoutName {
    fn value_variants<'a>() -> &'a [LayoutName] {
        LayoutName::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

impl FromStr for LayoutName {
    type Err = String;

    fn from_str(text: &str) -> Result<LayoutName, String> {
        let found = LayoutName::ALL.iter().find(|name| name.as_str() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = LayoutName::ALL.iter().map(|name| name.as_str()).collect();
            format!("no such layout; there are {}", names.join(", "))
        })
    }
}
