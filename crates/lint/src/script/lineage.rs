//! The lineage of each table and column through a step: a table that is rebuilt, renamed or copied
//! is still the same table.

use std::collections::{BTreeMap, BTreeSet};

use schema::sql::fold;
use schema::{Schema, Table, TableKind};

use crate::script::statement::{Copy, Effect, Source, Statement};

/// The tables of the schema before, by folded name, each with what became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lineage {
    pub(crate) kin: BTreeMap<String, TableLineage>,
}

/// The tables whose rows an earlier step copied into a table that is still there, by folded name.
pub(crate) type CopiedBefore = BTreeMap<String, Taken>;

/// The part of a table that copies took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The folded name of the table that has it.
    pub(crate) into: String,
    /// The columns that were read; `None` for all.
    columns: Option<BTreeSet<String>>,
    /// Whether a condition may have left rows out.
    filtered: bool,
}

impl Taken {
    pub(crate) fn new(copy: &Copy) -> Taken {
        let mut columns = BTreeSet::new();
        for source in &copy.sources {
            match source {
                Source::Star => {}
                Source::Column(name) => drop(columns.insert(name.clone())),
                Source::Other(names) => columns.extend(names.iter().cloned()),
            }
        }
        Taken {
            into: copy.into.clone(),
            columns: (!copy.sources.contains(&Source::Star)).then_some(columns),
            filtered: copy.filters || copy.silent_filter.is_some(),
        }
    }

    /// Whether every column of the table was read.
    pub(crate) fn has_all_columns(&self, table: &Table) -> bool {
        let unfiltered = Taken {
            filtered: false,
            ..self.clone()
        };
        unfiltered.find_rest(table).is_none()
    }

    /// Why not everything of the table was taken, as a clause; `None` where all was.
    pub(crate) fn find_rest(&self, table: &Table) -> Option<String> {
        let left: Vec<String> = (table.stored_columns())
            .filter(|column| {
                let own = fold(&column.name);
                let id = table.rowid_alias() == Some(column.name.as_str());
                let taken = self.columns.as_ref();
                !id && taken.is_some_and(|taken| !taken.contains(&own))
            })
            .map(|column| format!("`{}`", column.name))
            .collect();
        match (self.filtered, left.as_slice()) {
            (false, []) => None,
            (true, []) => Some("a condition of the copy may leave rows out".to_owned()),
            (_, left) => Some(format!("the copy does not read {}", left.join(", "))),
        }
    }
}

/// Finds the tables of `schema` whose rows earlier statements copied into other tables of it.
pub(crate) fn copied_before<'a>(
    schema: &Schema,
    earlier: impl Iterator<Item = &'a Statement>,
) -> CopiedBefore {
    let mut copied = CopiedBefore::new();
    for statement in earlier {
        match &statement.effect {
            Effect::Copy(copy) => {
                copied.insert(copy.first.clone(), Taken::new(copy));
            }
            Effect::RenameTable(from, to) => {
                if let Some(into) = copied.remove(from) {
                    copied.insert(to.clone(), into);
                }
                let renamed = copied.values_mut().filter(|taken| taken.into == *from);
                renamed.for_each(|taken| taken.into.clone_from(to));
            }
            Effect::Drop(name) => copied.retain(|from, taken| from != name && taken.into != *name),
            _ => {}
        }
    }
    copied.retain(|from, taken| {
        let there = schema.table(from).is_some() && schema.table(&taken.into).is_some();
        *from != taken.into && there
    });
    copied
}

/// The lineage of one table.
#[derive(Clone, Debug)]
pub(crate) struct TableLineage {
    /// As it was declared.
    pub(crate) name: String,
    /// Its folded name after the step.
    pub(crate) after: Option<String>,
    /// All names under which it stood meanwhile, its copies' too, folded.
    pub(crate) aliases: BTreeSet<String>,
    /// Its stored columns, and what they are called after the step.
    pub(crate) columns: Vec<(String, Option<String>)>,
    /// Whether the table that has its name now was made anew and got none of its rows.
    pub(crate) made_anew: bool,
}

impl Lineage {
    pub(crate) fn trace(before: &Schema, after: &Schema, statements: &[Statement]) -> Lineage {
        let ordinary = |table: &&Table| !matches!(table.kind, TableKind::Virtual { .. });
        let tables = before.tables().filter(ordinary);
        Lineage {
            kin: tables
                .map(|table| {
                    (
                        fold(&table.name),
                        TableLineage::trace(table, before, after, statements),
                    )
                })
                .collect(),
        }
    }

    /// The table that is called so after the step.
    pub(crate) fn named_after(&self, name: &str) -> Option<&TableLineage> {
        let name = fold(name);
        let mut kin = self.kin.values();
        kin.find(|kin| kin.after.as_deref() == Some(name.as_str()))
    }
}

