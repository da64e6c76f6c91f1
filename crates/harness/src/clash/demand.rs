//! Demands: constraints on rows that one schema has and a different one lacks.

use std::collections::BTreeSet;

use schema::sql::{fold, show_name};
use schema::{Column, ForeignKey, Index, IndexedColumn, PartKind, Schema, Table, TableKind};

use generate::names;

/// A constraint of the schema after on the rows of a table, under the names of that schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// The table.
    pub(super) table: String,
    pub(super) asks: Asks,
    /// The description of the constraint, for the report.
    pub(super) what: String,
    /// Everything that the demand depends on: two demands with equal `means` are the same.
    means: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// No two rows have equal values in the key that these columns make.
    Different {
        /// The columns of the key.
        columns: Vec<String>,
        /// The columns that decide whether the key contains a row.
        filter: Vec<String>,
        /// The expressions and the condition of the key, for the literals in them.
        text: String,
    },
    /// A condition on the values of these columns in one row.
    Values {
        columns: Vec<String>,
        /// The expression that must be true, or that SQLite must be able to compute.
        text: String,
        /// Whether the expression is a condition.
        condition: bool,
    },
    /// Each row needs a parent row.
    Parent(ForeignKey),
}

/// One table in the schemas before and after.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) old: Table,
    pub(super) new: Table,
    /// The columns that both tables have, each with its names before and after.
    pub(super) columns: Vec<(String, String)>,
}

impl Pair {
    /// The column before that corresponds to `column` after, if both are stored.
    pub(super) fn before(&self, column: &str) -> Option<&Column> {
        let same = |(_, after): &&(String, String)| after.eq_ignore_ascii_case(column);
        let (before, _) = self.columns.iter().find(same)?;
        self.old.column(before)
    }
}

/// The demands that `after` makes and `before` does not make; both schemas use the same names.
pub(super) fn between(before: &Schema, after: &Schema) -> Vec<Demand> {
    let mut found = Vec::new();
    let ordinary = |table: &&Table| !matches!(table.kind, TableKind::Virtual { .. });
    for new in after.tables().filter(ordinary) {
        let Some(old) = before.table(&new.name) else {
            continue;
        };
        let known = of_table(old, before);
        found.extend(of_table(new, after).into_iter().filter(|demand| {
            let same = |own: &Demand| own.means == demand.means;
            !known.iter().any(same)
        }));
    }
    found
}

/// All demands of a schema on the rows of one table.
fn of_table(table: &Table, schema: &Schema) -> Vec<Demand> {
    let mut found = Vec::new();
    keys(table, schema, &mut found);
    values(table, &mut found);
    for key in &table.foreign_keys {
        let columns = list(&key.columns);
        let parent = show_name(&key.parent);
        found.push(Demand {
            table: table.name.clone(),
            what: format!("FOREIGN KEY({columns}) REFERENCES {parent}"),
            means: format!(
                "parent {} {} {:?}",
                fold(&columns),
                fold(&parent),
                key.parent_columns
            ),
            asks: Asks::Parent(key.clone()),
        });
    }
    found
}

/// The demands of PRIMARY KEY, UNIQUE and unique indexes.
fn keys(table: &Table, schema: &Schema, found: &mut Vec<Demand>) {
    let primary = table
        .primary_key
        .iter()
        .map(|key| ("PRIMARY KEY", &key.columns));
    let uniques = table.uniques.iter().map(|key| ("UNIQUE", &key.columns));
    for (word, parts) in primary.chain(uniques) {
        let columns: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
        let means: Vec<String> = parts.iter().map(|part| meaning(table, part)).collect();
        found.push(Demand {
            table: table.name.clone(),
            what: format!("{word}({}) on `{}`", list(&columns), table.name),
            means: format!("key {}", sorted(means)),
            asks: Asks::Different {
                columns,
                filter: Vec::new(),
                text: String::new(),
            },
        });
    }
    let own = |index: &&Index| index.table.eq_ignore_ascii_case(&table.name);
    for index in schema.indexes().filter(own) {
        found.extend(of_index(table, index));
    }
}

