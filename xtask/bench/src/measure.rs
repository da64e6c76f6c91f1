//! One figure of one benchmark, and its format.

use std::cmp::Ordering;

use serde_json::{Value, json};

/// The result of a benchmark, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measure {
    /// The group that was measured together, such as `opening/WAL`.
    pub(crate) group: String,
    /// The name of the work, such as `engine and a SELECT`.
    pub(crate) name: String,
    /// The size of the input as in the benchmark, such as `1000`; empty if there is one size.
    pub(crate) size: String,
    /// The median.
    pub(crate) median: f64,
    /// The bounds of the 95 % confidence interval of the median.
    pub(crate) between: (f64, f64),
}

impl Measure {
    /// An example for tests, with an interval of a tenth around the median.
    #[cfg(test)]
    pub(crate) fn sample(group: &str, name: &str, size: &str, median: f64) -> Measure {
        Measure {
            group: group.to_owned(),
            name: name.to_owned(),
            size: size.to_owned(),
            median,
            between: (median * 0.9, median * 1.1),
        }
    }

    /// Whether both figures measure the same work.
    pub(crate) fn is_of(&self, other: &Measure) -> bool {
        self.order(other) == Ordering::Equal
    }

    /// Orders by group, size and name.
    pub(crate) fn order(&self, other: &Measure) -> Ordering {
        (self.group.cmp(&other.group))
            .then_with(|| by_number(&self.size, &other.size))
            .then_with(|| self.name.cmp(&other.name))
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "group": self.group,
            "name": self.name,
            "size": self.size,
            "median_ns": self.median,
            "low_ns": self.between.0,
            "high_ns": self.between.1,
        })
    }
}

fn by_number(one: &str, other: &str) -> Ordering {
    let number = |text: &str| -> Option<u64> { text.split_whitespace().next()?.parse().ok() };
    number(one).cmp(&number(other)).then_with(|| one.cmp(other))
}

/// A time with a suitable unit.
pub(crate) fn show(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{small:.0} ns"),
        micro if micro < 1e6 => format!("{:.1} µs", micro / 1e3),
        milli if milli < 1e9 => format!("{:.1} ms", milli / 1e6),
        long => format!("{:.2} s", long / 1e9),
    }
}

/// A ratio: two decimal places near one, none for large ratios.
pub(crate) fn show_ratio(ratio: f64) -> String {
    match ratio {
        far if far >= 100.0 => format!("{far:.0}"),
        near if near >= 0.1 => format!("{near:.2}"),
        small => format!("1/{:.0}", 1.0 / small),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stand_in_the_order_of_their_numbers() {
        let mut sizes = ["1000", "10", "100 tables", "5 tables", ""];
        sizes.sort_by(|one, other| by_number(one, other));
        assert_eq!(sizes, ["", "5 tables", "10", "100 tables", "1000"]);
    }
}
