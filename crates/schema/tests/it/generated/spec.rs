//! Schemas made from random bytes: for any bytes, SQLite accepts the result.
//!
//! Names in an expression are kept as the number of a column (`@0`) and as `@t` for its own table,
//! so that a column can be renamed in one place.

use schema::{Conflict, TriggerEvent, TriggerTime};

use super::pools::*;

/// Bytes that decide; after their end every byte is zero, which is always the plainest choice.
#[derive(Clone, Debug)]
pub(super) struct Dice<'a>(pub(super) &'a [u8]);

impl Dice<'_> {
    /// A number below `sides`.
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(*first) % sides
    }

    /// Whether a rare choice is made.
    pub(super) fn rarely(&mut self) -> bool {
        self.roll(4) == 3
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

pub(super) type Name = &'static str;

/// A name that is not in use yet, ignoring case.
pub(super) fn fresh(dice: &mut Dice<'_>, used: &mut Vec<String>) -> Name {
    let start = dice.roll(NAMES.len());
    let names = NAMES[start..].iter().chain(&NAMES[..start]);
    let mut names = names.map(|(name, _)| *name);
    let name = names
        .find(|name| !used.contains(&name.to_ascii_lowercase()))
        .expect("more names than things");
    used.push(name.to_ascii_lowercase());
    name
}

pub(super) type Template = &'static str;

/// An expression over up to two columns of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) template: Template,
    pub(super) columns: [usize; 2],
}