/// The demand of an index. An index that is not unique only demands that SQLite can compute its
/// expressions.
fn of_index(table: &Table, index: &Index) -> Option<Demand> {
    let mut columns = BTreeSet::new();
    let mut means = Vec::new();
    let mut texts = Vec::new();
    for part in &index.columns {
        match &part.kind {
            PartKind::Column(name) => {
                columns.insert(fold(name));
                let (name, collation) = (name.clone(), part.collation.clone());
                let descending = false;
                means.push(meaning(
                    table,
                    &IndexedColumn {
                        name,
                        collation,
                        descending,
                    },
                ));
            }
            PartKind::Expression(text) => {
                columns.extend(mentioned(table, text));
                means.push(format!("{text} {:?}", part.collation));
                texts.push(text.as_str());
            }
        }
    }
    let computed = !texts.is_empty() || index.filter.is_some();
    if !index.unique && !computed {
        return None;
    }
    let filter = index.filter.as_deref();
    let in_filter: BTreeSet<String> = filter
        .map(|text| mentioned(table, text))
        .into_iter()
        .flatten()
        .collect();
    texts.extend(filter);
    let text = texts.join(", ");
    let means = format!(
        "{} where {filter:?} {}",
        sorted(means),
        types(table, &columns, &in_filter)
    );
    let key: Vec<String> = columns.iter().cloned().collect();
    let unique = if index.unique {
        "UNIQUE INDEX"
    } else {
        "INDEX"
    };
    Some(Demand {
        table: table.name.clone(),
        what: format!("{unique} `{}` on `{}`", index.name, table.name),
        means: format!("{} {means}", if index.unique { "key" } else { "computed" }),
        asks: if index.unique {
            Asks::Different {
                columns: key,
                filter: in_filter.into_iter().collect(),
                text,
            }
        } else {
            Asks::Values {
                columns: columns.union(&in_filter).cloned().collect(),
                text,
                condition: false,
            }
        },
    })
}

/// The demands of NOT NULL, types, CHECK and computed columns.
fn values(table: &Table, found: &mut Vec<Demand>) {
    let mut one = |columns: Vec<String>, text: &str, condition, what: String, means: String| {
        found.push(Demand {
            table: table.name.clone(),
            asks: Asks::Values {
                columns,
                text: text.to_owned(),
                condition,
            },
            what,
            means,
        });
    };
    for column in &table.columns {
        let shown = format!("{}.{}", show_name(&table.name), show_name(&column.name));
        let name = fold(&column.name);
        if let Some(generated) = &column.generated {
            let text = &generated.expression;
            let columns = mentioned(table, text);
            one(
                columns,
                text,
                false,
                format!("the computed column `{shown}`"),
                format!("computed {name} {text}"),
            );
        }
        if column.not_null {
            one(
                vec![name.clone()],
                "",
                false,
                format!("NOT NULL on `{shown}`"),
                format!("not null {name}"),
            );
        }
        let rowid = table
            .rowid_alias()
            .is_some_and(|own| own.eq_ignore_ascii_case(&column.name));
        let strict = if table.strict {
            column
                .declared_type
                .as_deref()
                .unwrap_or_default()
                .to_ascii_lowercase()
        } else {
            String::new()
        };
        let kind = column.declared_type.as_deref().unwrap_or("no type");
        let strictly = if table.strict {
            " in a STRICT table"
        } else {
            ""
        };
        one(
            vec![name.clone()],
            "",
            false,
            format!("the type {kind} of `{shown}`{strictly}"),
            format!("type {name} {:?} {strict} {rowid}", column.affinity),
        );
    }
    for check in &table.checks {
        let columns = mentioned(table, &check.expression);
        let types: BTreeSet<String> = columns.iter().cloned().collect();
        let types = types_of(table, &types);
        one(
            columns,
            &check.expression,
            true,
            format!("CHECK ({}) on `{}`", check.expression, table.name),
            format!("check {} {types}", check.expression),
        );
    }
}

/// Describes a column of a key, with everything that decides whether two values are equal.
fn meaning(table: &Table, part: &IndexedColumn) -> String {
    let column = table.column(&part.name);
    let declared = column.and_then(|column| column.collation.as_deref());
    let collation = part.collation.as_deref().or(declared).unwrap_or("BINARY");
    let affinity = column.map(|column| column.affinity);
    format!("{} {collation} {affinity:?}", fold(&part.name))
}

fn types(table: &Table, columns: &BTreeSet<String>, more: &BTreeSet<String>) -> String {
    types_of(table, &columns.union(more).cloned().collect())
}

/// The affinities and collations that an expression depends on.
fn types_of(table: &Table, columns: &BTreeSet<String>) -> String {
    let one = |name: &String| {
        let column = table.column(name)?;
        Some(format!(
            "{name} {:?} {:?}",
            column.affinity, column.collation
        ))
    };
    columns
        .iter()
        .filter_map(one)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The columns of `table` that an expression names.
fn mentioned(table: &Table, text: &str) -> Vec<String> {
    let names = names(text);
    let columns = table.columns.iter().map(|column| fold(&column.name));
    columns.filter(|name| names.contains(name)).collect()
}

fn sorted(mut parts: Vec<String>) -> String {
    parts.sort();
    parts.join(", ")
}

fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().map(|name| show_name(name)).collect();
    shown.join(", ")
}
