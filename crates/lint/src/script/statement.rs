//! The statements of a script, and what each states: which tables it drops, deletes from, updates,
//! copies and renames.
//!
//! A loss that a script spells out is another thing than one that it does not, so each statement is
//! parsed with SQLite's grammar; one that cannot be parsed says nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use schema::sql::{fold, statements};
use sqlite3_parser::ast::{
    AlterTableBody, Cmd, CreateTableBody, Expr, FromClause, InsertBody, JoinOperator, JoinType,
    OneSelect, ResolveType, ResultColumn, Select, SelectTable, Stmt, UnaryOperator,
};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::script::demands::{Demands, columns_of, text};
use crate::script::names::{bare, named};
use folders::Script;

/// One statement of a script, and its place in the file.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) file: Arc<str>,
    pub(crate) line: usize,
    pub(crate) effect: Effect,
    pub(crate) demands: Arc<Demands>,
    /// Its words, folded.
    words: BTreeSet<String>,
}

/// The effect that a statement states. Names are folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    CreateTable(String),
    /// Drops a table, an index, a trigger or a view.
    Drop(String),
    DropColumn(String, String),
    RenameTable(String, String),
    RenameColumn(String, String, String),
    Delete(String),
    Update(String, Vec<String>),
    Copy(Copy),
    /// `INSERT … VALUES`, and whether it may replace rows that are there.
    Insert(String, bool),
    Other,
}

impl Effect {
    /// Whether the statement inserts, updates or deletes rows that are there or come from others.
    pub(crate) fn is_about_rows(&self) -> bool {
        matches!(
            self,
            Effect::Delete(_) | Effect::Update(..) | Effect::Copy(_)
        )
    }
}

/// Rows of one table that become rows of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) into: String,
    /// All tables that are read.
    pub(crate) from: Vec<String>,
    /// The first of them: the others are joined to it.
    pub(crate) first: String,
    /// The columns that are named; none where they go by their position.
    pub(crate) columns: Vec<String>,
    pub(crate) sources: Vec<Source>,
    /// The words that drop rows without an error.
    pub(crate) silent_filter: Option<&'static str>,
    /// Whether a condition in so many words leaves rows out.
    pub(crate) filters: bool,
    /// The condition, as SQL.
    pub(crate) condition: Option<String>,
    /// Whether it makes one row of several.
    pub(crate) groups: bool,
    pub(crate) replaces: bool,
}

/// Where the value of a column of a copy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Star,
    Column(String),
    /// An expression over these columns, which may be none.
    Other(BTreeSet<String>),
}

/// The first word of a statement, folded; a statement begins with it.
pub(crate) fn first_word(statement: &str) -> String {
    let mut words = statement.split(|c: char| !c.is_ascii_alphabetic());
    fold(words.next().unwrap_or_default())
}

/// Whether one of the statements drops `name` in so many words.
pub(crate) fn drops(lines: &[Statement], name: &str) -> bool {
    let name = fold(name);
    lines
        .iter()
        .any(|line| matches!(&line.effect, Effect::Drop(own) if *own == name))
}

/// The statements of a script, cut where the tool cuts them.
pub(crate) fn statements_of(script: &Script) -> Vec<Statement> {
    let whole = 0..script.text.len();
    let pieces = match script.pieces.as_slice() {
        [] => std::slice::from_ref(&whole),
        pieces => pieces,
    };
    let file: Arc<str> = script.file.as_str().into();
    let mut lines = Vec::new();
    for piece in pieces {
        let text = script.text.get(piece.clone()).unwrap_or_default();
        let before = script.text.get(..piece.start).unwrap_or_default();
        let first = script.line + before.bytes().filter(|byte| *byte == b'\n').count();
        for statement in statements(text) {
            let (effect, demands) = parse(statement.text);
            lines.push(Statement {
                text: statement.text.to_owned(),
                file: Arc::clone(&file),
                line: first + statement.line - 1,
                effect,
                demands: Arc::new(demands),
                words: words(statement.text),
            });
        }
    }
    lines
}

impl Statement {
    /// The first word, folded.
    pub(crate) fn first_word(&self) -> String {
        first_word(&self.text)
    }

    /// The name of a pragma, and the value it is set to.
    pub(crate) fn pragma(&self) -> Option<(String, Option<String>)> {
        // A statement begins with its first word.
        let word = self.text.get(.."pragma".len())?;
        word.eq_ignore_ascii_case("pragma").then_some(())?;
        let canonical = fold(&schema::sql::canonical(&self.text));
        let rest = canonical.strip_prefix("pragma")?;
        let rest = rest.trim().trim_end_matches(';').trim();
        let end = rest.find(['=', '(', ' ']).unwrap_or(rest.len());
        let (name, value) = rest.split_at(end);
        let name = name.rsplit('.').next().unwrap_or(name);
        let value = value.trim_matches(|c: char| "=() '\"".contains(c));
        let value = (!value.is_empty()).then(|| value.to_owned());
        Some((bare(name), value))
    }

