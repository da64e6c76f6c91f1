//! Mutated text as `sqlite_schema.sql`, with the stable compiler: the check of the fuzz target,
//! with seeds from the batteries and random numbers instead of coverage.
//!
//! `FUZZ_SECONDS` sets the duration, `FUZZ_SEED` the seed; the default is a short run that is
//! always the same.

use std::time::{Duration, Instant};

#[path = "../../fuzz/check.rs"]
mod target;

const SEEDS: [&str; 4] = [
    include_str!("../battery/mutations.txt"),
    include_str!("../battery/disguises.txt"),
    include_str!("../battery/risks.txt"),
    include_str!("fuzz_words.txt"),
];

/// A seeded generator of random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).expect("below a usize")
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = start + self.below((length - start + 1).min(40));
        start..end
    }
}

/// All statements of the seeds, and their words.
fn seeds() -> (Vec<String>, Vec<String>) {
    let parts = SEEDS.iter().flat_map(|text| text.split([';', '\n']));
    let parts = parts.flat_map(|line| line.split(" => ").flat_map(|side| side.split(" :: ")));
    let mut all: Vec<String> = parts.map(|part| part.trim().to_owned()).collect();
    all.extend(
        SEEDS
            .iter()
            .flat_map(|text| schema::sql::statements(text))
            .map(|statement| statement.text.to_owned()),
    );
    all.retain(|part| !part.is_empty());
    let words = all
        .iter()
        .flat_map(|part| part.split_inclusive([' ', '(', ',', ')']));
    let words = words.map(str::to_owned).collect();
    (all, words)
}

fn mutate(text: &mut Vec<u8>, random: &mut Random, seeds: &[String], words: &[String]) {
    let range = random.range(text.len());
    let at = range.start;
    match random.below(8) {
        0 => drop(text.drain(range)),
        1 => text.insert(
            at,
            *b"\0\xff\xfe'\"`[]();,.-/*\n\r\xef@#$:?"
                .get(random.below(27))
                .unwrap_or(&b' '),
        ),
        2 => {
            if let Some(byte) = text.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        3 => {
            let copy = text[range].to_vec();
            let to = random.below(text.len() + 1);
            for _ in 0..=random.below(4) {
                text.splice(to..to, copy.iter().copied());
            }
        }
        4 => {
            let other = seeds[random.below(seeds.len())].as_bytes();
            let part = random.range(other.len());
            text.splice(range, other[part].iter().copied());
        }
        5 => text.truncate(at),
        6 => {
            // Deeper than any realistic SQL.
            let open = [&b"("[..], b"NOT ", b"- ", b"(SELECT ", b"CASE WHEN "][random.below(5)];
            for _ in 0..random.below(300) {
                text.splice(at..at, open.iter().copied());
            }
        }
        _ => {
            let word = words[random.below(words.len())].as_bytes();
            text.splice(range, word.iter().copied());
        }
    }
    text.truncate(20_000);
}

/// Prints the input on which a check failed.
struct Context<'a>(&'a [u8], u64);

#[expect(
    clippy::print_stderr,
    reason = "the input is what one needs of a failure"
)]
impl Drop for Context<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("input {}: {:?}", self.1, String::from_utf8_lossy(self.0));
        }
    }
}

#[test]
fn no_text_brings_the_reader_down() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seconds: Option<u64> = number("FUZZ_SECONDS");
    let mut random = Random(number("FUZZ_SEED").unwrap_or(0x5EED));
    let (seeds, words) = seeds();
    let (start, mut longest, mut count) = (Instant::now(), Duration::ZERO, 0_u64);
    let more = |count| match seconds {
        Some(seconds) => start.elapsed() < Duration::from_secs(seconds),
        None => count < 400,
    };
    while more(count) {
        let mut text = seeds[random.below(seeds.len())].as_bytes().to_vec();
        for _ in 0..random.below(6) {
            mutate(&mut text, &mut random, &seeds, &words);
        }
        let one = Instant::now();
        let context = Context(&text, count);
        target::check(&text);
        drop(context);
        if one.elapsed() > longest {
            longest = one.elapsed();
            if longest > Duration::from_secs(1) {
                println!("{longest:?}: {:?}", String::from_utf8_lossy(&text));
            }
        }
        count += 1;
    }
    println!(
        "{count} inputs in {:?}, the longest {longest:?}",
        start.elapsed()
    );
}
