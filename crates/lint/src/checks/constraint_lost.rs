//! Checks a step for what a table that keeps its rows loses of its own declaration: keys,
//! constraints, defaults and options that a rebuild does not repeat.

use schema::sql::{fold, show_name};
use schema::{Affinity, Column, ForeignKey, Schema, TableKind};

use crate::checks::kept_constraints::{KeptTable, KeyNow, Names};
use crate::finding::{Diagnostic, Origin, Rule, Severity};
use crate::script::lineage::{Lineage, TableLineage};
use crate::script::statement::{Effect, Statement};

/// One kind of declaration that a table lost: its name, the places where it was, and what follows.
struct Lost {
    kind: &'static str,
    severity: Severity,
    places: Vec<String>,
    consequence: &'static str,
}

/// The diagnostics of all tables that keep their rows, one for each table and kind.
pub(crate) fn check(
    origin: Origin,
    (before, after): (&Schema, &Schema),
    lineage: &Lineage,
    statements: &[Statement],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let aside = lineage
        .kin
        .values()
        .filter_map(|kin| replaced_aside(kin, before, after));
    let aside: Vec<TableLineage> = aside.collect();
    let kept = lineage.kin.values().filter(|kin| !kin.made_anew);
    for kin in kept.chain(&aside) {
        let now = kin.after.as_deref().and_then(|name| after.table(name));
        let (Some(was), Some(now)) = (before.table(&kin.name), now) else {
            continue;
        };
        let unknown = |kind: &TableKind| *kind != TableKind::Ordinary;
        if was == now || unknown(&was.kind) || unknown(&now.kind) {
            continue;
        }
        let table = KeptTable {
            kin,
            was,
            now,
            before,
            after,
            lineage,
            statements,
        };
        if statements.iter().any(|line| drops_constraint(kin, line)) {
            continue;
        }
        found.extend(diagnose(origin, &table));
    }
    found
}

/// A table that was renamed aside while one of its name and columns is made anew: a rebuild whose
/// copy is in a later step. The lineage from the old table to the new one.
fn replaced_aside(kin: &TableLineage, before: &Schema, after: &Schema) -> Option<TableLineage> {
    let own = fold(&kin.name);
    let (was, now) = (before.table(&own)?, after.table(&own)?);
    let moved = kin
        .after
        .as_ref()
        .filter(|name| **name != own && before.table(name).is_none())?;
    after.table(moved)?;
    let columns = was.stored_columns().map(|column| {
        let now = now.column(&column.name).map(|now| fold(&now.name));
        (column.name.clone(), now)
    });
    let columns: Vec<(String, Option<String>)> = columns.collect();
    let kept = columns.iter().filter(|(_, now)| now.is_some()).count();
    (kept * 2 > columns.len()).then(|| TableLineage {
        after: Some(own.clone()),
        columns,
        ..kin.clone()
    })
}

/// Whether `ALTER TABLE` drops a constraint of the table in so many words.
fn drops_constraint(kin: &TableLineage, line: &Statement) -> bool {
    let words: Vec<String> = line.text.split_whitespace().map(fold).collect();
    let is_drop = |pair: &[String]| {
        pair.first().is_some_and(|word| word == "drop")
            && pair
                .get(1)
                .is_some_and(|word| ["not", "constraint", "default"].contains(&word.as_str()))
    };
    line.first_word() == "alter"
        && words.windows(2).any(is_drop)
        && kin.aliases.iter().any(|name| line.mentions(name))
}

fn diagnose(origin: Origin, table: &KeptTable<'_>) -> Vec<Diagnostic> {
    let lost = find_lost(table);
    if lost.is_empty() {
        return Vec::new();
    }
    let source = find_source(table);
    let name = &table.kin.name;
    // The application does not use a copy under another name as it used the table.
    let most = if source.copied_to_other_name {
        Severity::Warning
    } else {
        Severity::Error
    };
    let rule = Rule::ConstraintLost;
    if source.by_select {
        let all: Vec<String> = lost.iter().map(Lost::text).collect();
        let message = format!(
            "`CREATE TABLE … AS SELECT` copies no constraint, so `{name}` loses {}",
            all.join(", ")
        );
        let diagnostic = Diagnostic::new(rule, most, origin, name, message);
        return vec![diagnostic.with_line(source.line)];
    }
    let each = lost.into_iter().map(|own| {
        let message = format!(
            "`{name}` is still there and loses {}, so {}",
            own.text(),
            own.consequence
        );
        let object = format!("{name} {}", own.kind);
        let severity = own.severity.min(most);
        Diagnostic::new(rule, severity, origin, object, message).with_line(source.line)
    });
    each.collect()
}

/// The statement that declared the table as it is after the step.
struct Declaration {
    line: Option<usize>,
    /// Whether it is `CREATE TABLE … AS SELECT`.
    by_select: bool,
    /// Whether the rows were copied to a table of another name that stays.
    copied_to_other_name: bool,
}

