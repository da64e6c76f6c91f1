//! The states in which a power cut may leave a file.

use crate::content::{Content, What, put};
use crate::device::{Device, Order};
use stdx::Rng;

/// The part of the unsynced changes that survives a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashState {
    /// None of them.
    Nothing,
    /// All of them.
    Everything,
    /// Those until some moment, as on a disk that keeps the order of changes; the last write may be
    /// torn.
    InOrder(u64),
    /// Any of them, chosen by this seed: each sector is kept, lost, torn or garbage; the size of a
    /// file survives without its data, or the data without the size; each name survives or not.
    Seeded(u64),
}

impl Content {
    /// All changes until a moment, the last of them torn.
    pub(crate) fn until(&self, moment: u64, device: Device, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in self.pending.iter().filter(|change| change.time <= moment) {
            match &change.what {
                What::Resize(size) => bytes.resize(*size, 0),
                What::Write { offset, data } => {
                    let sectors = data.len().div_ceil(device.sector);
                    let torn = change.time == moment && rng.one_in(2);
                    let length = if torn {
                        rng.index(sectors + 1) * device.sector
                    } else {
                        data.len()
                    };
                    put(&mut bytes, *offset, data.get(..length).unwrap_or(data));
                }
            }
        }
        bytes
    }

    /// Any of the changes, sector by sector, and any size that the file had; on a disk that keeps
    /// sizes in order, the size at the moment `until`.
    pub(crate) fn scattered(&self, until: u64, device: Device, rng: &mut Rng) -> Vec<u8> {
        // Some power cuts lose little, and some nearly everything: each kind finds different
        // mistakes.
        let mood = rng.below(4);
        let any = device.order == Order::None;
        let mut bytes = self.durable.clone();
        let mut size = bytes.len();
        let mut sizes = vec![size];
        for change in &self.pending {
            let before = change.time <= until;
            match &change.what {
                What::Resize(new) => {
                    size = *new;
                    if if any { rng.one_in(2) } else { before } {
                        bytes.truncate(size);
                    }
                }
                What::Write { offset, data } => {
                    size = size.max(offset + data.len());
                    for (start, part) in sectors(*offset, data, device.sector) {
                        let fate = Fate::draw(rng, mood);
                        scatter(&mut bytes, start, part, fate, device, rng);
                    }
                }
            }
            if any || before {
                sizes.push(size);
            }
        }
        // The size is metadata, which the file system may write at any time.
        if !self.pending.is_empty() && (!any || rng.one_in(2)) {
            let place = if any {
                rng.index(sizes.len())
            } else {
                sizes.len() - 1
            };
            let size = sizes.get(place).copied().unwrap_or(size);
            let garbage = rng.one_in(2);
            while bytes.len() < size {
                bytes.push(if garbage { rng.byte() } else { 0 });
            }
            bytes.truncate(size);
        }
        bytes
    }
}

/// The fate of one write into one sector.
#[derive(Clone, Copy)]
enum Fate {
    Lost,
    Kept,
    Head,
    Tail,
    Garbage,
}

fn scatter(
    bytes: &mut Vec<u8>,
    start: usize,
    part: &[u8],
    fate: Fate,
    device: Device,
    rng: &mut Rng,
) {
    let cut = rng.index(part.len() + 1);
    let (head, tail) = part.split_at(cut);
    match fate {
        Fate::Lost => {}
        Fate::Kept => put(bytes, start, part),
        Fate::Head => put(bytes, start, head),
        Fate::Tail => put(bytes, start + cut, tail),
        Fate::Garbage => {
            let (mut from, mut to) = (start, start + part.len());
            if !device.powersafe_overwrite {
                from -= from % device.sector;
                to = to.next_multiple_of(device.sector).min(to.max(bytes.len()));
            }
            let garbage: Vec<u8> = (from..to).map(|_| rng.byte()).collect();
            put(bytes, from, &garbage);
        }
    }
}

/// The parts of a write by sector, with their offsets.
fn sectors(offset: usize, data: &[u8], sector: usize) -> Vec<(usize, &[u8])> {
    let mut parts = Vec::new();
    let (mut start, mut rest) = (offset, data);
    while !rest.is_empty() {
        let (part, next) = rest.split_at(rest.len().min(sector - start % sector));
        parts.push((start, part));
        start += part.len();
        rest = next;
    }
    parts
}

impl CrashState {
    /// The generator of the random decisions.
    pub(crate) fn rng(self) -> Rng {
        match self {
            CrashState::InOrder(seed) | CrashState::Seeded(seed) => Rng::new(seed),
            CrashState::Nothing | CrashState::Everything => Rng::new(0),
        }
    }
}

impl Fate {
    fn draw(rng: &mut Rng, mood: u64) -> Fate {
        let (lost, kept) = match mood {
            0 => (4, 112),
            1 => (100, 12),
            _ => (48, 48),
        };
        match rng.below(128) {
            number if number < lost => Fate::Lost,
            number if number < lost + kept => Fate::Kept,
            number if number % 4 == 0 => Fate::Tail,
            number if number % 4 == 1 => Fate::Garbage,
            _ => Fate::Head,
        }
    }
}
