//! The demands of a schema on its rows, computed once: columns, keys, references, conditions, and
//! the order in which tables are filled.

mod tables;
mod keys;
mod literals;

use std::collections::BTreeMap;

use schema::sql::fold;
use schema::{Affinity, Column, Schema, Table, TableKind};

use crate::condition::{self, Condition};
use crate::role::Role;
use observe::search_option;
pub(crate) use tables::{
    ColumnOverrides, ColumnPlan, Filling, KeyPart, MARKS, Plan, Reference, TablePlan,
};

impl Plan {
    pub(super) fn of(schema: &Schema, own: &ColumnOverrides) -> Plan {
        let mut plan = Plan::default();
        let fillable: Vec<&Table> = schema.tables().collect();
        let places: BTreeMap<String, usize> = fillable
            .iter()
            .enumerate()
            .map(|(place, table)| (fold(&table.name), place))
            .collect();
        for table in &fillable {
            plan.tables.push(table_plan(schema, table, own));
        }
        for (place, table) in fillable.iter().enumerate() {
            let references = keys::references(&plan, &fillable, &places, place, table);
            if let Some(table) = plan.tables.get_mut(place) {
                table.references = references;
            }
        }
        for (place, table) in fillable.iter().enumerate() {
            if let Some(shown) = content_of(table, &places) {
                plan.show(place, shown, table);
            }
        }
        let counts = |table: &&&Table| {
            table
                .primary_key
                .as_ref()
                .is_some_and(|key| key.autoincrement)
        };
        plan.counted = fillable
            .iter()
            .filter(counts)
            .map(|table| table.name.clone())
            .collect();
        plan.put_in_order();
        if !plan.counted.is_empty() {
            plan.tables.push(marks());
            plan.order.insert(0, plan.tables.len() - 1);
        }
        plan
    }

    pub(super) fn table(&self, place: usize) -> Option<&TablePlan> {
        self.tables.get(place)
    }

    /// Puts parents first; in a circle of references, the table that is declared first.
    fn put_in_order(&mut self) {
        let count = self.tables.len();
        let mut placed = vec![false; count];
        let parents = |place: usize, all: bool| -> Vec<usize> {
            let table = self.tables.get(place);
            let references = table.into_iter().flat_map(|table| &table.references);
            let needed = references.filter(|one| all || one.nullable.is_empty());
            needed
                .map(|one| one.parent)
                .filter(|parent| *parent != place)
                .collect()
        };
        let (every, needed): (Vec<_>, Vec<_>) = (0..count)
            .map(|place| (parents(place, true), parents(place, false)))
            .unzip();
        let shown = |place: usize| match self.tables.get(place).map(|table| table.filling) {
            Some(Filling::Shown(content)) => Some(content),
            _ => None,
        };
        while self.order.len() < count {
            let ready = |wanted: &[Vec<usize>], place: &usize| {
                let done = |parent: &usize| placed.get(*parent).copied().unwrap_or(true);
                !done(place)
                    && wanted
                        .get(*place)
                        .is_none_or(|parents| parents.iter().all(done))
                    && shown(*place).is_none_or(|content| done(&content))
            };
            let mut all = 0..count;
            let next = all.find(|place| ready(&every, place));
            let next = next.or_else(|| (0..count).find(|place| ready(&needed, place)));
            let next = next.or_else(|| {
                self.cyclic = true;
                (0..count).find(|place| !placed.get(*place).copied().unwrap_or(true))
            });
            let Some(next) = next else { break };
            if let Some(place) = placed.get_mut(next) {
                *place = true;
            }
            self.order.push(next);
        }
    }

    /// Makes `place` a search table that shows the rows of `content`.
    fn show(&mut self, place: usize, content: usize, table: &Table) {
        let key = search_option(table, "content_rowid").unwrap_or_else(|| "rowid".to_owned());
        let Some(parent) = self.tables.get_mut(content) else {
            return;
        };
        let known = parent.columns.iter().position(|column| {
            column.name.eq_ignore_ascii_case(&key) || (column.rowid && fold(&key) == "rowid")
        });
        let rowid = match known {
            Some(rowid) => rowid,
            // An implicit rowid with a reference to it is a column like any other.
            None if fold(&key) == "rowid" => {
                parent.columns.push(rowid_column());
                parent.finish();
                parent.columns.len() - 1
            }
            None => return,
        };
        let names: Vec<String> = parent
            .columns
            .iter()
            .map(|column| fold(&column.name))
            .collect();
        let Some(own) = self.tables.get_mut(place) else {
            return;
        };
        let mut columns = vec![0];
        let mut parent_columns = vec![rowid];
        for (at, column) in own.columns.iter().enumerate().skip(1) {
            // A computed value is in no INSERT, so no INSERT can show it.
            let Some(shown) = names.iter().position(|name| *name == fold(&column.name)) else {
                return;
            };
            columns.push(at);
            parent_columns.push(shown);
        }
        own.filling = Filling::Shown(content);
        own.references = vec![Reference {
            columns,
            parent: content,
            parent_columns,
            nullable: Vec::new(),
        }];
    }
}

