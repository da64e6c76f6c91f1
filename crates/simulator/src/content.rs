//! The content of one file: the visible content, the durable content, and the changes in between.

/// A change that is not synced, with its time.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) time: u64,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Write { offset: usize, data: Vec<u8> },
    Resize(usize),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) now: Vec<u8>,
    pub(crate) durable: Vec<u8>,
    pub(crate) pending: Vec<Change>,
    /// The time of the last change.
    pub(crate) modified: u64,
}

/// Writes `data` into `bytes`, which grow if necessary.
pub(crate) fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if data.is_empty() {
        return;
    }
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(offset..end) {
        place.copy_from_slice(data);
    }
}