impl Expression {
    fn roll(dice: &mut Dice<'_>, templates: &[Template], of: usize) -> Expression {
        Expression {
            template: dice.pick(templates),
            columns: [dice.roll(of), dice.roll(of)],
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ColumnSpec {
    pub(super) name: Name,
    pub(super) declared_type: Option<&'static str>,
    pub(super) not_null: Option<Option<Conflict>>,
    pub(super) default: Option<&'static str>,
    pub(super) collation: Option<&'static str>,
    pub(super) generated: Option<(Expression, bool)>,
}

/// A part of a key: the column, its collation if that differs, whether it descends.
pub(super) type Part = (usize, Option<&'static str>, bool);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeySpec {
    pub(super) parts: Vec<Part>,
    pub(super) on_conflict: Option<Conflict>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ForeignSpec {
    pub(super) columns: Vec<usize>,
    /// The number of a table; a missing one is called `nowhere`.
    pub(super) parent: usize,
    pub(super) parent_columns: Vec<usize>,
    pub(super) on_delete: Option<&'static str>,
    pub(super) on_update: Option<&'static str>,
    pub(super) match_: Option<&'static str>,
    pub(super) deferred: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct TableSpec {
    pub(super) name: Name,
    pub(super) columns: Vec<ColumnSpec>,
    pub(super) primary_key: Option<KeySpec>,
    pub(super) autoincrement: bool,
    /// `INTEGER PRIMARY KEY DESC` as a column constraint, which is not the rowid.
    pub(super) no_alias: bool,
    pub(super) uniques: Vec<KeySpec>,
    pub(super) checks: Vec<(Option<Name>, Expression)>,
    pub(super) foreign_keys: Vec<ForeignSpec>,
    pub(super) without_rowid: bool,
    pub(super) strict: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct IndexSpec {
    pub(super) name: Name,
    pub(super) table: usize,
    pub(super) unique: bool,
    pub(super) parts: Vec<(Result<usize, Expression>, Option<&'static str>, bool)>,
    pub(super) filter: Option<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct TriggerSpec {
    pub(super) name: Name,
    /// The number of a table, or of a view for an `INSTEAD OF` trigger.
    pub(super) on: usize,
    pub(super) time: TriggerTime,
    pub(super) event: TriggerEvent,
    pub(super) columns: Vec<usize>,
    pub(super) when: bool,
    pub(super) body: Vec<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ViewSpec {
    pub(super) name: Name,
    pub(super) table: usize,
    pub(super) columns: Option<[Name; 2]>,
    pub(super) query: Expression,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spec {
    pub(super) tables: Vec<TableSpec>,
    pub(super) indexes: Vec<IndexSpec>,
    pub(super) triggers: Vec<TriggerSpec>,
    pub(super) views: Vec<ViewSpec>,
    /// Full-text tables with their columns and tokenizer.
    pub(super) full_text: Vec<(Name, Vec<&'static str>, &'static str)>,
    pub(super) used: Vec<String>,
}

impl Spec {
    pub(super) fn roll(dice: &mut Dice<'_>) -> Spec {
        let mut used = vec!["nowhere".to_owned()];
        let count = 1 + dice.roll(3);
        let mut tables: Vec<TableSpec> = (0..count)
            .map(|_| {
                let name = fresh(dice, &mut used);
                TableSpec::roll(dice, name)
            })
            .collect();
        let widths: Vec<usize> = tables.iter().map(|table| table.columns.len()).collect();
        for table in &mut tables {
            for _ in 0..dice.roll(3) {
                let key = ForeignSpec::roll(dice, table.columns.len(), &widths);
                // A duplicate is one key.
                if !table.foreign_keys.contains(&key) {
                    table.foreign_keys.push(key);
                }
            }
        }
        let mut spec = Spec {
            tables,
            indexes: Vec::new(),
            triggers: Vec::new(),
            views: Vec::new(),
            full_text: Vec::new(),
            used: Vec::new(),
        };
        for _ in 0..dice.roll(3) {
            let name = fresh(dice, &mut used);
            let index = IndexSpec::roll(dice, name, &spec.tables);
            spec.indexes.push(index);
        }
        for _ in 0..dice.roll(3) {
            let table = dice.roll(spec.tables.len());
            let mut own = Vec::new();
            spec.views.push(ViewSpec {
                name: fresh(dice, &mut used),
                table,
                columns: dice
                    .rarely()
                    .then(|| [fresh(dice, &mut own), fresh(dice, &mut own)]),
                query: Expression::roll(dice, QUERIES, spec.tables[table].columns.len()),
            });
        }
        for _ in 0..dice.roll(3) {
            let name = fresh(dice, &mut used);
            let trigger = TriggerSpec::roll(dice, name, &spec);
            spec.triggers.push(trigger);
        }
        if dice.rarely() {
            // A module uses the name of its table, and does not accept SQL's oddest names.
            let columns = vec!["title", "body"];
            spec.full_text
                .push(("search", columns, dice.pick(&["ascii", "porter"])));
        }
        spec.used = used;
        spec
    }
}

impl TableSpec {
    fn roll(dice: &mut Dice<'_>, name: Name) -> TableSpec {
        let strict = dice.rarely();
        let mut used = Vec::new();
        let plain = 1 + dice.roll(4);
        let types = if strict { STRICT_TYPES } else { TYPES };
        let mut columns: Vec<ColumnSpec> = Vec::new();
        for at in 0..plain + dice.roll(3) {
            let generated =
                (at >= plain).then(|| (Expression::roll(dice, VALUES, plain), dice.rarely()));
            columns.push(ColumnSpec {
                name: fresh(dice, &mut used),
                declared_type: dice.pick(types),
                not_null: dice.rarely().then(|| dice.pick(CONFLICTS)),
                default: dice.pick(DEFAULTS).filter(|_| generated.is_none()),
                collation: dice.pick(COLLATIONS),
                generated,
            });
        }
        let mut keys: Vec<KeySpec> = Vec::new();
        let all = columns.len();
        let has_key = dice.roll(3) > 0;
        for at in 0..1 + dice.roll(3) {
            // No column of a primary key may be generated.
            let key = KeySpec::roll(dice, if at == 0 { plain } else { all }, &columns);
            let set = |key: &KeySpec| {
                let mut set: Vec<usize> = key.parts.iter().map(|part| part.0).collect();
                set.sort_unstable();
                set
            };
            // Two keys of the same columns may not have different conflict actions.
            if !keys.iter().any(|other| set(other) == set(&key)) {
                keys.push(key);
            }
        }
        let mut keys = keys.into_iter();
        let mut primary_key = keys.next().filter(|_| has_key);
        let without_rowid = primary_key.is_some() && dice.rarely();
        let single = primary_key.as_ref().filter(|key| key.parts.len() == 1);
        let integer = single.is_some_and(|key| {
            let declared = columns[key.parts[0].0].declared_type;
            declared.is_some_and(|name| name.eq_ignore_ascii_case("integer"))
        });
        let no_alias = integer && dice.rarely();
        let alias = integer && !no_alias && !without_rowid;
        if let Some(key) = primary_key.as_mut().filter(|_| integer) {
            // The rowid has neither; as a column constraint it cannot have a collation.
            key.parts[0].1 = None;
            key.parts[0].2 = no_alias;
        }
        let mut checks = Vec::new();
        let mut names = Vec::new();
        for _ in 0..dice.roll(3) {
            let name = dice.rarely().then(|| fresh(dice, &mut names));
            let check = Expression::roll(dice, CONDITIONS, all);
            let twice = |(_, other): &(_, Expression)| {
                other.template == check.template && other.columns[0] == check.columns[0]
            };
            if !checks.iter().any(twice) {
                checks.push((name, check));
            }
        }
        TableSpec {
            name,
            primary_key,
            autoincrement: alias && dice.rarely(),
            no_alias,
            uniques: keys.collect(),
            checks,
            foreign_keys: Vec::new(),
            without_rowid,
            strict,
            columns,
        }
    }
}

/// A collation that differs from the column's own.
fn other_collation(dice: &mut Dice<'_>, own: Option<&'static str>) -> Option<&'static str> {
    let wanted = dice.pick(&[None, None, Some("BINARY"), Some("NOCASE"), Some("RTRIM")]);
    wanted.filter(|wanted| *wanted != own.unwrap_or("BINARY"))
}

impl KeySpec {
    fn roll(dice: &mut Dice<'_>, width: usize, columns: &[ColumnSpec]) -> KeySpec {
        let mut parts: Vec<Part> = Vec::new();
        for _ in 0..1 + dice.roll(2) {
            let column = dice.roll(width);
            if parts.iter().all(|part| part.0 != column) {
                let collation = other_collation(dice, columns[column].collation);
                parts.push((column, collation, dice.rarely()));
            }
        }
        KeySpec {
            parts,
            on_conflict: dice.pick(CONFLICTS),
        }
    }
}

impl ForeignSpec {
    fn roll(dice: &mut Dice<'_>, width: usize, widths: &[usize]) -> ForeignSpec {
        let parent = dice.roll(widths.len() + 1);
        let there = widths.get(parent).copied();
        let columns = if dice.rarely() && width > 1 {
            vec![1, 0]
        } else {
            vec![dice.roll(width)]
        };
        let enough = there.is_some_and(|there| there >= columns.len());
        let parent_columns = match dice.roll(2) {
            0 => Vec::new(),
            _ if enough => (0..columns.len()).collect(),
            _ => Vec::new(),
        };
        ForeignSpec {
            columns,
            parent,
            parent_columns,
            on_delete: dice.pick(ACTIONS),
            on_update: dice.pick(ACTIONS),
            match_: dice.pick(&[None, None, Some("FULL"), Some("SIMPLE")]),
            deferred: dice.rarely(),
        }
    }
}

impl IndexSpec {
    fn roll(dice: &mut Dice<'_>, name: Name, tables: &[TableSpec]) -> IndexSpec {
        let table = dice.roll(tables.len());
        let columns = &tables[table].columns;
        let mut parts = Vec::new();
        for _ in 0..1 + dice.roll(3) {
            let part = if dice.rarely() {
                Err(Expression::roll(dice, VALUES, columns.len()))
            } else {
                Ok(dice.roll(columns.len()))
            };
            let own = part
                .as_ref()
                .ok()
                .and_then(|at: &usize| columns[*at].collation);
            let collation = other_collation(dice, own);
            parts.push((part, collation, dice.rarely()));
        }
        IndexSpec {
            name,
            table,
            unique: dice.rarely(),
            parts,
            filter: dice
                .rarely()
                .then(|| Expression::roll(dice, CONDITIONS, columns.len())),
        }
    }
}

impl TriggerSpec {
    fn roll(dice: &mut Dice<'_>, name: Name, spec: &Spec) -> TriggerSpec {
        use TriggerEvent::{Delete, Insert, Update};
        let instead = !spec.views.is_empty() && dice.rarely();
        let on = dice.roll(if instead {
            spec.views.len()
        } else {
            spec.tables.len()
        });
        let table = &spec.tables[if instead { spec.views[on].table } else { on }];
        let event = dice.pick(&[Insert, Update, Delete]);
        let of = event == Update && !instead && dice.rarely();
        let times = if instead {
            [TriggerTime::InsteadOf; 2]
        } else {
            [TriggerTime::Before, TriggerTime::After]
        };
        let width = table.columns.len();
        TriggerSpec {
            name,
            on,
            time: dice.pick(&times),
            event,
            columns: if of {
                vec![dice.roll(width)]
            } else {
                Vec::new()
            },
            when: !instead && dice.rarely(),
            body: (0..1 + dice.roll(2))
                .map(|_| Expression::roll(dice, COMMANDS, width))
                .collect(),
        }
    }
}
