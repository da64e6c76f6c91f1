//! The demands of a statement on the rows that shall show its effect: its conditions, the columns
//! whose values it computes with, and the rows that it names.

use std::collections::BTreeSet;
use std::fmt;

use sqlite3_parser::ast::fmt::ToTokens;
use sqlite3_parser::ast::{
    Expr, InsertBody, Literal, OneSelect, Operator, ResultColumn, Set, Stmt, UnaryOperator,
    UpsertDo,
};

use crate::script::expressions::{Role, walk};
use crate::script::names::{bare, named};

/// The demands of one statement. Names of columns are folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demands {
    /// Conditions, as SQL.
    pub(crate) conditions: Vec<String>,
    /// Columns that are a part of a computed value.
    pub(crate) computed: BTreeSet<String>,
    /// Columns that a literal is put into, each with the literal as SQL.
    pub(crate) assigned: Vec<(String, String)>,
    /// Columns that a computed value is put into, each with the columns in it.
    pub(crate) derived: Vec<(String, BTreeSet<String>)>,
    /// Columns that are read as JSON, each with a path as SQL.
    pub(crate) json: Vec<(String, String)>,
    /// A function of the clock or of chance that the statement calls.
    pub(crate) volatile: Option<String>,
    /// Literals of all comparisons.
    pub(crate) literals: Vec<String>,
    /// Columns that `DO UPDATE SET` names.
    pub(crate) upserts: BTreeSet<String>,
    /// Columns that are compared with each other, as in a join.
    pub(crate) pairs: Vec<(String, String)>,
    /// All literals but NULL, as SQL.
    pub(crate) all_literals: BTreeSet<String>,
    /// Columns that are looked up in a table of the statement's own.
    pub(crate) lookups: BTreeSet<String>,
    /// Columns by whose values rows are grouped or numbered.
    pub(crate) groups: BTreeSet<String>,
    /// Columns that another column is put into unchanged, each with that column.
    pub(crate) moved: Vec<(String, String)>,
    /// Rows of `INSERT … VALUES` with literals.
    pub(crate) rows: Vec<NamedRow>,
}

/// A row that a statement names by literals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedRow {
    /// The folded name of the table.
    pub(crate) table: String,
    /// The names of the columns; empty where the values go by position.
    pub(crate) columns: Vec<String>,
    /// The values, as SQL; `None` for one that is no literal.
    pub(crate) values: Vec<Option<String>>,
}

/// The functions that read the clock if an argument says so.
pub(crate) const CLOCK_FUNCTIONS: [&str; 7] = [
    "date",
    "time",
    "datetime",
    "julianday",
    "unixepoch",
    "strftime",
    "timediff",
];

/// More rows of one `INSERT … VALUES` are not read.
const ROWS: usize = 4;

impl Demands {
    pub(crate) fn read(statement: &Stmt<'_>) -> Demands {
        let mut demands = Demands::default();
        walk(statement, &mut |expr, role| demands.add(expr, role));
        match statement {
            Stmt::Update { sets, .. } => demands.add_sets(sets),
            Stmt::Insert {
                tbl_name,
                columns,
                body: InsertBody::Select(select, upsert),
                ..
            } => {
                let compounds = select.body.compounds.iter().flat_map(|all| all.iter());
                let selects = compounds.map(|compound| &compound.select);
                let values = std::iter::once(&select.body.select)
                    .chain(selects)
                    .flat_map(rows_of_values);
                let columns = columns.iter().flat_map(|names| names.iter());
                let columns: Vec<String> = columns.map(named).collect();
                demands.rows = values
                    .take(ROWS)
                    .map(|values| NamedRow {
                        table: named(&tbl_name.name),
                        columns: columns.clone(),
                        values,
                    })
                    .collect();
                let mut next = *upsert;
                while let Some(upsert) = next {
                    if let UpsertDo::Set { sets, .. } = &upsert.do_clause {
                        demands.add_sets(sets);
                        let names = sets.iter().flat_map(|set| set.col_names.iter());
                        demands.upserts.extend(names.map(named));
                    }
                    next = upsert.next;
                }
            }
            _ => {}
        }
        demands
    }

