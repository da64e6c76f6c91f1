//! Rows that are legal before a script, and clash with what it adds or tightens: unique keys,
//! CHECK, foreign keys, types, and rows that it inserts under a key of its own.

use std::collections::BTreeSet;

use schema::sql::fold;
use schema::{Affinity, PartKind, Schema, Table};

use super::from_statements::nowhere;
use super::targets::{Origin, Target, targets};
use super::{Cells, Clash, ClashKind, FIRST, Shape, cells};
use crate::script::lineage::{Lineage, TableLineage};
use crate::script::statement::{Copy, DISTINCT, Effect, Source, Statement};
use crate::script::unique_keys::{Key, Part, unique_keys};
use generate::rows_about;

/// No step is run on more clashes.
const MOST: usize = 24;

/// The clashes of a script that leads from one schema to another, and how many more there are.
pub(crate) fn clashes(
    before: &Schema,
    after: &Schema,
    lineage: &Lineage,
    statements: &[Statement],
) -> (Vec<Clash>, usize) {
    let mut found = Vec::new();
    let mut left_out = 0;
    let mut add = |clash: Clash| {
        let known = |own: &Clash| own.rows == clash.rows && own.about == clash.about;
        let known = found.iter().any(known);
        if !known && found.len() < MOST {
            found.push(clash);
        } else if !known {
            left_out += 1;
        }
    };
    for target in targets(before, after, lineage, statements) {
        let own = unique_keys(before, target.from);
        for key in unique_keys(after, target.into) {
            clash_with_key(&target, &key, &own, &mut add);
        }
        clash_with_nulls(&target, &mut add);
        clash_with_checks(&target, &mut add);
        clash_with_foreign_keys(&target, &mut add);
        clash_with_types(&target, &mut add);
    }
    for kin in lineage.kin.values() {
        for (_, copy) in kin.copies(statements) {
            clash_with_distinct(before, kin, copy, &mut add);
        }
    }
    for statement in statements {
        clash_with_groups(before, statement, &mut add);
        clash_with_rows(before, statement, &mut add);
        clash_with_values(before, statement, &mut add);
    }
    (found, left_out)
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Whether a column before may hold text.
fn is_textual(table: &Table, name: &str) -> bool {
    let column = table.column(name);
    column.is_some_and(|own| matches!(own.affinity, Affinity::Text | Affinity::Blob))
}

/// Two rows that a key after the script takes for one.
fn clash_with_key(target: &Target<'_>, key: &Key, own: &[Key], add: &mut dyn FnMut(Clash)) {
    let mut columns: Vec<String> = Vec::new();
    let mut plain = true;
    for part in &key.parts {
        plain = plain && matches!(part.kind, PartKind::Column(_)) && part.collation == "BINARY";
        for name in part_columns(target, part) {
            if let Some(origin) = target.origins.get(&name) {
                plain = plain && matches!(origin, Origin::Column(_));
                columns.extend(origin.columns());
            }
        }
    }
    columns.sort();
    columns.dedup();
    if columns.is_empty() || is_implied(target, key, own) {
        return;
    }
    let first = filter_cells(target, key);
    let table = fold(&target.from.name);
    let shown = quoted(&columns);
    let mut pair = |condition: String, own: Cells, second: Cells| {
        if second.is_empty() {
            return;
        }
        let mut rows = [first.clone(), first.clone()];
        rows[0].extend(own);
        rows[1].retain(|(name, _)| second.iter().all(|(other, _)| other != name));
        rows[1].extend(second);
        add(Clash {
            about: format!("the key ({shown}) of `{}`", target.into.name),
            shape: Shape::WholePair,
            ..Clash::new(&table, condition, rows.to_vec())
        });
    };
    let same: Cells = columns
        .iter()
        .map(|name| (name.clone(), FIRST.to_owned()))
        .collect();
    let verb = if columns.len() == 1 { "is" } else { "are" };
    pair(
        format!("two rows have the same {shown}"),
        Cells::new(),
        same.clone(),
    );
    let with = |change: &dyn Fn(&str) -> Option<String>| -> Cells {
        if !columns.iter().any(|name| change(name).is_some()) {
            return Cells::new();
        }
        let cell = |name: &String| {
            let sql = change(name).unwrap_or_else(|| FIRST.to_owned());
            (name.clone(), sql)
        };
        columns.iter().map(cell).collect()
    };
    let text = |name: &str, sql: &str| is_textual(target.from, name).then(|| sql.to_owned());
    let number = |name: &str, sql: &str| (!is_textual(target.from, name)).then(|| sql.to_owned());
    if !plain {
        let dated = "'2020-02-03 04:05:06'".to_owned();
        let date = |name: &str| is_textual(target.from, name).then(|| dated.clone());
        let own: Cells = (columns.iter())
            .filter_map(|name| Some((name.clone(), date(name)?)))
            .collect();
        pair(format!("two rows have the same {shown}"), own, same.clone());
        let case = format!(
            "CASE WHEN upper({FIRST}) = {FIRST} THEN lower({FIRST}) ELSE upper({FIRST}) END"
        );
        pair(
            format!("the {shown} of two rows {verb} the same but for upper and lower case"),
            Cells::new(),
            with(&|name| text(name, &case)),
        );
        pair(
            format!("the {shown} of two rows {verb} the same but for whitespace"),
            Cells::new(),
            with(&|name| text(name, &format!("{FIRST} || ' '"))),
        );
        let computed = format!(
            "the {shown} of two rows differ and the expression over them gives the same value"
        );
        pair(
            computed.clone(),
            Cells::new(),
            with(&|name| text(name, &format!("{FIRST} || '-more'"))),
        );
        pair(
            computed.clone(),
            Cells::new(),
            with(&|name| text(name, &format!("json_insert({FIRST}, '$.another_key', 1)"))),
        );
        pair(
            computed,
            Cells::new(),
            with(&|name| number(name, &format!("{FIRST} + 0.25"))),
        );
    }
    if columns.iter().any(|name| becomes_numeric(target, name)) {
        let numeric = |sql: &str| -> Cells {
            let cell = |name: &String| {
                let own = becomes_numeric(target, name).then(|| sql.to_owned());
                (name.clone(), own.unwrap_or_else(|| FIRST.to_owned()))
            };
            columns.iter().map(cell).collect()
        };
        let own = numeric("'7'").into_iter();
        pair(
            format!("the {shown} of two rows {verb} the same number, such as '7' and '07'"),
            own.filter(|(_, sql)| sql != FIRST).collect(),
            numeric("'07'"),
        );
    }
}

/// Two rows that are the same in all columns that a copy reads, where it keeps one of such rows.
fn clash_with_distinct(
    before: &Schema,
    kin: &TableLineage,
    copy: &Copy,
    add: &mut dyn FnMut(Clash),
) {
    let merges = copy.silent_filter == Some(DISTINCT) || copy.groups;
    let Some(from) = before.table(&kin.name).filter(|_| merges) else {
        return;
    };
    let mut cells = Cells::new();
    for source in &copy.sources {
        let names: Vec<&String> = match source {
            Source::Column(name) => vec![name],
            Source::Other(names) => names.iter().collect(),
            Source::Star => Vec::new(),
        };
        for column in names.into_iter().filter_map(|name| from.column(name)) {
            if from.rowid_alias() != Some(column.name.as_str()) {
                cells.push((fold(&column.name), FIRST.to_owned()));
            }
        }
    }
    cells.sort();
    cells.dedup();
    if cells.is_empty() {
        return;
    }
    let columns: Vec<String> = cells.iter().map(|(name, _)| name.clone()).collect();
    add(Clash {
        shape: Shape::Pair,
        ..Clash::new(
            &kin.name,
            format!("two rows have the same {}", quoted(&columns)),
            vec![Cells::new(), cells],
        )
    });
}

/// Whether text in the column becomes a number.
fn becomes_numeric(target: &Target<'_>, name: &str) -> bool {
    let now = target.origins.iter().find_map(|(now, origin)| {
        let is = matches!(origin, Origin::Column(was) if was == name);
        is.then_some(now)
    });
    let column = now.and_then(|now| target.into.column(now));
    is_textual(target.from, name)
        && column.is_some_and(|own| !matches!(own.affinity, Affinity::Text | Affinity::Blob))
}

/// Whether a key before the script says of the same rows that they differ.
fn is_implied(target: &Target<'_>, key: &Key, own: &[Key]) -> bool {
    let new: Vec<(String, &str)> = key
        .parts
        .iter()
        .filter_map(|part| {
            let PartKind::Column(name) = &part.kind else {
                return None;
            };
            match target.origins.get(&fold(name)) {
                Some(Origin::Column(was)) if !becomes_numeric(target, was) => {
                    Some((was.clone(), part.collation.as_str()))
                }
                _ => None,
            }
        })
        .collect();
    own.iter().any(|old| {
        old.filter.is_none()
            && old.parts.iter().all(|part| {
                let PartKind::Column(name) = &part.kind else {
                    return false;
                };
                // What differs under a coarser collation differs byte by byte.
                new.iter().any(|(was, collation)| {
                    *was == fold(name) && (*collation == part.collation || *collation == "BINARY")
                })
            })
    })
}

/// Cells with which a row meets the condition of a partial index.
fn filter_cells(target: &Target<'_>, key: &Key) -> Cells {
    let Some(filter) = &key.filter else {
        return Cells::new();
    };
    let (names, rows) = rows_on(target, filter);
    let row = rows.into_iter().next().unwrap_or_default();
    cells(&names, row)
}

/// Rows about an expression over the columns after, in terms of the columns before: their names,
/// and the rows.
fn rows_on(target: &Target<'_>, expression: &str) -> (Vec<String>, Vec<generate::RowValues>) {
    let mut columns = Vec::new();
    let mut names = Vec::new();
    for (now, origin) in &target.origins {
        if let Origin::Column(was) = origin {
            let affinity = target.from.column(was).map(|own| own.affinity);
            columns.push((now.clone(), affinity.unwrap_or(Affinity::Blob)));
            names.push(was.clone());
        }
    }
    (names, rows_about(expression, &columns))
}

/// The columns of a part of a key; of a generated column, those of its expression.
fn part_columns(target: &Target<'_>, part: &Part) -> BTreeSet<String> {
    let names = part.columns().into_iter();
    names
        .flat_map(|name| {
            let column = target.into.column(&name);
            match column.and_then(|column| column.generated.as_ref()) {
                Some(generated) => generate::names(&generated.expression),
                None => BTreeSet::from([name]),
            }
        })
        .collect()
}

/// NULL in a column that refuses it after the script. Plain rows have none in a key.
fn clash_with_nulls(target: &Target<'_>, add: &mut dyn FnMut(Clash)) {
    let in_key = |table: &Table, name: &str| {
        let mut key = table.primary_key.iter().flat_map(|key| &key.columns);
        key.any(|part| fold(&part.name) == fold(name))
    };
    let refuses = |table: &Table, name: &str| {
        let column = table.column(name);
        let rowid = table.rowid_alias().is_some_and(|id| fold(id) == fold(name));
        rowid
            || column.is_some_and(|column| column.not_null)
            || table.without_rowid && in_key(table, name)
    };
    for (now, origin) in &target.origins {
        let Origin::Column(was) = origin else {
            continue;
        };
        if refuses(target.into, now) && !refuses(target.from, was) && in_key(target.from, was) {
            add(Clash::new(
                &target.from.name,
                format!("`{was}` is NULL in a row"),
                vec![vec![(was.clone(), "NULL".to_owned())]],
            ));
        }
    }
}

/// Rows that a CHECK after the script may refuse.
fn clash_with_checks(target: &Target<'_>, add: &mut dyn FnMut(Clash)) {
    let known: Vec<&String> = (target.from.checks.iter())
        .map(|check| &check.expression)
        .collect();
    for check in &target.into.checks {
        if known.contains(&&check.expression) {
            continue;
        }
        let (names, mut rows) = rows_on(target, &check.expression);
        if rows.is_empty() {
            // Nothing of it is understood: a clash that cannot be made is reported as untested.
            rows.push(generate::RowValues::new());
        }
        for row in rows {
            add(Clash {
                about: format!("`CHECK ({})`", check.expression),
                ..Clash::new(
                    &target.from.name,
                    format!("a row breaks `CHECK ({})`", check.expression),
                    vec![cells(&names, row)],
                )
            });
        }
    }
}

/// Rows that refer to nothing where a foreign key is new.
fn clash_with_foreign_keys(target: &Target<'_>, add: &mut dyn FnMut(Clash)) {
    let before = |columns: &[String]| -> Option<Vec<String>> {
        let column = |name: &String| match target.origins.get(&fold(name)) {
            Some(Origin::Column(was)) => Some(was.clone()),
            _ => None,
        };
        columns.iter().map(column).collect()
    };
    for key in &target.into.foreign_keys {
        let Some(columns) = before(&key.columns) else {
            continue;
        };
        let same = |old: &schema::ForeignKey| {
            let own: Vec<String> = old.columns.iter().map(|name| fold(name)).collect();
            own == columns
        };
        if target.from.foreign_keys.iter().any(same) {
            continue;
        }
        let cell = |name: &String| {
            let affinity = target.from.column(name).map(|own| own.affinity);
            let value = nowhere(affinity.unwrap_or(Affinity::Blob));
            (name.clone(), value.to_owned())
        };
        add(Clash {
            about: format!(
                "the foreign key from {} to `{}`",
                quoted(&columns),
                key.parent
            ),
            ..Clash::new(
                &target.from.name,
                format!(
                    "the {} of a row is in no row of `{}`",
                    quoted(&columns),
                    key.parent
                ),
                vec![columns.iter().map(cell).collect()],
            )
        });
    }
}

/// Text that is read as a number, and is another text afterwards.
const DIGITS: [&str; 4] = ["'00123'", "'1e5'", "' 7'", "'12345678901234567890'"];

/// Values that another type of a column changes or refuses.
fn clash_with_types(target: &Target<'_>, add: &mut dyn FnMut(Clash)) {
    for (now, origin) in &target.origins {
        let Origin::Column(was) = origin else {
            continue;
        };
        let (Some(old), Some(new)) = (target.from.column(was), target.into.column(now)) else {
            continue;
        };
        let stricter = target.into.strict && !target.from.strict;
        if old.affinity == new.affinity && !stricter {
            continue;
        }
        let mut sorts: Vec<(&str, &[&str])> = Vec::new();
        if matches!(old.affinity, Affinity::Text | Affinity::Blob) {
            sorts.push(("text such as '00123' or '1e5'", &DIGITS));
            sorts.push(("text that is no number", &["'some words'"]));
        } else {
            sorts.push(("a fraction", &["7.75"]));
            sorts.push(("a number of more than 15 digits", &["9007199254740993"]));
            sorts.push(("text", &["'some words'"]));
        }
        sorts.push(("a BLOB", &["x'00ff41'"]));
        for (what, values) in sorts {
            let odd = match what {
                "a BLOB" => old.affinity != Affinity::Blob,
                "text" => true,
                "a fraction" => old.affinity == Affinity::Integer,
                _ => false,
            };
            add(Clash {
                kind: if odd {
                    ClashKind::OddType
                } else {
                    ClashKind::NewRule
                },
                ..Clash::new(
                    &target.from.name,
                    format!("`{was}` holds {what}"),
                    values
                        .iter()
                        .map(|value| vec![(was.clone(), (*value).to_owned())])
                        .collect(),
                )
            });
        }
    }
}

/// Rows that are the same in the columns by which a statement groups or numbers rows.
fn clash_with_groups(before: &Schema, statement: &Statement, add: &mut dyn FnMut(Clash)) {
    let groups = &statement.demands.groups;
    let named = |table: &&Table| statement.mentions(&table.name);
    for table in before.tables().filter(named) {
        let own = table.stored_columns().map(|column| fold(&column.name));
        let id = table.rowid_alias().map(fold);
        let cells: Cells = own
            .filter(|name| groups.contains(name) && Some(name) != id.as_ref())
            .map(|name| (name, FIRST.to_owned()))
            .collect();
        if cells.is_empty() {
            continue;
        }
        let columns: Vec<String> = cells.iter().map(|(name, _)| name.clone()).collect();
        add(Clash {
            shape: Shape::Pair,
            ..Clash::new(
                &table.name,
                format!("several rows have the same {}", quoted(&columns)),
                vec![Cells::new(), cells],
            )
        });
    }
}

/// Rows that have the value already that a statement puts into a unique column.
fn clash_with_values(before: &Schema, statement: &Statement, add: &mut dyn FnMut(Clash)) {
    let Effect::Update(name, _) = &statement.effect else {
        return;
    };
    let Some(table) = before.table(name) else {
        return;
    };
    for (column, value) in &statement.demands.assigned {
        let single = |key: &Key| match key.parts.as_slice() {
            [part] => part.columns().contains(column),
            _ => false,
        };
        if value != "NULL" && unique_keys(before, table).iter().any(single) {
            add(Clash::new(
                name,
                format!("a row with `{column}` {value} is there already"),
                vec![vec![(column.clone(), value.clone())]],
            ));
        }
    }
}

/// Rows that are there already under the keys of rows that a statement inserts.
fn clash_with_rows(before: &Schema, statement: &Statement, add: &mut dyn FnMut(Clash)) {
    for row in &statement.demands.rows {
        let Some(table) = before.table(&row.table) else {
            continue;
        };
        let names: Vec<String> = if row.columns.is_empty() {
            let columns = table.stored_columns();
            columns.map(|column| fold(&column.name)).collect()
        } else {
            row.columns.clone()
        };
        for key in unique_keys(before, table) {
            let cell = |part: &Part| {
                let PartKind::Column(name) = &part.kind else {
                    return None;
                };
                let place = names.iter().position(|own| *own == fold(name))?;
                let value = row.values.get(place)?.clone()?;
                (value != "NULL").then(|| (fold(name), value))
            };
            let Some(cells) = key.parts.iter().map(cell).collect::<Option<Cells>>() else {
                continue;
            };
            let shown = cells
                .iter()
                .map(|(name, value)| format!("`{name}` {value}"));
            let shown: Vec<String> = shown.collect();
            add(Clash {
                kind: ClashKind::NamedRow,
                ..Clash::new(
                    &row.table,
                    format!("a row with {} is there already", shown.join(" and ")),
                    vec![cells],
                )
            });
        }
    }
}
