//! A walk over all expressions of a statement.

use sqlite3_parser::ast::{
    CreateTableBody, Expr, FromClause, InsertBody, JoinConstraint, OneSelect, Over, ResultColumn,
    Select, SelectTable, Set, Stmt, UpsertDo, With,
};

/// The part that an expression plays in its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It decides whether a row or a branch counts.
    Condition,
    /// It gives a value.
    Value,
    /// Rows are grouped or numbered by it.
    Group,
}

/// Deeper expressions are not visited; SQLite allows 1,000 levels.
const DEEPEST: usize = 200;

/// Calls `visit` for every expression of a statement, the outer ones first.
pub(crate) fn walk<'a>(statement: &'a Stmt<'a>, visit: &mut dyn FnMut(&'a Expr<'a>, Role)) {
    let visit = &mut Visit { visit, depth: 0 };
    match statement {
        Stmt::Delete {
            with, where_clause, ..
        } => {
            walk_with(with.as_ref(), visit);
            walk_condition(where_clause.as_ref(), visit);
        }
        Stmt::Update {
            with,
            sets,
            from,
            where_clause,
            ..
        } => {
            walk_with(with.as_ref(), visit);
            walk_sets(sets, visit);
            if let Some(from) = from {
                walk_from(from, visit);
            }
            walk_condition(where_clause.as_ref(), visit);
        }
        Stmt::Insert { with, body, .. } => {
            walk_with(with.as_ref(), visit);
            if let InsertBody::Select(select, upsert) = body {
                walk_select(select, visit);
                let mut next = *upsert;
                while let Some(upsert) = next {
                    if let UpsertDo::Set { sets, where_clause } = &upsert.do_clause {
                        walk_sets(sets, visit);
                        walk_condition(where_clause.as_ref(), visit);
                    }
                    next = upsert.next;
                }
            }
        }
        Stmt::CreateTable {
            body: CreateTableBody::AsSelect(select),
            ..
        }
        | Stmt::CreateView { select, .. }
        | Stmt::Select(select) => walk_select(select, visit),
        Stmt::CreateIndex { where_clause, .. } => walk_condition(where_clause.as_ref(), visit),
        _ => {}
    }
}

/// The function to call, and how deep the walk is.
struct Visit<'v, 'a> {
    visit: &'v mut dyn FnMut(&'a Expr<'a>, Role),
    depth: usize,
}

fn walk_sets<'a>(sets: &'a [Set<'a>], visit: &mut Visit<'_, 'a>) {
    for set in sets {
        walk_expr(&set.expr, Role::Value, visit);
    }
}

fn walk_condition<'a>(condition: Option<&'a Expr<'a>>, visit: &mut Visit<'_, 'a>) {
    if let Some(condition) = condition {
        walk_expr(condition, Role::Condition, visit);
    }
}

fn walk_with<'a>(with: Option<&'a With<'a>>, visit: &mut Visit<'_, 'a>) {
    for table in with.iter().flat_map(|with| with.ctes) {
        walk_select(table.select, visit);
    }
}

fn walk_select<'a>(select: &'a Select<'a>, visit: &mut Visit<'_, 'a>) {
    walk_with(select.with.as_ref(), visit);
    walk_one_select(&select.body.select, visit);
    for compound in select.body.compounds.iter().flat_map(|all| all.iter()) {
        walk_one_select(&compound.select, visit);
    }
}

fn walk_one_select<'a>(select: &'a OneSelect<'a>, visit: &mut Visit<'_, 'a>) {
    match select {
        OneSelect::Select {
            columns,
            from,
            where_clause,
            group_by,
            having,
            ..
        } => {
            for column in *columns {
                if let ResultColumn::Expr(expr, _) = column {
                    walk_expr(expr, Role::Value, visit);
                }
            }
            if let Some(from) = from {
                walk_from(from, visit);
            }
            walk_condition(*where_clause, visit);
            for expr in group_by.iter().flat_map(|all| all.iter()) {
                walk_expr(expr, Role::Group, visit);
            }
            walk_condition(*having, visit);
        }
        OneSelect::Values(rows) => {
            for expr in rows.iter().flat_map(|row| row.iter()) {
                walk_expr(expr, Role::Value, visit);
            }
        }
    }
}

fn walk_from<'a>(from: &'a FromClause<'a>, visit: &mut Visit<'_, 'a>) {
    let mut tables: Vec<&'a SelectTable<'a>> = from.select.into_iter().collect();
    for join in from.joins.iter().flat_map(|joins| joins.iter()) {
        tables.push(&join.table);
        if let Some(JoinConstraint::On(condition)) = &join.constraint {
            walk_expr(condition, Role::Condition, visit);
        }
    }
    for table in tables {
        match table {
            SelectTable::Select(select, _) => walk_select(select, visit),
            SelectTable::Sub(from, _) => walk_from(from, visit),
            SelectTable::Table(..) | SelectTable::TableCall(..) => {}
        }
    }
}

fn walk_expr<'a>(expr: &'a Expr<'a>, role: Role, visit: &mut Visit<'_, 'a>) {
    if visit.depth < DEEPEST {
        visit.depth += 1;
        (visit.visit)(expr, role);
        walk_parts(expr, visit);
        visit.depth -= 1;
    }
}

/// Walks over the parts of an expression.
fn walk_parts<'a>(expr: &'a Expr<'a>, visit: &mut Visit<'_, 'a>) {
    let mut value = |expr: &'a Expr<'a>| walk_expr(expr, Role::Value, visit);
    match expr {
        Expr::Between {
            lhs, start, end, ..
        } => [lhs, start, end].into_iter().for_each(|part| value(part)),
        Expr::Binary(a, _, b) => [a, b].into_iter().for_each(|part| value(part)),
        Expr::Case {
            base,
            when_then_pairs,
            else_expr,
        } => {
            base.iter().for_each(|base| value(base));
            else_expr.iter().for_each(|part| value(part));
            for (when, then) in *when_then_pairs {
                let role = if base.is_none() {
                    Role::Condition
                } else {
                    Role::Value
                };
                walk_expr(when, role, visit);
                walk_expr(then, Role::Value, visit);
            }
        }
        Expr::Cast { expr, .. }
        | Expr::Collate(expr, _)
        | Expr::IsNull(expr)
        | Expr::NotNull(expr)
        | Expr::Unary(_, expr) => value(expr),
        Expr::Exists(select) | Expr::Subquery(select) => walk_select(select, visit),
        Expr::FunctionCall {
            args, filter_over, ..
        } => {
            args.iter().flat_map(|all| all.iter()).for_each(value);
            let over = filter_over.as_ref().and_then(|tail| tail.over_clause);
            if let Some(Over::Window(window)) = over {
                for expr in window.partition_by.iter().flat_map(|all| all.iter()) {
                    walk_expr(expr, Role::Group, visit);
                }
            }
        }
        Expr::InList { lhs, rhs, .. } => {
            value(lhs);
            rhs.iter().flat_map(|all| all.iter()).for_each(value);
        }
        Expr::InSelect { lhs, rhs, .. } => {
            value(lhs);
            walk_select(rhs, visit);
        }
        Expr::InTable { lhs, .. } => value(lhs),
        Expr::Like { lhs, rhs, .. } => {
            value(lhs);
            value(rhs);
        }
        Expr::Parenthesized(parts) => parts.iter().for_each(value),
        _ => {}
    }
}
