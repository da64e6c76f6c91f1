//! The disk: the visible state, the durable state, and the states after a restart.

use std::collections::BTreeMap;

use crate::content::{Change, Content, What, put};
use crate::crash_state::CrashState;
use crate::device::{Device, Order};
use stdx::Rng;

/// The identity of a file, independent of its names.
pub(crate) type Inode = u64;

/// An unsynced change of a name.
#[derive(Clone, Debug)]
struct Entry {
    time: u64,
    name: String,
    inode: Option<Inode>,
    /// The name that it replaces in the same change.
    instead_of: Option<String>,
}

/// One directory of files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    contents: BTreeMap<Inode, Content>,
    names: BTreeMap<String, Inode>,
    durable_names: BTreeMap<String, Inode>,
    entries: Vec<Entry>,
    time: u64,
    /// The time of the last sync.
    synced: u64,
    next: Inode,
}

impl Disk {
    pub(crate) fn put(&mut self, name: &str, bytes: &[u8]) {
        let inode = self.new_file(bytes.to_vec());
        self.put_name(name, inode);
    }

    fn put_name(&mut self, name: &str, inode: Inode) {
        self.names.insert(name.to_owned(), inode);
        self.durable_names.insert(name.to_owned(), inode);
    }

    pub(crate) fn find(&self, name: &str) -> Option<Inode> {
        self.names.get(name).copied()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.find(name).map(|inode| self.read(inode).to_vec())
    }

    /// The current content of the file, as a program reads it.
    pub(crate) fn read(&self, inode: Inode) -> &[u8] {
        self.contents
            .get(&inode)
            .map_or(&[], |content| &content.now)
    }

    /// The time of the file's last change; later changes have larger numbers.
    pub(crate) fn modified(&self, inode: Inode) -> u64 {
        let content = self.contents.get(&inode);
        content.map_or(0, |content| content.modified)
    }

    /// Gives the file an additional name.
    pub(crate) fn link(&mut self, name: &str, inode: Inode) {
        self.set_name(name, Some(inode));
    }

    /// Renames the file from `old` to `new`, in one change.
    pub(crate) fn rename(&mut self, old: &str, new: &str, inode: Inode) {
        self.names.remove(old);
        self.set_name(new, Some(inode));
        if let Some(entry) = self.entries.last_mut() {
            entry.instead_of = Some(old.to_owned());
        }
    }

    /// Makes an empty file with this name.
    pub(crate) fn create(&mut self, name: &str) -> Inode {
        let inode = self.new_file(Vec::new());
        self.set_name(name, Some(inode));
        inode
    }

    /// Makes an empty file without a name, which disappears with the program.
    pub(crate) fn create_nameless(&mut self) -> Inode {
        self.new_file(Vec::new())
    }

    /// Removes the name; open handles to the file stay valid.
    pub(crate) fn delete(&mut self, name: &str) {
        self.set_name(name, None);
    }

    pub(crate) fn write(&mut self, inode: Inode, offset: usize, data: &[u8]) {
        let time = self.tick();
        let Some(content) = self.contents.get_mut(&inode) else {
            return;
        };
        put(&mut content.now, offset, data);
        content.modified = time;
        let data = data.to_vec();
        let what = What::Write { offset, data };
        content.pending.push(Change { time, what });
    }

    pub(crate) fn resize(&mut self, inode: Inode, size: usize) {
        let time = self.tick();
        let Some(content) = self.contents.get_mut(&inode) else {
            return;
        };
        content.now.resize(size, 0);
        content.modified = time;
        let what = What::Resize(size);
        content.pending.push(Change { time, what });
    }

    /// Makes the content and the size of the file durable, but not its name.
    pub(crate) fn sync(&mut self, inode: Inode) {
        if let Some(content) = self.contents.get_mut(&inode) {
            content.durable.clone_from(&content.now);
            content.pending.clear();
        }
        self.synced = self.time;
    }

    /// Makes all current names durable.
    pub(crate) fn sync_names(&mut self) {
        self.durable_names.clone_from(&self.names);
        self.entries.clear();
        self.synced = self.time;
    }