impl TableLineage {
    /// The name of a column after the step, folded; `None` where it is gone.
    pub(crate) fn column_now(&self, name: &str) -> Option<String> {
        let own = fold(name);
        match self.columns.iter().find(|(was, _)| fold(was) == own) {
            Some((_, now)) => now.as_deref().map(fold),
            None => Some(own),
        }
    }

    /// The columns that are still there, as they are called before and after.
    pub(crate) fn kept(&self) -> Vec<(String, String)> {
        let kept = self.columns.iter();
        kept.filter_map(|(was, now)| Some((was.clone(), now.clone()?)))
            .collect()
    }

    fn trace(
        table: &Table,
        before: &Schema,
        after: &Schema,
        statements: &[Statement],
    ) -> TableLineage {
        let own = fold(&table.name);
        let mut holders = BTreeSet::from([own.clone()]);
        let mut aliases = holders.clone();
        // The table itself, whatever it is called meanwhile; its copies are holders, too.
        let mut itself = Some(own.clone());
        let mut columns = ColumnNames::new(table);
        let mut dropped = false;
        for line in statements {
            match &line.effect {
                Effect::RenameTable(from, to) if holders.remove(from) => {
                    holders.insert(to.clone());
                    if itself.as_ref() == Some(from) {
                        itself = Some(to.clone());
                    }
                }
                Effect::Copy(copy) if holders.contains(&copy.first) => {
                    holders.insert(copy.into.clone());
                }
                Effect::Drop(name) if holders.remove(name) => {
                    dropped = true;
                    itself = itself.filter(|itself| itself != name);
                }
                Effect::RenameColumn(of, from, to) if holders.contains(of) => {
                    columns.rename(from, to);
                }
                Effect::DropColumn(of, name) if holders.contains(of) => columns.drop(name),
                _ => {}
            }
            aliases.extend(holders.iter().cloned());
        }
        holders.retain(|name| after.table(name).is_some());
        let older = |name: &String| *name != own && before.table(name).is_some();
        let (merged, holders): (Vec<String>, Vec<String>) = holders.into_iter().partition(older);
        let still = after.table(&own).is_some();
        let kept = holders.iter().find(|name| **name == own);
        let itself = itself.filter(|itself| holders.contains(itself));
        let found = kept.cloned().or(itself).or(holders.first().cloned());
        let made_anew = found.is_none() && still && dropped && merged.is_empty();
        let found = found.or_else(|| still.then(|| own.clone()));
        // A copy into an older table is a move only if the table itself went; its names are that
        // table's own.
        aliases.retain(|name| *name == own || before.table(name).is_none());
        // A copy that stays beside the table is a different table.
        aliases.retain(|name| {
            *name == own || Some(name) == found.as_ref() || after.table(name).is_none()
        });
        let now = found.as_deref().and_then(|name| after.table(name));
        let columns = table
            .stored_columns()
            .map(|column| {
                let to = now.and_then(|now| {
                    column_after(&column.name, table, now, &columns, &aliases, statements)
                });
                (column.name.clone(), to)
            })
            .collect();
        TableLineage {
            name: table.name.clone(),
            after: found,
            aliases,
            columns,
            made_anew,
        }
    }

    /// Whether `name` is the table, or a copy that becomes it.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.aliases.contains(name) || self.after.as_deref() == Some(name)
    }

    /// The copies into the table that it becomes.
    pub(crate) fn copies<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> impl Iterator<Item = (&'a Statement, &'a Copy)> {
        statements.iter().filter_map(|line| match &line.effect {
            Effect::Copy(copy)
                if self.is(&copy.into) && copy.from.iter().any(|from| self.is(from)) =>
            {
                Some((line, copy))
            }
            _ => None,
        })
    }

    /// Whether the rows keep their keys: no statement computes a part of the key anew.
    pub(crate) fn keeps_keys(&self, was: &Table, now: &Table, statements: &[Statement]) -> bool {
        let key = was.primary_key.iter().flat_map(|key| &key.columns);
        let mut parts = key.filter_map(|part| {
            let own = fold(&part.name);
            let (_, to) = self.columns.iter().find(|(name, _)| fold(name) == own)?;
            Some((own, fold(to.as_ref()?)))
        });
        parts.all(|(own, to)| {
            let set = |line: &Statement| {
                matches!(&line.effect, Effect::Update(of, columns)
                    if self.is(of) && columns.iter().any(|column| *column == own || *column == to))
            };
            let computed = |(_, copy): (&Statement, &Copy)| {
                matches!(source_of(copy, now, was, &to), Some(Source::Other(_)))
            };
            !statements.iter().any(set) && !self.copies(statements).any(computed)
        })
    }

    /// The rowid column that a copy leaves out, so that SQLite numbers the rows anew, and the line
    /// of the copy.
    pub(crate) fn left_out_id(
        &self,
        was: &Table,
        now: &Table,
        statements: &[Statement],
    ) -> Option<(String, usize)> {
        let id = fold(was.rowid_alias()?);
        let to = self.column_now(&id)?;
        now.column(&to)?;
        let mut copies = self.copies(statements);
        let line = copies.find_map(|(line, copy)| {
            let empty = |source| matches!(source, Source::Other(names) if names.is_empty());
            let out = source_of(copy, now, was, &to).is_none_or(empty);
            (out && !copy.sources.contains(&Source::Star)).then_some(line.line)
        });
        line.map(|line| (id, line))
    }

    /// The line that drops the table, or a copy of it.
    pub(crate) fn drop_line(&self, statements: &[Statement]) -> Option<usize> {
        let drops = |line: &&Statement| matches!(&line.effect, Effect::Drop(name) if self.is(name));
        statements.iter().find(drops).map(|line| line.line)
    }
}

