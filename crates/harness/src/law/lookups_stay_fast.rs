//! # Lookups stay fast
//!
//! A declared query that used an index still does in the next version, and one whose rows came in
//! order without a sort still does. SQLite's planner decides, on a database without rows and
//! statistics, so that the answer is the same on every machine. A query that is slower on purpose
//! is declared under *Task*: `` Slower: `query` — why ``.

use std::collections::{BTreeMap, BTreeSet};

use migrations::{Query, Rename, Version};
use rusqlite::Connection;

use crate::check::{Check, Law};
use crate::evidence::versions;
use crate::finding::{Finding, Findings};
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "lookups stay fast",
    checks: &[Check::Catalogue(check)],
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for version in versions(subject) {
        findings.checked();
        let older = version - 1;
        let forms = subject.queries.iter().filter(|query| query.good_for(older));
        for before in forms {
            let next = |after: &&Query| after.name == before.name && after.good_for(version);
            let Some(after) = subject.queries.iter().find(next) else {
                continue;
            };
            findings.checked();
            compare(subject, version, before, after, findings);
        }
    }
}

fn compare(
    subject: &Subject<'_>,
    version: Version,
    before: &Query,
    after: &Query,
    findings: &mut Findings,
) {
    let way = |version: Version, query: &Query| -> Option<Way> {
        let connection = subject.catalogue.build(version).ok()?;
        Way::of(&connection, query.sql).ok()
    };
    // The law *queries still prepare* reports a query that does not compile.
    let (Some(old), Some(new)) = (way(version - 1, before), way(version, after)) else {
        return;
    };
    let notes = subject.catalogue.notes(version);
    let slower = notes
        .map(|notes| notes.slower.as_slice())
        .unwrap_or_default();
    if slower.iter().any(|declared| declared.table == after.name) {
        return;
    }
    let renames = notes.map(|notes| notes.renames.as_slice());
    for what in new.worse_than(&old.renamed(renames.unwrap_or_default())) {
        let object = format!("query `{}`", after.name);
        findings.add(
            Finding::new(
                object,
                format!("{what}, which it did not at version {}", version - 1),
            )
            .in_file(Some(subject.step_file(version, "up.sql")))
            .hint(format!(
                "recreate the index, or declare it under *Task*: `- Slower: `{}` — why`",
                after.name
            )),
        );
    }
}

/// The plan of one query, as far as its cost grows with the size of the tables.
#[derive(Debug, Default, PartialEq, Eq)]
struct Way {
    /// Tables that are read completely, by their names in the query, with the number of times.
    scanned: BTreeMap<String, usize>,
    /// The sorts: `ORDER BY`, `GROUP BY`, `DISTINCT`.
    sorted: BTreeSet<String>,
}

impl Way {
    /// Reads the [plan](https://sqlite.org/eqp.html) line by line.
    fn of(connection: &Connection, sql: &str) -> rusqlite::Result<Way> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let mut rows = statement.raw_query();
        let mut way = Way::default();
        while let Some(row) = rows.next()? {
            way.add(&row.get::<_, String>("detail")?);
        }
        Ok(way)
    }

    fn add(&mut self, line: &str) {
        let mut scans = |rest: &str| {
            let table = rest.split(' ').next().unwrap_or_default().to_owned();
            *self.scanned.entry(table).or_default() += 1;
        };
        if let Some(rest) = line.strip_prefix("SCAN ") {
            // For a virtual table every access is a scan; the text after the colon describes its
            // index, and no text means no index.
            let by_index = rest
                .split_once(" VIRTUAL TABLE INDEX ")
                .is_some_and(|(_, index)| !index.ends_with(':'));
            // A computed row is not a table.
            if !rest.starts_with("CONSTANT ROW") && !by_index {
                scans(rest);
            }
        } else if let Some(rest) = line.strip_prefix("SEARCH ")
            && rest.contains(" AUTOMATIC ")
        {
            // An automatic index reads the whole table first.
            scans(rest);
        } else if let Some(rest) = line.strip_prefix("USE TEMP B-TREE FOR ") {
            // A sort of the last terms only sorts within groups that are in order already.
            let what = rest.rsplit(" OF ").next().unwrap_or(rest);
            self.sorted.insert(what.to_owned());
        }
    }

    /// The same plan with the new names of renamed tables beside the old ones, because queries may
    /// use either.
    fn renamed(mut self, renames: &[Rename]) -> Way {
        for rename in renames.iter().filter(|rename| rename.column.is_none()) {
            let is_old = |name: &&String| name.eq_ignore_ascii_case(&rename.table);
            let times = self.scanned.iter().find(|(name, _)| is_old(name));
            if let Some(times) = times.map(|(_, times)| *times) {
                *self.scanned.entry(rename.to.clone()).or_default() += times;
            }
        }
        self
    }

    fn worse_than(&self, before: &Way) -> Vec<String> {
        let more = |(table, times): &(&String, &usize)| {
            let old = before.scanned.get(*table);
            old.is_none_or(|old| old < *times)
        };
        let scans = self.scanned.iter().filter(more).map(|(table, _)| table);
        let sorts = self.sorted.difference(&before.sorted);
        scans
            .map(|table| format!("reads all of `{table}`"))
            .chain(sorts.map(|what| format!("sorts for {what}")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(schema: &str, sql: &str) -> (Vec<String>, Vec<String>) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(schema).unwrap();
        let way = Way::of(&connection, sql).unwrap();
        (
            way.scanned.into_keys().collect(),
            way.sorted.into_iter().collect(),
        )
    }

    #[test]
    fn scans_and_sorts_are_read_out_of_the_plan() {
        let schema = "CREATE TABLE note (id INTEGER PRIMARY KEY, body, at);
                      CREATE INDEX note_at ON note (at);
                      CREATE TABLE tag (note, name);";
        let all = |name: &str| (vec![name.to_owned()], Vec::new());
        let none = (Vec::new(), Vec::new());
        assert_eq!(way(schema, "SELECT * FROM note WHERE id = 1"), none);
        assert_eq!(
            way(schema, "SELECT * FROM note AS n WHERE n.at = 1 ORDER BY id"),
            none
        );
        assert_eq!(
            way(schema, "SELECT * FROM note AS n WHERE n.body = 1"),
            all("n")
        );
        assert_eq!(way(schema, "INSERT INTO note (body) VALUES ('a')"), none);
        let (scanned, sorted) = way(schema, "SELECT * FROM note WHERE at = 1 ORDER BY body");
        assert_eq!((scanned.len(), sorted), (0, vec!["ORDER BY".to_owned()]));
        let twice = "SELECT * FROM note WHERE at = 1 AND (SELECT count(*) FROM tag) > 3";
        assert_eq!(way(schema, twice), all("tag"));
        let words = "CREATE VIRTUAL TABLE words USING fts5(body);";
        assert_eq!(
            way(words, "SELECT rowid FROM words WHERE words MATCH 'a'"),
            none
        );
        assert_eq!(way(words, "SELECT rowid FROM words"), all("words"));
        let (_, sorted) = way(schema, "SELECT * FROM note WHERE at > 1 ORDER BY at, body");
        assert_eq!(sorted, ["ORDER BY"], "whatever part of it");
        let joined = way(
            schema,
            "SELECT * FROM note AS n JOIN tag AS t ON t.note = n.id WHERE n.id = 1",
        );
        assert_eq!(joined, all("t"));
    }
}
