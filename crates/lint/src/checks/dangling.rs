//! Checks the versions of a history for names that lead nowhere: from which step on, and up to
//! which one.

use std::collections::BTreeMap;

use schema::sql::fold;
use schema::{PartKind, Schema};

use crate::differences::effect::ScriptEffect;
use crate::finding::{Diagnostic, Direction, Origin, Rule, Severity};
use crate::runner::tool_model::Mode;
use crate::runner::unresolved::Dangling;
use crate::runner::versions::{Chain, Step};

/// The names that lead nowhere in one version, by the object that holds them.
pub(crate) type Names = BTreeMap<String, Dangling>;

/// The names that lead nowhere after the step at `place` and did not before. `versions` are those
/// of each version, and `modes` those that the chain represents.
pub(crate) fn check(
    place: usize,
    steps: &[Step],
    chain: &Chain,
    versions: &[&Names],
    modes: &[Mode],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // No database of anybody is in the state that a failed step leaves.
    let (Some(before), Some(after), false) = (
        versions.get(place),
        versions.get(place + 1),
        chain.fails(place),
    ) else {
        return found;
    };
    for (object, dangling) in *after {
        let schema = chain.schemas.get(place);
        let was_there = schema.is_some_and(|schema| dangling.is_in(schema));
        // A string in double quotes that was always one is what its author meant.
        if before.contains_key(object) || (dangling.only_strict && !was_there) {
            continue;
        }
        let last = versions
            .last()
            .is_some_and(|last| last.contains_key(object));
        let mut later = versions.iter().skip(place + 1);
        let until = later.position(|own| !own.contains_key(object));
        let until = until.and_then(|at| steps.get(place + at));
        let (severity, till) = match (last, until) {
            (false, Some(step)) => (Severity::Warning, format!(", until `{}`", step.name)),
            _ => (Severity::Error, String::new()),
        };
        let names: Vec<String> = object.split(['.', ' ']).map(fold).collect();
        let up = steps.get(place).and_then(|step| step.up.as_ref());
        let mut statements = up.into_iter().flat_map(|up| &up.statements);
        let line = statements.find(|line| names.iter().any(|name| line.mentions(name)));
        let line = line.map(|line| line.line);
        found.extend(modes.iter().map(|mode| {
            let origin = Origin {
                step: place,
                direction: Direction::Up,
                mode: *mode,
            };
            let message = format!("{}{till}", dangling.words);
            let rule = Rule::DanglingReference;
            Diagnostic::new(rule, severity, origin, object.clone(), message).with_line(line)
        }));
    }
    found
}

/// Writes that triggers refuse after a script and did not refuse before. A trigger that does not
/// compile is found in the version itself.
pub(crate) fn check_writes(effect: &ScriptEffect<'_>) -> Vec<Diagnostic> {
    let (before, after) = (&effect.before.refused_writes, &effect.after.refused_writes);
    let mut found = Vec::new();
    for ((table, verb), error) in after {
        let was = effect.lineage.named_after(table).map(|kin| fold(&kin.name));
        // A table without a row before was not tried.
        let tried = was.filter(|was| {
            let rows = effect.before.tables.get(was);
            rows.is_some_and(|rows| !rows.rows.is_empty())
        });
        let Some(was) = tried.filter(|was| !before.contains_key(&(was.clone(), *verb))) else {
            continue;
        };
        let message = format!("each {verb} of `{was}` now fails in a trigger: {error}");
        let mut lines = effect.statements.iter().rev();
        let line = lines.find(|line| line.mentions(table) || line.mentions(&was));
        let line = line.or(effect.statements.first());
        let (rule, severity) = (Rule::DanglingReference, Severity::Error);
        let own = Diagnostic::new(rule, severity, effect.origin, table, message);
        found.push(own.with_line(line.map(|line| line.line)));
    }
    found
}

/// Keys that lead nowhere, each with what is wrong.
pub(crate) fn dangling_keys(schema: &Schema) -> Names {
    let mut found = BTreeMap::new();
    for table in schema.tables() {
        for key in &table.foreign_keys {
            let Some(problem) = key_problem(schema, key) else {
                continue;
            };
            let column = key.columns.first().map_or("", String::as_str);
            let dangling = Dangling::new(problem, false, &table.name);
            found.insert(format!("{}.{column}", table.name), dangling);
        }
    }
    found
}

fn key_problem(schema: &Schema, key: &schema::ForeignKey) -> Option<String> {
    let Some(parent) = schema.table(&key.parent) else {
        return Some(format!(
            "its key refers to `{}`, which is not there, and with foreign keys on every write \
             fails",
            key.parent
        ));
    };
    let names: Vec<String> = match (key.parent_columns.as_slice(), &parent.primary_key) {
        ([], Some(own)) => own.columns.iter().map(|part| fold(&part.name)).collect(),
        (columns, _) => columns.iter().map(|name| fold(name)).collect(),
    };
    let gone = names.iter().find(|name| parent.column(name).is_none());
    if let Some(gone) = gone {
        return Some(format!(
            "its key refers to `{}.{gone}`, which is not there, and with foreign keys on every \
             write fails",
            key.parent
        ));
    }
    let mut wanted = names.clone();
    wanted.sort();
    let fits = |mut columns: Vec<String>| {
        columns.sort();
        columns == wanted
    };
    let own = parent.primary_key.iter().map(|own| own.columns.iter());
    let uniques = parent.uniques.iter().map(|own| own.columns.iter());
    let by_table = own
        .chain(uniques)
        .any(|columns| fits(columns.map(|part| fold(&part.name)).collect()));
    let by_index = || {
        schema.indexes().any(|index| {
            let columns = index.columns.iter().filter_map(|part| match &part.kind {
                PartKind::Column(name) => Some(fold(name)),
                PartKind::Expression(_) => None,
            });
            index.unique
                && index.filter.is_none()
                && fold(&index.table) == fold(&key.parent)
                && fits(columns.collect())
        })
    };
    let unique = !names.is_empty() && (by_table || by_index());
    (!unique).then(|| {
        format!(
            "its key refers to columns of `{}` that nothing keeps unique, and with foreign \
            keys on every write fails (`foreign key mismatch`)",
            key.parent
        )
    })
}