/// The names of the columns of a table while a script renames and drops them. All are folded.
struct ColumnNames(BTreeMap<String, Option<String>>);

impl ColumnNames {
    fn new(table: &Table) -> ColumnNames {
        let columns = table.stored_columns().map(|column| fold(&column.name));
        ColumnNames(columns.map(|name| (name.clone(), Some(name))).collect())
    }

    /// Sets the name of the column that is called `name` at this point.
    fn set(&mut self, name: &str, to: Option<String>) {
        let mut all = self.0.values_mut();
        if let Some(own) = all.find(|own| own.as_deref() == Some(name)) {
            *own = to;
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        self.set(from, Some(to.to_owned()));
    }

    fn drop(&mut self, name: &str) {
        self.set(name, None);
    }

    /// The name now of the column that was called `name` before the script.
    fn now(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }
}

/// Where the value of the target column `to` comes from in a copy into `now`.
pub(crate) fn source_of(copy: &Copy, now: &Table, was: &Table, to: &str) -> Option<Source> {
    let to = fold(to);
    let names: Vec<String> = match copy.columns.as_slice() {
        [] => now
            .stored_columns()
            .map(|column| fold(&column.name))
            .collect(),
        columns => columns.to_vec(),
    };
    let place = names.iter().position(|name| *name == to)?;
    if copy.sources.as_slice() == [Source::Star] {
        let columns: Vec<String> = was
            .stored_columns()
            .map(|column| fold(&column.name))
            .collect();
        return columns.get(place).cloned().map(Source::Column);
    }
    copy.sources.get(place).cloned()
}

/// The name of a dropped column, if a column that was computed from it was renamed to its name.
fn replaced_column(
    own: &str,
    aliases: &BTreeSet<String>,
    statements: &[Statement],
) -> Option<String> {
    let mut renames = statements.iter().filter_map(|line| match &line.effect {
        Effect::RenameColumn(of, from, to) if aliases.contains(of) && to == own => Some(from),
        _ => None,
    });
    renames.find_map(|from| {
        let computes = |line: &Statement| {
            let mut derived = line.demands.derived.iter();
            matches!(&line.effect, Effect::Update(of, _) if aliases.contains(of))
                && derived.any(|(to, names)| to == from && names.contains(own))
        };
        statements.iter().any(computes).then(|| own.to_owned())
    })
}

fn column_after(
    name: &str,
    was: &Table,
    now: &Table,
    columns: &ColumnNames,
    aliases: &BTreeSet<String>,
    statements: &[Statement],
) -> Option<String> {
    let own = fold(name);
    let there = |name: &str| {
        now.stored_columns()
            .any(|column| fold(&column.name) == name)
    };
    match columns.now(&own) {
        // What has its name now was added after it went; it takes its place if it was made from it.
        None => return replaced_column(&own, aliases, statements).filter(|to| there(to)),
        Some(to) if there(to) => return Some(to.to_owned()),
        Some(_) => {}
    }
    // A copy may put it into a column of a new name.
    let copies = statements.iter().filter_map(|line| match &line.effect {
        Effect::Copy(copy) if copy.from.iter().any(|from| aliases.contains(from)) => Some(copy),
        _ => None,
    });
    for copy in copies {
        let mut new = now
            .stored_columns()
            .filter(|column| was.column(&column.name).is_none());
        let found = new.find(|column| {
            source_of(copy, now, was, &column.name) == Some(Source::Column(own.clone()))
        });
        if let Some(column) = found {
            return Some(fold(&column.name));
        }
    }
    None
}