    fn add(&mut self, expr: &Expr<'_>, role: Role) {
        if role == Role::Condition || compares(expr) {
            push_new(&mut self.conditions, text(expr));
        }
        if role == Role::Group {
            self.groups.extend(column(expr));
        }
        self.all_literals
            .extend(literal(expr).filter(|value| value != "NULL"));
        if self.volatile.is_none() {
            self.volatile = volatile(expr);
        }
        if let Expr::Binary(a, op, b) = expr {
            self.read_json(a, *op, b);
        }
        match expr {
            Expr::InList { rhs, .. } => {
                let values = rhs.iter().flat_map(|all| all.iter()).filter_map(literal);
                values.for_each(|value| push_new(&mut self.literals, value));
            }
            Expr::Binary(a, Operator::Equals | Operator::Is, b) => {
                if let (Some(a), Some(b)) = (column(a), column(b)) {
                    push_new(&mut self.pairs, (a, b));
                }
            }
            Expr::InSelect { lhs, rhs, .. } => {
                if let OneSelect::Select { columns, .. } = &rhs.body.select
                    && let [ResultColumn::Expr(result, _)] = columns
                    && let (Some(a), Some(b)) = (column(lhs), column(result))
                {
                    push_new(&mut self.pairs, (a, b));
                }
            }
            Expr::Binary(a, Operator::Add | Operator::Subtract, b)
            | Expr::Binary(a, Operator::Multiply | Operator::Divide | Operator::Modulus, b)
            | Expr::Binary(a, Operator::Concat, b) => {
                self.computed.extend(column(a));
                self.computed.extend(column(b));
            }
            Expr::FunctionCall {
                args: Some(args), ..
            } => {
                let columns: Vec<String> = args.iter().filter_map(column).collect();
                if let [name, path] = args
                    && let (Some(name), Some(path)) = (column(name), literal(path))
                    && path.starts_with("'$")
                {
                    push_new(&mut self.json, (name, path));
                }
                // `coalesce(a, 'x')` makes NULL a value that a row may have had.
                for value in args.iter().filter_map(literal) {
                    for name in &columns {
                        push_new(&mut self.assigned, (name.clone(), value.clone()));
                    }
                }
                self.computed.extend(columns);
            }
            Expr::Cast { expr, .. } => self.computed.extend(column(expr)),
            Expr::Case {
                base: Some(base),
                when_then_pairs,
                ..
            } => {
                if let Some(name) = column(base) {
                    for value in when_then_pairs.iter().filter_map(|(when, _)| literal(when)) {
                        push_new(&mut self.assigned, (name.clone(), value));
                    }
                    self.computed.insert(name);
                }
            }
            Expr::InTable { lhs, .. } => {
                // The table may hold any of the literals of the script.
                self.lookups.extend(column(lhs));
            }
            _ => {}
        }
    }

    /// The path of `column ->> 'path'`, and the literals of a comparison.
    fn read_json(&mut self, a: &Expr<'_>, op: Operator, b: &Expr<'_>) {
        match op {
            Operator::ArrowRight | Operator::ArrowRightShift => {
                if let (Some(name), Some(path)) = (column(a), literal(b)) {
                    let inner = path.trim_matches('\'');
                    let path = if inner.starts_with('$') {
                        path.clone()
                    } else {
                        format!("'$.{inner}'")
                    };
                    push_new(&mut self.json, (name, path));
                }
            }
            Operator::Equals
            | Operator::Is
            | Operator::Greater
            | Operator::GreaterEquals
            | Operator::Less
            | Operator::LessEquals => {
                for value in [a, b].into_iter().filter_map(|side| literal(side)) {
                    push_new(&mut self.literals, value);
                }
            }
            _ => {}
        }
    }

    fn add_sets(&mut self, sets: &[Set<'_>]) {
        for set in sets {
            let [name] = set.col_names.as_slice() else {
                continue;
            };
            let name = named(name);
            match literal(&set.expr) {
                Some(value) => push_new(&mut self.assigned, (name, value)),
                None => {
                    if let Some(from) = column(&set.expr) {
                        self.moved.push((name.clone(), from));
                    }
                    self.derived.push((name, columns_of(&set.expr)));
                }
            }
        }
    }
}

/// The rows that VALUES or a SELECT without tables gives: their values, `None` for one that is no
/// literal.
fn rows_of_values(select: &OneSelect<'_>) -> Vec<Vec<Option<String>>> {
    match select {
        OneSelect::Values(rows) => {
            let rows = rows.iter();
            rows.map(|row| row.iter().map(literal).collect()).collect()
        }
        OneSelect::Select {
            columns,
            from: None,
            ..
        } => {
            let value = |result: &ResultColumn<'_>| match result {
                ResultColumn::Expr(expr, _) => literal(expr),
                ResultColumn::Star | ResultColumn::TableStar(_) => None,
            };
            vec![columns.iter().map(value).collect()]
        }
        OneSelect::Select { .. } => Vec::new(),
    }
}

