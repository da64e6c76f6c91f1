//! How each tool runs a file: in which transaction, and with foreign keys on or off.
//!
//! Whether rows are lost depends on both, so each rule names where it was read. Where a rule depends on how
//! the application was built, both ways are run.

use schema::sql::fold;

use crate::folder::{Migration, Script};

/// What a tool opens a transaction around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transaction {
    /// Around each file.
    File,
    /// Around nothing: each statement commits by itself.
    None,
    /// Around all files of a run together.
    Run,
}

impl Transaction {
    /// The word for it, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Transaction::File => "file",
            Transaction::None => "none",
            Transaction::Run => "run",
        }
    }
}

/// Whether a tool's connection checks foreign keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignKeys {
    /// It does.
    On,
    /// It does not.
    Off,
    /// It depends on how the application was built, so both are run.
    DependsOnBuild,
}

/// How one tool runs its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// The tool.
    pub tool: &'static str,
    /// What it opens a transaction around, unless a marker in the file says otherwise.
    pub transaction: Transaction,
    /// Whether its connection checks foreign keys.
    pub foreign_keys: ForeignKeys,
    /// Where this was read.
    pub source: &'static str,
}

use ForeignKeys::{DependsOnBuild, Off, On};

const fn model(
    tool: &'static str,
    transaction: Transaction,
    foreign_keys: ForeignKeys,
    source: &'static str,
) -> Model {
    Model {
        tool,
        transaction,
        foreign_keys,
        source,
    }
}

/// The tools that are known, and, last, what is assumed of any other.
const MODELS: &[Model] = &[
    model(
        "sqlx",
        Transaction::File,
        On,
        "sqlx-sqlite/src/migrate.rs begins a transaction for each file; \
         src/options/mod.rs sets `foreign_keys` to `ON` for each connection",
    ),
    model(
        "diesel",
        Transaction::File,
        DependsOnBuild,
        "diesel_migrations runs each migration in a transaction unless `metadata.toml` says \
         `run_in_transaction = false`; the bundled libsqlite3-sys is built with \
         SQLITE_DEFAULT_FOREIGN_KEYS=1, a system library is not",
    ),
    model(
        "refinery",
        Transaction::File,
        DependsOnBuild,
        "refinery_core/src/drivers/rusqlite.rs opens a transaction for each migration (one for all \
         with `set_grouped`); the bundled libsqlite3-sys has foreign keys on, a system library has not",
    ),
    model(
        "rusqlite_migration",
        Transaction::Run,
        DependsOnBuild,
        "rusqlite_migration/src/lib.rs: `goto_up` and `goto_down` run all migrations in one \
         transaction; the bundled libsqlite3-sys has foreign keys on, a system library has not",
    ),
    model(
        "golang-migrate",
        Transaction::File,
        Off,
        "database/sqlite3/sqlite3.go: `executeQuery` wraps a file unless `x-no-tx-wrap` is set; \
         mattn/go-sqlite3 leaves foreign keys off unless the address says `_fk=1`",
    ),
    model(
        "goose",
        Transaction::File,
        Off,
        "goose runs a file in a transaction unless it says `-- +goose NO TRANSACTION`; its SQLite \
         drivers leave foreign keys off unless the address says otherwise",
    ),
    model(
        "dbmate",
        Transaction::File,
        Off,
        "pkg/dbmate/db.go: `doTransaction` unless `transaction:false`; mattn/go-sqlite3 leaves \
         foreign keys off unless the address says `_fk=1`",
    ),
    model(
        "sql-migrate",
        Transaction::File,
        Off,
        "sql-migrate runs a file in a transaction unless it says `notransaction`; mattn/go-sqlite3 \
         leaves foreign keys off unless the address says `_fk=1`",
    ),
    model(
        "flyway",
        Transaction::File,
        Off,
        "Flyway runs a file in a transaction unless it holds a statement that cannot run in one, such \
         as `PRAGMA foreign_keys`; Xerial's driver leaves foreign keys off",
    ),
    model(
        "drizzle",
        Transaction::Run,
        DependsOnBuild,
        "drizzle-orm/src/sqlite-core/dialect.ts: `migrate` runs all files in one transaction; \
         better-sqlite3 and libSQL are built with SQLITE_DEFAULT_FOREIGN_KEYS=1, others are not",
    ),
    model(
        "prisma",
        Transaction::None,
        On,
        "Prisma's schema engine runs `migration.sql` as one batch without a transaction, through a \
         bundled libsqlite3-sys, which has foreign keys on",
    ),
    model(
        "d1",
        Transaction::File,
        On,
        "developers.cloudflare.com/d1/sql-api/foreign-keys: foreign keys are enforced in every query \
         and migration, each of which runs inside an implicit transaction",
    ),
    model(
        "sqitch",
        Transaction::None,
        Off,
        "sqitch feeds each script to the `sqlite3` shell, which opens no transaction and leaves \
         foreign keys off",
    ),
    model(
        "ours",
        Transaction::Run,
        Off,
        "the engine turns foreign keys off before BEGIN, runs all steps in one transaction, and checks \
         keys before COMMIT",
    ),
    model(
        "plain",
        Transaction::None,
        Off,
        "the `sqlite3` shell opens no transaction and leaves foreign keys off",
    ),
];

impl Model {
    /// The model of the tool whose layout has this name; that of the `sqlite3` shell for a name that is not
    /// known.
    pub fn of(layout: &str) -> Model {
        let plain = |name: &str| fold(name).replace(['_', '-', ' '], "");
        let alias = match plain(layout).as_str() {
            "wrangler" | "cloudflared1" | "cloudflare" => "d1".to_owned(),
            "migrate" => "golangmigrate".to_owned(),
            "catalogue" | "migrations" => "ours".to_owned(),
            name => name.to_owned(),
        };
        let named = MODELS.iter().find(|model| plain(model.tool) == alias);
        named.or(MODELS.last()).copied().unwrap_or(Model {
            tool: "plain",
            transaction: Transaction::None,
            foreign_keys: Off,
            source: "",
        })
    }

    /// What the tool opens a transaction around when it runs `script`.
    pub(super) fn around(&self, migration: &Migration, script: &Script) -> Transaction {
        let flyway = || {
            let text = fold(&schema::sql::canonical(&script.text));
            let mut lines = text.lines();
            lines.any(|line| line.starts_with("pragma") && line.contains("foreign_keys"))
        };
        match migration.no_transaction || (self.tool == "flyway" && flyway()) {
            true => Transaction::None,
            false => self.transaction,
        }
    }
}

/// One way in which a history is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mode {
    pub(super) foreign_keys: bool,
    /// `None` as the tool has it.
    pub(super) transaction: Option<Transaction>,
}

impl Mode {
    /// All ways in which the tool may run a history.
    pub(super) fn all(
        model: &Model,
        foreign_keys: Option<bool>,
        transaction: Option<Transaction>,
    ) -> Vec<Mode> {
        let keys = match (foreign_keys, model.foreign_keys) {
            (Some(on), _) => vec![on],
            (None, On) => vec![true],
            (None, Off) => vec![false],
            (None, DependsOnBuild) => vec![true, false],
        };
        keys.into_iter()
            .map(|foreign_keys| Mode {
                foreign_keys,
                transaction,
            })
            .collect()
    }
}
