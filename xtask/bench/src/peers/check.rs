//! Checks a file after the work of a tool, before its time counts.

use std::collections::BTreeMap;

use super::Peer;

/// The answer of `look tables` about a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    user_version: u64,
    /// Rows and indexes of each table.
    tables: BTreeMap<String, (u64, u64)>,
}

impl Found {
    pub(super) fn parse(said: &str) -> Option<Found> {
        let mut found = Found::default();
        for line in said.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["user_version", version] => found.user_version = version.parse().ok()?,
                [name, rows, indexes] => {
                    let counts = (rows.parse().ok()?, indexes.parse().ok()?);
                    found.tables.insert((*name).to_owned(), counts);
                }
                _ => return None,
            }
        }
        Some(found)
    }

    /// Reports a problem of the file of `peer`, which should have `steps` applied and these tables
    /// besides the ledger, each with its rows and indexes.
    pub(super) fn wrong(
        &self,
        peer: &Peer,
        steps: u64,
        expected: &BTreeMap<String, (u64, u64)>,
    ) -> Option<String> {
        let mut tables = self.tables.clone();
        let applied = match peer.ledger {
            Some(ledger) => tables.remove(ledger).map_or(0, |(rows, _)| rows),
            None => self.user_version,
        };
        if applied != steps {
            return Some(format!("{applied} steps are recorded instead of {steps}"));
        }
        let differs = |name: &&String| tables.get(*name) != expected.get(*name);
        let name = expected.keys().chain(tables.keys()).find(differs)?;
        let shown = |counts: Option<&(u64, u64)>| match counts {
            Some((rows, indexes)) => format!("{rows} rows and {indexes} indexes"),
            None => "none".to_owned(),
        };
        let (found, wanted) = (shown(tables.get(name)), shown(expected.get(name)));
        Some(format!("table `{name}`: {found} instead of {wanted}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::PEERS;
    use super::*;

    const SAID: &str = "user_version 2\nledger 2 0\nt1 0 0\nt2 5 1\n";

    fn wrong(peer: usize, steps: u64, tables: &[(&str, u64, u64)]) -> Option<String> {
        let expected = tables
            .iter()
            .map(|(name, rows, indexes)| ((*name).to_owned(), (*rows, *indexes)))
            .collect();
        Found::parse(SAID)
            .unwrap()
            .wrong(&PEERS[peer], steps, &expected)
    }

    #[test]
    fn what_is_as_it_should_be_passes() {
        assert_eq!(wrong(0, 2, &[("t1", 0, 0), ("t2", 5, 1)]), None);
        // For a tool that counts in `user_version` there is no ledger, so the table is one too
        // many.
        let all = [("ledger", 2, 0), ("t1", 0, 0), ("t2", 5, 1)];
        assert_eq!(wrong(2, 2, &all), None);
    }

    #[test]
    fn a_missing_step_table_row_or_index_is_reported() {
        let problem = |tables: &[(&str, u64, u64)], steps| wrong(0, steps, tables).unwrap();
        let fine = [("t1", 0, 0), ("t2", 5, 1)];
        assert_eq!(problem(&fine, 3), "2 steps are recorded instead of 3");
        assert!(
            problem(&[("t1", 0, 0), ("t2", 6, 1)], 2).contains("5 rows and 1 indexes instead of 6")
        );
        assert!(problem(&[("t1", 0, 0), ("t2", 5, 0)], 2).contains("`t2`"));
        assert!(problem(&[("t2", 5, 1)], 2).contains("`t1`"));
        assert!(problem(&[("t1", 0, 0), ("t2", 5, 1), ("t3", 0, 0)], 2).contains("`t3`: none"));
        assert_eq!(Found::parse("nonsense"), None);
    }
}
