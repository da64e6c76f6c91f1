//! The expected values of a generated schema.

use schema::{
    Affinity, Check, Column, ForeignKey, Generated, Index, IndexPart, IndexedColumn, PartKind,
    PrimaryKey, Schema, Table, TableKind, Trigger, TriggerEvent, TriggerParts, TriggerTime, Unique,
    View,
};

use super::pools::NAMES;
use super::spec::{Expression, KeySpec, Spec, TableSpec, TriggerSpec};

/// All declarations of a schema, in one order.
pub(super) struct Values {
    pub(super) tables: Vec<Table>,
    pub(super) indexes: Vec<Index>,
    pub(super) triggers: Vec<Trigger>,
    pub(super) views: Vec<View>,
}

impl Values {
    pub(super) fn read(schema: &Schema) -> Values {
        Values {
            tables: schema.tables().cloned().map(sorted).collect(),
            indexes: schema.indexes().cloned().collect(),
            triggers: schema.triggers().cloned().collect(),
            views: schema.views().cloned().collect(),
        }
    }

    pub(super) fn of(spec: &Spec) -> Values {
        let mut tables: Vec<Table> = spec.tables.iter().map(|own| table(own, spec)).collect();
        tables.extend(spec.full_text.iter().map(full_text));
        let mut values = Values {
            tables: tables.into_iter().map(sorted).collect(),
            indexes: indexes(spec),
            triggers: spec.triggers.iter().map(|own| trigger(own, spec)).collect(),
            views: views(spec),
        };
        let fold = |name: &String| name.to_ascii_lowercase();
        values.tables.sort_by_key(|table| fold(&table.name));
        values.indexes.sort_by_key(|index| fold(&index.name));
        values.triggers.sort_by_key(|trigger| fold(&trigger.name));
        values.views.sort_by_key(|view| fold(&view.name));
        values
    }
}

/// The first place in which two lists differ, as text.
fn first<T: PartialEq + std::fmt::Debug>(expected: &[T], found: &[T]) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut pairs = expected.iter().zip(found);
    Some(match pairs.find(|(one, other)| one != other) {
        Some((one, other)) => format!("expected {one:?}\n   found {other:?}"),
        None => format!("expected {expected:?}\n   found {found:?}"),
    })
}

impl Values {
    pub(super) fn first_difference(&self, found: &Values) -> Option<String> {
        first(&self.tables, &found.tables)
            .or_else(|| first(&self.indexes, &found.indexes))
            .or_else(|| first(&self.triggers, &found.triggers))
            .or_else(|| first(&self.views, &found.views))
    }
}

/// The order of constraints means nothing.
fn sorted(mut table: Table) -> Table {
    table.uniques.sort_by_key(|unique| format!("{unique:?}"));
    table.checks.sort_by_key(|check| format!("{check:?}"));
    table.foreign_keys.sort_by_key(|key| format!("{key:?}"));
    table
}

/// A name as normalised text shows it.
pub(super) fn shown(name: &str) -> String {
    let plain = NAMES.iter().any(|(other, plain)| *other == name && *plain);
    let folded = name.to_ascii_lowercase();
    if plain {
        folded
    } else {
        format!("\"{}\"", folded.replace('"', "\"\""))
    }
}

/// An expression as normalised text.
pub(super) fn expression(expression: &Expression, table: &TableSpec) -> String {
    let [first, second] = expression.columns;
    let column = |at: usize| shown(table.columns[at].name);
    // The first column is never generated, so it can be written.
    let written = column(0);
    let text = expression.template.replace("@t", &shown(table.name));
    text.replace("@0", &column(first))
        .replace("@1", &column(second))
        .replace("@2", &written)
}

fn key(key: &KeySpec, table: &TableSpec) -> Vec<IndexedColumn> {
    let part = |(at, collation, descending): &(usize, Option<&str>, bool)| IndexedColumn {
        name: table.columns[*at].name.to_owned(),
        collation: collation.map(str::to_owned),
        descending: *descending,
    };
    key.parts.iter().map(part).collect()
}

fn is_alias(table: &TableSpec) -> bool {
    let key = table
        .primary_key
        .as_ref()
        .filter(|key| key.parts.len() == 1);
    let declared = key.and_then(|key| table.columns[key.parts[0].0].declared_type);
    let integer = declared.is_some_and(|name| name.eq_ignore_ascii_case("integer"));
    integer && !table.no_alias && !table.without_rowid
}