fn find_source(table: &KeptTable<'_>) -> Declaration {
    let mut name = fold(&table.now.name);
    let mut found = Declaration {
        line: None,
        by_select: false,
        copied_to_other_name: false,
    };
    for line in table.statements.iter().rev() {
        let creates = match &line.effect {
            Effect::RenameTable(from, to) if *to == name => {
                name.clone_from(from);
                false
            }
            Effect::CreateTable(own) => *own == name,
            Effect::Copy(copy) => line.first_word() == "create" && copy.into == name,
            _ => false,
        };
        if creates {
            found.by_select = matches!(line.effect, Effect::Copy(_));
            found.copied_to_other_name = fold(&table.now.name) != fold(&table.was.name);
            found.line = Some(line.line);
            return found;
        }
    }
    let mut statements = table.statements.iter();
    let line = statements.find(|line| line.mentions(&table.kin.name));
    found.line = line.map(|line| line.line);
    found
}

impl Lost {
    /// The kind with its places.
    fn text(&self) -> String {
        if self.places.is_empty() {
            self.kind.to_owned()
        } else {
            format!("{} ({})", self.kind, self.places.join("; "))
        }
    }
}

fn find_lost(table: &KeptTable<'_>) -> Vec<Lost> {
    let mut found = Vec::new();
    let mut add = |kind, severity, places: Vec<String>, consequence| {
        if !places.is_empty() {
            found.push(Lost {
                kind,
                severity,
                places,
                consequence,
            });
        }
    };
    let (error, warning) = (Severity::Error, Severity::Warning);
    let keys = find_lost_primary_key(table);
    let is_keyless = !keys.is_empty();
    add(
        "PRIMARY KEY",
        error,
        keys,
        "nothing refuses two rows of the same key",
    );
    let alias = (!is_keyless).then(|| find_lost_alias(table)).flatten();
    let consequence = "an INSERT that does not name it no longer gets a new id";
    add(
        "INTEGER PRIMARY KEY",
        error,
        alias.into_iter().collect(),
        consequence,
    );
    let (keys, actions) = find_lost_foreign_keys(table);
    add(
        "FOREIGN KEY",
        error,
        keys,
        "nothing refuses a row that refers to no row",
    );
    for (severity, consequence) in [
        (
            error,
            "what happens to its rows when the row they refer to goes is different",
        ),
        (
            warning,
            "a deferred check now fails at once, or the reverse",
        ),
    ] {
        let own = actions.iter().filter(|(own, _)| *own == severity);
        add(
            "FOREIGN KEY action",
            severity,
            own.map(|(_, place)| place.clone()).collect(),
            consequence,
        );
    }
    let uniques = table.was.uniques.iter();
    let uniques = uniques.filter_map(|own| table.lost_key(&own.columns));
    let uniques = uniques.map(|names| shown(&names)).collect();
    add(
        "UNIQUE",
        error,
        uniques,
        "nothing refuses the same value twice",
    );
    let checks = table.was.checks.iter();
    let checks = checks.filter(|check| table.lost_check(check).is_some());
    let checks = checks.map(|check| check.expression.clone()).collect();
    add(
        "CHECK",
        warning,
        checks,
        "nothing refuses the values that it refused",
    );
    for (kind, is_lost, consequence) in COLUMN_KINDS {
        let pairs = table.was.columns.iter().filter_map(|was| {
            let now = table.column_now(&was.name)?;
            Some((was, table.now.column(&now)?))
        });
        let places = pairs.filter(|(was, now)| is_lost(table, was, now));
        let places = places.map(|(_, now)| show_name(&now.name)).collect();
        add(kind, warning, places, consequence);
    }
    find_lost_options(table, is_keyless, &mut found);
    found
}

