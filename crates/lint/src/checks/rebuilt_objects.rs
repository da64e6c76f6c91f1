//! Checks schemas for indexes and triggers that went with a rebuilt table and were created again as
//! something else.

use schema::sql::fold;
use schema::{Index, PartKind, Schema, Trigger};

use crate::checks::structure::Lost;
use crate::finding::Severity;
use crate::script::lineage::{Lineage, TableLineage};
use crate::script::statement::{Statement, drops};

/// Those whose table was dropped and created again. One that the script drops by name was changed
/// on purpose; a unique one that is no longer unique is reported all the same.
pub(crate) fn find_remade(
    before: &Schema,
    after: &Schema,
    lineage: &Lineage,
    statements: &[Statement],
) -> Vec<Lost> {
    let rebuilt = |table: &str| {
        let kin = lineage.kin.get(&fold(table))?;
        (!kin.made_anew && kin.after.is_some()).then_some(())?;
        kin.drop_line(statements)?;
        Some(kin)
    };
    let indexes = before.indexes().filter_map(|was| {
        let own = |now: &&Index| fold(&now.name) == fold(&was.name);
        let (now, kin) = (after.indexes().find(own)?, rebuilt(&was.table)?);
        remade_index(was, now, kin, statements)
    });
    let triggers = before.triggers().filter_map(|was| {
        let own = |now: &&Trigger| fold(&now.name) == fold(&was.name);
        let (now, kin) = (after.triggers().find(own)?, rebuilt(&was.table)?);
        remade_trigger(was, now, kin, statements)
    });
    indexes.chain(triggers).collect()
}

/// The line of the last statement that mentions a name.
fn last_mention(statements: &[Statement], name: &str) -> Option<usize> {
    let mut statements = statements.iter().rev();
    let line = statements.find(|line| line.mentions(name))?;
    Some(line.line)
}

fn remade_index(
    was: &Index,
    now: &Index,
    kin: &TableLineage,
    statements: &[Statement],
) -> Option<Lost> {
    if Some(fold(&now.table)) != kin.after {
        return None;
    }
    // An index on a column that is gone has to become another.
    let parts = was.columns.iter();
    let named: Option<Vec<String>> = parts
        .map(|part| kin.column_now(&part_name(&part.kind)))
        .collect();
    let parts = now.columns.iter();
    let names: Vec<String> = parts.map(|part| part_name(&part.kind)).collect();
    let is_dropped = drops(statements, &was.name);
    let (severity, what) = if was.unique && !now.unique {
        let severity = if is_dropped {
            Severity::Warning
        } else {
            Severity::Error
        };
        let what = "without UNIQUE, so nothing refuses the same row twice";
        (severity, what)
    } else if is_dropped {
        return None;
    } else if named.is_some_and(|named| named != names) {
        (Severity::Warning, "on other columns")
    } else if now.filter.is_some() != was.filter.is_some() {
        (Severity::Warning, "with another condition")
    } else {
        return None;
    };
    Some(Lost {
        name: was.name.clone(),
        severity,
        line: last_mention(statements, &was.name),
        message: format!(
            "rebuilding `{}` takes the index `{}` along, and it is made again {what}",
            kin.name, was.name
        ),
    })
}

fn remade_trigger(
    was: &Trigger,
    now: &Trigger,
    kin: &TableLineage,
    statements: &[Statement],
) -> Option<Lost> {
    // A trigger follows the columns that are renamed or gone.
    let mut columns = kin.columns.iter();
    let same_columns = columns.all(|(was, is)| is.as_ref().is_some_and(|is| fold(is) == fold(was)));
    if now.text == was.text || drops(statements, &was.name) || !same_columns {
        return None;
    }
    Some(Lost {
        name: was.name.clone(),
        severity: Severity::Warning,
        line: last_mention(statements, &was.name),
        message: format!(
            "rebuilding `{}` takes the trigger `{}` along, and it is made again with another text",
            kin.name, was.name
        ),
    })
}

/// The column of a part of an index; expressions are not compared.
fn part_name(part: &PartKind) -> String {
    match part {
        PartKind::Column(name) => fold(name),
        PartKind::Expression(_) => String::new(),
    }
}