    /// Frees a file that is not open, if no name and no unsynced deletion refers to it.
    pub(crate) fn forget(&mut self, inode: Inode) {
        let named = |names: &BTreeMap<String, Inode>| names.values().any(|own| *own == inode);
        let pending = self.entries.iter().any(|entry| entry.inode == Some(inode));
        if !named(&self.names) && !named(&self.durable_names) && !pending {
            self.contents.remove(&inode);
        }
    }

    /// The disk of the machine after the power is back.
    pub(crate) fn after_power_loss(&self, survivors: CrashState, device: Device) -> Disk {
        let mut rng = survivors.rng();
        let until = self.moment(&mut rng);
        let survivors = match (survivors, device.order) {
            (CrashState::Seeded(seed), Order::All) => CrashState::InOrder(seed),
            (survivors, _) => survivors,
        };
        let mut names = self.durable_names.clone();
        for entry in &self.entries {
            let kept = match survivors {
                CrashState::Nothing => false,
                CrashState::Everything => true,
                CrashState::Seeded(_) if device.order == Order::None => rng.one_in(2),
                CrashState::Seeded(_) | CrashState::InOrder(_) => entry.time <= until,
            };
            if let Some(old) = entry.instead_of.as_ref().filter(|_| kept) {
                names.remove(old);
            }
            match entry.inode.filter(|_| kept) {
                Some(inode) => drop(names.insert(entry.name.clone(), inode)),
                None if kept => drop(names.remove(&entry.name)),
                None => {}
            }
        }
        let mut disk = Disk::default();
        // A file with two names stays one file.
        let mut inodes: BTreeMap<Inode, Inode> = BTreeMap::new();
        for (name, inode) in names {
            let Some(content) = self.contents.get(&inode) else {
                continue;
            };
            if let Some(new) = inodes.get(&inode) {
                disk.put_name(&name, *new);
                continue;
            }
            let bytes = match survivors {
                CrashState::Nothing => content.durable.clone(),
                CrashState::Everything => content.now.clone(),
                CrashState::InOrder(_) => content.until(until, device, &mut rng),
                CrashState::Seeded(_) => content.scattered(until, device, &mut rng),
            };
            let new = disk.new_file(bytes);
            if let Some(copy) = disk.contents.get_mut(&new) {
                copy.modified = content.modified;
            }
            disk.put_name(&name, new);
            inodes.insert(inode, new);
        }
        disk.time = self.time;
        disk.synced = self.time;
        disk
    }

    /// A moment between the last sync and now: everything before it is durable if the disk keeps
    /// the order.
    fn moment(&self, rng: &mut Rng) -> u64 {
        self.synced + rng.below(self.time - self.synced + 1)
    }

    fn set_name(&mut self, name: &str, inode: Option<Inode>) {
        let time = self.tick();
        match inode {
            Some(inode) => drop(self.names.insert(name.to_owned(), inode)),
            None => drop(self.names.remove(name)),
        }
        let name = name.to_owned();
        self.entries.push(Entry {
            time,
            name,
            inode,
            instead_of: None,
        });
    }

    fn new_file(&mut self, bytes: Vec<u8>) -> Inode {
        self.next += 1;
        let content = Content {
            durable: bytes.clone(),
            now: bytes,
            pending: Vec::new(),
            modified: self.tick(),
        };
        self.contents.insert(self.next, content);
        self.next
    }