/// A kind of declaration of a column, whether it is lost between two columns, and what follows.
type ColumnKind = (
    &'static str,
    fn(&KeptTable<'_>, &Column, &Column) -> bool,
    &'static str,
);

const COLUMN_KINDS: [ColumnKind; 4] = [
    ("NOT NULL", loses_not_null, "nothing refuses NULL"),
    (
        "DEFAULT",
        loses_default,
        "an INSERT that does not name it stores NULL or fails",
    ),
    (
        "COLLATE",
        loses_collation,
        "comparisons, keys and the order of rows are different",
    ),
    (
        "GENERATED",
        |_, was, now| was.generated.is_some() && now.generated.is_none(),
        "its values no longer follow the columns from which they are computed",
    ),
];

fn loses_not_null(table: &KeptTable<'_>, was: &Column, now: &Column) -> bool {
    let in_key = |of: &schema::Table, name: &str| {
        let key = of.primary_key.iter().flat_map(|key| &key.columns);
        key.clone().any(|part| fold(&part.name) == fold(name))
    };
    // A key of a table WITHOUT ROWID refuses NULL without a word.
    let by_option = |of: &schema::Table, name: &str| of.without_rowid && in_key(of, name);
    let is_rowid = table.now.rowid_alias().map(fold) == Some(fold(&now.name));
    was.not_null
        && !now.not_null
        && now.generated.is_none()
        && !is_rowid
        && !by_option(table.was, &was.name)
        && !by_option(table.now, &now.name)
        && !table.has_new_null_check(&fold(&now.name))
}

fn loses_default(table: &KeptTable<'_>, was: &Column, now: &Column) -> bool {
    let is_rowid = table.now.rowid_alias().map(fold) == Some(fold(&now.name));
    was.default.is_some() && now.default.is_none() && now.generated.is_none() && !is_rowid
}

fn loses_collation(_: &KeptTable<'_>, was: &Column, now: &Column) -> bool {
    was.collation.is_some() && now.collation.is_none() && was.affinity == now.affinity
}

fn find_lost_primary_key(table: &KeptTable<'_>) -> Vec<String> {
    let key = table.was.primary_key.as_ref();
    let lost = key.and_then(|key| table.lost_key(&key.columns));
    lost.iter().map(shown).collect()
}

/// The column that was the rowid and is an ordinary column with the same values.
fn find_lost_alias(table: &KeptTable<'_>) -> Option<String> {
    let was = table.was.column(table.was.rowid_alias()?)?;
    let now = table.now.column(&table.column_now(&was.name)?)?;
    let keyed = table.now.rowid_alias().is_some() || table.now.without_rowid;
    let key = table.now.primary_key.iter().flat_map(|key| &key.columns);
    let is_other_key = key.clone().count() > 0
        && !key.clone().any(|part| fold(&part.name) == fold(&now.name))
        || key.clone().count() > 1;
    let lost = !keyed && !is_other_key && was.affinity == now.affinity && now.default.is_none();
    lost.then(|| show_name(&now.name))
}

/// The foreign keys that are lost, and those whose action is lost, each with its severity.
fn find_lost_foreign_keys(table: &KeptTable<'_>) -> (Vec<String>, Vec<(Severity, String)>) {
    let (mut lost, mut actions) = (Vec::new(), Vec::new());
    for key in &table.was.foreign_keys {
        let parent = show_name(&key.parent);
        match table.find_foreign_key(key) {
            KeyNow::Lost(columns) => lost.push(format!("{} to {parent}", shown(&columns))),
            KeyNow::Kept(now) => {
                for (event, was, is) in changed_actions(key, now) {
                    let columns: Names = key.columns.iter().map(|name| fold(name)).collect();
                    // RESTRICT and NO ACTION differ only while checks are deferred.
                    let severity = match (was, is) {
                        ("RESTRICT", "NO ACTION") => Severity::Warning,
                        _ => Severity::Error,
                    };
                    let columns = shown(&columns);
                    let place = format!("{columns} to {parent}: ON {event} {was}, then {is}");
                    actions.push((severity, place));
                }
            }
            KeyNow::Gone => {}
        }
    }
    (lost, actions)
}

/// The actions that a key had and has no more: the event, the action before and after.
fn changed_actions<'k>(
    was: &'k ForeignKey,
    now: &'k ForeignKey,
) -> impl Iterator<Item = (&'static str, &'k str, &'k str)> {
    let events = [
        ("DELETE", was.on_delete, now.on_delete),
        ("UPDATE", was.on_update, now.on_update),
    ];
    events.into_iter().filter_map(|(event, was, now)| {
        let was = was?;
        (Some(was) != now).then(|| (event, was, now.unwrap_or("NO ACTION")))
    })
}

fn find_lost_options(table: &KeptTable<'_>, is_keyless: bool, found: &mut Vec<Lost>) {
    let (was, now) = (table.was, table.now);
    let counts = |of: &schema::Table| of.primary_key.as_ref().is_some_and(|key| key.autoincrement);
    let id = was.rowid_alias().and_then(|id| table.column_now(id));
    let id = id.and_then(|id| now.column(&id));
    // An id of another type is another key.
    let id = id.filter(|id| id.affinity == Affinity::Integer);
    let options = [
        (
            "AUTOINCREMENT",
            counts(was) && !counts(now) && id.is_some() && !is_keyless,
            "ids of deleted rows are used again",
        ),
        (
            "WITHOUT ROWID",
            was.without_rowid && !now.without_rowid && now.rowid_alias().is_none(),
            "the key is a second tree and accepts NULL",
        ),
        (
            "STRICT",
            was.strict && !now.strict,
            "nothing refuses a value of another type",
        ),
    ];
    let lost = options.into_iter().filter(|(_, lost, _)| *lost);
    found.extend(lost.map(|(kind, _, consequence)| Lost {
        kind,
        severity: Severity::Warning,
        places: Vec::new(),
        consequence,
    }));
}

fn shown(names: &Names) -> String {
    let names: Vec<String> = names.iter().map(|name| show_name(name)).collect();
    names.join(", ")
}
