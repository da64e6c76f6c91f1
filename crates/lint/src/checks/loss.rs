//! Checks an effect for lost rows, values, columns and tables.

use schema::Table;
use schema::sql::fold;

use crate::checks::referrers::find_referrer;
use crate::checks::values::{self, ChangedColumn};
use crate::differences::effect::ScriptEffect;
use crate::differences::rows::{Changed, SHOWN};
use crate::finding::{Diagnostic, Rule, Severity};
use crate::options::Options;
use crate::script::lineage::{TableLineage, Taken};
use crate::script::statement::{Copy, Effect, JOIN, LIMIT, Source, Statement};

/// Everything that the script took.
pub(crate) fn check(effect: &ScriptEffect<'_>, options: &Options) -> Vec<Diagnostic> {
    let losses = Losses {
        effect,
        stated: if options.allow_drops {
            Severity::Note
        } else {
            Severity::Warning
        },
        stubs: &options.stub_functions,
    };
    let mut found = Vec::new();
    for (name, kin) in &effect.lineage.kin {
        let Some(was) = effect.before.schema.table(name) else {
            continue;
        };
        if !effect.before.tables.contains_key(name) {
            continue;
        }
        if kin.after.is_none() {
            found.push(losses.check_dropped_table(name, kin));
        } else {
            losses.check_dropped_columns(kin, was, &mut found);
            losses.check_ids(name, kin, &mut found);
            losses.check_rows(name, kin, was, &mut found);
        }
    }
    found
}

/// The effect of a script, and the severity of a loss that it states and nobody can undo.
struct Losses<'a> {
    effect: &'a ScriptEffect<'a>,
    stated: Severity,
    stubs: &'a [(String, i32)],
}

