//! The effect of one script on one database: the states around it, and how the rows of each table
//! differ.

use std::collections::BTreeMap;

use crate::differences::rows::{RowChanges, compare};
use crate::finding::Origin;
use crate::runner::state::State;
use crate::script::lineage::{CopiedBefore, Lineage, TableLineage};
use crate::script::statement::Statement;
use schema::sql::fold;

/// A script that ran, and what becomes of each table in it.
#[derive(Clone, Copy)]
pub(crate) struct Script<'a> {
    pub(crate) origin: Origin,
    pub(crate) statements: &'a [Statement],
    pub(crate) lineage: &'a Lineage,
    pub(crate) copied_before: &'a CopiedBefore,
}

/// The effect of one script on the rows of one database.
pub(crate) struct ScriptEffect<'a> {
    pub(crate) origin: Origin,
    pub(crate) statements: &'a [Statement],
    pub(crate) lineage: &'a Lineage,
    pub(crate) copied_before: &'a CopiedBefore,
    pub(crate) before: &'a State,
    pub(crate) after: &'a State,
    /// How the rows of each table that is still there differ, by its folded name before.
    pub(crate) rows: BTreeMap<String, RowChanges>,
    /// The place of the statement after which a table has fewer rows than before, where the runner
    /// found one.
    pub(crate) blamed: BTreeMap<String, usize>,
}

impl<'a> ScriptEffect<'a> {
    /// Compares the states before and after a script.
    pub(crate) fn new(script: Script<'a>, before: &'a State, after: &'a State) -> Self {
        let mut effect = ScriptEffect {
            origin: script.origin,
            statements: script.statements,
            lineage: script.lineage,
            copied_before: script.copied_before,
            before,
            after,
            rows: BTreeMap::new(),
            blamed: BTreeMap::new(),
        };
        let kin = script.lineage.kin.iter();
        let rows = kin.filter_map(|(name, kin)| Some((name.clone(), effect.changes(name, kin)?)));
        effect.rows = rows.collect();
        effect
    }

    /// How the rows of one table differ; `None` where one of the states has not read them, or no
    /// column is left.
    fn changes(&self, name: &str, kin: &TableLineage) -> Option<RowChanges> {
        self.before.schema.table(name)?;
        let now = kin.after.as_deref()?;
        let (before, after) = (self.before.tables.get(name)?, self.after.tables.get(now)?);
        let pairs = kin.kept();
        if pairs.is_empty() {
            return None;
        }
        let id = self.left_out_id(name, kin);
        let pairs: Vec<(String, String)> = match &id {
            Some((id, _)) => pairs
                .into_iter()
                .filter(|(was, _)| fold(was) != *id)
                .collect(),
            None => pairs,
        };
        let kept = id.is_none() && self.keeps_keys(name, kin);
        Some(compare(before, after, &pairs, kept))
    }

    /// The rowid column of a table that a copy leaves out, and the line of the copy.
    pub(crate) fn left_out_id(&self, name: &str, kin: &TableLineage) -> Option<(String, usize)> {
        let now = kin.after.as_deref()?;
        let now = self.after.schema.table(now)?;
        kin.left_out_id(self.before.schema.table(name)?, now, self.statements)
    }

    /// Whether the script leaves the rows of a table their keys.
    pub(crate) fn keeps_keys(&self, name: &str, kin: &TableLineage) -> bool {
        let now = kin.after.as_deref();
        let now = now.and_then(|now| self.after.schema.table(now));
        match (self.before.schema.table(name), now) {
            (Some(was), Some(now)) => kin.keeps_keys(was, now, self.statements),
            _ => true,
        }
    }

    /// The tables that lost rows, by their folded names before.
    pub(crate) fn tables_with_lost_rows(&self) -> impl Iterator<Item = &str> {
        let lost = self
            .rows
            .iter()
            .filter(|(_, changes)| !changes.lost.is_empty());
        lost.map(|(name, _)| name.as_str())
    }
}
