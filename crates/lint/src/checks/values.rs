//! Values that are others after a script: by whose word.

use schema::Table;
use schema::sql::fold;

use crate::checks::loss::ScriptEffect;
use crate::checks::rows::{Changed, same_meaning};
use crate::finding::{Diagnostic, Rule, Severity};
use crate::script::lineage::{TableLineage, source_of};
use crate::script::statement::{Effect, Source, Statement};

impl ScriptEffect<'_> {
    /// Why values are others.
    pub(crate) fn changed(
        &self,
        kin: &TableLineage,
        was: &Table,
        (column, to): (&str, &str),
        changed: &[Changed],
    ) -> Diagnostic {
        let object = format!("{}.{column}", kin.name);
        let told =
            |severity, message: String| self.told(Rule::ValuesChanged, severity, &object, message);
        let update = self.statements.iter().find(|line| {
            matches!(&line.effect, Effect::Update(of, columns)
                if kin.is(of) && columns.iter().any(|own| own == column || own == to))
        });
        if let Some(line) = update {
            return told(
                Severity::Note,
                format!("`UPDATE` gives `{object}` other values"),
            )
            .at(Some(line.line));
        }
        let now = kin
            .after
            .as_deref()
            .and_then(|now| self.after.schema.table(now));
        if let Some(now) = now {
            for (line, copy) in kin.copies(self.statements) {
                let told = match source_of(copy, now, was, to) {
                    Some(Source::Other) => told(
                        Severity::Note,
                        format!("the copy computes `{object}` by an expression"),
                    ),
                    Some(Source::Column(from)) if from != column => match copy.columns.is_empty() {
                        true => told(
                            Severity::Error,
                            format!(
                                "the copy goes by position and puts the values of `{from}` into `{to}`, because the columns stand in another order"
                            ),
                        ),
                        false => told(
                            Severity::Warning,
                            format!("the copy puts the values of `{from}` into `{to}`"),
                        ),
                    },
                    None if !copy.columns.is_empty() => told(
                        Severity::Error,
                        format!(
                            "the copy names no value for `{to}`, so the rows that it takes have its default instead of what `{object}` held"
                        ),
                    ),
                    _ => continue,
                };
                return told.at(Some(line.line));
            }
            if let Some(told) = self.retyped(was, now, (column, to), changed, &told) {
                return told.at(kin
                    .copies(self.statements)
                    .next()
                    .map(|(line, _)| line.line));
            }
        }
        if let Some((line, parent)) = self.parent_gone(was, column) {
            return told(
                Severity::Error,
                format!("rows of `{parent}` are deleted while foreign keys are on, and the key of `{object}` then sets another value"),
            )
            .at(Some(line));
        }
        let triggered = self
            .statements
            .iter()
            .any(|line| matches!(&line.effect, Effect::Update(of, _) if kin.is(of)));
        let severity = if triggered {
            Severity::Warning
        } else {
            Severity::Error
        };
        told(
            severity,
            format!("no statement names `{object}`, and its values are others afterwards, by a trigger or a key"),
        )
        .at(kin.copies(self.statements).next().map(|(line, _)| line.line).or(kin.drop_line(self.statements)))
    }

    /// A value that another declared type converts.
    fn retyped(
        &self,
        was: &Table,
        now: &Table,
        (column, to): (&str, &str),
        changed: &[Changed],
        told: &dyn Fn(Severity, String) -> Diagnostic,
    ) -> Option<Diagnostic> {
        let (old, new) = (was.column(column)?, now.column(to)?);
        if old.affinity == new.affinity && was.strict == now.strict {
            return None;
        }
        let kind = new
            .declared_type
            .clone()
            .unwrap_or_else(|| "no type".to_owned());
        Some(
            match changed
                .iter()
                .all(|value| same_meaning(&value.was, &value.is))
            {
                true => told(
                    Severity::Note,
                    format!(
                        "`{to}` is declared `{kind}` now, and its values are stored in that type"
                    ),
                ),
                false => told(
                    Severity::Error,
                    format!(
                        "`{to}` is declared `{kind}` now, and its affinity turns values into others that cannot be turned back"
                    ),
                ),
            },
        )
    }

    /// A parent of the column whose rows the script deletes, and where.
    fn parent_gone(&self, was: &Table, column: &str) -> Option<(usize, String)> {
        if !self.mode.foreign_keys {
            return None;
        }
        let mut keys = was.foreign_keys.iter();
        let key = keys.find(|key| key.columns.iter().any(|own| fold(own) == column))?;
        let parent = fold(&key.parent);
        let deletes = |line: &&Statement| match &line.effect {
            Effect::Drop(name) | Effect::Delete(name) | Effect::Insert(name, true) => {
                *name == parent
            }
            Effect::Copy(copy) => copy.replaces && copy.into == parent,
            _ => false,
        };
        let line = self.statements.iter().find(deletes)?;
        Some((line.line, key.parent.clone()))
    }
}
