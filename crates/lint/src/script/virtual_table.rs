//! Virtual tables of an application: the ordinary table that is used instead, and a tokenizer that
//! SQLite has.

use schema::sql::{fold, quote_name};
use sqlite3_parser::ast::{Cmd, Stmt};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::script::names::{bare, named};

/// Modules that are widely used, and who ships them.
const KNOWN: &[(&str, &str)] = &[
    ("approximate_match", "SQLite's extension `amatch`"),
    ("closure", "SQLite's extension `closure`"),
    ("csv", "SQLite's extension `csv`"),
    ("define", "sqlean"),
    ("eval", "sqlean"),
    ("fileio_ls", "sqlean"),
    ("fileio_scan", "sqlean"),
    ("fts3", "SQLite with FTS3"),
    ("fts4", "SQLite with FTS4"),
    ("fts5", "SQLite with FTS5"),
    ("geopoly", "SQLite with GEOPOLY"),
    ("generate_series", "SQLite's extension `series`"),
    ("rtree", "SQLite with RTREE"),
    ("rtree_i32", "SQLite with RTREE"),
    ("spellfix1", "SQLite's extension `spellfix1`"),
    ("spatialindex", "SpatiaLite"),
    ("transitive_closure", "SQLite's extension `closure`"),
    ("vec0", "sqlite-vec"),
    ("vector_top_k", "libSQL"),
    ("virtualspatialindex", "SpatiaLite"),
    ("vss0", "sqlite-vss"),
    ("vsv", "sqlean"),
    ("zipfile", "SQLite's extension `zipfile`"),
];

/// The columns of modules that take none as arguments.
const COLUMNS: &[(&str, &str)] = &[
    ("geopoly", "_shape"),
    (
        "spellfix1",
        "word rank distance langid score matchlen phonehash top scope srchcnt soundslike command \
         edit_cost_table",
    ),
    (
        "transitive_closure",
        "id depth root tablename idcolumn parentcolumn",
    ),
];

/// Functions of libSQL, which SQLite does not have.
const LIBSQL: [&str; 9] = [
    "libsql_vector_idx",
    "vector",
    "vector1bit",
    "vector16",
    "vector32",
    "vector64",
    "vector_distance_cos",
    "vector_distance_l2",
    "vector_extract",
];

/// The project that ships a function, if it is known by its name.
pub(crate) fn function_supplier(function: &str) -> Option<&'static str> {
    LIBSQL
        .contains(&fold(function).as_str())
        .then_some("libSQL")
}

/// The project that ships a module, if it is widely used.
pub(crate) fn supplier(module: &str) -> Option<&'static str> {
    let module = fold(module);
    let known = KNOWN.iter().find(|(name, _)| *name == module);
    known.map(|(_, supplier)| *supplier)
}

/// An ordinary table that is used instead of a virtual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrdinaryTable {
    /// Its name, folded.
    pub(crate) name: String,
    /// The statement that creates it.
    pub(crate) sql: String,
}

/// The ordinary table with the columns that a `CREATE VIRTUAL TABLE` declares.
pub(crate) fn ordinary_table(sql: &str) -> Option<OrdinaryTable> {
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, sql.as_bytes());
    let Ok(Some(Cmd::Stmt(Stmt::CreateVirtualTable {
        if_not_exists,
        tbl_name,
        module_name,
        args,
    }))) = parser.next()
    else {
        return None;
    };
    let module = named(&module_name);
    let given = COLUMNS.iter().find(|(name, _)| *name == module);
    let given = given.into_iter().flat_map(|(_, names)| names.split(' '));
    let mut columns: Vec<Column> = given.map(Column::untyped).collect();
    let declared = args.unwrap_or_default().iter();
    for column in declared.filter_map(|argument| Column::read(argument)) {
        if columns.iter().all(|own| own.name != column.name) {
            columns.push(column);
        }
    }
    if columns.is_empty() {
        columns.push(Column::untyped("value"));
    }
    let name = named(&tbl_name.name);
    let schema = tbl_name
        .db_name
        .map(|name| format!("{}.", quote_name(&named(&name))));
    let columns: Vec<String> = columns.iter().map(Column::sql).collect();
    let sql = format!(
        "CREATE TABLE {}{}{} ({})",
        if if_not_exists { "IF NOT EXISTS " } else { "" },
        schema.unwrap_or_default(),
        quote_name(&name),
        columns.join(", ")
    );
    Some(OrdinaryTable { name, sql })
}