fn table(spec: &TableSpec, all: &Spec) -> Table {
    let alias = is_alias(spec);
    let in_key = |at: usize| {
        let mut keys = spec.primary_key.iter();
        keys.any(|key| key.parts.iter().any(|part| part.0 == at))
    };
    let column = |(at, column): (usize, &super::spec::ColumnSpec)| Column {
        name: column.name.to_owned(),
        declared_type: column.declared_type.map(str::to_owned),
        affinity: if spec.strict {
            Affinity::from_strict_type(column.declared_type)
        } else {
            Affinity::from_type(column.declared_type)
        },
        not_null: column.not_null.is_some()
            || (in_key(at) && (spec.without_rowid || spec.strict) && !alias),
        not_null_on_conflict: column.not_null.flatten(),
        default: column.default.map(str::to_owned),
        collation: column.collation.map(str::to_owned),
        generated: column.generated.as_ref().map(|(made, stored)| Generated {
            expression: expression(made, spec),
            stored: *stored,
        }),
        hidden: false,
    };
    let foreign = |own: &super::spec::ForeignSpec| {
        let parent = all.tables.get(own.parent);
        let parents = own.parent_columns.iter();
        ForeignKey {
            columns: own
                .columns
                .iter()
                .map(|at| spec.columns[*at].name.to_owned())
                .collect(),
            parent: parent.map_or("nowhere", |parent| parent.name).to_owned(),
            parent_columns: parents
                .map(|at| parent.expect("a table").columns[*at].name.to_owned())
                .collect(),
            on_delete: own.on_delete,
            on_update: own.on_update,
            match_: own.match_.map(str::to_owned),
            deferred: own.deferred,
        }
    };
    Table {
        name: spec.name.to_owned(),
        columns: spec.columns.iter().enumerate().map(column).collect(),
        primary_key: spec.primary_key.as_ref().map(|own| PrimaryKey {
            columns: key(own, spec),
            autoincrement: spec.autoincrement,
            on_conflict: own.on_conflict,
            rowid_alias: alias,
        }),
        uniques: spec
            .uniques
            .iter()
            .map(|own| Unique {
                columns: key(own, spec),
                on_conflict: own.on_conflict,
            })
            .collect(),
        checks: spec
            .checks
            .iter()
            .map(|(name, check)| Check {
                name: name.map(str::to_owned),
                expression: expression(check, spec),
            })
            .collect(),
        foreign_keys: spec.foreign_keys.iter().map(foreign).collect(),
        without_rowid: spec.without_rowid,
        strict: spec.strict,
        kind: TableKind::Ordinary,
    }
}

fn full_text((name, columns, tokenizer): &(&str, Vec<&str>, &str)) -> Table {
    let column = |name: &str, hidden| Column {
        name: name.to_owned(),
        declared_type: None,
        affinity: Affinity::Blob,
        not_null: false,
        not_null_on_conflict: None,
        default: None,
        collation: None,
        generated: None,
        hidden,
    };
    let own = columns.iter().map(|name| column(name, false));
    let mut arguments: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    arguments.push(format!("tokenize='{tokenizer}'"));
    Table {
        name: (*name).to_owned(),
        columns: own
            .chain([column(name, true), column("rank", true)])
            .collect(),
        primary_key: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        without_rowid: false,
        strict: false,
        kind: TableKind::Virtual {
            module: "fts5".to_owned(),
            arguments,
        },
    }
}

fn indexes(spec: &Spec) -> Vec<Index> {
    let index = |own: &super::spec::IndexSpec| {
        let table = &spec.tables[own.table];
        let parts = own
            .parts
            .iter()
            .map(|(part, collation, descending)| IndexPart {
                kind: match part {
                    Ok(at) => PartKind::Column(table.columns[*at].name.to_owned()),
                    Err(made) => PartKind::Expression(expression(made, table)),
                },
                collation: collation.map(str::to_owned),
                descending: *descending,
            });
        Index {
            name: own.name.to_owned(),
            table: table.name.to_owned(),
            unique: own.unique,
            columns: parts.collect(),
            filter: own.filter.as_ref().map(|filter| expression(filter, table)),
        }
    };
    spec.indexes.iter().map(index).collect()
}

fn views(spec: &Spec) -> Vec<View> {
    let view = |own: &super::spec::ViewSpec| View {
        name: own.name.to_owned(),
        columns: own
            .columns
            .iter()
            .flatten()
            .map(|name| (*name).to_owned())
            .collect(),
        text: expression(&own.query, &spec.tables[own.table]),
        parsed: true,
    };
    spec.views.iter().map(view).collect()
}

/// The name of a trigger's table or view, and the table below it.
pub(super) fn trigger_on<'a>(own: &TriggerSpec, spec: &'a Spec) -> (&'static str, &'a TableSpec) {
    match own.time {
        TriggerTime::InsteadOf => {
            let view = &spec.views[own.on];
            (view.name, &spec.tables[view.table])
        }
        _ => (spec.tables[own.on].name, &spec.tables[own.on]),
    }
}

pub(super) fn trigger_when(own: &TriggerSpec, table: &TableSpec) -> Option<String> {
    let row = if own.event == TriggerEvent::Delete {
        "old"
    } else {
        "new"
    };
    own.when
        .then(|| format!("{row}.{} > 1", shown(table.columns[0].name)))
}

fn trigger(own: &TriggerSpec, spec: &Spec) -> Trigger {
    let (on, table) = trigger_on(own, spec);
    let parts = TriggerParts {
        time: own.time,
        event: own.event,
        columns: own
            .columns
            .iter()
            .map(|at| table.columns[*at].name.to_owned())
            .collect(),
        when: trigger_when(own, table),
        body: own
            .body
            .iter()
            .map(|command| expression(command, table))
            .collect(),
    };
    let of: Vec<String> = parts.columns.iter().map(|name| shown(name)).collect();
    let of = if of.is_empty() {
        String::new()
    } else {
        format!(" OF {}", of.join(", "))
    };
    let when = parts.when.as_ref().map(|when| format!(" WHEN {when}"));
    let body: String = parts
        .body
        .iter()
        .map(|command| format!("{command}; "))
        .collect();
    Trigger {
        name: own.name.to_owned(),
        table: on.to_owned(),
        text: format!(
            "{} {}{of}{} BEGIN {body}END",
            own.time,
            own.event,
            when.unwrap_or_default()
        ),
        parts: Some(parts),
    }
}
