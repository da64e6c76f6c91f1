//! A table and its declarations, in the form in which two tables are compared.

use crate::sql::fold;

/// A table as SQLite keeps it.
///
/// `==` compares field by field, spelling and all; [`diff`](crate::diff()) compares by meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The name as it was declared.
    pub name: String,
    /// The columns in the order of the table, including generated and hidden ones.
    pub columns: Vec<Column>,
    /// The primary key, wherever it was declared.
    pub primary_key: Option<PrimaryKey>,
    /// The `UNIQUE` constraints, without the indexes made by `CREATE UNIQUE INDEX`.
    pub uniques: Vec<Unique>,
    /// The `CHECK` constraints of the table and of its columns.
    pub checks: Vec<Check>,
    /// The foreign keys of the table and of its columns.
    pub foreign_keys: Vec<ForeignKey>,
    /// Whether the table is [`WITHOUT ROWID`](https://sqlite.org/withoutrowid.html).
    pub without_rowid: bool,
    /// Whether the table is [`STRICT`](https://sqlite.org/stricttables.html).
    pub strict: bool,
    /// The storage of its rows, and whether its declaration could be parsed.
    pub kind: TableKind,
}

/// The storage of a table's rows, and whether its declaration could be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// In a b-tree of the file.
    Ordinary,
    /// In a module: a [virtual table](https://sqlite.org/vtab.html).
    Virtual {
        /// The module, such as `fts5`, folded.
        module: String,
        /// The arguments in the parentheses, split at commas, whitespace folded.
        arguments: Vec<String>,
    },
    /// In a b-tree of the file, with a statement that only SQLite can parse. Only the data of the
    /// pragmas is known of such a table; constraints are compared by the text.
    Unparsed {
        /// The declaration, with whitespace and the case of words folded.
        text: String,
    },
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name as it was declared.
    pub name: String,
    /// The type as it was declared, whitespace folded; compared without regard to case.
    pub declared_type: Option<String>,
    /// The affinity that SQLite derives from the declared type.
    pub affinity: Affinity,
    /// Whether NULL is refused, by declaration or by the primary key of a `WITHOUT ROWID` or
    /// `STRICT` table.
    pub not_null: bool,
    /// The conflict action of `NOT NULL`, unless it is `ABORT`.
    pub not_null_on_conflict: Option<Conflict>,
    /// The default, normalised; `None` also for a default of `NULL`, which means the same.
    pub default: Option<String>,
    /// The collation, in upper case, unless it is `BINARY`.
    pub collation: Option<String>,
    /// The expression of a [generated column](https://sqlite.org/gencol.html).
    pub generated: Option<Generated>,
    /// Whether `SELECT *` omits it: a hidden column of a virtual table.
    pub hidden: bool,
}

/// The [affinity](https://sqlite.org/datatype3.html#type_affinity) of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// Numbers become text.
    Text,
    /// Text that looks like a number becomes one.
    Numeric,
    /// Like `Numeric`; casts differ.
    Integer,
    /// Like `Numeric`, and integers become floating point numbers.
    Real,
    /// Values stay unchanged.
    Blob,
}

impl Affinity {
    /// The affinity of a declared type in a `STRICT` table, where `ANY` keeps values unchanged.
    pub fn from_strict_type(declared_type: Option<&str>) -> Affinity {
        if declared_type.is_some_and(|name| fold(name) == "any") {
            Affinity::Blob
        } else {
            Affinity::from_type(declared_type)
        }
    }

    /// The affinity of a declared type, by [SQLite's five rules][rules].
    ///
    /// [rules]: https://sqlite.org/datatype3.html#determination_of_column_affinity
    pub fn from_type(declared_type: Option<&str>) -> Affinity {
        let Some(name) = declared_type.map(fold).filter(|name| !name.is_empty()) else {
            return Affinity::Blob;
        };
        let has = |part: &str| name.contains(part);
        if has("int") {
            Affinity::Integer
        } else if has("char") || has("clob") || has("text") {
            Affinity::Text
        } else if has("blob") {
            Affinity::Blob
        } else if has("real") || has("floa") || has("doub") {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }
}

/// The action when a constraint is violated; the default `ABORT` is `None`. See
/// <https://sqlite.org/lang_conflict.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Rolls the whole transaction back.
    Rollback,
    /// Stops, and keeps the earlier work of the statement.
    Fail,
    /// Skips the row.
    Ignore,
    /// Deletes the conflicting rows.
    Replace,
}

/// The computation of a generated column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The expression, normalised.
    pub expression: String,
    /// Whether the value is stored in the file instead of computed at each read.
    pub stored: bool,
}

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryKey {
    /// The columns in the order of the key.
    pub columns: Vec<IndexedColumn>,
    /// Whether ids are never reused: [AUTOINCREMENT](https://sqlite.org/autoinc.html).
    pub autoincrement: bool,
    /// The conflict action for a second row of the same key, unless it is `ABORT`.
    pub on_conflict: Option<Conflict>,
    /// Whether the key is the [rowid](https://sqlite.org/lang_createtable.html#rowid) itself.
    pub rowid_alias: bool,
}

/// A `UNIQUE` constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unique {
    /// The columns in the order of its index.
    pub columns: Vec<IndexedColumn>,
    /// The conflict action for a second row of the same key, unless it is `ABORT`.
    pub on_conflict: Option<Conflict>,
}

/// A column of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedColumn {
    /// The column.
    pub name: String,
    /// The collation, in upper case, if it differs from that of the column.
    pub collation: Option<String>,
    /// Whether the key descends.
    pub descending: bool,
}

/// A `CHECK` constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, which SQLite shows in the error.
    pub name: Option<String>,
    /// The expression, normalised.
    pub expression: String,
}

/// A [foreign key](https://sqlite.org/foreignkeys.html).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns of this table.
    pub columns: Vec<String>,
    /// The parent table, whether or not it exists.
    pub parent: String,
    /// The columns of the parent as they are declared; empty for its primary key.
    pub parent_columns: Vec<String>,
    /// The action when the parent is deleted, such as `CASCADE`; `NO ACTION` is `None`.
    pub on_delete: Option<&'static str>,
    /// The action when the key of the parent changes; `NO ACTION` is `None`.
    pub on_update: Option<&'static str>,
    /// The name after `MATCH`, in upper case, which SQLite parses and ignores.
    pub match_: Option<String>,
    /// Whether the key is checked only at `COMMIT`: `DEFERRABLE INITIALLY DEFERRED`. All other
    /// forms of the clause have no effect.
    pub deferred: bool,
}

impl Table {
    /// The column of that name, ignoring case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The columns with their own data, which an `INSERT` can name: neither generated nor hidden.
    pub fn stored_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(|column| column.generated.is_none() && !column.hidden)
    }

    /// The column that is an alias of the rowid, if there is one: an `INTEGER PRIMARY KEY`, unless
    /// it was written `INTEGER PRIMARY KEY DESC` or the table is `WITHOUT ROWID`. See
    /// <https://sqlite.org/lang_createtable.html#rowid>.
    pub fn rowid_alias(&self) -> Option<&str> {
        let key = self.primary_key.as_ref().filter(|key| key.rowid_alias)?;
        key.columns.first().map(|column| column.name.as_str())
    }
}
