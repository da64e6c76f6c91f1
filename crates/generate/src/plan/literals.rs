//! Literals in other parts of a schema, as hints for the values in a table.

use std::collections::BTreeSet;

use schema::{PartKind, Schema, Table};

use crate::value_hints::ValueHints;
use observe::Value;

/// The columns that an index, a generated column or a trigger of the table reads as JSON.
pub(super) fn read_as_json(schema: &Schema, table: &Table) -> BTreeSet<String> {
    let mut hints = ValueHints::default();
    for index in schema
        .indexes()
        .filter(|index| index.table.eq_ignore_ascii_case(&table.name))
    {
        let parts = index.columns.iter().filter_map(|part| match &part.kind {
            PartKind::Expression(expression) => Some(expression),
            PartKind::Column(_) => None,
        });
        parts.chain(&index.filter).for_each(|text| hints.read(text));
    }
    let made = table
        .columns
        .iter()
        .filter_map(|column| column.generated.as_ref());
    made.for_each(|generated| hints.read(&generated.expression));
    let own = schema
        .triggers()
        .filter(|own| own.table.eq_ignore_ascii_case(&table.name));
    own.for_each(|trigger| hints.read(&trigger.text));
    hints.json
}

/// The strings of a trigger, including those with which it compares.
pub(super) fn trigger_literals(text: &str) -> Vec<Value> {
    let strings = text.split('\'').skip(1).step_by(2);
    strings.take(32).map(Value::text).collect()
}
