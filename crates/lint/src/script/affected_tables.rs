//! The tables that a script may change, so that no other needs rows or a comparison.

use std::collections::BTreeSet;

use schema::Schema;
use schema::sql::fold;

use crate::script::names::words_of;
use crate::script::statement::Statement;

/// The tables and views that a script may change: those that it names, or whose indexes or triggers
/// it names, and those that hang on them.
pub(crate) fn affected_tables<'a>(
    schema: &Schema,
    statements: impl Iterator<Item = &'a Statement> + Clone,
) -> BTreeSet<String> {
    let named = |name: &str| statements.clone().any(|line| line.mentions(name));
    let tables = schema.tables().map(|table| (&table.name, &table.name));
    let views = schema.views().map(|view| (&view.name, &view.name));
    let indexes = schema.indexes().map(|index| (&index.name, &index.table));
    let triggers = schema
        .triggers()
        .map(|trigger| (&trigger.name, &trigger.table));
    let objects = tables.chain(views).chain(indexes).chain(triggers);
    let mut touched: BTreeSet<String> = objects
        .filter(|(name, _)| named(name))
        .map(|(_, table)| fold(table))
        .collect();
    touched.extend(tables_that_write_to_changed(schema, statements));
    loop {
        let count = touched.len();
        for table in schema.tables() {
            let mut parents = table.foreign_keys.iter().map(|key| fold(&key.parent));
            let content = observe::search_option(table, "content").map(|name| fold(&name));
            if parents.any(|parent| touched.contains(&parent))
                || content.is_some_and(|content| touched.contains(&content))
            {
                touched.insert(fold(&table.name));
            }
        }
        for trigger in schema.triggers() {
            if touched.contains(&fold(&trigger.table)) {
                let text = fold(&trigger.text);
                let named = schema.tables().map(|table| fold(&table.name));
                touched.extend(named.filter(|name| text.contains(name.as_str())));
            }
        }
        if touched.len() == count {
            return touched;
        }
    }
}

/// The tables with a trigger that names another table which the script alters or drops: the trigger
/// may refuse the writes to its own.
fn tables_that_write_to_changed<'a>(
    schema: &Schema,
    statements: impl Iterator<Item = &'a Statement>,
) -> BTreeSet<String> {
    let mut changed = BTreeSet::new();
    for line in statements {
        if ["alter", "drop"].contains(&line.first_word().as_str()) {
            let named = schema.tables().map(|table| &table.name);
            changed.extend(
                named
                    .filter(|name| line.mentions(name))
                    .map(|name| fold(name)),
            );
        }
    }
    let writes = |trigger: &&schema::Trigger| {
        let (own, text) = (fold(&trigger.table), fold(&trigger.text));
        let may = |name: &&String| **name != own && text.contains(name.as_str());
        let mut named = changed.iter().filter(may).peekable();
        named.peek().is_some() && {
            let words = words_of(&trigger.text);
            named.any(|name| words.contains(name))
        }
    };
    let triggers = schema.triggers().filter(writes);
    triggers.map(|trigger| fold(&trigger.table)).collect()
}

/// Those tables, and all to which their rows must refer.
pub(crate) fn with_parents(schema: &Schema, tables: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = tables.clone();
    let mut pending: Vec<String> = tables.iter().cloned().collect();
    while let Some(name) = pending.pop() {
        let table = schema.table(&name);
        for key in table.iter().flat_map(|table| &table.foreign_keys) {
            let parent = fold(&key.parent);
            if all.insert(parent.clone()) {
                pending.push(parent);
            }
        }
    }
    all
}