    /// The names that are called like functions in the body of a trigger; empty for any other
    /// statement.
    pub(crate) fn trigger_calls(&self) -> BTreeSet<String> {
        if self.text.len() > LONGEST || self.first_word() != "create" || !self.mentions("trigger") {
            return BTreeSet::new();
        }
        let text = schema::sql::canonical(&self.text);
        let mut calls = BTreeSet::new();
        for (at, _) in text.match_indices('(') {
            let ahead = text[..at].trim_end();
            let start = ahead.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1);
            let (rest, name) = ahead.split_at(start);
            let mut before = rest.trim_end().rsplit(|c: char| !is_word(c));
            let before = fold(before.next().unwrap_or_default());
            let is_table =
                ["into", "on", "update", "from", "join", "as"].contains(&before.as_str());
            if !is_table && !name.is_empty() && !KEYWORDS.contains(&&*fold(name)) {
                calls.insert(fold(name));
            }
        }
        calls
    }

    /// Whether the statement contains the name, be it in a string or a comment.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        let name = fold(name);
        if name.chars().all(is_word) {
            self.words.contains(&name)
        } else {
            fold(&self.text).contains(&name)
        }
    }
}

/// Words of SQL before a parenthesis.
const KEYWORDS: [&str; 24] = [
    "and", "as", "between", "by", "case", "else", "exists", "filter", "from", "glob", "in", "is",
    "like", "match", "not", "of", "or", "over", "raise", "select", "then", "values", "when",
    "where",
];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The nearest boundary of a character at `index` or before it.
fn boundary_before(text: &str, index: usize) -> usize {
    // The standard library has it as `floor_char_boundary` from Rust 1.91 on.
    let mut places = (0..=index).rev();
    places
        .find(|place| text.is_char_boundary(*place))
        .unwrap_or(0)
}

fn words(text: &str) -> BTreeSet<String> {
    // Between the ends of a statement that no hand wrote there are values.
    let parts = if text.len() > LONGEST {
        let (start, end) = (boundary_before(text, LONGEST / 4), text.len() - LONGEST / 4);
        [&text[..start], &text[boundary_before(text, end)..]]
    } else {
        [text, ""]
    };
    let words = parts
        .into_iter()
        .flat_map(|part| part.split(|c: char| !is_word(c)));
    words.filter(|word| !word.is_empty()).map(fold).collect()
}

/// Names of the ways in which a copy drops rows.
pub(crate) const JOIN: &str = "a join";
pub(crate) const LIMIT: &str = "`LIMIT`";
pub(crate) const DISTINCT: &str = "`DISTINCT`";

/// No statement written by hand is longer; one that is deep would take the parser long.
pub(crate) const LONGEST: usize = 200_000;

fn parse(sql: &str) -> (Effect, Demands) {
    if sql.len() > LONGEST {
        return (Effect::Other, Demands::default());
    }
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, sql.as_bytes());
    match parser.next() {
        Ok(Some(Cmd::Stmt(statement))) => (act(&statement), Demands::read(&statement)),
        _ => (Effect::Other, Demands::default()),
    }
}

