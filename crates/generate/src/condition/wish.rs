//! A condition as a tree of wishes.

use stdx::Rng;

use crate::need::Need;

/// Deeper trees are not read; SQLite allows 1,000 levels.
pub(super) const DEEPEST: usize = 200;

/// A condition on a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// No known demand.
    Free,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// A demand on one column, by place.
    Need(usize, Need),
    /// An order between two columns.
    Pair(usize, Order, usize),
}

/// The order between the values of two columns of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrSame,
    Same,
    Other,
}

/// The demands that one row must fulfil: the branches of each OR are chosen.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) needs: Vec<(usize, Need)>,
    pub(crate) pairs: Vec<(usize, Order, usize)>,
}

impl Condition {
    /// Chooses one way to fulfil the condition.
    pub(crate) fn choose(&self, rng: &mut Rng, wishes: &mut Wishes) {
        match self {
            Condition::Free => {}
            Condition::All(all) => all.iter().for_each(|one| one.choose(rng, wishes)),
            Condition::Any(any) => {
                if let Some(one) = rng.choose(any) {
                    one.choose(rng, wishes);
                }
            }
            Condition::Need(column, need) => wishes.needs.push((*column, need.clone())),
            Condition::Pair(a, order, b) => wishes.pairs.push((*a, *order, *b)),
        }
    }
}

pub(super) fn join(mut parts: Vec<Condition>, all: bool) -> Condition {
    // A branch without demands is an option of an OR only if all branches are without.
    if all || parts.iter().all(|part| *part == Condition::Free) {
        parts.retain(|part| *part != Condition::Free);
    }
    match parts.len() {
        0 => Condition::Free,
        1 => parts.remove(0),
        _ if all => Condition::All(parts),
        _ => Condition::Any(parts),
    }
}
