//! The normal form of a schema: the compared properties, and nothing else.
//!
//! [`diff`](crate::diff()) and [`Schema::fingerprint`] both read only this form, so they always
//! agree. It contains texts that are equal exactly when their meaning is equal, see `show`. The
//! fingerprint skips what only a change needs, such as the spelling of a name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::schema::{Index, Schema, Trigger, View};
use crate::sql::{fold, show_name};
use crate::table::{Column, ForeignKey, Table, TableKind};

/// A property of an object, and its value if it has one.
pub(crate) type Fact = (&'static str, Option<String>);

/// The compared properties of a schema.
#[derive(Serialize)]
pub(crate) struct Normal<'a> {
    #[serde(skip)]
    pub(crate) schema: &'a Schema,
    pub(crate) tables: BTreeMap<&'a str, NormalTable<'a>>,
    pub(crate) indexes: BTreeMap<&'a str, NormalObject<'a, Index>>,
    pub(crate) triggers: BTreeMap<&'a str, NormalObject<'a, Trigger>>,
    pub(crate) views: BTreeMap<&'a str, NormalObject<'a, View>>,
}

/// The compared properties of a table.
#[derive(Serialize)]
pub(crate) struct NormalTable<'a> {
    #[serde(skip)]
    pub(crate) table: &'a Table,
    /// The storage of its rows; `None` for an ordinary table that could be parsed.
    pub(crate) kind: Option<String>,
    pub(crate) options: Vec<Fact>,
    pub(crate) columns: Vec<NormalColumn<'a>>,
    pub(crate) primary_key: Option<Vec<Fact>>,
    pub(crate) uniques: BTreeSet<String>,
    /// By shown name, if there is one, and condition.
    pub(crate) checks: BTreeSet<(Option<String>, String)>,
    /// By child and parent columns, the actions of the keys between them.
    pub(crate) foreign_keys: BTreeMap<String, BTreeSet<String>>,
}

/// The compared properties of a column.
#[derive(Serialize)]
pub(crate) struct NormalColumn<'a> {
    #[serde(skip)]
    pub(crate) column: &'a Column,
    pub(crate) key: String,
    pub(crate) facts: Vec<Fact>,
}

/// The compared properties of an index, a trigger or a view.
#[derive(Serialize)]
pub(crate) struct NormalObject<'a, T> {
    #[serde(skip)]
    pub(crate) object: &'a T,
    pub(crate) facts: Vec<Fact>,
}

/// The property of an object that could not be parsed and is compared as text.
pub(crate) const DECLARATION: &str = "declaration";

impl<'a> Normal<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Normal<'a> {
        let Schema {
            tables,
            indexes,
            triggers,
            views,
            // SQLite's own objects follow from the rest or from the rows.
            internal: _,
        } = schema;
        Normal {
            schema,
            tables: tables
                .iter()
                .map(|(key, table)| (key.as_str(), NormalTable::new(table)))
                .collect(),
            indexes: objects(indexes, index),
            triggers: objects(triggers, trigger),
            views: objects(views, view),
        }
    }
}

fn objects<T>(
    all: &BTreeMap<String, T>,
    facts: impl Fn(&T) -> Vec<Fact>,
) -> BTreeMap<&str, NormalObject<'_, T>> {
    let of = |object| NormalObject {
        object,
        facts: facts(object),
    };
    all.iter()
        .map(|(key, object)| (key.as_str(), of(object)))
        .collect()
}

impl<'a> NormalTable<'a> {
    pub(crate) fn new(table: &'a Table) -> NormalTable<'a> {
        let Table {
            name: _,
            columns,
            primary_key,
            uniques,
            checks,
            foreign_keys,
            without_rowid,
            strict,
            kind,
        } = table;
        let mut by_target: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for key in foreign_keys {
            let actions = by_target.entry(key.target()).or_default();
            actions.insert(ForeignKey::actions(key));
        }
        NormalTable {
            table,
            kind: match kind {
                TableKind::Ordinary => None,
                kind => Some(kind.text()),
            },
            options: vec![
                ("WITHOUT ROWID", yes(*without_rowid)),
                ("STRICT", yes(*strict)),
            ],
            columns: normal_columns(columns),
            primary_key: primary_key.as_ref().map(|key| {
                vec![
                    ("key", Some(key.text())),
                    ("rowid alias", yes(key.rowid_alias)),
                ]
            }),
            uniques: uniques.iter().map(|unique| unique.text()).collect(),
            checks: checks
                .iter()
                .map(|check| {
                    let name = check.name.as_deref().map(show_name);
                    (name, check.condition())
                })
                .collect(),
            foreign_keys: by_target,
        }
    }
}

/// The columns in order. In a damaged file two columns may have one name; the second is then
/// distinguished by its number.
fn normal_columns(columns: &[Column]) -> Vec<NormalColumn<'_>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::with_capacity(columns.len());
    for column in columns {
        let name = fold(&column.name);
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        all.push(NormalColumn {
            column,
            key: match times {
                1 => name,
                times => format!("{name}\0{times}"),
            },
            facts: column_facts(column),
        });
    }
    all
}

fn column_facts(column: &Column) -> Vec<Fact> {
    let Column {
        name: _,
        // Follows from the type and from whether the table is strict.
        affinity: _,
        declared_type: _,
        not_null: _,
        not_null_on_conflict: _,
        default,
        collation,
        generated: _,
        hidden,
    } = column;
    vec![
        ("type", column.type_text()),
        ("NOT NULL", column.not_null_text()),
        ("DEFAULT", default.clone()),
        ("COLLATE", collation.clone()),
        ("GENERATED", column.generated_text()),
        ("HIDDEN", yes(*hidden)),
    ]
}

fn index(index: &Index) -> Vec<Fact> {
    let table = ("table", Some(show_name(&index.table)));
    match index.statement() {
        Some(statement) => vec![table, (DECLARATION, Some(statement.to_owned()))],
        None => vec![
            table,
            ("UNIQUE", yes(index.unique)),
            ("key", Some(index.key_text())),
            ("WHERE", index.filter.clone()),
        ],
    }
}

fn trigger(trigger: &Trigger) -> Vec<Fact> {
    let table = ("table", Some(show_name(&trigger.table)));
    match &trigger.parts {
        None => vec![table, (DECLARATION, Some(trigger.text.clone()))],
        Some(parts) => vec![
            table,
            ("time", Some(parts.time.to_string())),
            ("event", Some(parts.event_text())),
            ("WHEN", parts.when.clone()),
            ("body", Some(parts.body_text())),
        ],
    }
}

fn view(view: &View) -> Vec<Fact> {
    if !view.parsed {
        return vec![(DECLARATION, Some(view.text.clone()))];
    }
    vec![
        ("columns", view.columns_text()),
        ("query", Some(view.text.clone())),
    ]
}

fn yes(is: bool) -> Option<String> {
    Some(if is { "yes" } else { "no" }.to_owned())
}
