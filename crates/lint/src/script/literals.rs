//! Literals that a statement assigns to the column whose name they spell.

use sqlite3_parser::ast::{Cmd, Expr, InsertBody, Literal, OneSelect, ResultColumn, Select, Stmt};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::script::names::{bare, named};
use crate::script::statement::{LONGEST, Statement};

/// A literal that spells the name of the column to which it is assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// The column, folded.
    pub(crate) column: String,
    /// Whether a subquery gives it.
    pub(crate) in_subquery: bool,
}

/// The literals in single quotes that an `UPDATE` or an `INSERT … SELECT` assigns to the column of
/// the same name. `target` are the columns of the table, for a copy that goes by position.
pub(crate) fn assigned_literals(line: &Statement, target: &[String]) -> Vec<Assigned> {
    if line.text.len() > LONGEST {
        return Vec::new();
    }
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, line.text.as_bytes());
    let Ok(Some(Cmd::Stmt(statement))) = parser.next() else {
        return Vec::new();
    };
    match &statement {
        Stmt::Update { sets, .. } => {
            let single = sets
                .iter()
                .filter_map(|set| match set.col_names.iter().as_slice() {
                    [name] => spelled(&named(name), &set.expr),
                    _ => None,
                });
            single.collect()
        }
        Stmt::Insert {
            columns,
            body: InsertBody::Select(select, _),
            ..
        } => {
            let columns = columns.iter().flat_map(|names| names.iter());
            let columns: Vec<String> = columns.map(named).collect();
            let columns = if columns.is_empty() { target } else { &columns };
            let pairs = columns.iter().zip(results(select));
            let spelled = pairs.filter_map(|(name, expr)| spelled(name, expr?));
            spelled.collect()
        }
        _ => Vec::new(),
    }
}

fn results<'a>(select: &'a Select<'a>) -> impl Iterator<Item = Option<&'a Expr<'a>>> {
    let columns = match &select.body.select {
        OneSelect::Select { columns, .. } => *columns,
        OneSelect::Values(_) => &[],
    };
    columns.iter().map(|column| match column {
        ResultColumn::Expr(expr, _) => Some(expr),
        _ => None,
    })
}

fn spelled(column: &str, expr: &Expr<'_>) -> Option<Assigned> {
    let (literal, in_subquery) = match expr {
        Expr::Subquery(select) => {
            let mut results = results(select);
            (results.next()??, true)
        }
        expr => (expr, false),
    };
    let Expr::Literal(Literal::String(text)) = literal else {
        return None;
    };
    (bare(text) == column).then(|| Assigned {
        column: column.to_owned(),
        in_subquery,
    })
}
