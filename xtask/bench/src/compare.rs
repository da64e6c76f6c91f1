//! Compares each figure with its base: the cost of the same work without the engine, measured in
//! the same run.

use crate::measure::Measure;

/// The names of a base, and so the first word of a benchmark's name: SQLite alone, the minimal cost
/// of the work, and the way without an index.
const BASES: [&str; 3] = ["raw", "floor", "scan"];

/// Comparisons between our own figures: group, figure, base. A migration costs more than a copy, so
/// the base is the larger one.
const ALSO: [(&str, &str, &str); 1] = [("moving", "engine with backup", "engine")];

/// The maximum ratio of a figure to its base. The table shows the goals, but no check fails by
/// them, because times differ from run to run.
struct Goal {
    /// The start of the group's name and of the base's name, and the figure's name; one that ends
    /// in `/` matches all names that begin with it.
    group: &'static str,
    name: &'static str,
    base: &'static str,
    ratio: f64,
}

const fn goal(group: &'static str, name: &'static str, base: &'static str, ratio: f64) -> Goal {
    Goal {
        group,
        name,
        base,
        ratio,
    }
}

/// The first matching goal counts.
const GOALS: [Goal; 6] = [
    goal("opening/", "engine and a SELECT", "raw", 1.10),
    goal("opening/", "header only", "raw", 1.05),
    goal("applying/", "engine", "raw", 1.20),
    goal("moving", "engine with backup", "engine", 1.30),
    goal("moving", "engine", "floor", 1.30),
    goal("last_exercise/", "v6/", "scan", 1.00),
];

/// A figure and its bases.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) figure: Measure,
    pub(crate) bases: Vec<Base>,
}

/// The base of a figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Base {
    pub(crate) name: String,
    /// The time of the figure as a multiple of the base's.
    pub(crate) ratio: f64,
    /// The goal for the ratio, at most.
    pub(crate) goal: Option<f64>,
}

/// The figures of all rounds, each once and beside its bases, sorted by group, size and name. Times
/// and ratios are medians over the rounds. A ratio is computed within a round, so that other load
/// on the machine affects both sides.
pub(crate) fn rows(rounds: &[Vec<Measure>]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for figure in rounds.iter().flatten() {
        if rows.iter().any(|row| row.figure.is_of(figure)) {
            continue;
        }
        let times: Vec<&Measure> = rounds
            .iter()
            .flat_map(|round| round.iter().filter(|other| other.is_of(figure)))
            .collect();
        let mut bases: Vec<(String, Vec<f64>)> = Vec::new();
        for (name, ratio) in rounds.iter().flat_map(|round| ratios(figure, round)) {
            match bases.iter_mut().find(|(other, _)| *other == name) {
                Some((_, ratios)) => ratios.push(ratio),
                None => bases.push((name, vec![ratio])),
            }
        }
        let base = |(name, ratios): (String, Vec<f64>)| Base {
            goal: goal_of(figure, &name),
            ratio: median(ratios),
            name,
        };
        rows.push(Row {
            figure: Measure {
                median: median(times.iter().map(|time| time.median).collect()),
                between: times.iter().fold(figure.between, |(low, high), time| {
                    (low.min(time.between.0), high.max(time.between.1))
                }),
                ..figure.clone()
            },
            bases: bases.into_iter().map(base).collect(),
        });
    }
    rows.sort_by(|one, other| one.figure.order(&other.figure));
    rows
}

/// The ratios of the figure of the same group, size and name in `round` to each of its bases there.
fn ratios(figure: &Measure, round: &[Measure]) -> Vec<(String, f64)> {
    let Some(own) = round.iter().find(|other| other.is_of(figure)) else {
        return Vec::new();
    };
    bases_of(own, round)
        .into_iter()
        .map(|base| (base.name.clone(), own.median / base.median))
        .collect()
}

/// The figures of the same group and size whose name has a base in place of this one's first word,
/// such as `raw and a SELECT` for `engine and a SELECT`; if there are none, the plain base.
fn bases_of<'a>(figure: &Measure, round: &'a [Measure]) -> Vec<&'a Measure> {
    let name = figure.name.as_str();
    let (first, rest) = name.split_at(name.find([' ', '/']).unwrap_or(name.len()));
    if BASES.contains(&first) {
        return Vec::new();
    }
    let called = |name: &str| {
        round.iter().find(|other| {
            other.group == figure.group && other.size == figure.size && other.name == name
        })
    };
    let twins = BASES
        .iter()
        .filter_map(|base| called(&format!("{base}{rest}")));
    let mut bases: Vec<&Measure> = twins.collect();
    if bases.is_empty() {
        bases.extend(BASES.iter().find_map(|base| called(base)));
    }
    let also = ALSO
        .iter()
        .filter(|(group, of, _)| figure.group == *group && name == *of);
    bases.extend(also.filter_map(|(_, _, base)| called(base)));
    bases
}

