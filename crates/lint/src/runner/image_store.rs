//! The databases of all versions, each kept as what differs from one a little before it.

use std::sync::Arc;

/// How many bytes are compared at a time.
const PAGE: usize = 512;

/// After how many versions one is kept whole.
const WHOLE: usize = 16;

/// Databases, by place.
#[derive(Default)]
pub(crate) struct Images {
    kept: Vec<Kept>,
}

enum Kept {
    Whole(Arc<Vec<u8>>),
    /// The pages that differ from the database at place `from`, and the length of this one.
    Changes {
        from: usize,
        length: usize,
        pages: Vec<(usize, Box<[u8]>)>,
    },
}

impl Images {
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn push(&mut self, image: Vec<u8>) {
        let last = self.kept.iter().enumerate().rev().take(WHOLE);
        let whole = last.into_iter().find_map(|(place, kept)| match kept {
            Kept::Whole(whole) => Some((place, whole)),
            Kept::Changes { .. } => None,
        });
        let changes = whole.map(|(from, whole)| (from, changed(whole, &image)));
        self.kept.push(match changes {
            Some((from, pages)) if pages.len() * PAGE * 2 <= image.len() => Kept::Changes {
                from,
                length: image.len(),
                pages,
            },
            _ => Kept::Whole(Arc::new(image)),
        });
    }

    pub(crate) fn get(&self, place: usize) -> Option<Arc<Vec<u8>>> {
        let (from, length, pages) = match self.kept.get(place)? {
            Kept::Whole(whole) => return Some(Arc::clone(whole)),
            Kept::Changes {
                from,
                length,
                pages,
            } => (from, length, pages),
        };
        let Some(Kept::Whole(whole)) = self.kept.get(*from) else {
            return None;
        };
        let mut image = whole.as_ref().clone();
        image.resize(*length, 0);
        for (at, page) in pages {
            let start = at * PAGE;
            if let Some(place) = image.get_mut(start..start + page.len()) {
                place.copy_from_slice(page);
            }
        }
        Some(Arc::new(image))
    }
}

/// The pages of `image` that are not the same in `whole`.
fn changed(whole: &[u8], image: &[u8]) -> Vec<(usize, Box<[u8]>)> {
    let pages = image.chunks(PAGE).enumerate();
    pages
        .filter(|(at, page)| whole.get(at * PAGE..at * PAGE + page.len()) != Some(*page))
        .map(|(at, page)| (at, Box::from(page)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out() {
        let mut images = Images::default();
        let mut made = Vec::new();
        for round in 0..50usize {
            let mut image = vec![7_u8; 20 * PAGE + round * 300];
            image[round * 100] = u8::try_from(round).unwrap();
            if round % 7 == 3 {
                image.truncate(5 * PAGE + 11);
            }
            made.push(image.clone());
            images.push(image);
        }
        for (place, image) in made.iter().enumerate() {
            assert_eq!(images.get(place).as_deref(), Some(image), "{place}");
        }
        assert_eq!((images.len(), images.get(50)), (50, None));
        let whole = |kept: &&Kept| matches!(kept, Kept::Whole(_));
        assert!(images.kept.iter().filter(whole).count() < 12);
    }
}
