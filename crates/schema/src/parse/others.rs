//! `CREATE INDEX`, `CREATE TRIGGER`, `CREATE VIEW` and `CREATE VIRTUAL TABLE`.

use sqlite3_parser::ast::{self, Expr, SortOrder, SortedColumn, Stmt};

use super::parsed;
use crate::schema::{
    Index, IndexPart, PartKind, Trigger, TriggerEvent, TriggerParts, TriggerTime, View,
};
use crate::sql::{fold, plain, tight, unquote_name};
use crate::table::{Column, Table, TableKind};
use crate::text::{Names, bare, text};

/// Parses `CREATE INDEX`. `table` is the table as far as it is known.
pub(crate) fn index(name: &str, on: &str, table: Option<&Table>, sql: &str) -> Index {
    let columns: &[Column] = table.map_or(&[], |table| &table.columns);
    let names: Names = columns.iter().map(|column| fold(&column.name)).collect();
    let found = parsed(sql, |statement| {
        let Stmt::CreateIndex {
            unique,
            columns: parts,
            where_clause,
            ..
        } = statement
        else {
            return None;
        };
        Some(Index {
            name: name.to_owned(),
            table: on.to_owned(),
            unique: *unique,
            columns: parts
                .iter()
                .map(|part| index_part(part, columns, &names))
                .collect(),
            filter: where_clause
                .as_ref()
                .map(|filter| text(bare(filter), &names)),
        })
    });
    found.unwrap_or_else(|| Index {
        name: name.to_owned(),
        table: on.to_owned(),
        unique: false,
        columns: Vec::new(),
        filter: Some(plain(sql)),
    })
}

/// Parses one part of a key: a column wherever SQLite reads it as one.
fn index_part(part: &SortedColumn<'_>, columns: &[Column], names: &Names) -> IndexPart {
    let (expression, collation) = key_part(part);
    let column = find_column(expression).and_then(|name| {
        columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(&name))
    });
    IndexPart {
        kind: match column {
            Some(column) => PartKind::Column(column.name.clone()),
            None => PartKind::Expression(text(expression, names)),
        },
        collation: declared_collation(collation, column),
        descending: part.order == Some(SortOrder::Desc),
    }
}

/// The expression of a part of a key, and the collation after it, in upper case.
pub(super) fn key_part<'a, 'b>(part: &'a SortedColumn<'b>) -> (&'a Expr<'b>, Option<String>) {
    let mut expression = bare(&part.expr);
    let mut collation = None;
    while let Expr::Collate(inner, name) = expression {
        // The outermost collation counts.
        collation.get_or_insert_with(|| unquote_name(name).to_ascii_uppercase());
        expression = bare(inner);
    }
    (expression, collation)
}

/// The collation of a part of a key, if it differs from the default one.
pub(super) fn declared_collation(
    written: Option<String>,
    column: Option<&Column>,
) -> Option<String> {
    let own = column
        .and_then(|column| column.collation.as_deref())
        .unwrap_or("BINARY");
    written.filter(|written| written != own)
}

/// The name, if the expression is only a name. In a key a string is one, too.
pub(super) fn find_column(expression: &Expr<'_>) -> Option<String> {
    match expression {
        Expr::Id(id) => Some(unquote_name(id.0)),
        Expr::Name(name) => Some(unquote_name(name.0)),
        Expr::Literal(sqlite3_parser::ast::Literal::String(string)) => Some(unquote_name(string)),
        _ => None,
    }
}

/// Parses `CREATE TRIGGER`; `names` are all names of the schema.
pub(crate) fn trigger(name: &str, on: &str, sql: &str, names: &Names) -> Trigger {
    let found = parsed(sql, |statement| {
        let Stmt::CreateTrigger {
            time,
            event,
            when_clause,
            commands,
            ..
        } = statement
        else {
            return None;
        };
        Some(TriggerParts {
            time: match time {
                Some(ast::TriggerTime::After) => TriggerTime::After,
                Some(ast::TriggerTime::InsteadOf) => TriggerTime::InsteadOf,
                // BEFORE is the default.
                Some(ast::TriggerTime::Before) | None => TriggerTime::Before,
            },
            event: match event {
                ast::TriggerEvent::Delete => TriggerEvent::Delete,
                ast::TriggerEvent::Insert => TriggerEvent::Insert,
                ast::TriggerEvent::Update | ast::TriggerEvent::UpdateOf(_) => TriggerEvent::Update,
            },
            columns: match event {
                ast::TriggerEvent::UpdateOf(columns) => columns
                    .iter()
                    .map(|column| unquote_name(column.0))
                    .collect(),
                _ => Vec::new(),
            },
            when: when_clause.as_ref().map(|when| text(bare(when), names)),
            body: commands
                .iter()
                .map(|command| text(command, names))
                .collect(),
        })
    });
    Trigger {
        name: name.to_owned(),
        table: on.to_owned(),
        text: found
            .as_ref()
            .map_or_else(|| plain(sql), TriggerParts::text),
        parts: found,
    }
}

/// Parses `CREATE VIEW`; `names` are all names of the schema.
pub(crate) fn view(name: &str, sql: &str, names: &Names) -> View {
    let found = parsed(sql, |statement| {
        let Stmt::CreateView {
            columns, select, ..
        } = statement
        else {
            return None;
        };
        let columns = columns.unwrap_or_default();
        Some(View {
            name: name.to_owned(),
            columns: columns
                .iter()
                .map(|column| unquote_name(column.col_name.0))
                .collect(),
            text: text(select, names),
            parsed: true,
        })
    });
    found.unwrap_or_else(|| View {
        name: name.to_owned(),
        columns: Vec::new(),
        text: plain(sql),
        parsed: false,
    })
}

/// The module of a virtual table and its arguments.
pub(crate) fn virtual_table(sql: &str) -> TableKind {
    let found = parsed(sql, |statement| {
        let Stmt::CreateVirtualTable {
            module_name, args, ..
        } = statement
        else {
            return None;
        };
        let arguments = args.unwrap_or_default();
        Some(TableKind::Virtual {
            module: fold(&unquote_name(module_name.0)),
            arguments: arguments.iter().map(|argument| tight(argument)).collect(),
        })
    });
    found.unwrap_or_else(|| TableKind::Unparsed { text: plain(sql) })
}
