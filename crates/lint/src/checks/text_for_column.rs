//! Checks scripts, views and triggers for words that should name a column and that SQLite takes for
//! text.

use std::collections::BTreeSet;

use observe::Value;
use schema::sql::fold;
use schema::{Schema, Table};

use crate::checks::dangling::Names;
use crate::differences::effect::ScriptEffect;
use crate::finding::{Diagnostic, Direction, Origin, Rule, Severity};
use crate::runner::quoted_text::{QuotedText, quoted_word};
use crate::runner::step::StepRun;
use crate::script::lineage::Lineage;
use crate::script::literals::{Assigned, assigned_literals};
use crate::script::names::words_of;
use crate::script::statement::{Copy, Effect, Source, Statement};

const ONLY_BUILDS: &str = "it fails on every SQLite that is built without double-quoted strings";

/// The words of a script that SQLite took for text, and the literals that spell their column.
pub(crate) fn check(
    run: &StepRun<'_>,
    direction: Direction,
    quoted: &[QuotedText],
) -> Vec<Diagnostic> {
    let statements = run.statements(direction);
    let schemas = [run.schema_before(direction), run.schema_after(direction)];
    let origin = run.origin(direction);
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut plain: Vec<(&QuotedText, &Statement)> = Vec::new();
    for own in quoted {
        let Some(line) = statements.get(own.place) else {
            continue;
        };
        let mut columns = own.columns.clone();
        for schema in schemas {
            columns.extend(columns_of(named_tables(schema, &run.lineage, line)));
        }
        match meant_column(line, &own.word, &columns) {
            Some(column) => {
                let message = explain(line, &own.word, &column);
                let error = (Rule::TextForColumn, Severity::Error);
                let own = Diagnostic::new(error.0, error.1, origin, &own.word, message);
                found.push(own.with_line(Some(line.line)));
            }
            None => plain.push((own, line)),
        }
    }
    found.extend(only_on_some_builds(origin, &plain));
    if direction == Direction::Up {
        found.extend(check_literals(run, statements));
    }
    let mut seen = BTreeSet::new();
    found.retain(|own| seen.insert(own.key()));
    found
}

/// One warning for all words of a script that are meant as text.
fn only_on_some_builds(origin: Origin, words: &[(&QuotedText, &Statement)]) -> Option<Diagnostic> {
    let (_, first) = words.first()?;
    let mut all: Vec<String> = Vec::new();
    for (own, _) in words {
        let shown = format!("`\"{}\"`", own.word);
        if !all.contains(&shown) {
            all.push(shown);
        }
    }
    let count = all.len();
    all.truncate(3);
    let more = if count > all.len() { ", …" } else { "" };
    let message = format!(
        "SQLite takes {}{more} for text, because nothing there has that name: {ONLY_BUILDS}",
        all.join(", ")
    );
    let (rule, severity) = (Rule::TextForColumn, Severity::Warning);
    let own = Diagnostic::new(rule, severity, origin, "", message);
    Some(own.with_line(Some(first.line)))
}

/// The tables that a statement names, as they are called or as they will be.
fn named_tables<'s>(
    schema: &'s Schema,
    lineage: &Lineage,
    line: &Statement,
) -> impl Iterator<Item = &'s Table> {
    let makes = match &line.effect {
        Effect::CreateTable(name) => Some(name),
        Effect::Copy(copy) => Some(&copy.into),
        _ => None,
    };
    let kin = lineage.kin.values();
    let kin = kin.filter(|kin| makes.is_some_and(|name| kin.is(name)));
    let becomes: BTreeSet<String> = kin.filter_map(|kin| kin.after.clone()).collect();
    let named = schema
        .tables()
        .filter(move |table| line.mentions(&table.name) || becomes.contains(&fold(&table.name)));
    named.collect::<Vec<_>>().into_iter()
}

fn columns_of<'t>(tables: impl Iterator<Item = &'t Table>) -> BTreeSet<String> {
    let columns = tables.flat_map(|table| &table.columns);
    columns.map(|column| fold(&column.name)).collect()
}