fn act(statement: &Stmt<'_>) -> Effect {
    match statement {
        Stmt::CreateTable {
            tbl_name,
            body: CreateTableBody::AsSelect(select),
            ..
        } => copy(named(&tbl_name.name), Vec::new(), select, false, None),
        Stmt::CreateTable { tbl_name, .. } | Stmt::CreateVirtualTable { tbl_name, .. } => {
            Effect::CreateTable(named(&tbl_name.name))
        }
        Stmt::DropTable { tbl_name: name, .. }
        | Stmt::DropIndex { idx_name: name, .. }
        | Stmt::DropTrigger {
            trigger_name: name, ..
        }
        | Stmt::DropView {
            view_name: name, ..
        } => Effect::Drop(named(&name.name)),
        Stmt::AlterTable(table, body) => {
            let table = named(&table.name);
            match body {
                AlterTableBody::RenameTo(to) => Effect::RenameTable(table, named(to)),
                AlterTableBody::RenameColumn { old, new } => {
                    Effect::RenameColumn(table, named(old), named(new))
                }
                AlterTableBody::DropColumn(column) => Effect::DropColumn(table, named(column)),
                _ => Effect::Other,
            }
        }
        Stmt::Delete { tbl_name, .. } => Effect::Delete(named(&tbl_name.name)),
        Stmt::Update { tbl_name, sets, .. } => {
            let columns = sets.iter().flat_map(|set| set.col_names.iter());
            Effect::Update(named(&tbl_name.name), columns.map(named).collect())
        }
        Stmt::Insert {
            or_conflict,
            tbl_name,
            columns,
            body,
            ..
        } => {
            let into = named(&tbl_name.name);
            let replaces = matches!(or_conflict, Some(ResolveType::Replace));
            let ignores = matches!(or_conflict, Some(ResolveType::Ignore));
            match body {
                InsertBody::Select(select, _) if reads_tables(select) => {
                    let columns = columns.iter().flat_map(|names| names.iter());
                    let silent = match (ignores, replaces) {
                        (true, _) => Some("`OR IGNORE`"),
                        (_, true) => Some("`OR REPLACE`"),
                        _ => None,
                    };
                    copy(into, columns.map(named).collect(), select, replaces, silent)
                }
                _ => Effect::Insert(into, replaces),
            }
        }
        _ => Effect::Other,
    }
}

/// Whether `LIMIT` has a negative number, which SQLite reads as no limit.
fn is_unlimited(limit: &Expr<'_>) -> bool {
    matches!(limit, Expr::Unary(UnaryOperator::Negative, _))
}

fn reads_tables(select: &Select<'_>) -> bool {
    matches!(&select.body.select, OneSelect::Select { from: Some(_), .. })
}

fn copy(
    into: String,
    columns: Vec<String>,
    select: &Select<'_>,
    replaces: bool,
    silent: Option<&'static str>,
) -> Effect {
    let OneSelect::Select {
        distinctness,
        columns: result,
        from,
        where_clause,
        group_by,
        ..
    } = &select.body.select
    else {
        return Effect::Insert(into, replaces);
    };
    let mut tables = Vec::new();
    let joins = from.as_ref().is_some_and(|from| sources(from, &mut tables));
    let sources = result.iter().map(|column| match column {
        ResultColumn::Star | ResultColumn::TableStar(_) => Source::Star,
        ResultColumn::Expr(Expr::Id(id), _) => Source::Column(bare(id.0)),
        ResultColumn::Expr(Expr::Name(name) | Expr::Qualified(_, name), _) => {
            Source::Column(named(name))
        }
        ResultColumn::Expr(expr, _) => Source::Other(columns_of(expr)),
    });
    let silent_filter = match (silent, distinctness, joins) {
        (Some(word), _, _) => Some(word),
        (_, Some(_), _) => Some(DISTINCT),
        (_, _, true) => Some(JOIN),
        _ => (select.limit.as_ref())
            .filter(|limit| !is_unlimited(&limit.expr))
            .map(|_| LIMIT),
    };
    Effect::Copy(Copy {
        into,
        first: tables.first().cloned().unwrap_or_default(),
        from: tables,
        columns,
        sources: sources.collect(),
        silent_filter,
        filters: where_clause.is_some() || group_by.is_some(),
        condition: where_clause.map(text),
        groups: group_by.is_some() || select.body.compounds.is_some(),
        replaces,
    })
}

/// The tables of a FROM clause, the first one first, and whether it joins.
fn sources(from: &FromClause<'_>, tables: &mut Vec<String>) -> bool {
    let mut joined: Vec<&SelectTable<'_>> = Vec::new();
    let mut joins = false;
    for join in from.joins.iter().flatten() {
        // An outer join keeps the rows of its left side.
        let outer = matches!(&join.operator, JoinOperator::TypedJoin(Some(kind))
            if kind.contains(JoinType::LEFT));
        joins = joins || !outer;
        joined.push(&join.table);
    }
    let mut pending: Vec<&SelectTable<'_>> = joined.into_iter().rev().collect();
    pending.extend(from.select);
    while let Some(table) = pending.pop() {
        match table {
            SelectTable::Table(name, _, _) | SelectTable::TableCall(name, _, _) => {
                tables.push(named(&name.name));
            }
            SelectTable::Select(select, _) => {
                if let OneSelect::Select {
                    from: Some(from), ..
                } = &select.body.select
                {
                    pending.extend(from.joins.iter().flatten().map(|join| &join.table));
                    pending.extend(from.select);
                }
            }
            SelectTable::Sub(from, _) => {
                pending.extend(from.joins.iter().flatten().map(|join| &join.table));
                pending.extend(from.select);
            }
        }
    }
    joins
}
