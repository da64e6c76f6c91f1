//! How each tool runs a file: in which transaction, and with foreign keys on or off.
//!
//! Whether rows are lost depends on both, so each rule names where it was read. Where a rule
//! depends on how the application was built, both ways are run.

use schema::sql::fold;

use crate::script::statement::first_word;
use folders::{History, Script};

/// The scope of the transactions that a tool opens.
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
    /// It does not, unless the application asks for it where it opens the file, which the folder
    /// does not show. Both are run, and what holds with keys on alone is a warning.
    OffUnlessAsked,
}

/// How one tool runs its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// The tool.
    pub tool: &'static str,
    /// The scope of its transactions, unless a marker in the file changes it.
    pub transaction: Transaction,
    /// Whether its connection checks foreign keys.
    pub foreign_keys: ForeignKeys,
    /// Where this was read.
    pub source: &'static str,
}

use ForeignKeys::{DependsOnBuild, Off, OffUnlessAsked, On};

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
        "sqlx-sqlite/src/migrate.rs begins a transaction for each file; src/options/mod.rs sets \
         `foreign_keys` to `ON` for each connection",
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
         with `set_grouped`); the bundled libsqlite3-sys has foreign keys on, a system library has \
         not",
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
        OffUnlessAsked,
        "golang-migrate/migrate, database/sqlite3/sqlite3.go: `executeQuery` wraps each file \
         unless `x-no-tx-wrap` is set; keys are off unless the address says `_fk=1`",
    ),
    model(
        "goose",
        Transaction::File,
        OffUnlessAsked,
        "pressly/goose, provider_run.go: each file runs in a transaction unless it says `-- +goose \
         NO TRANSACTION`; keys are off unless the address says otherwise",
    ),
    model(
        "dbmate",
        Transaction::File,
        OffUnlessAsked,
        "amacneil/dbmate, pkg/dbmate/db.go: `doTransaction` around each file unless \
         `transaction:false`; keys are off unless the address says `_fk=1`",
    ),
    model(
        "sql-migrate",
        Transaction::File,
        OffUnlessAsked,
        "rubenv/sql-migrate, migrate.go: `applyMigrations` begins a transaction for each file \
         unless it says `notransaction`; keys are off unless the address says `_fk=1`",
    ),
    model(
        "flyway",
        Transaction::File,
        OffUnlessAsked,
        "flyway/flyway, SQLiteParser.java and ParserSqlScript.java: each file runs in a \
         transaction unless it holds `PRAGMA foreign_keys`, which together with other statements \
         takes `mixed=true`, or says `executeInTransaction=false`; keys are off unless the address \
         says `foreign_keys=on`",
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
        "prisma/prisma-engines, flavour/sqlite/connector/native/mod.rs: `apply_migration_script` \
         runs a file as one batch without a transaction, on the bundled libsqlite3-sys, which has \
         keys on",
    ),
    model(
        "d1",
        Transaction::File,
        On,
        "developers.cloudflare.com/d1/sql-api/foreign-keys: keys are enforced in every migration, \
         which runs inside an implicit transaction; D1 refuses `BEGIN`, `COMMIT` and `SAVEPOINT`",
    ),
    model(
        "sqitch",
        Transaction::None,
        Off,
        "sqitchers/sqitch, lib/App/Sqitch/Runner/sqlite.pm: each script goes to its own `sqlite3 \
         -bail`, which opens no transaction and leaves keys off",
    ),
    model(
        "sqldelight",
        Transaction::Run,
        OffUnlessAsked,
        "sqldelight.github.io, SQLite migrations: they run in a transaction where the driver \
         supports it, as Android's SQLiteOpenHelper does around all of an upgrade; keys are off \
         unless the application turns them on",
    ),
    model(
        "ours",
        Transaction::Run,
        Off,
        "the engine turns foreign keys off before BEGIN, runs all steps in one transaction, and \
         checks keys before COMMIT",
    ),
    model(
        "plain",
        Transaction::None,
        OffUnlessAsked,
        "as the `sqlite3` shell would: no transaction, keys off unless the application switches \
         them on",
    ),
];

