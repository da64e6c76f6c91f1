//! Observations of a version, and the events since.

use std::rc::Rc;

use migrations::Declaration;

use crate::evidence::{declared, excuses};
use crate::finding::Finding;
use crate::journey::{Checkpoint, Journey, Trace, WALK};
use crate::subject::Subject;
use generate::{Content, Insert};
use observe::differences;
use observe::{Observation, compare_rows};

/// The file as it stood at a version, and where it has been since.
#[derive(Clone)]
pub(super) struct VersionHistory {
    pub(super) station: Rc<Checkpoint>,
    /// The lowest and the highest station since, itself included.
    low: Rc<Checkpoint>,
    high: Rc<Checkpoint>,
    /// The changes that were written since, at other versions; `None` for none.
    written: Option<Vec<Declaration>>,
}

/// The way to judge a file that is back at a version.
pub(super) enum Return {
    /// As a journey of the laws: nothing was written, and it went one way and came back.
    Trace(Box<Trace>),
    /// The differences, under the law of this name.
    Found(&'static str, Vec<Finding>),
}

impl VersionHistory {
    pub(super) fn new(station: &Rc<Checkpoint>) -> VersionHistory {
        VersionHistory {
            station: Rc::clone(station),
            low: Rc::clone(station),
            high: Rc::clone(station),
            written: None,
        }
    }

    /// The file has come to `station`.
    pub(super) fn passes(&mut self, station: &Rc<Checkpoint>) {
        if station.version <= self.low.version {
            self.low = Rc::clone(station);
        }
        if station.version >= self.high.version {
            self.high = Rc::clone(station);
        }
    }

    /// Somebody has written at a different version; `touched` lists what was there before and is
    /// not as it was.
    pub(super) fn is_written(&mut self, touched: &[Declaration]) {
        let written = self.written.get_or_insert_default();
        written.extend_from_slice(touched);
    }

    /// The file is back, and looks like `now`.
    pub(super) fn judge(
        &self,
        subject: &Subject<'_>,
        now: &Checkpoint,
        rows_are_generated: bool,
    ) -> Return {
        let version = self.station.version;
        let turn = match (self.low.version < version, self.high.version > version) {
            (true, false) => Some(&self.low),
            (false, true) => Some(&self.high),
            _ => None,
        };
        match (turn, &self.written) {
            (Some(turn), None) => Return::Trace(Box::new(Trace {
                journey: Journey {
                    from: version,
                    via: turn.version,
                },
                data: WALK.to_owned(),
                rows_are_generated,
                start: (*self.station).clone(),
                midpoint: Some((**turn).clone()),
                end: Some(now.clone()),
                failure: None,
                again: None,
            })),
            _ => self.judge_rows(subject, now),
        }
    }

    /// Compares the rows with those before, apart from everything that any step on the way
    /// declares: later writes at other versions may change any derived value.
    fn judge_rows(&self, subject: &Subject<'_>, now: &Checkpoint) -> Return {
        let all = Journey {
            from: self.low.version,
            via: self.high.version,
        };
        let mut excused = self.written.clone().unwrap_or_default();
        excused.extend(declared(subject, all, |notes| &notes.up_losses));
        excused.extend(declared(subject, all, |notes| &notes.changes));
        excused.extend(declared(subject, all, |notes| &notes.down_changes));
        excused.extend(declared(subject, all, |notes| &notes.down_losses));
        excused.extend(declared(subject, all, |notes| &notes.remade));
        // A table that stayed all the way lost nothing by being dropped.
        excused.retain(|own| {
            own.column.is_some()
                || self.low.observation.schema.table(&own.table).is_none()
                || self.high.observation.schema.table(&own.table).is_none()
                || self.written.is_some()
        });
        let before = &self.station.observation;
        let found = differences(before, &now.observation, &excuses(&excused)).into_iter();
        let found = found.filter(|difference| !(difference.more && self.written.is_some()));
        let law = if self.low.version < self.station.version {
            "back and forth keeps"
        } else {
            "down restores"
        };
        let finding = |difference| {
            Finding::of(&difference).hint(format!(
                "the file was at version {} before, and has been at versions {} to {} since",
                self.station.version, self.low.version, self.high.version
            ))
        };
        Return::Found(law, found.map(finding).collect())
    }
}

/// Lists the tables and columns whose rows a write changed or removed.
pub(super) fn touched(before: &Observation, after: &Observation) -> Vec<Declaration> {
    let mut touched: Vec<Declaration> = differences(before, after, &[])
        .into_iter()
        .filter(|difference| !difference.more)
        .filter_map(|difference| {
            Some(Declaration {
                table: difference.table?,
                column: difference.column,
                why: String::new(),
            })
        })
        .collect();
    touched.dedup();
    touched
}

/// The rows that a write has added, as SQL that a person can paste; the rest of what it did in a
/// comment.
pub(super) fn told(before: &Observation, after: &Observation) -> String {
    let mut added = Content::default();
    for (name, new) in &after.tables {
        let is_virtual = after
            .schema
            .table(name)
            .is_some_and(|table| table.kind != schema::TableKind::Ordinary);
        let old = before.tables.get(name).map_or(&[][..], |old| &old.rows);
        if is_virtual {
            continue; // A trigger or the table itself keeps it.
        }
        // A row that is there twice is reported once: it represents what was written, and is not
        // counted.
        for row in new.rows.iter().filter(|row| !old.contains(row)) {
            let values = new.columns.iter().cloned().zip(row.iter().cloned());
            added.inserts.push(Insert {
                table: new.table.clone(),
                values: values.collect(),
            });
        }
    }
    let mut text = added.to_sql();
    for (name, old) in &before.tables {
        let Some(new) = after.tables.get(name) else {
            continue;
        };
        let columns: Vec<&str> = old.columns.iter().map(String::as_str).collect();
        for difference in compare_rows(old, new, &columns) {
            if !difference.more {
                let (object, message) = (&difference.object, difference.message());
                text.push_str(&format!("-- {object}: {message}\n"));
            }
        }
    }
    text
}
