//! The observation of a version, and the events since.

use std::rc::Rc;

use migrations::Declaration;

use crate::evidence::{declared, excuses};
use crate::finding::Finding;
use crate::journey::{Checkpoint, Journey, Trace, WALK};
use crate::subject::Subject;
use generate::{Content, Insert};
use observe::differences;
use observe::{Observation, compare_rows};

/// The state of the file at a version, and its stations since.
#[derive(Clone)]
pub(super) struct VersionHistory {
    pub(super) station: Rc<Checkpoint>,
    /// The lowest and the highest station since, this one included.
    low: Rc<Checkpoint>,
    high: Rc<Checkpoint>,
    /// The changes that were written since at other versions; `None` if there were none.
    written: Option<Vec<Declaration>>,
}

/// The way to judge a file that has returned to a version.
pub(super) enum Return {
    /// As a journey: nothing was written, and the file went one way and returned.
    Trace(Box<Trace>),
    /// As differences, under the law of this name.
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

    /// Records that the file has reached `station`.
    pub(super) fn passes(&mut self, station: &Rc<Checkpoint>) {
        if station.version <= self.low.version {
            self.low = Rc::clone(station);
        }
        if station.version >= self.high.version {
            self.high = Rc::clone(station);
        }
    }

    /// Records a write at a different version; `touched` lists the earlier content that it changed
    /// or removed.
    pub(super) fn is_written(&mut self, touched: &[Declaration]) {
        let written = self.written.get_or_insert_default();
        written.extend_from_slice(touched);
    }

    /// Judges the file, which has returned and is in the state `now`.
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

    /// Compares the rows with the earlier ones, apart from everything that a step on the way
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
        // A table that existed all the time lost nothing to a DROP TABLE.
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
                "the file was at version {} before, and at versions {} to {} since",
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

/// The rows that a write added, as SQL to paste; the rest of its changes is in a comment.
pub(super) fn as_sql(before: &Observation, after: &Observation) -> String {
    let mut added = Content::default();
    for (name, new) in &after.tables {
        let is_virtual = after
            .schema
            .table(name)
            .is_some_and(|table| table.kind != schema::TableKind::Ordinary);
        let old = before.tables.get(name).map_or(&[][..], |old| &old.rows);
        if is_virtual {
            continue; // A trigger or the table itself ensures the row.
        }
        // Duplicate rows are reported once: the SQL represents the write, and does not count rows.
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
