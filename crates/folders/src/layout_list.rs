//! The list of layouts. A new one is a file of its own and a line here.

/// Passes each layout to a macro: its documentation, its name, the name as text, and its file.
macro_rules! for_each_layout {
    ($define:ident) => {
        $define! {
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
            /// Flyway: `V1__name.sql`, `U1__name.sql` for the down migration, and `R__name.sql`.
            Flyway "flyway" flyway,
            /// Drizzle: `0000_name.sql` with `meta/_journal.json`.
            Drizzle "drizzle" drizzle,
            /// Prisma: `20240131120000_name/migration.sql`.
            Prisma "prisma" prisma,
            /// Cloudflare D1, by wrangler: `0001_name.sql`.
            D1 "d1" d1,
            /// sqitch: `sqitch.plan` with `deploy/` and `revert/`.
            Sqitch "sqitch" sqitch,
            /// SQLDelight: `1.sqm`, `2.sqm`, beside `*.sq`.
            Sqldelight "sqldelight" sqldelight,
            /// Our own engine: `0001_name/up.sql`, `down.sql` and `notes.md`.
            Ours "ours" ours,
            /// Files with a number in their name, run by an application itself.
            Plain "plain" plain,
        }
    };
}

pub(crate) use for_each_layout;
