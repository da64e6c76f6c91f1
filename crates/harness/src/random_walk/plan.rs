//! The actions of a random walk.

use std::fmt;

use migrations::Version;
use proptest::collection::vec;
use proptest::strategy::{Just, Strategy, Union};

/// The maximum number of actions of a random walk.
const MOVES: usize = 10;

/// One event in the life of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Upgrade or roll back to a version.
    Go(Version),
    /// The same while another program reads.
    GoPastReader(Version),
    /// A build writes: that of the file's version, or the one before if the notes claim that it
    /// may. If the application declares no writes, rows are made from the schema.
    Write { older: bool, seed: u8 },
    /// The program ends, and the next one starts.
    Reopen,
    /// `VACUUM`.
    Vacuum,
    /// The program backs the file up.
    BackUp,
    /// The program restores the newest backup.
    Restore,
}

/// Actions in a configuration, which is an index into a list; the first is the usual one.
#[derive(Clone, Debug)]
pub(crate) struct RandomWalk {
    pub(crate) config: usize,
    pub(crate) moves: Vec<Action>,
}

impl RandomWalk {
    /// A strategy for random walks over the versions up to `current` in one of the configurations.
    /// A failing walk shrinks to fewer and simpler actions in a more usual configuration.
    pub(crate) fn strategy(current: Version, configs: usize) -> impl Strategy<Value = RandomWalk> {
        let versions =
            || Union::new_weighted(vec![(6, (1..=current).boxed()), (1, Just(0).boxed())]);
        let write = (proptest::bool::ANY, 0_u8..60);
        let moves = Union::new_weighted(vec![
            (6, versions().prop_map(Action::Go).boxed()),
            (2, versions().prop_map(Action::GoPastReader).boxed()),
            (
                5,
                write
                    .prop_map(|(older, seed)| Action::Write { older, seed })
                    .boxed(),
            ),
            (1, Just(Action::Reopen).boxed()),
            (1, Just(Action::Vacuum).boxed()),
            (1, Just(Action::BackUp).boxed()),
            (1, Just(Action::Restore).boxed()),
        ]);
        let walk = |(moves, config)| RandomWalk { config, moves };
        (vec(moves, 3..=MOVES), 0..configs.max(1)).prop_map(walk)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Go(version) => write!(f, "go to version {version}"),
            Action::GoPastReader(version) => {
                write!(f, "go to version {version} while another program reads")
            }
            Action::Write { .. } => f.write_str("write"),
            Action::Reopen => f.write_str("close the file and open it again"),
            Action::Vacuum => f.write_str("VACUUM"),
            Action::BackUp => f.write_str("back up"),
            Action::Restore => f.write_str("restore the backup"),
        }
    }
}