    fn tick(&mut self) -> u64 {
        self.time += 1;
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of ten bytes `a` with an unsynced change in the middle and unsynced growth.
    fn changed() -> Disk {
        let mut disk = Disk::default();
        disk.put("f", &[b'a'; 10]);
        let inode = disk.find("f").unwrap();
        disk.write(inode, 2, b"bbb");
        disk.write(inode, 8, b"cccc");
        disk
    }

    fn left(disk: &Disk, survivors: CrashState) -> Option<Vec<u8>> {
        let device = Device {
            sector: 4,
            ..Device::default()
        };
        disk.after_power_loss(survivors, device).bytes("f")
    }

    #[test]
    fn nothing_and_everything() {
        let mut disk = changed();
        assert_eq!(disk.bytes("f").unwrap(), b"aabbbaaacccc");
        assert_eq!(left(&disk, CrashState::Nothing).unwrap(), b"aaaaaaaaaa");
        assert_eq!(
            left(&disk, CrashState::Everything).unwrap(),
            b"aabbbaaacccc"
        );
        disk.sync(disk.find("f").unwrap());
        assert_eq!(left(&disk, CrashState::Nothing).unwrap(), b"aabbbaaacccc");
    }

    #[test]
    fn seeds_give_all_kinds_of_results_and_the_same_each_time() {
        let disk = changed();
        let all: Vec<_> = (0..2_000)
            .map(|seed| left(&disk, CrashState::Seeded(seed)).unwrap())
            .collect();
        let again: Vec<_> = (0..2_000)
            .map(|seed| left(&disk, CrashState::Seeded(seed)).unwrap())
            .collect();
        assert_eq!(all, again);
        let seen = |bytes: &[u8]| all.iter().any(|own| own == bytes);
        assert!(seen(b"aaaaaaaaaa") && seen(b"aabbbaaacccc"), "the two ends");
        assert!(seen(b"aabbaaaaaa"), "one sector of two");
        assert!(seen(b"aaaaaaaaaa\0\0"), "the size without its data");
        assert!(seen(b"aabbbaaacc"), "the data without its size");
        // A powersafe overwrite does not change the neighbouring bytes.
        assert!(
            all.iter()
                .all(|own| own.starts_with(b"aa") && own[5..8] == *b"aaa")
        );
    }

    #[test]
    fn in_order_gives_only_prefixes() {
        let disk = changed();
        let allowed: [&[u8]; 4] = [
            b"aaaaaaaaaa",
            b"aabbbaaaaa",
            b"aabbbaaacccc",
            b"aabbbaaaccaa",
        ];
        for seed in 0..200 {
            let bytes = left(&disk, CrashState::InOrder(seed)).unwrap();
            assert!(allowed.contains(&bytes.as_slice()), "{bytes:?}");
        }
    }

    #[test]
    fn a_disk_with_a_journal_keeps_names_and_sizes_in_order() {
        let mut disk = Disk::default();
        disk.put("f", b"aaaa");
        disk.put("j", b"x");
        disk.sync_names();
        disk.delete("j");
        disk.resize(disk.find("f").unwrap(), 2);
        let seen = |order| -> Vec<(usize, usize)> {
            let device = Device {
                order,
                ..Device::default()
            };
            let mut seen: Vec<_> = (0..200)
                .map(|seed| disk.after_power_loss(CrashState::Seeded(seed), device))
                .map(|disk| (disk.names().len(), disk.bytes("f").unwrap().len()))
                .collect();
            seen.sort_unstable();
            seen.dedup();
            seen
        };
        assert_eq!(seen(Order::None), [(1, 2), (1, 4), (2, 2), (2, 4)]);
        assert_eq!(seen(Order::Metadata), [(1, 2), (1, 4), (2, 4)]);
        assert_eq!(seen(Order::All), [(1, 2), (1, 4), (2, 4)]);
    }

    #[test]
    fn without_powersafe_overwrite_the_neighbours_suffer() {
        let mut disk = Disk::default();
        disk.put("f", &[b'a'; 8]);
        disk.write(disk.find("f").unwrap(), 5, b"b");
        let device = Device {
            sector: 4,
            powersafe_overwrite: false,
            ..Device::default()
        };
        let hurt = (0..200).any(|seed| {
            let disk = disk.after_power_loss(CrashState::Seeded(seed), device);
            let bytes = disk.bytes("f").unwrap();
            assert_eq!(bytes[..4], *b"aaaa");
            bytes[4] != b'a'
        });
        assert!(hurt);
    }

    #[test]
    fn names_are_lost_until_the_directory_is_synced() {
        let mut disk = Disk::default();
        let inode = disk.create("f");
        disk.write(inode, 0, b"x");
        disk.sync(inode);
        assert_eq!(left(&disk, CrashState::Nothing), None);
        disk.sync_names();
        assert_eq!(left(&disk, CrashState::Nothing).unwrap(), b"x");
        disk.delete("f");
        assert_eq!(disk.bytes("f"), None);
        assert_eq!(left(&disk, CrashState::Nothing).unwrap(), b"x");
        assert_eq!(left(&disk, CrashState::Everything), None);
        disk.sync_names();
        assert_eq!(left(&disk, CrashState::Nothing), None);
    }
}