fn table_plan(schema: &Schema, table: &Table, own: &ColumnOverrides) -> TablePlan {
    let virtual_table = matches!(table.kind, TableKind::Virtual { .. });
    let search =
        matches!(&table.kind, TableKind::Virtual { module, .. } if module.starts_with("fts"));
    let mut columns: Vec<ColumnPlan> = table
        .stored_columns()
        .map(|column| column_plan(table, column, own))
        .collect();
    if search {
        columns.insert(0, rowid_column());
        for column in columns.iter_mut().skip(1) {
            column.affinity = Affinity::Text;
            column.role = Role::Sentence;
        }
    }
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let json = literals::read_as_json(schema, table);
    for column in columns
        .iter_mut()
        .filter(|column| json.contains(&fold(&column.name)))
    {
        column.role = Role::Json;
    }
    if virtual_table && !search {
        // `rtree` and similar modules need numbers, an id first.
        for (place, column) in columns.iter_mut().enumerate() {
            column.role = if place == 0 {
                Role::Count
            } else {
                Role::Measure
            };
            column.rowid = place == 0;
        }
    }
    let keys = keys::keys(schema, table, &names);
    for part in keys.iter().flatten() {
        if let Some(column) = columns.get_mut(part.column) {
            column.in_key = true;
        }
    }
    let mut plan = TablePlan {
        name: table.name.clone(),
        keys,
        references: Vec::new(),
        conditions: table
            .checks
            .iter()
            .map(|check| Condition::read(&check.expression, &names))
            .collect(),
        literals: table
            .checks
            .iter()
            .flat_map(|check| condition::literals(&check.expression))
            .collect(),
        insert: String::new(),
        filling: Filling::Made,
        ordinary: !virtual_table,
        columns,
    };
    let before = schema
        .triggers()
        .filter(|trigger| trigger.table.eq_ignore_ascii_case(&table.name));
    for trigger in before.filter(|trigger| trigger.text.contains("RAISE")) {
        plan.literals
            .extend(literals::trigger_literals(&trigger.text));
    }
    plan.finish();
    plan
}

fn column_plan(table: &Table, column: &Column, own: &ColumnOverrides) -> ColumnPlan {
    let kind = column.declared_type.as_deref().unwrap_or_default();
    let default = column.default.as_deref().unwrap_or_default();
    let rowid = table
        .rowid_alias()
        .is_some_and(|name| name.eq_ignore_ascii_case(&column.name));
    ColumnPlan {
        name: column.name.clone(),
        affinity: column.affinity,
        typed: !kind.is_empty() && !kind.eq_ignore_ascii_case("any"),
        strict: table.strict && !kind.eq_ignore_ascii_case("any"),
        not_null: column.not_null || rowid,
        rowid,
        in_key: false,
        primary: table
            .primary_key
            .iter()
            .flat_map(|key| &key.columns)
            .any(|part| part.name.eq_ignore_ascii_case(&column.name)),
        default: condition::constant(default),
        role: Role::guess(&column.name, kind, column.affinity, default),
        own: own.get(&(fold(&table.name), fold(&column.name))).cloned(),
    }
}

fn rowid_column() -> ColumnPlan {
    ColumnPlan {
        name: "rowid".to_owned(),
        affinity: Affinity::Integer,
        typed: true,
        strict: true,
        not_null: true,
        rowid: true,
        in_key: true,
        primary: true,
        default: None,
        role: Role::Count,
        own: None,
    }
}

fn marks() -> TablePlan {
    let column = |name: &str, affinity, role| ColumnPlan {
        name: name.to_owned(),
        affinity,
        role,
        rowid: false,
        ..rowid_column()
    };
    let mut plan = TablePlan {
        name: MARKS.to_owned(),
        columns: vec![
            column("name", Affinity::Text, Role::Word),
            column("seq", Affinity::Integer, Role::Count),
        ],
        keys: Vec::new(),
        references: Vec::new(),
        conditions: Vec::new(),
        literals: Vec::new(),
        insert: String::new(),
        filling: Filling::Marks,
        ordinary: true,
    };
    plan.finish();
    plan
}

/// The table whose rows a search table shows, if it stores none itself.
fn content_of(table: &Table, places: &BTreeMap<String, usize>) -> Option<usize> {
    let name = search_option(table, "content").filter(|name| !name.is_empty())?;
    places.get(&fold(&name)).copied()
}
