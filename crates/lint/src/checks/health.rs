//! What speaks against a database after a script that it did not suffer from before.

use std::collections::BTreeMap;

use schema::sql::fold;

use crate::checks::loss::ScriptEffect;
use crate::checks::rows::SHOWN;
use crate::finding::{Diagnostic, Rule, Severity};
use crate::script::statement::Effect;

impl ScriptEffect<'_> {
    /// Broken keys, damage, search tables and marks.
    pub(crate) fn health(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.orphans(&mut found);
        self.integrity(&mut found);
        self.searches(&mut found);
        self.marks(&mut found);
        found
    }

    fn orphans(&self, found: &mut Vec<Diagnostic>) {
        let now_called = |name: &str| {
            let kin = self.lineage.kin.get(name);
            kin.and_then(|kin| kin.after.clone())
                .unwrap_or_else(|| name.to_owned())
        };
        let mut before: BTreeMap<(String, String), usize> = BTreeMap::new();
        for ((child, parent), rows) in &self.before.orphans {
            let key = (now_called(child), now_called(parent));
            *before.entry(key).or_default() += rows.len();
        }
        for (pair, rows) in &self.after.orphans {
            let known = before.get(pair).copied().unwrap_or(0);
            let (child, parent) = pair;
            // A parent that is not there at all is told as a name that leads nowhere.
            if rows.len() <= known || self.after.schema.table(parent).is_none() {
                continue;
            }
            let had_key = self.lineage.named_after(child).is_some_and(|kin| {
                let table = self.before.schema.table(&kin.name);
                table.is_some_and(|table| {
                    let mut keys = table.foreign_keys.iter();
                    keys.any(|key| now_called(&fold(&key.parent)) == *parent)
                })
            });
            let (severity, message) = match had_key {
                true => (
                    Severity::Error,
                    format!(
                        "rows of `{child}` refer to rows of `{parent}` that the script took, and SQLite says nothing while foreign keys are off"
                    ),
                ),
                false => (
                    Severity::Warning,
                    format!(
                        "the new key from `{child}` to `{parent}` does not hold for rows that were allowed before, and nothing checks it"
                    ),
                ),
            };
            let cause = self.statements.iter().find(|line| match &line.effect {
                Effect::Drop(name) | Effect::Delete(name) => name == parent,
                _ => false,
            });
            let line = cause.or_else(|| self.statements.iter().find(|line| line.mentions(parent)));
            found.push(
                self.told(Rule::ForeignKeyViolated, severity, child, message)
                    .at(line.map(|line| line.line))
                    .rows(
                        rows.len() - known,
                        rows.iter().take(SHOWN).cloned().collect(),
                    ),
            );
        }
    }

    fn integrity(&self, found: &mut Vec<Diagnostic>) {
        for sentence in &self.after.integrity {
            if self.before.integrity.contains(sentence) {
                continue;
            }
            let message = format!("`PRAGMA integrity_check` finds: {sentence}");
            let mut names = self.after.schema.tables().map(|table| &table.name);
            let object = names.find(|name| sentence.contains(name.as_str())).cloned();
            let object = object.unwrap_or_default();
            let line = self
                .statements
                .iter()
                .find(|line| line.mentions("writable_schema"));
            let line = line.or_else(|| {
                self.statements
                    .iter()
                    .find(|line| !object.is_empty() && line.mentions(&object))
            });
            found.push(
                self.told(Rule::Integrity, Severity::Error, object, message)
                    .at(line.map(|line| line.line)),
            );
        }
    }

    fn searches(&self, found: &mut Vec<Diagnostic>) {
        for name in self.after.searches.difference(&self.before.searches) {
            let content = self.after.schema.table(name).and_then(|table| {
                observe::search_option(table, "content").filter(|name| !name.is_empty())
            });
            let about = content.clone().unwrap_or_else(|| name.clone());
            let line = self
                .statements
                .iter()
                .rev()
                .find(|line| line.mentions(&about) && line.effect != Effect::Other);
            let line = line.or_else(|| self.statements.iter().find(|line| line.mentions(name)));
            let message = match content {
                Some(content) => format!(
                    "the search table `{name}` does not follow what the script does to `{content}`: searches answer with other rows, and `integrity_check` is content"
                ),
                None => format!("the search table `{name}` does not agree with its own rows"),
            };
            found.push(
                self.told(Rule::FtsOutOfStep, Severity::Error, name, message)
                    .at(line.map(|line| line.line)),
            );
        }
    }

    fn marks(&self, found: &mut Vec<Diagnostic>) {
        for (name, was) in &self.before.sequences {
            let Some(kin) = self.lineage.kin.get(name).filter(|kin| !kin.made_anew) else {
                continue;
            };
            let Some(now) = &kin.after else { continue };
            let key = self
                .after
                .schema
                .table(now)
                .and_then(|table| table.primary_key.as_ref());
            let is = self.after.sequences.get(now).copied().unwrap_or(0);
            if is >= *was || !key.is_some_and(|key| key.autoincrement) {
                continue;
            }
            let spelled = self.statements.iter().find(|line| match &line.effect {
                Effect::Update(of, _) | Effect::Delete(of) => of == "sqlite_sequence",
                _ => false,
            });
            let severity = if spelled.is_some() {
                Severity::Warning
            } else {
                Severity::Error
            };
            let message = format!(
                "the mark of AUTOINCREMENT steps back from {was} to {is} when `{}` is rebuilt, so the ids of deleted rows are given again",
                kin.name
            );
            let line = spelled
                .map(|line| line.line)
                .or(kin.drop_line(self.statements));
            found.push(
                self.told(Rule::SequenceSteppedBack, severity, &kin.name, message)
                    .at(line),
            );
        }
    }
}
