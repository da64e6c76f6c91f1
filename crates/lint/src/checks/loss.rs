//! Rows, values, columns and tables that a script takes away.

use schema::Table;
use schema::sql::fold;

use crate::checks::rows::{Changed, SHOWN, compare};
use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::options::Options;
use crate::runner::state::State;
use crate::runner::tool_model::Mode;
use crate::script::lineage::{Lineage, TableLineage};
use crate::script::statement::{Copy, Effect, JOIN, LIMIT, Statement};

/// One script, run on one database.
pub(crate) struct ScriptEffect<'a> {
    pub(crate) step: usize,
    pub(crate) direction: Direction,
    pub(crate) mode: Mode,
    pub(crate) statements: &'a [Statement],
    pub(crate) lineage: &'a Lineage,
    pub(crate) before: &'a State,
    pub(crate) after: &'a State,
    pub(crate) options: &'a Options,
    /// The statement behind which a table has fewer rows than before, found by running the script again.
    pub(crate) blame: &'a dyn Fn(&str) -> Option<usize>,
}

impl ScriptEffect<'_> {
    pub(crate) fn told(
        &self,
        rule: Rule,
        severity: Severity,
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(
            rule,
            severity,
            (self.step, self.direction, self.mode),
            object,
            message,
        )
    }

    /// What is spelled out and cannot be undone.
    fn spelled(&self) -> Severity {
        match self.options.allow_drops {
            true => Severity::Note,
            false => Severity::Warning,
        }
    }

    /// Everything that the script took.
    pub(crate) fn losses(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (name, kin) in &self.lineage.kin {
            let Some(was) = self.before.schema.table(name) else {
                continue;
            };
            if !self.before.tables.contains_key(name) {
                continue;
            }
            match &kin.after {
                None => found.push(self.table_dropped(name, kin)),
                Some(_) => {
                    self.columns_dropped(kin, was, &mut found);
                    self.rows(name, kin, was, &mut found);
                }
            }
        }
        found
    }

    fn table_dropped(&self, name: &str, kin: &TableLineage) -> Diagnostic {
        let rows = self
            .before
            .tables
            .get(name)
            .map_or(0, |rows| rows.rows.len());
        let (severity, message) = match &kin.merged {
            Some(into) => (
                Severity::Note,
                format!(
                    "`{}` is dropped after its rows went into `{into}`",
                    kin.name
                ),
            ),
            None if self.moved(kin, None) => (
                Severity::Note,
                format!("`{}` is dropped after another table read it", kin.name),
            ),
            None => (
                self.spelled(),
                format!(
                    "`DROP TABLE` deletes every row of `{}`, and no way back has them",
                    kin.name
                ),
            ),
        };
        self.told(Rule::TableDropped, severity, &kin.name, message)
            .at(kin.drop_line(self.statements))
            .rows(rows, Vec::new())
    }

    /// Whether a statement reads the table, or one of its columns, and writes elsewhere what it reads.
    fn moved(&self, kin: &TableLineage, column: Option<&str>) -> bool {
        self.statements.iter().any(|line| {
            let elsewhere = |into: &str| column.is_some() || !kin.is(into);
            let writes = match &line.effect {
                Effect::Update(of, columns) => {
                    elsewhere(of)
                        && column.is_none_or(|column| !columns.iter().any(|own| own == column))
                }
                Effect::Copy(copy) => elsewhere(&copy.into),
                Effect::Insert(into, _) => elsewhere(into),
                _ => false,
            };
            writes
                && column.is_none_or(|column| line.mentions(column))
                && kin.aliases.iter().any(|name| line.mentions(name))
        })
    }

    fn columns_dropped(&self, kin: &TableLineage, was: &Table, found: &mut Vec<Diagnostic>) {
        let rows = self.before.tables.get(&fold(&kin.name));
        for (column, _) in kin.columns.iter().filter(|(_, to)| to.is_none()) {
            let own = fold(column);
            let line = self.statements.iter().find(|line| {
                matches!(&line.effect, Effect::DropColumn(table, name) if kin.is(table) && *name == own)
            });
            let rebuilt = kin
                .copies(self.statements)
                .next()
                .map(|(line, _)| line.line);
            let object = format!("{}.{}", was.name, column);
            let (severity, message) = match self.moved(kin, Some(&own)) {
                true => (
                    Severity::Note,
                    format!("`{object}` is dropped after another statement read it"),
                ),
                false if line.is_some() => (
                    self.spelled(),
                    format!(
                        "`DROP COLUMN` deletes the values of `{object}`, and no way back has them"
                    ),
                ),
                false => (
                    self.spelled(),
                    format!(
                        "the table that takes the place of `{}` has no `{column}`: its values are gone, and no way back has them",
                        was.name
                    ),
                ),
            };
            let count = rows.map_or(0, |rows| rows.rows.len());
            let line = line
                .map(|line| line.line)
                .or(rebuilt)
                .or(kin.drop_line(self.statements));
            found.push(
                self.told(Rule::ColumnDropped, severity, object, message)
                    .at(line)
                    .rows(count, Vec::new()),
            );
        }
    }

    fn rows(&self, name: &str, kin: &TableLineage, was: &Table, found: &mut Vec<Diagnostic>) {
        let now = kin.after.as_deref();
        let pair = (
            self.before.tables.get(name),
            now.and_then(|now| self.after.tables.get(now)),
        );
        let (Some(before), Some(after)) = pair else {
            return;
        };
        let pairs = kin.kept();
        if pairs.is_empty() {
            return;
        }
        let kept = now
            .and_then(|now| self.after.schema.table(now))
            .is_none_or(|now| kin.keeps_keys(was, now, self.statements));
        let changes = compare(before, after, &pairs, kept);
        if changes.lost.is_empty()
            && before.rows.len() > 1
            && let Some(line) = self.limited(kin)
        {
            let message = format!(
                "`LIMIT` in the copy leaves out every row of `{}` beyond it without an error",
                kin.name
            );
            let told = self.told(Rule::RowsLost, Severity::Error, &kin.name, message);
            found.push(told.at(Some(line)));
        }
        if !changes.lost.is_empty() {
            let count = changes.lost.len();
            let shown = changes.lost.into_iter().take(SHOWN).collect();
            found.push(self.lost(name, kin).rows(count, shown));
        }
        for (column, changed) in changes.changed {
            let to = pairs.iter().find(|(was, _)| fold(was) == column);
            let to = to.map_or_else(|| column.clone(), |(_, to)| to.clone());
            let shown = changed.iter().take(SHOWN).map(Changed::shown).collect();
            let told = self.changed(kin, was, (&column, &to), &changed);
            found.push(told.rows(changed.len(), shown));
        }
    }

    /// The copy of a table that is rebuilt, if it stops after a number of rows: those here may be too few for it.
    fn limited(&self, kin: &TableLineage) -> Option<usize> {
        kin.drop_line(self.statements)?;
        let mut copies = kin.copies(self.statements);
        let limited = copies.find(|(_, copy)| copy.silent_filter == Some(LIMIT));
        limited.map(|(line, _)| line.line)
    }

    /// Why rows of a table that is still there are gone.
    fn lost(&self, name: &str, kin: &TableLineage) -> Diagnostic {
        let spelled = self.spelled();
        let lost =
            |severity, message: String| self.told(Rule::RowsLost, severity, &kin.name, message);
        let place = (self.blame)(name);
        let blamed = place.and_then(|place| self.statements.get(place));
        if let Some(line) = blamed {
            let told = match &line.effect {
                Effect::Delete(of) if kin.is(of) && self.moved(kin, None) => lost(
                    Severity::Note,
                    format!(
                        "`DELETE` takes rows of `{}` after another statement read it",
                        kin.name
                    ),
                ),
                Effect::Delete(of) if kin.is(of) => lost(
                    spelled,
                    format!(
                        "`DELETE` takes rows of `{}`, and no way back has them",
                        kin.name
                    ),
                ),
                Effect::Insert(of, true) if kin.is(of) => lost(Severity::Error, replaced(kin)),
                Effect::Copy(copy) if kin.is(&copy.into) => lost(Severity::Error, replaced(kin)),
                Effect::Update(of, _) if kin.is(of) => lost(
                    Severity::Error,
                    format!(
                        "`UPDATE OR REPLACE` deletes the rows of `{}` that stand in the way",
                        kin.name
                    ),
                ),
                _ => self.cascade(kin, line),
            };
            return told.at(Some(line.line));
        }
        let copy = kin
            .copies(self.statements)
            .find(|(_, copy)| copy.silent_filter.is_some() || copy.filters);
        match copy {
            Some((line, copy)) => match copy.silent_filter {
                Some(JOIN) if !self.joined_by_a_key(kin, copy) => lost(
                    Severity::Warning,
                    format!(
                        "{JOIN} in the copy leaves rows of `{}` out without an error where no row stands on the other side, and no key says that there is one",
                        kin.name
                    ),
                ),
                Some(word) => lost(
                    Severity::Error,
                    format!(
                        "{word} in the copy leaves rows of `{}` out without an error",
                        kin.name
                    ),
                ),
                None => lost(
                    spelled,
                    format!("a condition in the copy leaves rows of `{}` out", kin.name),
                ),
            }
            .at(Some(line.line)),
            None if kin.made_anew => lost(
                spelled,
                format!(
                    "`{}` is dropped and made anew, and none of its rows is copied",
                    kin.name
                ),
            )
            .at(kin.drop_line(self.statements)),
            None => lost(
                Severity::Error,
                format!(
                    "rows of `{}` do not arrive in the table that takes its place",
                    kin.name
                ),
            )
            .at(kin.drop_line(self.statements)),
        }
    }

    /// Whether a key of the table leads to what a copy joins it with.
    fn joined_by_a_key(&self, kin: &TableLineage, copy: &Copy) -> bool {
        let table = self.before.schema.table(&kin.name);
        let mut keys = table.into_iter().flat_map(|table| &table.foreign_keys);
        keys.any(|key| copy.from.contains(&fold(&key.parent)))
    }

    /// Rows that went with those of another table.
    fn cascade(&self, kin: &TableLineage, line: &Statement) -> Diagnostic {
        let (verb, parent) = match &line.effect {
            Effect::Drop(parent) => ("`DROP TABLE`", parent.as_str()),
            Effect::Delete(parent) => ("`DELETE`", parent.as_str()),
            Effect::Insert(parent, true) => ("`OR REPLACE`", parent.as_str()),
            Effect::Copy(copy) if copy.replaces => ("`OR REPLACE`", copy.into.as_str()),
            _ => ("the statement", "another table"),
        };
        let keyed = self.before.schema.table(&kin.name).is_some_and(|table| {
            let mut keys = table.foreign_keys.iter();
            keys.any(|key| fold(&key.parent) == parent)
        });
        let message = match keyed && self.mode.foreign_keys {
            true => format!(
                "{verb} on `{parent}` deletes its rows one by one while foreign keys are on, and \
                 `ON DELETE CASCADE` takes the rows of `{}` that refer to them",
                kin.name
            ),
            false => format!(
                "{verb} on `{parent}` takes rows of `{}` along, by a trigger or a key between them",
                kin.name
            ),
        };
        // Whoever deletes certain rows of a parent has said in the schema what becomes of their children.
        let severity = match &line.effect {
            Effect::Delete(_) if keyed && self.mode.foreign_keys => self.spelled(),
            _ => Severity::Error,
        };
        self.told(Rule::RowsLostByCascade, severity, &kin.name, message)
    }
}

fn replaced(kin: &TableLineage) -> String {
    format!(
        "`OR REPLACE` deletes the rows of `{}` that stand in the way, and no DELETE trigger sees it",
        kin.name
    )
}