/// The column that a word should name; `None` where it is text.
fn meant_column(line: &Statement, word: &str, columns: &BTreeSet<String>) -> Option<String> {
    let word = fold(word);
    // Nothing names a column among values.
    if matches!(line.effect, Effect::Insert(..)) {
        return None;
    }
    if columns.contains(&word) {
        return Some(word);
    }
    if let Effect::Copy(copy) = &line.effect
        && stands_among_columns(line, copy, &word)
    {
        return Some(word);
    }
    if is_indexed(line, &word) {
        return Some(word);
    }
    let moves = matches!(line.effect, Effect::Copy(_) | Effect::Update(..));
    let near = columns
        .iter()
        .find(|column| moves && is_near(column, &word));
    near.cloned()
}

/// Whether a copy reads the word as it reads columns: alone, in double quotes as they are.
fn stands_among_columns(line: &Statement, copy: &Copy, word: &str) -> bool {
    let reads = |name: &str| copy.sources.contains(&Source::Column(name.to_owned()));
    let mut others = copy.sources.iter().filter_map(|source| match source {
        Source::Column(name) if name != word => Some(name),
        _ => None,
    });
    let text = fold(&line.text);
    reads(word) && others.any(|name| text.contains(&format!("\"{name}\"")))
}

/// Whether an index is made on the word: on a text, it would be of no use.
fn is_indexed(line: &Statement, word: &str) -> bool {
    let text = fold(&line.text);
    let (parts, _) = text.split_once(" where ").unwrap_or((&text, ""));
    let creates = ["create index", "create unique index"];
    creates.iter().any(|start| text.starts_with(start)) && parts.contains(&format!("\"{word}\""))
}

/// Whether two names differ by one letter, or in underscores alone.
fn is_near(column: &str, word: &str) -> bool {
    let letters = |name: &str| -> Vec<char> { name.chars().filter(|c| *c != '_').collect() };
    let (a, b) = (letters(column), letters(word));
    if a == b {
        return true;
    }
    let (long, short) = if a.len() > b.len() {
        (&a, &b)
    } else {
        (&b, &a)
    };
    if short.len() < 4 || long.len() > short.len() + 1 {
        return false;
    }
    let start = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    let end = |skipped: usize, other: usize| {
        let rest = long.get(start + skipped..) == short.get(start + other..);
        rest && long
            .get(start..start + skipped)
            .is_some_and(|own| own.iter().all(|letter| letter.is_alphabetic()))
    };
    let swapped = long.get(start) == short.get(start + 1)
        && long.get(start + 1) == short.get(start)
        && long.get(start + 2..) == short.get(start + 2..);
    if long.len() == short.len() {
        end(1, 1) || swapped
    } else {
        end(1, 0)
    }
}

fn explain(line: &Statement, word: &str, column: &str) -> String {
    let near = if fold(word) == column {
        String::new()
    } else {
        format!(" (there is `{column}`)")
    };
    let then = match &line.effect {
        Effect::Copy(_) | Effect::Update(..) => "rows get or are compared with this text",
        _ => "the statement uses this text instead of a value",
    };
    format!(
        "`\"{word}\"` names no column here{near}, so SQLite takes it for the text '{word}', and \
         {then}"
    )
}

/// Literals in single quotes that spell the name of the column to which they are assigned.
fn check_literals(run: &StepRun<'_>, statements: &[Statement]) -> Vec<Diagnostic> {
    let origin = run.origin(Direction::Up);
    let mut found = Vec::new();
    for line in statements {
        let target = assigned_table(&run.lineage, line);
        let Some(target) = target.filter(|_| line.text.contains('\'')) else {
            continue;
        };
        let target = run.after.table(&target);
        let columns = target.into_iter().flat_map(Table::stored_columns);
        let columns: Vec<String> = columns.map(|column| fold(&column.name)).collect();
        for Assigned {
            column,
            in_subquery,
        } in assigned_literals(line, &columns)
        {
            let rebuilds = matches!(line.effect, Effect::Copy(_));
            if !rebuilds && !in_subquery {
                // Rows show whether it overwrites values.
                continue;
            }
            let message = format!(
                "the statement assigns the text '{column}' to the column `{column}`, so each row \
                 gets the name of the column as its value"
            );
            let own = (Rule::TextForColumn, Severity::Error);
            let own = Diagnostic::new(own.0, own.1, origin, column, message);
            found.push(own.with_line(Some(line.line)));
        }
    }
    found
}

