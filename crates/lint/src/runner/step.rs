//! One step forward and back: without rows, on plain rows, and on rows at the edges.

use std::collections::BTreeSet;
use std::sync::Arc;

use schema::Schema;
use schema::sql::{fold, quote_name};

use crate::checks::loss::ScriptEffect;
use crate::checks::rows::{SHOWN, compare};
use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::options::Options;
use crate::runner::execute::{Failure, Runner};
use crate::runner::state::State;
use crate::runner::tool_model::Mode;
use crate::runner::versions::{Chain, Step, Text};
use crate::script::affected_tables::touched;
use crate::script::lineage::Lineage;
use folders::Down;
use sandbox::Scope;

/// One step under one mode.
pub(crate) struct StepRun<'a> {
    pub(crate) place: usize,
    pub(crate) step: &'a Step,
    pub(crate) down: &'a Down,
    pub(crate) chain: &'a Chain,
    pub(crate) options: &'a Options,
    /// From the version before to the one after.
    pub(crate) forth: Lineage,
    /// Whether the way back passes without rows; where it does not, rows show nothing more.
    pub(crate) comes_back: bool,
    /// The tables that its scripts may change, as they are called before and after.
    pub(crate) touched: (BTreeSet<String>, BTreeSet<String>),
}

/// What a script did to rows.
#[derive(Default)]
pub(crate) struct StepOutcome {
    pub(crate) told: Vec<Diagnostic>,
    /// Why it did not come to its end.
    pub(crate) stop: Option<Failure>,
}

