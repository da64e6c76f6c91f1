//! Locks between the connections of one machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;

/// A file that a connection has open.
pub(crate) type Opener = u64;

/// Another connection holds a conflicting lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// [The locks of a rollback journal](https://sqlite.org/lockingv3.html), weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

/// The holders of the locks on one file.
#[derive(Debug, Default)]
pub(crate) struct FileLocks {
    held: BTreeMap<Opener, Level>,
}

impl FileLocks {
    /// Takes a stronger lock. A connection that waits for readers stays [`Level::Pending`], so that
    /// no new readers come.
    pub(crate) fn lock(&mut self, opener: Opener, wanted: Level) -> Result<(), Busy> {
        let own = self.held.get(&opener).copied().unwrap_or(Level::None);
        if own >= wanted {
            return Ok(());
        }
        let others = self.held.iter().filter(|(other, _)| **other != opener);
        let strongest = others.map(|(_, level)| *level).max().unwrap_or(Level::None);
        let (limit, kept) = match wanted {
            Level::Shared => (Level::Reserved, own),
            Level::Reserved => (Level::Shared, own),
            _ if strongest > Level::Shared => (Level::Shared, own),
            _ => (Level::None, Level::Pending),
        };
        let free = strongest <= limit;
        self.held.insert(opener, if free { wanted } else { kept });
        free.then_some(()).ok_or(Busy)
    }

    pub(crate) fn unlock(&mut self, opener: Opener, level: Level) {
        match level {
            Level::None => drop(self.held.remove(&opener)),
            level => {
                self.held.insert(opener, level);
            }
        }
    }

    /// Whether a connection intends to write.
    pub(crate) fn reserved(&self) -> bool {
        self.held.values().any(|level| *level > Level::Shared)
    }
}

/// Memory that SQLite shares between connections for [the WAL's
/// index](https://sqlite.org/walformat.html). It is atomic so that SQLite may write it through a
/// shared reference; no code here reads or writes it.
type Region = Box<[AtomicU64]>;

/// The shared memory of one file, and its eight locks.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    regions: Vec<Region>,
    members: BTreeSet<Opener>,
    shared: BTreeSet<(usize, Opener)>,
    exclusive: BTreeMap<usize, Opener>,
}

impl Shared {
    /// The address of region `index` of `size` bytes; `None` if it does not exist and must not be
    /// made. It stays valid until `opener` leaves.
    pub(crate) fn map(
        &mut self,
        opener: Opener,
        index: usize,
        size: usize,
        extend: bool,
    ) -> Option<*const AtomicU64> {
        self.members.insert(opener);
        while extend && self.regions.len() <= index {
            let words = size.div_ceil(size_of::<AtomicU64>());
            self.regions
                .push((0..words).map(|_| AtomicU64::new(0)).collect());
        }
        self.regions.get(index).map(|region| region.as_ptr())
    }

    pub(crate) fn lock(
        &mut self,
        opener: Opener,
        slots: std::ops::Range<usize>,
        exclusive: bool,
    ) -> Result<(), Busy> {
        for slot in slots.clone() {
            let other = self.exclusive.get(&slot).is_some_and(|own| *own != opener);
            let readers = self
                .shared
                .iter()
                .any(|(own, who)| *own == slot && *who != opener);
            if other || (exclusive && readers) {
                return Err(Busy);
            }
        }
        for slot in slots {
            if exclusive {
                self.exclusive.insert(slot, opener);
            } else {
                self.shared.insert((slot, opener));
            }
        }
        Ok(())
    }

    pub(crate) fn unlock(&mut self, opener: Opener, slots: std::ops::Range<usize>) {
        for slot in slots {
            self.shared.remove(&(slot, opener));
            if self.exclusive.get(&slot) == Some(&opener) {
                self.exclusive.remove(&slot);
            }
        }
    }

    /// Removes `opener`, and returns whether nobody is left.
    pub(crate) fn leave(&mut self, opener: Opener) -> bool {
        self.members.remove(&opener);
        self.shared.retain(|(_, own)| *own != opener);
        self.exclusive.retain(|_, own| *own != opener);
        self.members.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_a_writer_waits_for_them() {
        let mut file = FileLocks::default();
        for reader in [1, 2] {
            assert_eq!(file.lock(reader, Level::Shared), Ok(()));
        }
        assert_eq!(file.lock(1, Level::Reserved), Ok(()));
        assert_eq!(file.lock(2, Level::Reserved), Err(Busy));
        assert!(file.reserved());
        assert_eq!(
            file.lock(3, Level::Shared),
            Ok(()),
            "a reserved lock lets readers in"
        );
        assert_eq!(file.lock(1, Level::Exclusive), Err(Busy));
        assert_eq!(
            file.lock(4, Level::Shared),
            Err(Busy),
            "a pending lock lets nobody in"
        );
        for reader in [2, 3] {
            file.unlock(reader, Level::None);
        }
        assert_eq!(file.lock(1, Level::Exclusive), Ok(()));
        file.unlock(1, Level::Shared);
        assert_eq!(file.lock(2, Level::Shared), Ok(()));
        assert!(!file.reserved());
    }

    #[test]
    fn two_who_find_a_hot_journal_do_not_both_get_it() {
        let mut file = FileLocks::default();
        for reader in [1, 2] {
            assert_eq!(file.lock(reader, Level::Shared), Ok(()));
        }
        assert_eq!(file.lock(1, Level::Exclusive), Err(Busy));
        assert_eq!(file.lock(2, Level::Exclusive), Err(Busy));
        file.unlock(2, Level::None);
        assert_eq!(file.lock(1, Level::Exclusive), Ok(()));
    }

    #[test]
    fn slots_of_shared_memory() {
        let mut shared = Shared::default();
        assert_eq!(shared.map(1, 0, 32_768, false), None);
        let address = shared.map(1, 0, 32_768, true).unwrap();
        assert_eq!(shared.map(2, 0, 32_768, false), Some(address));
        assert_eq!(shared.lock(1, 3..4, false), Ok(()));
        assert_eq!(shared.lock(2, 3..4, false), Ok(()));
        assert_eq!(shared.lock(2, 3..8, true), Err(Busy));
        shared.unlock(1, 3..4);
        shared.unlock(2, 3..4);
        assert_eq!(shared.lock(2, 3..8, true), Ok(()));
        assert_eq!(shared.lock(1, 4..5, false), Err(Busy));
        assert!(!shared.leave(2));
        assert_eq!(shared.lock(1, 4..5, false), Ok(()));
        assert!(shared.leave(1));
    }
}