/// How golang-migrate runs a history whose files begin transactions by themselves.
const UNWRAPPED: &str = "golang-migrate/migrate, database/sqlite3/sqlite3.go, with `x-no-tx-wrap`: \
    files here begin a transaction by themselves, which fails inside another; keys are off unless \
    the address says `_fk=1`";

impl Model {
    /// The model of the tool whose layout has this name; that of the `sqlite3` shell for a name
    /// that is not known.
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

    /// The model for one history: where a file begins a transaction by itself, golang-migrate can
    /// only run with transactions off.
    pub(crate) fn for_history(self, history: &History) -> Model {
        let scripts = history
            .steps
            .iter()
            .flat_map(|step| step.up.iter().chain(step.down.script()));
        let begins = |script: &Script| {
            let mut statements = schema::sql::statements(&script.text).into_iter();
            statements.any(|statement| first_word(statement.text) == "begin")
        };
        if self.tool == "golang-migrate" && scripts.into_iter().any(begins) {
            Model {
                transaction: Transaction::None,
                source: UNWRAPPED,
                ..self
            }
        } else {
            self
        }
    }

    /// The scope of the transaction in which the tool runs `script`; `alone` where a marker keeps
    /// it away.
    pub(crate) fn transaction_for(&self, script: &Script, alone: bool) -> Transaction {
        let flyway = || {
            let text = fold(&schema::sql::canonical(&script.text));
            let mut statements = text.lines();
            statements.any(|line| line.starts_with("pragma") && line.contains("foreign_keys"))
        };
        if alone || (self.tool == "flyway" && flyway()) {
            Transaction::None
        } else {
            self.transaction
        }
    }

    /// The way to have the tool run a file without a transaction; empty if there is none.
    fn without_transaction(&self) -> &'static str {
        match self.tool {
            "dbmate" => "write `transaction:false` after `-- migrate:up`",
            "diesel" => "write `run_in_transaction = false` into the `metadata.toml` of the step",
            "flyway" => "write `executeInTransaction=false` into the `.conf` file of the script",
            "golang-migrate" => "add `x-no-tx-wrap=true` to the address of the database",
            "goose" => "begin the file with `-- +goose NO TRANSACTION`",
            "sql-migrate" => "write `notransaction` after `-- +migrate Up`",
            "sqlx" => "begin the file with `-- no-transaction`",
            _ => "",
        }
    }

    /// Whether the tool refuses statements that begin or end a transaction.
    fn guards_transaction(&self) -> bool {
        self.tool == "d1"
    }
}

/// One way in which a history is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mode {
    pub(crate) foreign_keys: bool,
    /// `None` as the tool has it.
    pub(crate) transaction: Option<Transaction>,
    /// Whether the tool refuses statements that begin or end a transaction.
    pub(crate) guarded: bool,
    /// The way to have the tool run a file without a transaction; empty if there is none.
    pub(crate) without_transaction: &'static str,
}

impl Mode {
    /// All ways in which the tool may run a history.
    pub(crate) fn all(
        model: &Model,
        foreign_keys: Option<bool>,
        transaction: Option<Transaction>,
    ) -> Vec<Mode> {
        let keys = match (foreign_keys, model.foreign_keys) {
            (Some(on), _) => vec![on],
            (None, On) => vec![true],
            (None, Off) => vec![false],
            (None, DependsOnBuild) => vec![true, false],
            (None, OffUnlessAsked) => vec![false, true],
        };
        keys.into_iter()
            .map(|foreign_keys| Mode {
                foreign_keys,
                transaction,
                guarded: model.guards_transaction(),
                without_transaction: model.without_transaction(),
            })
            .collect()
    }
}