fn goal_of(figure: &Measure, base: &str) -> Option<f64> {
    GOALS
        .iter()
        .find(|goal| {
            let way = goal.name.ends_with('/') && figure.name.starts_with(goal.name);
            figure.group.starts_with(goal.group)
                && (way || figure.name == goal.name)
                && base.starts_with(goal.base)
        })
        .map(|goal| goal.ratio)
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    let middle = of.len() / 2;
    match (of.get(middle.wrapping_sub(1)), of.get(middle)) {
        (Some(low), Some(high)) if of.len().is_multiple_of(2) => f64::midpoint(*low, *high),
        (_, Some(one)) => *one,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, size: &str, median: f64) -> Measure {
        Measure::sample("opening/WAL", name, size, median)
    }

    fn bases(figures: &[Measure]) -> Vec<Vec<(String, f64)>> {
        let text = |row: Row| {
            let bases = row.bases.into_iter();
            bases.map(|base| (base.name, base.ratio)).collect()
        };
        rows(&[figures.to_vec()]).into_iter().map(text).collect()
    }

    fn one(name: &str, ratio: f64) -> Vec<(String, f64)> {
        vec![(name.to_owned(), ratio)]
    }

    #[test]
    fn the_base_is_the_twin_of_the_same_size() {
        let figures = [
            figure("engine", "10", 3.0),
            figure("engine and a SELECT", "10", 5.0),
            figure("raw", "10", 2.0),
            figure("raw and a SELECT", "10", 4.0),
            figure("header only", "100", 8.0),
            figure("raw", "100", 8.0),
        ];
        let expected = [
            one("raw", 1.5),
            one("raw and a SELECT", 1.25),
            vec![],
            vec![],
            one("raw", 1.0),
            vec![],
        ];
        assert_eq!(bases(&figures), expected);
    }

    #[test]
    fn a_way_to_look_up_has_a_scan_and_sqlite_alone_for_bases() {
        let figures = [
            figure("index/rare", "10", 3.0),
            figure("raw/rare", "10", 2.0),
            figure("scan/rare", "10", 6.0),
        ];
        let both = [one("raw/rare", 1.5), one("scan/rare", 0.5)].concat();
        assert_eq!(bases(&figures), [both, vec![], vec![]]);
    }

    #[test]
    fn with_a_backup_is_compared_with_the_floor_and_without() {
        let figure = |name: &str, median: f64| Measure::sample("moving", name, "10", median);
        let figures = [
            figure("engine with backup", 6.0),
            figure("engine", 4.0),
            figure("floor", 2.0),
        ];
        let row = rows(&[figures.to_vec()]).remove(1);
        let text = row
            .bases
            .iter()
            .map(|base| (base.name.as_str(), base.ratio, base.goal));
        let expected = [("floor", 3.0, None), ("engine", 1.5, Some(1.3))];
        assert_eq!(text.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn nothing_is_compared_with_another_size_or_group() {
        let mut other = figure("raw", "10", 1.0);
        other.group = "opening/XYZ".to_owned();
        let figures = [
            figure("engine", "10", 3.0),
            figure("raw", "100", 2.0),
            other,
        ];
        assert_eq!(bases(&figures), [vec![], vec![], vec![]]);
    }

    #[test]
    fn a_ratio_is_made_within_a_round() {
        // The machine is three times as slow in the second round, and disturbed once in the third.
        let rounds = [(2.0, 1.0), (6.0, 3.0), (9.0, 1.0)];
        let rounds = rounds
            .map(|(engine, raw)| vec![figure("engine", "10", engine), figure("raw", "10", raw)]);
        let row = rows(&rounds).remove(0);
        assert_eq!((row.figure.median, row.bases[0].ratio), (6.0, 2.0));
        assert_eq!(row.figure.between, (2.0 * 0.9, 9.0 * 1.1));
    }

    #[test]
    fn a_figure_that_one_round_lacks_has_the_others() {
        let both = vec![figure("engine", "10", 4.0), figure("raw", "10", 2.0)];
        let rounds = [both, vec![figure("engine", "10", 6.0)]];
        let row = rows(&rounds).remove(0);
        assert_eq!((row.figure.median, row.bases[0].ratio), (5.0, 2.0));
    }

    #[test]
    fn a_goal_is_of_the_figure_and_the_base() {
        let goal = |group: &str, name: &str, base: &str| {
            goal_of(&Measure::sample(group, name, "10", 1.0), base)
        };
        assert_eq!(goal("last_exercise/WAL", "v6/rare", "scan/rare"), Some(1.0));
        assert_eq!(goal("last_exercise/WAL", "v6/rare", "raw/rare"), None);
        assert_eq!(goal("last_exercise/WAL", "v2/rare", "scan/rare"), None);
    }
}