/// The table that a statement updates, or to which it copies the one that it replaces.
fn assigned_table(lineage: &Lineage, line: &Statement) -> Option<String> {
    match &line.effect {
        Effect::Update(table, _) => Some(table.clone()),
        Effect::Copy(copy) => {
            let mut kin = lineage.kin.values();
            let kin =
                kin.find(|kin| kin.is(&copy.into) && copy.from.iter().any(|from| kin.is(from)))?;
            kin.after.clone()
        }
        _ => None,
    }
}

/// Columns of many values that all become the name of the column.
pub(crate) fn check_values(effect: &ScriptEffect<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, rows) in &effect.rows {
        let Some(kin) = effect.lineage.kin.get(name) else {
            continue;
        };
        for (column, changed) in &rows.changed {
            let now = kin.column_now(column).unwrap_or_else(|| column.clone());
            let was: BTreeSet<&Value> = changed.iter().map(|own| &own.was).collect();
            let spells = |value: &Value| {
                matches!(value, Value::Text(text)
                    if [&now, column].contains(&&fold(&String::from_utf8_lossy(text))))
            };
            if was.len() < 2 || !changed.iter().all(|own| spells(&own.is)) {
                continue;
            }
            let text = changed
                .first()
                .map(|own| own.is.to_string())
                .unwrap_or_default();
            let message = format!(
                "all values of `{}.{column}` become the text {text}, the name of the column",
                kin.name
            );
            let mut lines = effect.statements.iter();
            let line = lines
                .find(|line| line.mentions(&now) && !matches!(line.effect, Effect::CreateTable(_)));
            let own = (Rule::TextForColumn, Severity::Error);
            let own = Diagnostic::new(own.0, own.1, effect.origin, &now, message);
            found.push(own.with_line(line.map(|line| line.line)));
        }
    }
    found
}

/// Views and triggers that the step made, and that hold text in double quotes. `before` and `after`
/// are the names that lead nowhere in the versions around the step.
pub(crate) fn check_objects(
    origin: Origin,
    (before, after): (&Names, &Names),
    (schema_before, schema_after): (&Schema, &Schema),
    statements: &[Statement],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (object, dangling) in after {
        let is_new = !before.contains_key(object) && !dangling.is_in(schema_before);
        let word = quoted_word(&dangling.words).filter(|_| is_new && dangling.only_strict);
        let Some(word) = word else { continue };
        let words = words_of_object(schema_after, object);
        let schemas = [schema_before, schema_after].into_iter();
        let tables = schemas.flat_map(Schema::tables);
        let columns = columns_of(tables.filter(|table| words.contains(&fold(&table.name))));
        let (severity, message) = if columns.contains(&fold(&word)) {
            (
                Severity::Error,
                format!(
                    "`\"{word}\"` names no column where it is, so SQLite takes it for the text \
                     '{word}'"
                ),
            )
        } else {
            (
                Severity::Warning,
                format!("it holds the text `\"{word}\"` in double quotes: {ONLY_BUILDS}"),
            )
        };
        let name = object
            .split_once(' ')
            .map_or(object.as_str(), |(_, name)| name);
        let line = statements.iter().find(|line| line.mentions(name));
        let own = Diagnostic::new(Rule::TextForColumn, severity, origin, object, message);
        found.push(own.with_line(line.map(|line| line.line)));
    }
    found
}

/// The words of a view or a trigger, given as `view name` or `trigger name`.
fn words_of_object(schema: &Schema, object: &str) -> Vec<String> {
    let own = |kind: &str, name: &str| object == format!("{kind} {name}");
    let views = schema.views().filter(|view| own("view", &view.name));
    let triggers = schema
        .triggers()
        .filter(|trigger| own("trigger", &trigger.name));
    let views = views.map(|view| words_of(&view.text));
    let triggers = triggers.map(|trigger| {
        let mut words = words_of(&trigger.text);
        words.push(fold(&trigger.table));
        words
    });
    views.chain(triggers).flatten().collect()
}
