//! The tables into which a script puts rows of older tables, and where each column's values come
//! from.

use std::collections::{BTreeMap, BTreeSet};

use schema::sql::fold;
use schema::{Schema, Table};

use crate::script::lineage::{Lineage, TableLineage, source_of};
use crate::script::statement::{Effect, Source, Statement};

/// A table after the script that holds rows of a table before it.
pub(super) struct Target<'a> {
    pub(super) from: &'a Table,
    pub(super) into: &'a Table,
    /// By the folded name of the column after.
    pub(super) origins: BTreeMap<String, Origin>,
}

/// The origin of a column's values. Names are folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A column before, unchanged.
    Column(String),
    /// A value computed from columns before.
    Computed(BTreeSet<String>),
}

impl Origin {
    /// The columns before that decide the value.
    pub(super) fn columns(&self) -> Vec<String> {
        match self {
            Origin::Column(name) => vec![name.clone()],
            Origin::Computed(names) => names.iter().cloned().collect(),
        }
    }
}

/// The targets of a script.
pub(super) fn targets<'a>(
    before: &'a Schema,
    after: &'a Schema,
    lineage: &Lineage,
    statements: &[Statement],
) -> Vec<Target<'a>> {
    let mut found = Vec::new();
    for kin in lineage.kin.values() {
        let Some(from) = before.table(&kin.name) else {
            continue;
        };
        let now = kin.after.as_deref().and_then(|now| after.table(now));
        if let Some(into) = now.filter(|_| !kin.made_anew) {
            found.push(successor(kin, from, into, statements));
        }
        for copy in statements.iter().filter_map(|line| match &line.effect {
            Effect::Copy(copy) if kin.is(&copy.first) && !kin.is(&copy.into) => Some(copy),
            _ => None,
        }) {
            let Some(into) = after.table(&copy.into) else {
                continue;
            };
            let origin = |name: &str| origin(source_of(copy, into, from, name)?, from);
            let columns = into.stored_columns().map(|column| fold(&column.name));
            let origins = columns.filter_map(|name| Some((name.clone(), origin(&name)?)));
            found.push(Target {
                from,
                into,
                origins: origins.collect(),
            });
        }
    }
    found
}

/// The table itself after the script, rebuilt, renamed or changed.
fn successor<'a>(
    kin: &TableLineage,
    from: &'a Table,
    into: &'a Table,
    statements: &[Statement],
) -> Target<'a> {
    let kept = kin.kept().into_iter();
    let mut origins: BTreeMap<String, Origin> = kept
        .map(|(was, now)| (fold(&now), Origin::Column(fold(&was))))
        .collect();
    for (_, copy) in kin.copies(statements) {
        for column in into.stored_columns() {
            let source = source_of(copy, into, from, &column.name);
            if let Some(origin) = source.and_then(|source| origin(source, from)) {
                origins.insert(fold(&column.name), origin);
            }
        }
    }
    for line in statements {
        let Effect::Update(of, _) = &line.effect else {
            continue;
        };
        for (column, names) in line.demands.derived.iter().filter(|_| kin.is(of)) {
            let now = kin.column_now(column).unwrap_or_else(|| column.clone());
            let names = names.iter().filter(|name| from.column(name).is_some());
            origins.insert(now, Origin::Computed(names.cloned().collect()));
        }
    }
    Target {
        from,
        into,
        origins,
    }
}

fn origin(source: Source, from: &Table) -> Option<Origin> {
    match source {
        Source::Column(name) => from.column(&name).map(|_| Origin::Column(name)),
        Source::Other(names) => {
            let names = names.into_iter();
            let names = names.filter(|name| from.column(name).is_some());
            Some(Origin::Computed(names.collect()))
        }
        Source::Star => None,
    }
}
