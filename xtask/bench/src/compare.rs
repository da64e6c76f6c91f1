//! Each figure beside its base: what the same work costs without us, measured in the same run.

use crate::measure::Measure;

/// The names of a base, and so the first word of a benchmark's name: SQLite alone, the least that the work can
/// cost, the way without an index.
const BASES: [&str; 3] = ["raw", "floor", "scan"];

/// What a figure should be at most, as a ratio to its base: group, name, ratio. A group stands for all that begin
/// so. The table shows them; nothing fails by them, because times differ from run to run.
const GOALS: [(&str, &str, f64); 4] = [
    ("opening/", "engine and a SELECT", 1.10),
    ("opening/", "header only", 1.05),
    ("applying/", "engine", 1.20),
    ("moving", "engine", 1.30),
];

/// A figure and what it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) figure: Measure,
    /// The base's name and how many times as long as it this took.
    pub(crate) base: Option<(String, f64)>,
    /// What the ratio should be at most.
    pub(crate) goal: Option<f64>,
}

/// All of `figures`, each with its base where it has one.
pub(crate) fn rows(figures: Vec<Measure>) -> Vec<Row> {
    let row = |figure: &Measure| {
        let base = base_of(figure, &figures);
        Row {
            figure: figure.clone(),
            base: base.map(|base| (base.name.clone(), figure.median / base.median)),
            goal: base.and_then(|_| goal_of(figure)),
        }
    };
    figures.iter().map(row).collect()
}

/// The figure of the same group and size whose name has a base in the place of this one's first word, such as
/// `raw and a SELECT` for `engine and a SELECT`; without such, the plain base.
fn base_of<'a>(figure: &Measure, all: &'a [Measure]) -> Option<&'a Measure> {
    let name = figure.name.as_str();
    let (first, rest) = name.split_at(name.find([' ', '/']).unwrap_or(name.len()));
    if BASES.contains(&first) {
        return None;
    }
    let called = |name: &str| {
        all.iter().find(|other| {
            other.group == figure.group && other.size == figure.size && other.name == name
        })
    };
    let twin = BASES
        .iter()
        .find_map(|base| called(&format!("{base}{rest}")));
    twin.or_else(|| BASES.iter().find_map(|base| called(base)))
}

fn goal_of(figure: &Measure) -> Option<f64> {
    GOALS
        .iter()
        .find(|(group, name, _)| figure.group.starts_with(group) && figure.name == *name)
        .map(|(_, _, goal)| *goal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, size: &str, median: f64) -> Measure {
        Measure::sample("opening/WAL", name, size, median)
    }

    fn bases(figures: &[Measure]) -> Vec<Option<(String, f64)>> {
        rows(figures.to_vec())
            .into_iter()
            .map(|row| row.base)
            .collect()
    }

    #[test]
    fn the_base_is_the_twin_of_the_same_size() {
        let figures = [
            figure("raw", "10", 2.0),
            figure("raw and a SELECT", "10", 4.0),
            figure("raw", "100", 8.0),
            figure("engine", "10", 3.0),
            figure("engine and a SELECT", "10", 5.0),
            figure("header only", "100", 8.0),
        ];
        let base = |name: &str, ratio: f64| Some((name.to_owned(), ratio));
        let expected = [
            None,
            None,
            None,
            base("raw", 1.5),
            base("raw and a SELECT", 1.25),
            base("raw", 1.0),
        ];
        assert_eq!(bases(&figures), expected);
    }

    #[test]
    fn a_scan_is_the_base_of_each_way_to_look_up() {
        let figures = [
            figure("scan/rare", "10", 6.0),
            figure("index/rare", "10", 3.0),
        ];
        assert_eq!(bases(&figures), [None, Some(("scan/rare".to_owned(), 0.5))]);
    }

    #[test]
    fn nothing_is_compared_with_another_size_or_group() {
        let mut other = figure("raw", "10", 1.0);
        other.group = "opening/DELETE".to_owned();
        let figures = [
            figure("raw", "100", 2.0),
            figure("engine", "10", 3.0),
            other,
        ];
        assert_eq!(bases(&figures), [None, None, None]);
    }
}