impl Losses<'_> {
    fn check_dropped_table(&self, name: &str, kin: &TableLineage) -> Diagnostic {
        let rows = self
            .effect
            .before
            .tables
            .get(name)
            .map_or(0, |rows| rows.rows.len());
        let own = self.effect.before.schema.table(name);
        let earlier = self.effect.copied_before.get(name).cloned();
        // A copy that stays is one of these; a table that its only copy replaces is not dropped.
        let taken = earlier.or_else(|| self.find_taken(kin));
        let rest = taken
            .as_ref()
            .and_then(|taken| taken.find_rest(own?).map(|rest| (taken, rest)));
        let (severity, message) = match (&taken, rest) {
            (_, Some((taken, rest))) => (
                self.stated,
                format!(
                    "`DROP TABLE` deletes `{}` after its rows were copied into `{}`, and {rest}",
                    kin.name, taken.into
                ),
            ),
            (Some(taken), None) => (
                Severity::Note,
                format!(
                    "`{}` is dropped after its rows were copied into `{}`",
                    kin.name, taken.into
                ),
            ),
            (None, None) => (
                self.stated,
                format!(
                    "`DROP TABLE` deletes every row of `{}`, and no down migration brings them \
                        back",
                    kin.name
                ),
            ),
        };
        Diagnostic::new(
            Rule::TableDropped,
            severity,
            self.effect.origin,
            &kin.name,
            message,
        )
        .with_line(kin.drop_line(self.effect.statements))
        .with_rows(rows, Vec::new())
    }

    /// The part of a table that a copy into another table took.
    fn find_taken(&self, kin: &TableLineage) -> Option<Taken> {
        let mut statements = self.effect.statements.iter();
        statements.find_map(|line| match &line.effect {
            Effect::Copy(copy) if kin.is(&copy.first) && !kin.is(&copy.into) => {
                Some(Taken::new(copy))
            }
            _ => None,
        })
    }

    /// Whether a statement that takes no rows out puts a column unchanged somewhere else.
    fn column_is_moved(&self, kin: &TableLineage, column: &str) -> bool {
        self.effect
            .statements
            .iter()
            .any(|line| match &line.effect {
                Effect::Update(of, _) if kin.is(of) => {
                    let mut moved = line.demands.moved.iter();
                    let whole = line.demands.conditions.is_empty();
                    whole && moved.any(|(_, from)| from == column)
                }
                Effect::Copy(copy) if kin.is(&copy.first) => {
                    let whole = !copy.filters && copy.silent_filter.is_none();
                    let mut sources = copy.sources.iter();
                    whole
                        && sources.any(|source| match source {
                            Source::Star => true,
                            Source::Column(name) => name == column,
                            Source::Other(_) => false,
                        })
                }
                _ => false,
            })
    }

    /// Whether a copy took all that a `DELETE` takes: everything, or the rows of its condition.
    fn rows_are_copied(&self, kin: &TableLineage, line: &Statement) -> bool {
        let Some(table) = self.effect.before.schema.table(&kin.name) else {
            return false;
        };
        self.effect
            .statements
            .iter()
            .any(|other| match &other.effect {
                Effect::Copy(copy) if kin.is(&copy.first) && !kin.is(&copy.into) => {
                    let same = copy.condition.is_none()
                        || copy.condition.as_ref() == line.demands.conditions.first();
                    same && copy.silent_filter.is_none() && Taken::new(copy).has_all_columns(table)
                }
                _ => false,
            })
    }

    fn check_dropped_columns(&self, kin: &TableLineage, was: &Table, found: &mut Vec<Diagnostic>) {
        let rows = self.effect.before.tables.get(&fold(&kin.name));
        for (column, _) in kin.columns.iter().filter(|(_, to)| to.is_none()) {
            let own = fold(column);
            let line = self.effect.statements.iter().find(|line| {
                matches!(&line.effect, Effect::DropColumn(table, name)
                    if kin.is(table) && *name == own)
            });
            let rebuilt = kin
                .copies(self.effect.statements)
                .next()
                .map(|(line, _)| line.line);
            let object = format!("{}.{}", was.name, column);
            let (severity, message) = if self.column_is_moved(kin, &own) {
                let message = format!("`{object}` is dropped after another column took its values");
                (Severity::Note, message)
            } else if line.is_some() {
                let message = format!(
                    "`DROP COLUMN` deletes the values of `{object}`, and no down migration brings \
                        them back"
                );
                (self.stated, message)
            } else {
                let message = format!(
                    "the table that takes the place of `{}` has no `{column}`: its values are \
                     gone, and no down migration brings them back",
                    was.name
                );
                (self.stated, message)
            };
            let count = rows.map_or(0, |rows| rows.rows.len());
            let line = line
                .map(|line| line.line)
                .or(rebuilt)
                .or(kin.drop_line(self.effect.statements));
            found.push(
                Diagnostic::new(
                    Rule::ColumnDropped,
                    severity,
                    self.effect.origin,
                    object,
                    message,
                )
                .with_line(line)
                .with_rows(count, Vec::new()),
            );
        }
    }

    /// Ids that a copy leaves out, so that SQLite gives others.
    fn check_ids(&self, name: &str, kin: &TableLineage, found: &mut Vec<Diagnostic>) {
        let Some((id, line)) = self.effect.left_out_id(name, kin) else {
            return;
        };
        let referrer = find_referrer(&self.effect.before.schema, name, &id);
        let (severity, consequence) = match referrer {
            Some(referrer) => (
                Severity::Error,
                format!("and {referrer} then refers to other rows"),
            ),
            None => (
                Severity::Warning,
                "and whatever has kept an id, such as a link, then finds another row".to_owned(),
            ),
        };
        let message = format!(
            "the copy leaves out `{id}`, so SQLite numbers the rows of `{}` anew, {consequence}",
            kin.name
        );
        let object = format!("{}.{id}", kin.name);
        let rule = Rule::ValuesChanged;
        let diagnostic = Diagnostic::new(rule, severity, self.effect.origin, object, message);
        found.push(diagnostic.with_line(Some(line)));
    }

    fn check_rows(&self, name: &str, kin: &TableLineage, was: &Table, found: &mut Vec<Diagnostic>) {
        let (Some(changes), Some(before)) = (
            self.effect.rows.get(name),
            self.effect.before.tables.get(name),
        ) else {
            return;
        };
        if changes.lost.is_empty()
            && before.rows.len() > 1
            && let Some(line) = self.limited(kin)
        {
            let message = format!(
                "`LIMIT` in the copy leaves out every row of `{}` beyond it without an error",
                kin.name
            );
            let diagnostic = Diagnostic::new(
                Rule::RowsLost,
                Severity::Error,
                self.effect.origin,
                &kin.name,
                message,
            );
            found.push(diagnostic.with_line(Some(line)));
        }
        if !changes.lost.is_empty() {
            let count = changes.lost.len();
            let shown = changes.lost.iter().take(SHOWN).cloned().collect();
            found.push(self.explain_lost_rows(name, kin).with_rows(count, shown));
        }
        let pairs = kin.kept();
        for (column, changed) in &changes.changed {
            let to = pairs.iter().find(|(was, _)| fold(was) == *column);
            let to = to.map_or_else(|| column.clone(), |(_, to)| to.clone());
            let shown = changed.iter().take(SHOWN).map(Changed::shown).collect();
            let column = ChangedColumn {
                kin,
                was,
                name: column,
                to: &to,
                values: changed,
                kept: changes.kept.get(column.as_str()),
                stubs: self.stubs,
                stated: self.stated,
            };
            let diagnostic = values::check(self.effect, &column);
            found.push(diagnostic.with_rows(changed.len(), shown));
        }
    }

    /// The copy of a table that is rebuilt, if it stops after a number of rows: those here may be
    /// too few for it.
    fn limited(&self, kin: &TableLineage) -> Option<usize> {
        kin.drop_line(self.effect.statements)?;
        let mut copies = kin.copies(self.effect.statements);
        let limited = copies.find(|(_, copy)| copy.silent_filter == Some(LIMIT));
        limited.map(|(line, _)| line.line)
    }

    /// Why rows of a table that is still there are gone.
    fn explain_lost_rows(&self, name: &str, kin: &TableLineage) -> Diagnostic {
        let place = self.effect.blamed.get(name);
        let blamed = place.and_then(|place| self.effect.statements.get(*place));
        if let Some(line) = blamed {
            return self
                .explain_by_statement(kin, line)
                .with_line(Some(line.line));
        }
        let mut copies = kin.copies(self.effect.statements);
        match copies.find(|(_, copy)| copy.silent_filter.is_some() || copy.filters) {
            Some((line, copy)) => self.explain_by_copy(kin, copy).with_line(Some(line.line)),
            None => {
                let (severity, message) = if kin.made_anew {
                    let message = format!(
                        "`{}` is dropped and made anew, and none of its rows is copied",
                        kin.name
                    );
                    (self.stated, message)
                } else {
                    let message = format!(
                        "rows of `{}` do not arrive in the table that takes its place",
                        kin.name
                    );
                    (Severity::Error, message)
                };
                let line = kin.drop_line(self.effect.statements);
                self.rows_lost(kin, severity, message).with_line(line)
            }
        }
    }

    fn rows_lost(&self, kin: &TableLineage, severity: Severity, message: String) -> Diagnostic {
        Diagnostic::new(
            Rule::RowsLost,
            severity,
            self.effect.origin,
            &kin.name,
            message,
        )
    }

    /// Rows that are gone after one statement.
    fn explain_by_statement(&self, kin: &TableLineage, line: &Statement) -> Diagnostic {
        let (severity, message) = match &line.effect {
            Effect::Delete(of) if kin.is(of) && self.rows_are_copied(kin, line) => (
                Severity::Note,
                format!(
                    "`DELETE` takes rows of `{}` after another table got them",
                    kin.name
                ),
            ),
            Effect::Delete(of) if kin.is(of) => (
                self.stated,
                format!(
                    "`DELETE` takes rows of `{}`, and no down migration brings them back",
                    kin.name
                ),
            ),
            Effect::Insert(of, true) if kin.is(of) => (Severity::Error, replaced(kin)),
            Effect::Copy(copy) if kin.is(&copy.into) => (Severity::Error, replaced(kin)),
            Effect::Update(of, _) if kin.is(of) => (
                Severity::Error,
                format!(
                    "`UPDATE OR REPLACE` deletes the rows of `{}` that stand in the way",
                    kin.name
                ),
            ),
            _ => return self.explain_by_cascade(kin, line),
        };
        self.rows_lost(kin, severity, message)
    }

    /// Rows that a copy leaves out.
    fn explain_by_copy(&self, kin: &TableLineage, copy: &Copy) -> Diagnostic {
        let (severity, message) = match copy.silent_filter {
            Some(JOIN) if !self.joined_by_a_key(kin, copy) => (
                Severity::Warning,
                format!(
                    "{JOIN} in the copy leaves rows of `{}` out without an error where the other \
                     side has no row, and no key says that there is one",
                    kin.name
                ),
            ),
            Some(word) => (
                Severity::Error,
                format!(
                    "{word} in the copy leaves rows of `{}` out without an error",
                    kin.name
                ),
            ),
            None => (
                self.stated,
                format!("a condition in the copy leaves rows of `{}` out", kin.name),
            ),
        };
        self.rows_lost(kin, severity, message)
    }

    /// Whether a key of the table leads to what a copy joins it with.
    fn joined_by_a_key(&self, kin: &TableLineage, copy: &Copy) -> bool {
        let table = self.effect.before.schema.table(&kin.name);
        let mut keys = table.into_iter().flat_map(|table| &table.foreign_keys);
        keys.any(|key| copy.from.contains(&fold(&key.parent)))
    }

    /// Rows that went with those of another table.
    fn explain_by_cascade(&self, kin: &TableLineage, line: &Statement) -> Diagnostic {
        let (verb, parent) = match &line.effect {
            Effect::Drop(parent) => ("`DROP TABLE`", parent.as_str()),
            Effect::Delete(parent) => ("`DELETE`", parent.as_str()),
            Effect::Insert(parent, true) => ("`OR REPLACE`", parent.as_str()),
            Effect::Copy(copy) if copy.replaces => ("`OR REPLACE`", copy.into.as_str()),
            _ => ("the statement", "another table"),
        };
        let keyed = self
            .effect
            .before
            .schema
            .table(&kin.name)
            .is_some_and(|table| {
                let mut keys = table.foreign_keys.iter();
                keys.any(|key| fold(&key.parent) == parent)
            });
        let message = if keyed && self.effect.origin.mode.foreign_keys {
            format!(
                "{verb} on `{parent}` deletes its rows one by one while foreign keys are on, and \
                 `ON DELETE CASCADE` takes the rows of `{}` that refer to them",
                kin.name
            )
        } else {
            format!(
                "{verb} on `{parent}` takes rows of `{}` along, by a trigger or a key between them",
                kin.name
            )
        };
        // The author who deletes certain rows of a parent declared in the schema what becomes of
        // their children.
        let severity = match &line.effect {
            Effect::Delete(_) if keyed && self.effect.origin.mode.foreign_keys => self.stated,
            _ => Severity::Error,
        };
        Diagnostic::new(
            Rule::RowsLostByCascade,
            severity,
            self.effect.origin,
            &kin.name,
            message,
        )
    }
}

fn replaced(kin: &TableLineage) -> String {
    format!(
        "`OR REPLACE` deletes the rows of `{}` that stand in the way, and no DELETE trigger sees \
         it",
        kin.name
    )
}
