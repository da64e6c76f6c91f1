//! The rules, each under the name that it has in every format: the one list of them.

macro_rules! rules {
    ($($variant:ident $name:literal $about:literal $why:literal $remedy:literal)*) => {
        /// The rule that a finding breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule { $(#[doc = concat!("`", $name, "`: ", $about, ".")] $variant,)* }

        impl Rule {
            /// All rules, in the order of the reports.
            pub const ALL: [Rule; [$($name),*].len()] = [$(Rule::$variant,)*];

            /// The name, the same in every format.
            pub fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name,)* }
            }

            /// The rule as a clause.
            pub fn about(self) -> &'static str {
                match self { $(Rule::$variant => $about,)* }
            }

            /// Why it happens on SQLite, in whole sentences.
            pub fn why(self) -> &'static str {
                match self { $(Rule::$variant => $why,)* }
            }

            /// The remedy, in whole sentences.
            pub fn remedy(self) -> &'static str {
                match self { $(Rule::$variant => $remedy,)* }
            }
        }
    };
}

rules! {
    StepFails "step-fails"
        "it fails on a database without a row"
        "The SQL cannot run at this place of the history, whatever the data are."
        "Correct the statement. Where a function, a collation or a module of the application is \
         missing, declare it with the option `stub-function`; where the history starts from a \
         schema made elsewhere, give that with the option `base`."
    StepFailsOnRows "step-fails-on-rows"
        "it passes on an empty database, and fails on one with rows"
        "SQLite checks some things only against rows: a new `NOT NULL` without a default, a \
         default that is an expression, a UNIQUE index over duplicates, a CHECK that old rows \
         break."
        "Give new columns a constant default, and repair the rows that break a new rule before the \
         statement that sets it."
    RowsLost "rows-lost"
        "rows are gone, by a statement about their own table"
        "A copy into a rebuilt table leaves out rows without an error where it has `OR IGNORE`, \
         `WHERE`, `LIMIT`, `DISTINCT` or an inner join."
        "Copy all rows, and let the statement fail where one does not fit. Where rows shall go, \
         say so with a `DELETE` of their own."
    RowsLostByCascade "rows-lost-by-cascade"
        "rows are gone, by a statement about another table"
        "While foreign keys are on, `DROP TABLE` and `REPLACE` delete the old rows one by one, and \
         `ON DELETE CASCADE` or `SET NULL` reaches the rows that refer to them. `PRAGMA \
         foreign_keys = OFF` inside a transaction does nothing."
        "Run the rebuild with foreign keys off before the transaction begins, as \
         https://sqlite.org/lang_altertable.html#otheralter says, or change the table with `ALTER \
         TABLE`."
    ValuesChanged "values-changed"
        "a value or its type changed"
        "`INSERT INTO … SELECT *` goes by position, and a new declared type has another affinity: \
         '00123' becomes 123, a number of twenty digits 1.2e19."
        "Name the columns on both sides of the copy, and keep a declared type whose affinity keeps \
         the values."
    BackfillFiresTriggers "backfill-fires-triggers"
        "a statement fires triggers that write rows which no user caused"
        "A trigger fires for each row that an `UPDATE`, `INSERT` or `DELETE` of the migration \
         changes: audit logs fill, counters move, and rows that are synchronised are sent again."
        "Drop the trigger before the statement and create it again after it, or let it look at \
         what changed in its `WHEN`."
    ColumnDropped "column-dropped"
        "a column that held values is gone"
        "`DROP COLUMN`, or a rebuild without the column, deletes its values, and no down \
         migration brings them back."
        "Keep the column until no shipped build reads it, or copy its values first. Where it is \
         meant, accept it with the option `allow-drops` or a baseline."
    TableDropped "table-dropped"
        "a table that held rows is gone"
        "`DROP TABLE` deletes the rows, and no down migration brings them back."
        "Copy the rows first, or ship the drop later than the last build that uses the table. \
         Where it is meant, accept it with the option `allow-drops` or a baseline."
    DownMissing "down-missing"
        "there is no down migration where the tool looks for one"
        "The tool stops, or skips the step and reports success, when it is asked to go back."
        "Write the down migration, or an empty one with a comment that says why there is none."
    DownEmpty "down-empty"
        "the down migration is empty"
        "The tool takes it for success and records the older version, while the schema stays the \
         newer one. The step then fails when it is run again."
        "Write the down migration, or remove the file if the tool then refuses to go back."
    DownFails "down-fails"
        "the down migration fails on a database without a row"
        "The SQL cannot run after the step, whatever the data are."
        "Correct the statement; drop indexes, triggers and views before what they name."
    DownFailsOnRows "down-fails-on-rows"
        "it passes on an empty database, and fails on one with rows"
        "What the down migration declares does not hold for rows that the newer schema allows."
        "Repair or convert these rows in the down migration, before the rule that they break."
    DownDiffers "down-differs"
        "the schema after the down migration is not the one before"
        "The older build meets a schema that it never had: a constraint, an index, a trigger, or \
         the order of columns differs."
        "Declare in the down migration what was there before, with every constraint, index and \
            trigger."
    DownLosesRows "down-loses-rows"
        "rows or values that the step kept are gone after the down migration"
        "A user who goes back to the older build loses what they had before the upgrade."
        "Copy the rows and values back, and drop nothing before that is done."
    ForeignKeyViolated "foreign-key-violated"
        "a row refers to one that is not there"
        "Where foreign keys are off, SQLite stores such a row without an error, and `PRAGMA \
         integrity_check` does not look at it."
        "Run `PRAGMA foreign_key_check` at the end of the step, and delete or correct the rows \
            that \
         it names."
    DanglingReference "dangling-reference"
        "a key, a view or a trigger names what is not there, or cannot be used"
        "`CREATE VIEW`, `CREATE TRIGGER`, `DROP TABLE` and `ALTER TABLE … RENAME` do not check it. \
         The next statement that uses the name fails, and so does a later `RENAME` of another \
         table."
        "Change or drop what names it in the same step."
    Integrity "integrity"
        "`PRAGMA integrity_check` finds something"
        "The file breaks a rule of its own schema, such as NOT NULL or CHECK, or is damaged."
        "Correct the rows or the rule in the same step. A write to `sqlite_schema` is often the \
            cause."
    FtsOutOfStep "fts-out-of-step"
        "a search table does not show what its content holds"
        "A rebuild gives rows other rowids, or removes the triggers that keep the search table up \
         to date, and the search answers with other rows."
        "Keep the rowids in the copy, make the triggers again, and end the step with `INSERT INTO \
         search(search) VALUES ('rebuild')`."
    SequenceSteppedBack "sequence-stepped-back"
        "ids of an AUTOINCREMENT table would be given again"
        "A rebuild lowers the mark in `sqlite_sequence` to the largest rowid that is left, so ids \
         of deleted rows are given to new ones."
        "Write the old mark into `sqlite_sequence` after the copy."
    ObjectLost "object-lost"
        "an index or a trigger vanished with the table that was rebuilt"
        "`DROP TABLE` takes all indexes and triggers of a table along, and the copy has none of \
         them."
        "Create each of them again after the rename."
    TextForColumn "text-for-column"
        "SQLite takes a word for text that should name a column"
        "A word in double quotes that names no column in scope is a string to SQLite, so each row \
         gets the name of the column as its value, and no statement fails. A SQLite built without \
         double-quoted strings refuses the statement."
        "Write names in double quotes and text in single quotes, and name only columns that the \
         table has."
    ConstraintLost "constraint-lost"
        "a table keeps its rows and loses a key, a constraint or a default"
        "A rebuilt table has only what its own `CREATE TABLE` declares, and `CREATE TABLE … AS \
         SELECT` declares no constraint at all. No statement fails, and later rows break the rule \
         that is gone."
        "Repeat each key, constraint, default and option in the `CREATE TABLE` of the rebuild. \
         Where one shall go, accept the finding in a baseline."
    Nondeterministic "nondeterministic"
        "a statement gives other rows each time it runs"
        "`random()`, `'now'` and `CURRENT_TIMESTAMP` in an `INSERT`, `UPDATE` or `DELETE` depend \
         on chance and on the clock, so a rehearsal, a replica and a second machine differ from \
         the file. As the default of a column they are fine."
        "Write the value as a literal, or let the application write it."
    PragmaWithoutEffect "pragma-without-effect"
        "a pragma has no effect at its place"
        "Inside a transaction SQLite ignores `PRAGMA foreign_keys` and others without an error."
        "Let the tool run the file without a transaction, or set the pragma on the connection \
         before the run."
    LeavesTransaction "leaves-transaction"
        "a file ends the tool's transaction, or leaves one open"
        "What follows commits by itself, so a failure leaves half of the step, and the tool \
         records a version that is not there."
        "Remove `BEGIN`, `COMMIT` and `ROLLBACK`, or mark the file as one without a transaction \
         where the tool can."
    DuplicateVersion "duplicate-version"
        "two steps have the same version"
        "Two branches took the same number, and the merge has both. Most tools refuse the folder \
         or fail when they record the second; others skip it on every database that has the first."
        "Give the step that is not shipped a later number."
    OutOfOrder "out-of-order"
        "a step comes before one that is applied already"
        "A tool that records the last version never runs the step on a database that is past it; \
         others refuse to start, or run it after the later one, so that databases differ."
        "Give the new step a number or a date after the last one that is shipped."
    RefusedByTool "refused-by-tool"
        "the tool refuses a file, and with it the folder"
        "The tool stops before it runs anything, on every machine, until the file is corrected."
        "Correct the file or its name, or move it out of the folder."
    EditedAfterApply "edited-after-apply"
        "a step that was shipped has a different content"
        "A tool that stores a checksum stops on every database that has the step, for a tool that \
         compares bytes even where only line ends changed. Other tools do not see the change: \
         databases that have the step keep the old schema, and new ones get another."
        "Restore the shipped file, and put the change into a new step. Keep line ends with \
         `*.sql text eol=lf` in `.gitattributes`."
    MissingAppliedFile "missing-applied-file"
        "a step that was shipped is not in the folder"
        "A tool that compares the folder with its records stops on every database that has the \
         step; others run the step again under its new name, or run a squashed file over the \
         tables that it replaces."
        "Restore the shipped file under its name, and ship only new steps."
}
