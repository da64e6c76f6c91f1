//! The committed instruction counts as text with readable diffs, and their comparison with new
//! counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use xtask::Failure;

/// The relative growth of a count that is reported. Counts repeat within 1 %.
pub(crate) const TOLERANCE: f64 = 0.03;

/// Counts by the name of the piece, and their origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Compiler, C library and system, such as `rustc 1.95.0, glibc 2.36, linux x86_64`: others
    /// give different counts.
    pub(crate) made_by: String,
    pub(crate) pieces: BTreeMap<String, u64>,
}

/// The change of one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Within the tolerance.
    Same,
    /// Growth beyond the tolerance.
    Grew,
    /// A drop beyond the tolerance: an unchanged baseline would hide the same growth later.
    Shrank,
    /// Not in the baseline.
    New,
    /// In the baseline only.
    Gone,
}

impl Counts {
    /// The text of the baseline file.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "# Instructions of each piece in xtask/instructions, counted by valgrind.\n\
             # Moved on purpose by: cargo xtask bench --instructions --write-baseline\n\
             made by {}\n",
            self.made_by
        );
        for (name, count) in &self.pieces {
            let _ = writeln!(text, "{name:<28} {count:>12}");
        }
        text
    }

    /// Reads the text of a baseline file.
    ///
    /// # Errors
    /// If a line is neither a comment nor a name with its count; the error names it.
    pub(crate) fn parse(text: &str) -> Result<Counts, Failure> {
        let mut counts = Counts::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(made_by) = line.strip_prefix("made by ") {
                counts.made_by = made_by.to_owned();
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let read = match words.as_slice() {
                [name, count] => count.parse().ok().map(|count| ((*name).to_owned(), count)),
                _ => None,
            };
            let Some((name, count)) = read else {
                let message = format!("line {number} of the baseline is not a name with its count");
                return Err(Failure::new(message)
                    .hint("restore the file with `git checkout`")
                    .hint("or write it: `cargo xtask bench --instructions --write-baseline`"));
            };
            counts.pieces.insert(name, count);
        }
        Ok(counts)
    }

    /// Each piece of either side with its change, in order of the names.
    pub(crate) fn changes(&self, now: &Counts) -> Vec<(String, Change)> {
        let names: std::collections::BTreeSet<&String> =
            self.pieces.keys().chain(now.pieces.keys()).collect();
        names
            .into_iter()
            .map(|name| {
                let change = match (self.pieces.get(name), now.pieces.get(name)) {
                    (Some(before), Some(after)) => judge(*before, *after),
                    (Some(_), None) => Change::Gone,
                    (None, _) => Change::New,
                };
                (name.clone(), change)
            })
            .collect()
    }
}

fn judge(before: u64, after: u64) -> Change {
    let ratio = ratio(before, after);
    if ratio > 1.0 + TOLERANCE {
        Change::Grew
    } else if ratio < 1.0 - TOLERANCE {
        Change::Shrank
    } else {
        Change::Same
    }
}

/// The new count divided by the one before.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(crate) fn ratio(before: u64, after: u64) -> f64 {
    after as f64 / before.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pieces: &[(&str, u64)]) -> Counts {
        Counts {
            made_by: "rustc 1.95.0, linux x86_64".to_owned(),
            pieces: pieces
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
        }
    }

    fn change(before: u64, after: u64) -> Change {
        counts(&[("a", before)]).changes(&counts(&[("a", after)]))[0].1
    }

    /// A slowdown of 3.1 % is caught, one of 2.9 % passes.
    #[test]
    fn a_planted_slowdown_is_caught_and_a_near_miss_passes() {
        assert_eq!(change(1_000_000, 1_031_000), Change::Grew);
        assert_eq!(change(1_000_000, 1_029_000), Change::Same);
        assert_eq!(change(1_000_000, 1_000_000), Change::Same);
        assert_eq!(change(1_000_000, 971_000), Change::Same);
        assert_eq!(change(1_000_000, 969_000), Change::Shrank);
    }

    #[test]
    fn a_piece_that_is_on_one_side_only_is_reported() {
        let (before, now) = (counts(&[("a", 1), ("b", 2)]), counts(&[("b", 2), ("c", 3)]));
        let changes = before.changes(&now);
        let kinds: Vec<Change> = changes.iter().map(|(_, change)| *change).collect();
        assert_eq!(kinds, [Change::Gone, Change::Same, Change::New]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let before = counts(&[("opening/10", 1_854_077), ("judging/6", 89_310_681)]);
        insta::assert_snapshot!(before.text(), @r"
        # Instructions of each piece in xtask/instructions, counted by valgrind.
        # Moved on purpose by: cargo xtask bench --instructions --write-baseline
        made by rustc 1.95.0, linux x86_64
        judging/6                        89310681
        opening/10                        1854077
        ");
        assert_eq!(Counts::parse(&before.text()).unwrap(), before);
    }

    #[test]
    fn a_line_that_is_nonsense_is_reported() {
        let error = Counts::parse("# fine\nopening/10 many\n").unwrap_err();
        insta::assert_snapshot!(error, @r"
        error: line 2 of the baseline is not a name with its count
        hint: restore the file with `git checkout`
        hint: or write it: `cargo xtask bench --instructions --write-baseline`
        ");
    }
}
