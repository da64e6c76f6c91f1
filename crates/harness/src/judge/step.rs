//! One step forward and back: without rows, on plain rows, and on rows at the edges.

use std::collections::BTreeSet;
use std::sync::Arc;

use schema::Schema;
use schema::sql::{fold, quote_name};

use super::Options;
use super::chain::{Chain, Step, Text};
use super::finding::{Class, Direction, Severity, Told};
use super::lineage::Lineage;
use super::look::Look;
use super::loss::Scene;
use super::model::Mode;
use super::rows::{SHOWN, compare};
use super::run::{Engine, Failure};
use super::touch::touched;
use crate::folder::Down;
use crate::sandbox::Scope;

/// One step under one mode.
pub(super) struct Trial<'a> {
    pub(super) place: usize,
    pub(super) step: &'a Step,
    pub(super) down: &'a Down,
    pub(super) chain: &'a Chain,
    pub(super) options: &'a Options,
    /// From the version before to the one after.
    pub(super) forth: Lineage,
    /// Whether the way back passes without rows; where it does not, rows show nothing more.
    pub(super) comes_back: bool,
    /// The tables that its scripts may change, as they are called before and after.
    pub(super) touched: (BTreeSet<String>, BTreeSet<String>),
}

/// What a script did to rows.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) told: Vec<Told>,
    /// Why it did not come to its end.
    pub(super) stop: Option<Failure>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(
        place: usize,
        (step, down): (&'a Step, &'a Down),
        chain: &'a Chain,
        options: &'a Options,
    ) -> Option<Trial<'a>> {
        let (before, after) = (chain.schemas.get(place)?, chain.schemas.get(place + 1)?);
        let lines = step.up.as_ref().map_or(&[][..], |up| up.lines.as_slice());
        Some(Trial {
            place,
            step,
            down,
            chain,
            options,
            forth: Lineage::of(before, after, lines),
            comes_back: true,
            touched: {
                let texts = step.up.iter().chain(&step.down);
                let lines = texts.flat_map(|text| &text.lines);
                (touched(before, lines.clone()), touched(after, lines))
            },
        })
    }

    pub(super) fn mode(&self) -> Mode {
        self.chain.mode
    }

    pub(super) fn before(&self) -> Option<&'a Arc<Schema>> {
        self.chain.schemas.get(self.place)
    }

    pub(super) fn after(&self) -> Option<&'a Arc<Schema>> {
        self.chain.schemas.get(self.place + 1)
    }

    pub(super) fn told(
        &self,
        (class, severity, direction): (Class, Severity, Direction),
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Told {
        Told::new(
            class,
            severity,
            (self.place, direction, self.mode()),
            object,
            message,
        )
    }

    /// Whether there is a way back that passes without rows.
    pub(super) fn goes_back(&self) -> bool {
        self.comes_back && self.step.down.is_some()
    }

    /// A connection on which the scripts run; that there is none is noted as not tried.
    fn engine(&self, image: &[u8]) -> Option<Engine> {
        let engine = Engine::open(image, self.mode(), self.options);
        let noted = engine.map_err(|why| Scope::note(format!("no database for its rows: {why}")));
        noted.ok()
    }

    /// The step forward and back on rows of the version before.
    pub(super) fn on_rows(&self, image: &[u8]) -> Walked {
        let mut found = Vec::new();
        let stop = self.walk(image, &mut found);
        Walked { told: found, stop }
    }

    /// Why the step stopped on the way forward, if it did.
    fn walk(&self, image: &[u8], found: &mut Vec<Told>) -> Option<Failure> {
        let (before, after) = (self.before()?, self.after()?);
        let up = self.step.up.as_ref()?;
        let engine = self.engine(image)?;
        let start = Look::at(&engine.connection, before, &self.touched.0);
        let ran = engine.run(&up.lines, up.around(self.mode()), |_, _| ());
        if let Some(failure) = ran.failure {
            if !failure.is_no_fault() {
                found.push(self.fails_on_rows(&failure, Direction::Up, (before, after)));
            }
            return Some(failure);
        }
        let turn = Look::at(&engine.connection, after, &self.touched.1);
        let blame = |table: &str| self.blame(image, up, table);
        let scene = Scene {
            step: self.place,
            direction: Direction::Up,
            mode: self.mode(),
            lines: &up.lines,
            lineage: &self.forth,
            before: &start,
            after: &turn,
            options: self.options,
            blame: &blame,
        };
        found.append(&mut scene.losses());
        found.append(&mut scene.health());
        let down = self.step.down.as_ref().filter(|_| self.comes_back)?;
        let ran = engine.run(&down.lines, down.around(self.mode()), |_, _| ());
        if let Some(failure) = ran.failure {
            if !failure.is_no_fault() {
                found.push(self.fails_on_rows(&failure, Direction::Down, (after, before)));
            }
            return None;
        }
        let end = Look::at(&engine.connection, before, &self.touched.0);
        self.come_back((&start, &turn, &end), down, found);
        None
    }

    /// What the step kept and the way back did not.
    fn come_back(
        &self,
        (start, turn, end): (&Look, &Look, &Look),
        down: &Text,
        found: &mut Vec<Told>,
    ) {
        for (name, kin) in &self.forth.kin {
            let turned = kin.after.as_ref().and_then(|now| turn.tables.get(now));
            let (Some(was), Some(turned), Some(is)) =
                (start.tables.get(name), turned, end.tables.get(name))
            else {
                continue;
            };
            let kept = kin.kept();
            let lines = self
                .step
                .up
                .as_ref()
                .map_or(&[][..], |up| up.lines.as_slice());
            let table = |schema: Option<&'a Arc<Schema>>, name: &str| schema?.table(name);
            let now = kin
                .after
                .as_deref()
                .and_then(|now| table(self.after(), now));
            let keeps_keys = match (table(self.before(), name), now) {
                (Some(was), Some(now)) => kin.keeps_keys(was, now, lines),
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
                .lines
                .iter()
                .find(|line| line.mentions(name))
                .map(|line| line.line);
            let class = (Class::DownLosesRows, Severity::Error, Direction::Down);
            if back.lost.len() > there.lost.len() {
                let message = format!(
                    "rows of `{}` that the step kept are gone after the way back",
                    kin.name
                );
                let shown = back.lost.iter().take(SHOWN).cloned().collect();
                found.push(
                    self.told(class, &kin.name, message)
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
                    self.told(class, object, message)
                        .at(line)
                        .rows(changed.len(), shown),
                );
            }
        }
    }

    /// The way back on rows of the version after: rows that people made since.
    pub(super) fn back_on_rows(&self, image: &[u8]) -> Walked {
        let run = || -> Option<Walked> {
            let (before, after) = (self.before()?, self.after()?);
            let down = self.step.down.as_ref().filter(|_| self.comes_back)?;
            let engine = self.engine(image)?;
            let start = Look::at(&engine.connection, after, &self.touched.1);
            let ran = engine.run(&down.lines, down.around(self.mode()), |_, _| ());
            if let Some(failure) = ran.failure {
                let told = (!failure.is_no_fault())
                    .then(|| self.fails_on_rows(&failure, Direction::Down, (after, before)));
                return Some(Walked {
                    told: told.into_iter().collect(),
                    stop: Some(failure),
                });
            }
            let end = Look::at(&engine.connection, before, &self.touched.0);
            let lineage = Lineage::of(after, before, &down.lines);
            let blame = |table: &str| self.blame(image, down, table);
            let scene = Scene {
                step: self.place,
                direction: Direction::Down,
                mode: self.mode(),
                lines: &down.lines,
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
            Some(Walked {
                told: losses.collect(),
                stop: None,
            })
        };
        run().unwrap_or_default()
    }

    /// A loss on the way back, of what people made since the step: that what the step added goes again is what a
    /// way back is for.
    fn since(&self, mut told: Told) -> Option<Told> {
        match told.class {
            Class::RowsLost if told.severity == Severity::Error => {}
            Class::RowsLostByCascade => {}
            Class::ValuesChanged if told.severity == Severity::Error => {}
            _ => return None,
        }
        told.class = Class::DownLosesRows;
        Some(told)
    }

    /// The statement behind which a table has fewer rows than it had before.
    fn blame(&self, image: &[u8], text: &Text, table: &str) -> Option<usize> {
        let engine = Engine::open(image, self.mode(), self.options).ok()?;
        let sql = format!("SELECT count(*) FROM main.{}", quote_name(table));
        let count = |connection: &rusqlite::Connection| -> Option<i64> {
            connection.query_row(&sql, [], |row| row.get(0)).ok()
        };
        let mut most = count(&engine.connection)?;
        let (mut blamed, mut gone) = (None, false);
        engine.run(
            &text.lines,
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
