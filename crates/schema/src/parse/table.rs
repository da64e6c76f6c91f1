//! `CREATE TABLE`.

use sqlite3_parser::ast::{
    ColumnConstraint, ColumnDefinition, CreateTableBody, DeferSubclause, Expr, ForeignKeyClause,
    Id, InitDeferredPred, Literal, RefAct, RefArg, ResolveType, SortOrder, SortedColumn, Stmt,
    TableConstraint, UnaryOperator,
};

use super::others::{declared_collation, find_column, key_part};
use super::parsed;
use crate::sql::{fold, plain, quote_text, unquote_name};
use crate::table::{
    Check, Conflict, ForeignKey, Generated, IndexedColumn, PrimaryKey, Table, TableKind, Unique,
};
use crate::text::{Names, bare, text};

/// Completes a table, whose names, types and options come from the pragmas, with the declarations
/// that are only in the text. If the text names different columns, SQLite is right, and the text is
/// kept.
pub(crate) fn table(table: &mut Table, sql: &str) {
    let names: Names = table
        .columns
        .iter()
        .map(|column| fold(&column.name))
        .collect();
    let complete = parsed(sql, |statement| {
        let Stmt::CreateTable { body, .. } = statement else {
            return None;
        };
        let CreateTableBody::ColumnsAndConstraints {
            columns,
            constraints,
            ..
        } = body
        else {
            return None;
        };
        let same = columns.len() == table.columns.len()
            && columns.iter().zip(&table.columns).all(|(parsed, known)| {
                unquote_name(parsed.col_name.0).eq_ignore_ascii_case(&known.name)
            });
        if !same {
            return None;
        }
        let mut builder = Builder {
            table: table.clone(),
            names: &names,
        };
        for (at, column) in columns.iter().enumerate() {
            builder.column_properties(at, column);
        }
        for (at, column) in columns.iter().enumerate() {
            builder.column_constraints(at, column);
        }
        for constraint in constraints.unwrap_or_default() {
            let name = constraint.name.as_ref().map(|name| unquote_name(name.0));
            builder.constraint(name, &constraint.constraint);
        }
        Some(builder.table)
    });
    match complete {
        Some(complete) => *table = complete,
        None => table.kind = TableKind::Unparsed { text: plain(sql) },
    }
}

struct Builder<'a> {
    table: Table,
    names: &'a Names,
}

