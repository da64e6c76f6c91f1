//! Indexes and triggers that went with a table that was rebuilt, and were made again as something else.

use schema::sql::fold;
use schema::{PartKind, Schema};

use crate::checks::structure::Lost;
use crate::finding::Severity;
use crate::script::lineage::Lineage;
use crate::script::statement::{Statement, drops};

/// Those whose table was dropped and made again. One that the script drops by name was changed on purpose; that a
/// unique one is not unique any more is told all the same.
pub(crate) fn remade(
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
    let mentions = |name: &str| {
        let mut statements = statements.iter().rev();
        statements
            .find(|line| line.mentions(name))
            .map(|line| line.line)
    };
    let mut found = Vec::new();
    for was in before.indexes() {
        let mut now = after
            .indexes()
            .filter(|now| fold(&now.name) == fold(&was.name));
        let (Some(now), Some(kin)) = (now.next(), rebuilt(&was.table)) else {
            continue;
        };
        if Some(fold(&now.table)) != kin.after {
            continue;
        }
        // An index on a column that is gone has to become another.
        let named: Option<Vec<String>> = was
            .columns
            .iter()
            .map(|part| kin.column_now(&part_name(&part.kind)))
            .collect();
        let names: Vec<String> = now
            .columns
            .iter()
            .map(|part| part_name(&part.kind))
            .collect();
        let (severity, what) = match (was.unique && !now.unique, drops(statements, &was.name)) {
            (true, false) => (
                Severity::Error,
                "without UNIQUE, so nothing refuses the same row twice",
            ),
            (true, true) => (
                Severity::Warning,
                "without UNIQUE, so nothing refuses the same row twice",
            ),
            (_, true) => continue,
            _ if named.is_some_and(|named| named != names) => {
                (Severity::Warning, "on other columns")
            }
            _ if now.filter.is_some() != was.filter.is_some() => {
                (Severity::Warning, "with another condition")
            }
            _ => continue,
        };
        found.push(Lost {
            name: was.name.clone(),
            severity,
            line: mentions(&was.name),
            message: format!(
                "rebuilding `{}` takes the index `{}` along, and it is made again {what}",
                kin.name, was.name
            ),
        });
    }
    for was in before.triggers() {
        let mut now = after
            .triggers()
            .filter(|now| fold(&now.name) == fold(&was.name));
        let (Some(now), Some(kin)) = (now.next(), rebuilt(&was.table)) else {
            continue;
        };
        // A trigger follows the columns that are renamed or gone.
        let same_columns = kin
            .columns
            .iter()
            .all(|(was, is)| is.as_ref().is_some_and(|is| fold(is) == fold(was)));
        if now.text == was.text || drops(statements, &was.name) || !same_columns {
            continue;
        }
        found.push(Lost {
            name: was.name.clone(),
            severity: Severity::Warning,
            line: mentions(&was.name),
            message: format!(
                "rebuilding `{}` takes the trigger `{}` along, and it is made again with another text",
                kin.name, was.name
            ),
        });
    }
    found
}

/// The column of a part of an index; expressions are not compared.
fn part_name(part: &PartKind) -> String {
    match part {
        PartKind::Column(name) => fold(name),
        PartKind::Expression(_) => String::new(),
    }
}