/// The function of the clock or of chance that an expression calls, if it is such a call.
fn volatile(expr: &Expr<'_>) -> Option<String> {
    match expr {
        Expr::Literal(Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp) => {
            Some(text(expr))
        }
        Expr::FunctionCall { name, args, .. } => {
            let name = bare(name.0);
            let args = args.unwrap_or_default();
            let now = |arg: &Expr<'_>| {
                literal(arg).is_some_and(|text| text.eq_ignore_ascii_case("'now'"))
            };
            // Without a time, these functions take the present one.
            let timeless = args.len() == usize::from(name == "strftime");
            let clock =
                CLOCK_FUNCTIONS.contains(&name.as_str()) && (timeless || args.iter().any(now));
            let chance = ["random", "randomblob"].contains(&name.as_str());
            (clock || chance).then(|| format!("{name}()"))
        }
        _ => None,
    }
}

/// Whether an expression compares something, wherever it is.
fn compares(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Binary(_, operator, _) => matches!(
            operator,
            Operator::Equals
                | Operator::Is
                | Operator::IsNot
                | Operator::NotEquals
                | Operator::Greater
                | Operator::GreaterEquals
                | Operator::Less
                | Operator::LessEquals
        ),
        Expr::Between { .. } | Expr::InList { .. } | Expr::Like { .. } => true,
        _ => false,
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The name of a column, if the expression is nothing else.
fn column(expr: &Expr<'_>) -> Option<String> {
    match expr {
        // A word such as `TRUE` is an `Id`, too; it is the name of no column then.
        Expr::Id(id) => Some(bare(id.0)),
        Expr::Name(name) | Expr::Qualified(_, name) | Expr::DoublyQualified(_, _, name) => {
            Some(named(name))
        }
        Expr::Collate(inner, _) => column(inner),
        Expr::Parenthesized(inner) => match inner.as_slice() {
            [only] => column(only),
            _ => None,
        },
        _ => None,
    }
}

/// All columns that an expression names.
pub(crate) fn columns_of(expr: &Expr<'_>) -> BTreeSet<String> {
    generate::names(&text(expr))
}

/// A literal as SQL; `None` for anything else.
fn literal(expr: &Expr<'_>) -> Option<String> {
    let whole = match expr {
        Expr::Literal(
            Literal::Numeric(_) | Literal::String(_) | Literal::Blob(_) | Literal::Null,
        ) => true,
        Expr::Unary(UnaryOperator::Negative | UnaryOperator::Positive, inner) => {
            matches!(inner, Expr::Literal(Literal::Numeric(_)))
        }
        _ => false,
    };
    whole.then(|| text(expr))
}

/// An expression as SQL.
pub(crate) fn text(expr: &Expr<'_>) -> String {
    struct Shown<'a, 'b>(&'a Expr<'b>);
    impl fmt::Display for Shown<'_, '_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.to_fmt(f)
        }
    }
    Shown(expr).to_string()
}

#[cfg(test)]
mod tests {
    use sqlite3_parser::ast::Cmd;
    use sqlite3_parser::lexer::sql::Parser;
    use sqlite3_parser::{Bump, FallibleIterator};

    use super::*;

    fn read(sql: &str) -> Demands {
        let bump = Bump::new();
        let mut parser = Parser::new(&bump, sql.as_bytes());
        match parser.next() {
            Ok(Some(Cmd::Stmt(statement))) => Demands::read(&statement),
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn conditions_of_every_place_are_read() {
        let demands = read(
            "INSERT INTO b (x) SELECT CASE WHEN a.n > 5 THEN trim(a.name) ELSE a.s || '!' END \
             FROM a JOIN c ON c.a_id = a.id WHERE a.id IN (SELECT d.k FROM d WHERE d.z = 1)",
        );
        assert_eq!(
            demands.conditions,
            [
                "a.n > 5",
                "c.a_id = a.id",
                "a.id IN (SELECT d.k FROM d WHERE d.z = 1)",
                "d.z = 1"
            ]
        );
        let computed: Vec<&str> = demands.computed.iter().map(String::as_str).collect();
        assert_eq!(computed, ["name", "s"]);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(demands.pairs, [pair("a_id", "id"), pair("id", "k")]);
    }

    #[test]
    fn named_rows_and_assigned_values_are_read() {
        let demands = read("REPLACE INTO t (id, n) VALUES (7, 'x'), (-8, lower('Y'))");
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(demands.rows[0].columns, ["id", "n"]);
        assert_eq!(demands.rows[0].values, [value("7"), value("'x'")]);
        assert_eq!(demands.rows[1].values[1], None);
        let demands = read("UPDATE t SET a = 'b', c = lower(d) WHERE e = 3");
        assert_eq!(demands.assigned, [("a".to_owned(), "'b'".to_owned())]);
        assert_eq!(demands.derived[0].0, "c");
        assert!(demands.derived[0].1.contains("d"));
    }
}