impl<'a> StepRun<'a> {
    pub(crate) fn new(
        place: usize,
        (step, down): (&'a Step, &'a Down),
        chain: &'a Chain,
        options: &'a Options,
    ) -> Option<StepRun<'a>> {
        let (before, after) = (chain.schemas.get(place)?, chain.schemas.get(place + 1)?);
        let statements = step
            .up
            .as_ref()
            .map_or(&[][..], |up| up.statements.as_slice());
        Some(StepRun {
            place,
            step,
            down,
            chain,
            options,
            forth: Lineage::of(before, after, statements),
            comes_back: true,
            touched: {
                let texts = step.up.iter().chain(&step.down);
                let statements = texts.flat_map(|text| &text.statements);
                (
                    touched(before, statements.clone()),
                    touched(after, statements),
                )
            },
        })
    }

    pub(crate) fn mode(&self) -> Mode {
        self.chain.mode
    }

    pub(crate) fn before(&self) -> Option<&'a Arc<Schema>> {
        self.chain.schemas.get(self.place)
    }

    pub(crate) fn after(&self) -> Option<&'a Arc<Schema>> {
        self.chain.schemas.get(self.place + 1)
    }

    pub(crate) fn told(
        &self,
        (rule, severity, direction): (Rule, Severity, Direction),
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(
            rule,
            severity,
            (self.place, direction, self.mode()),
            object,
            message,
        )
    }

    /// Whether there is a way back that passes without rows.
    pub(crate) fn goes_back(&self) -> bool {
        self.comes_back && self.step.down.is_some()
    }

    /// A connection on which the scripts run; that there is none is noted as not tried.
    fn engine(&self, image: &[u8]) -> Option<Runner> {
        let engine = Runner::open(image, self.mode(), self.options);
        let noted = engine.map_err(|why| Scope::note(format!("no database for its rows: {why}")));
        noted.ok()
    }

    /// The step forward and back on rows of the version before.
    pub(crate) fn on_rows(&self, image: &[u8]) -> StepOutcome {
        let mut found = Vec::new();
        let stop = self.walk(image, &mut found);
        StepOutcome { told: found, stop }
    }

    /// Why the step stopped on the way forward, if it did.
    fn walk(&self, image: &[u8], found: &mut Vec<Diagnostic>) -> Option<Failure> {
        let (before, after) = (self.before()?, self.after()?);
        let up = self.step.up.as_ref()?;
        let engine = self.engine(image)?;
        let start = State::at(&engine.connection, before, &self.touched.0);
        let ran = engine.run(&up.statements, up.around(self.mode()), |_, _| ());
        if let Some(failure) = ran.failure {
            if !failure.is_no_fault() {
                found.push(self.fails_on_rows(&failure, Direction::Up, (before, after)));
            }
            return Some(failure);
        }
        let turn = State::at(&engine.connection, after, &self.touched.1);
        let blame = |table: &str| self.blame(image, up, table);
        let scene = ScriptEffect {
            step: self.place,
            direction: Direction::Up,
            mode: self.mode(),
            statements: &up.statements,
            lineage: &self.forth,
            before: &start,
            after: &turn,
            options: self.options,
            blame: &blame,
        };
        found.append(&mut scene.losses());
        found.append(&mut scene.health());
        let down = self.step.down.as_ref().filter(|_| self.comes_back)?;
        let ran = engine.run(&down.statements, down.around(self.mode()), |_, _| ());
        if let Some(failure) = ran.failure {
            if !failure.is_no_fault() {
                found.push(self.fails_on_rows(&failure, Direction::Down, (after, before)));
            }
            return None;
        }
        let end = State::at(&engine.connection, before, &self.touched.0);
        self.come_back((&start, &turn, &end), down, found);
        None
    }

    /// What the step kept and the way back did not.
    fn come_back(
        &self,
        (start, turn, end): (&State, &State, &State),
        down: &Text,
        found: &mut Vec<Diagnostic>,
    ) {
        for (name, kin) in &self.forth.kin {
            let turned = kin.after.as_ref().and_then(|now| turn.tables.get(now));
            let (Some(was), Some(turned), Some(is)) =
                (start.tables.get(name), turned, end.tables.get(name))
            else {
                continue;
            };
            let kept = kin.kept();
            let statements = self
                .step
                .up
                .as_ref()
                .map_or(&[][..], |up| up.statements.as_slice());
            let table = |schema: Option<&'a Arc<Schema>>, name: &str| schema?.table(name);
            let now = kin
                .after
                .as_deref()
                .and_then(|now| table(self.after(), now));
            let keeps_keys = match (table(self.before(), name), now) {
                (Some(was), Some(now)) => kin.keeps_keys(was, now, statements),
                _ => true,
            };
            let there = compare(was, turned, &kept, keeps_keys);
            let same = kept.iter().filter(|(was, _)| {
                is.place(was).is_some() && !there.changed.contains_key(&fold(was))
            });
            let same: Vec<(String, String)> =
                same.map(|(was, _)| (was.clone(), was.clone())).collect();
            if same.is_empty() {
                continue;
            }
            let back = compare(was, is, &same, keeps_keys);
            let line = down
                .statements
                .iter()
                .find(|line| line.mentions(name))
                .map(|line| line.line);
            let rule = (Rule::DownLosesRows, Severity::Error, Direction::Down);
            if back.lost.len() > there.lost.len() {
                let message = format!(
                    "rows of `{}` that the step kept are gone after the way back",
                    kin.name
                );
                let shown = back.lost.iter().take(SHOWN).cloned().collect();
                found.push(
                    self.told(rule, &kin.name, message)
                        .at(line)
                        .rows(back.lost.len() - there.lost.len(), shown),
                );
            }
            for (column, changed) in &back.changed {
                let object = format!("{}.{column}", kin.name);
                let message = format!(
                    "values of `{object}` that the step kept are others after the way back"
                );
                let shown = changed
                    .iter()
                    .take(SHOWN)
                    .map(|changed| changed.shown())
                    .collect();
                found.push(
                    self.told(rule, object, message)
                        .at(line)
                        .rows(changed.len(), shown),
                );
            }
        }
    }

    /// The way back on rows of the version after: rows that people made since.
    pub(crate) fn back_on_rows(&self, image: &[u8]) -> StepOutcome {
        let run = || -> Option<StepOutcome> {
            let (before, after) = (self.before()?, self.after()?);
            let down = self.step.down.as_ref().filter(|_| self.comes_back)?;
            let engine = self.engine(image)?;
            let start = State::at(&engine.connection, after, &self.touched.1);
            let ran = engine.run(&down.statements, down.around(self.mode()), |_, _| ());
            if let Some(failure) = ran.failure {
                let told = (!failure.is_no_fault())
                    .then(|| self.fails_on_rows(&failure, Direction::Down, (after, before)));
                return Some(StepOutcome {
                    told: told.into_iter().collect(),
                    stop: Some(failure),
                });
            }
            let end = State::at(&engine.connection, before, &self.touched.0);
            let lineage = Lineage::of(after, before, &down.statements);
            let blame = |table: &str| self.blame(image, down, table);
            let scene = ScriptEffect {
                step: self.place,
                direction: Direction::Down,
                mode: self.mode(),
                statements: &down.statements,
                lineage: &lineage,
                before: &start,
                after: &end,
                options: self.options,
                blame: &blame,
            };
            let losses = scene
                .losses()
                .into_iter()
                .filter_map(|told| self.since(told));
            Some(StepOutcome {
                told: losses.collect(),
                stop: None,
            })
        };
        run().unwrap_or_default()
    }

    /// A loss on the way back, of what people made since the step: that what the step added goes again is what a
    /// way back is for.
    fn since(&self, mut told: Diagnostic) -> Option<Diagnostic> {
        match told.rule {
            Rule::RowsLost if told.severity == Severity::Error => {}
            Rule::RowsLostByCascade => {}
            Rule::ValuesChanged if told.severity == Severity::Error => {}
            _ => return None,
        }
        told.rule = Rule::DownLosesRows;
        Some(told)
    }

    /// The statement behind which a table has fewer rows than it had before.
    fn blame(&self, image: &[u8], text: &Text, table: &str) -> Option<usize> {
        let engine = Runner::open(image, self.mode(), self.options).ok()?;
        let sql = format!("SELECT count(*) FROM main.{}", quote_name(table));
        let count = |connection: &rusqlite::Connection| -> Option<i64> {
            connection.query_row(&sql, [], |row| row.get(0)).ok()
        };
        let mut most = count(&engine.connection)?;
        let (mut blamed, mut gone) = (None, false);
        engine.run(
            &text.statements,
            text.around(self.mode()),
            |place, connection| {
                // Once the table was dropped, what comes under its name is another one.
                match count(connection) {
                    Some(now) if !gone => {
                        if now < most && blamed.is_none() {
                            blamed = Some(place);
                        }
                        most = most.max(now);
                    }
                    _ => gone = true,
                }
            },
        );
        blamed
    }
}