/// A column of such a table.
struct Column {
    name: String,
    /// The type and the key, where it has one.
    rest: &'static str,
}

impl Column {
    fn untyped(name: &str) -> Column {
        Column {
            name: name.to_owned(),
            rest: "",
        }
    }

    /// The column that an argument declares; `None` for an option such as `tokenize = porter`.
    fn read(argument: &str) -> Option<Column> {
        // sqlite-vec marks an auxiliary column with `+`.
        let text = argument.trim().trim_start_matches('+').trim_start();
        let quote = text.chars().next()?;
        let end = match quote {
            '"' | '`' | '\'' => text.get(1..)?.find(quote)? + 2,
            '[' => text.find(']')? + 1,
            _ => {
                let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
                end.unwrap_or(text.len())
            }
        };
        let (name, rest) = text.split_at_checked(end)?;
        let name = bare(name);
        let is_option = rest.trim_start().starts_with('=');
        (!name.is_empty() && !is_option).then_some(())?;
        let rest = fold(rest);
        let rest = match (rest.contains("primary key"), rest.contains("int")) {
            (true, true) => " INTEGER PRIMARY KEY",
            (true, false) => " PRIMARY KEY",
            (false, _) => "",
        };
        Some(Column { name, rest })
    }

    fn sql(&self) -> String {
        format!("{}{}", quote_name(&self.name), self.rest)
    }
}

/// The statement with `unicode61` instead of the tokenizer that it names; `None` if it names none.
pub(crate) fn with_known_tokenizer(sql: &str) -> Option<String> {
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, sql.as_bytes());
    let Ok(Some(Cmd::Stmt(Stmt::CreateVirtualTable { args, .. }))) = parser.next() else {
        return None;
    };
    let mut arguments = args.unwrap_or_default().iter();
    let tokenize = arguments.find(|argument| {
        let name = argument.split('=').next().unwrap_or_default();
        argument.contains('=') && fold(name.trim()) == "tokenize"
    })?;
    sql.contains(tokenize).then_some(())?;
    Some(sql.replacen(tokenize, "tokenize='unicode61'", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_columns_and_options_do_not() {
        for (arguments, columns) in [
            ("a, b", "\"a\", \"b\""),
            (
                "id integer primary key, e float[4] metric=cosine, chunk_size=8, +aux text",
                "\"id\" INTEGER PRIMARY KEY, \"e\", \"aux\"",
            ),
            (
                "\"two words\", [x y], tokenize = 'a'",
                "\"two words\", \"x y\"",
            ),
            ("", "\"value\""),
        ] {
            let sql = format!("CREATE VIRTUAL TABLE t USING vec0({arguments})");
            let table = ordinary_table(&sql).unwrap();
            assert_eq!(table.sql, format!("CREATE TABLE \"t\" ({columns})"));
        }
        assert_eq!(ordinary_table("CREATE TABLE t (a)"), None);
    }

    #[test]
    fn a_tokenizer_is_replaced_where_one_is_named() {
        let own = "CREATE VIRTUAL TABLE t USING fts5(a, tokenize = 'stems 1', content='')";
        let known = "CREATE VIRTUAL TABLE t USING fts5(a, tokenize='unicode61', content='')";
        assert_eq!(with_known_tokenizer(own).as_deref(), Some(known));
        let without = "CREATE VIRTUAL TABLE t USING fts5(a)";
        assert_eq!(with_known_tokenizer(without), None);
    }
}