impl Builder<'_> {
    /// Reads the properties of a column, before any key: keys depend on collations.
    fn column_properties(&mut self, at: usize, definition: &ColumnDefinition<'_>) {
        let names = self.names;
        let Some(column) = self.table.columns.get_mut(at) else {
            return;
        };
        for constraint in definition.constraints {
            match &constraint.constraint {
                ColumnConstraint::NotNull {
                    nullable: false,
                    conflict_clause,
                } => {
                    column.not_null_on_conflict = conflict(*conflict_clause);
                }
                ColumnConstraint::Default(value) => column.default = default(value, names),
                ColumnConstraint::Collate { collation_name } => {
                    let name = unquote_name(collation_name.0).to_ascii_uppercase();
                    column.collation = Some(name).filter(|name| name != "BINARY");
                }
                ColumnConstraint::Generated { expr, typ } => {
                    column.generated = Some(Generated {
                        expression: text(bare(expr), names),
                        stored: typ
                            .as_ref()
                            .is_some_and(|Id(typ)| typ.eq_ignore_ascii_case("stored")),
                    });
                }
                _ => {}
            }
        }
    }

    /// Reads the constraints in a column definition.
    fn column_constraints(&mut self, at: usize, definition: &ColumnDefinition<'_>) {
        let Some(name) = self.table.columns.get(at).map(|column| column.name.clone()) else {
            return;
        };
        let itself = |descending| IndexedColumn {
            name: name.clone(),
            collation: None,
            descending,
        };
        for constraint in definition.constraints {
            match &constraint.constraint {
                ColumnConstraint::PrimaryKey {
                    order,
                    conflict_clause,
                    auto_increment,
                } => {
                    let descending = *order == Some(SortOrder::Desc);
                    let key = vec![itself(descending)];
                    // SQLite keeps an old quirk for ever: in a column definition, and only there,
                    // DESC makes an ordinary key.
                    self.primary_key(key, !descending, *auto_increment, *conflict_clause);
                }
                ColumnConstraint::Unique(conflict_clause) => {
                    self.unique(vec![itself(false)], *conflict_clause);
                }
                ColumnConstraint::Check(expression) => {
                    self.check(
                        constraint.name.as_ref().map(|name| unquote_name(name.0)),
                        expression,
                    );
                }
                ColumnConstraint::ForeignKey {
                    clause,
                    defer_clause,
                } => {
                    self.foreign_key(vec![name.clone()], clause, defer_clause.as_ref());
                }
                // The clause belongs to the last foreign key, wherever it is.
                ColumnConstraint::Defer(clause) => {
                    if let Some(key) = self.table.foreign_keys.last_mut() {
                        key.deferred = deferred(clause);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads a table constraint.
    fn constraint(&mut self, name: Option<String>, constraint: &TableConstraint<'_>) {
        match constraint {
            TableConstraint::PrimaryKey {
                columns,
                auto_increment,
                conflict_clause,
            } => {
                let key = self.key(columns);
                self.primary_key(key, true, *auto_increment, *conflict_clause);
            }
            TableConstraint::Unique {
                columns,
                conflict_clause,
            } => {
                let key = self.key(columns);
                self.unique(key, *conflict_clause);
            }
            TableConstraint::Check(expression, _) => self.check(name, expression),
            TableConstraint::ForeignKey {
                columns,
                clause,
                defer_clause,
            } => {
                let columns = columns.iter().map(|column| unquote_name(column.col_name.0));
                let columns = columns.map(|name| self.declared(name)).collect();
                self.foreign_key(columns, clause, defer_clause.as_ref());
            }
        }
    }

    /// The name of a column as the column declares it.
    fn declared(&self, name: String) -> String {
        self.table
            .column(&name)
            .map_or(name, |column| column.name.clone())
    }

    fn key(&self, columns: &[SortedColumn<'_>]) -> Vec<IndexedColumn> {
        let part = |part| {
            let (expression, collation) = key_part(part);
            let name = find_column(expression).unwrap_or_else(|| text(expression, self.names));
            IndexedColumn {
                collation: declared_collation(collation, self.table.column(&name)),
                descending: part.order == Some(SortOrder::Desc),
                name: self.declared(name),
            }
        };
        columns.iter().map(part).collect()
    }

    fn primary_key(
        &mut self,
        mut columns: Vec<IndexedColumn>,
        may_be_rowid: bool,
        autoincrement: bool,
        on_conflict: Option<ResolveType>,
    ) {
        let rowid_alias = match columns.as_mut_slice() {
            [only] if may_be_rowid && !self.table.without_rowid => {
                let declared = self.table.column(&only.name);
                let declared = declared.and_then(|column| column.declared_type.as_deref());
                let alias = declared.is_some_and(|name| name.eq_ignore_ascii_case("integer"));
                if alias {
                    // The rowid has one order and no collation.
                    only.descending = false;
                    only.collation = None;
                }
                alias
            }
            _ => false,
        };
        self.table.primary_key = Some(PrimaryKey {
            columns,
            autoincrement,
            on_conflict: conflict(on_conflict),
            rowid_alias,
        });
    }

    fn unique(&mut self, columns: Vec<IndexedColumn>, on_conflict: Option<ResolveType>) {
        let unique = Unique {
            columns,
            on_conflict: conflict(on_conflict),
        };
        if !self.table.uniques.contains(&unique) {
            self.table.uniques.push(unique);
        }
    }

    fn check(&mut self, name: Option<String>, expression: &Expr<'_>) {
        let check = Check {
            name,
            expression: text(bare(expression), self.names),
        };
        if !self.table.checks.contains(&check) {
            self.table.checks.push(check);
        }
    }

    fn foreign_key(
        &mut self,
        columns: Vec<String>,
        clause: &ForeignKeyClause<'_>,
        defer_clause: Option<&DeferSubclause>,
    ) {
        let parents = clause.columns.unwrap_or_default();
        let mut key = ForeignKey {
            columns,
            parent: unquote_name(clause.tbl_name.0),
            parent_columns: parents
                .iter()
                .map(|column| unquote_name(column.col_name.0))
                .collect(),
            on_delete: None,
            on_update: None,
            match_: None,
            deferred: defer_clause.is_some_and(deferred),
        };
        for argument in clause.args {
            match argument {
                RefArg::OnDelete(action) => key.on_delete = action_name(*action),
                RefArg::OnUpdate(action) => key.on_update = action_name(*action),
                // SQLite parses `ON INSERT` and ignores it.
                RefArg::OnInsert(_) => {}
                RefArg::Match(name) => key.match_ = Some(unquote_name(name.0).to_ascii_uppercase()),
            }
        }
        self.table.foreign_keys.push(key);
    }
}

fn conflict(clause: Option<ResolveType>) -> Option<Conflict> {
    match clause? {
        ResolveType::Abort => None,
        ResolveType::Rollback => Some(Conflict::Rollback),
        ResolveType::Fail => Some(Conflict::Fail),
        ResolveType::Ignore => Some(Conflict::Ignore),
        ResolveType::Replace => Some(Conflict::Replace),
    }
}

fn action_name(action: RefAct) -> Option<&'static str> {
    match action {
        RefAct::NoAction => None,
        RefAct::SetNull => Some("SET NULL"),
        RefAct::SetDefault => Some("SET DEFAULT"),
        RefAct::Cascade => Some("CASCADE"),
        RefAct::Restrict => Some("RESTRICT"),
    }
}

/// Whether the clause defers the key; of its six forms only one does.
fn deferred(clause: &DeferSubclause) -> bool {
    clause.deferrable && clause.init_deferred == Some(InitDeferredPred::InitiallyDeferred)
}

/// The normal form of a default. A bare name is a string in a default, and parentheses around a
/// literal mean nothing. No default equals a default of NULL.
fn default(value: &Expr<'_>, names: &Names) -> Option<String> {
    match value {
        Expr::Parenthesized(inner) => match inner.as_slice() {
            [literal @ (Expr::Literal(_) | Expr::Unary(..))] if is_literal(literal) => {
                default(literal, names)
            }
            _ => Some(text(value, names)),
        },
        Expr::Literal(Literal::Null) => None,
        Expr::Id(Id(name)) => {
            let truth = ["true", "false"]
                .iter()
                .find(|truth| name.eq_ignore_ascii_case(truth));
            Some(truth.map_or_else(
                || quote_text(&unquote_name(name)),
                |truth| (*truth).to_owned(),
            ))
        }
        _ => Some(text(value, names)),
    }
}

/// Whether the expression is a literal, or a number with a sign.
fn is_literal(value: &Expr<'_>) -> bool {
    match value {
        Expr::Literal(_) => true,
        Expr::Unary(UnaryOperator::Negative | UnaryOperator::Positive, inner) => {
            matches!(inner, Expr::Literal(Literal::Numeric(_)))
        }
        _ => false,
    }
}
