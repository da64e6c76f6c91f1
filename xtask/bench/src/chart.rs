//! The chart of lookup times by size: one line for each way and exercise, both axes in powers of
//! ten.

use plotters::prelude::*;

use crate::compare::Row;
use crate::machine::Machine;
use crate::measure::show;

/// The group of benchmarks that the chart shows.
const GROUP: &str = "last_exercise/DELETE";

/// The figures that are not a way to look an exercise up, but the cost of SQLite alone.
const ALONE: &str = "raw/";

const SIZE: (u32, u32) = (860, 520);

/// From the palette of Okabe and Ito; marks distinguish the lines without colour, too.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(128, 128, 128),
];

/// One way to look one exercise up.
#[derive(Debug, PartialEq)]
struct Line {
    name: String,
    /// Sessions and nanoseconds.
    points: Vec<(f64, f64)>,
}

/// Draws the chart as SVG; returns `None` if fewer than two sizes were measured.
///
/// # Errors
/// If the drawing library reports an error.
pub(crate) fn svg(rows: &[Row], machine: &Machine) -> Result<Option<String>, String> {
    let lines = lines(rows);
    if lines.is_empty() {
        return Ok(None);
    }
    let mut svg = String::new();
    draw(&lines, machine, &mut svg).map_err(|error| error.to_string())?;
    if !svg.ends_with('\n') {
        svg.push('\n');
    }
    Ok(Some(svg))
}

fn lines(rows: &[Row]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let shown = |row: &&Row| row.figure.group == GROUP && !row.figure.name.starts_with(ALONE);
    for row in rows.iter().filter(shown) {
        let Ok(sessions) = row.figure.size.parse::<f64>() else {
            continue;
        };
        let point = (sessions, row.figure.median);
        match lines.iter_mut().find(|line| line.name == row.figure.name) {
            Some(line) => line.points.push(point),
            None => lines.push(Line {
                name: row.figure.name.clone(),
                points: vec![point],
            }),
        }
    }
    lines.retain(|line| line.points.len() > 1);
    lines.sort_by(|one, other| one.name.cmp(&other.name));
    lines
}

fn draw(
    lines: &[Line],
    machine: &Machine,
    svg: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let sizes = points().map(|point| point.0);
    let (fewest, most) = sizes.fold((f64::MAX, f64::MIN), |(low, high), at| {
        (low.min(at), high.max(at))
    });
    let times = points().map(|point| point.1);
    let (fastest, slowest) = times.fold((f64::MAX, f64::MIN), |(low, high), at| {
        (low.min(at), high.max(at))
    });
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (above, foot) = area.split_vertically(SIZE.1 - 26);
    foot.draw(&Text::new(machine.line(), (12, 6), ("sans-serif", 12)))?;
    let mut chart = ChartBuilder::on(&above)
        .caption("When was an exercise done last?", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(
            (fewest..most * 12.0).log_scale(),
            (fastest / 2.0..slowest * 2.0).log_scale(),
        )?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("sessions in the file")
        .y_desc("median time of one lookup")
        .x_label_formatter(&|at| {
            if *at > most {
                String::new()
            } else {
                format!("{at:.0}")
            }
        })
        .y_label_formatter(&|at| show(*at))
        .draw()?;
    let ways = firsts(lines.iter().map(Line::way));
    let exercises = firsts(lines.iter().map(Line::exercise));
    for line in lines {
        let place = |of: &[&str], one: &str| of.iter().position(|other| *other == one);
        let way = place(&ways, line.way()).unwrap_or_default();
        let colour = COLOURS[way % COLOURS.len()];
        let mark = place(&exercises, line.exercise()).unwrap_or_default() % 3;
        let series = chart
            .draw_series(LineSeries::new(line.points.clone(), colour.stroke_width(2)))?
            .label(line.name.replace('/', ", "));
        let stroke = move || PathElement::new([(0, 0), (24, 0)], colour.stroke_width(2));
        match mark {
            0 => series.legend(move |at| {
                EmptyElement::at(at) + stroke() + Circle::new((12, 0), 4, colour.filled())
            }),
            1 => series.legend(move |at| {
                EmptyElement::at(at) + stroke() + TriangleMarker::new((12, 0), 6, colour.filled())
            }),
            _ => series.legend(move |at| {
                EmptyElement::at(at) + stroke() + Cross::new((12, 0), 4, colour.stroke_width(2))
            }),
        };
        let marks = line.points.iter().map(|point| match mark {
            0 => Circle::new(*point, 4, colour.filled()).into_dyn(),
            1 => TriangleMarker::new(*point, 6, colour.filled()).into_dyn(),
            _ => Cross::new(*point, 4, colour.stroke_width(2)).into_dyn(),
        });
        chart.draw_series(marks)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::MiddleRight)
        .legend_area_size(36)
        .label_font(("sans-serif", 14))
        .draw()?;
    area.present()?;
    Ok(())
}

impl Line {
    /// The way of the lookup, such as `scan`.
    fn way(&self) -> &str {
        self.name.split_once('/').map_or(&self.name, |(way, _)| way)
    }

    /// The exercise that was looked up, such as `rare`.
    fn exercise(&self) -> &str {
        self.name
            .split_once('/')
            .map_or("", |(_, exercise)| exercise)
    }
}

/// Each name once, in order of first occurrence.
fn firsts<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::rows;
    use crate::measure::Measure;

    #[test]
    fn a_line_is_drawn_for_each_way_and_exercise() {
        let rows = rows(&[vec![
            Measure::sample(GROUP, "scan/absent", "1000", 6.6e6),
            Measure::sample(GROUP, "raw/absent", "1000", 2e3),
            Measure::sample(GROUP, "raw/absent", "100000", 2e3),
            Measure::sample(GROUP, "scan/absent", "100000", 7.4e8),
            Measure::sample(GROUP, "index/absent", "1000", 3e3),
            Measure::sample(GROUP, "index/absent", "100000", 5e3),
            Measure::sample(GROUP, "index/rare", "1000", 3e3),
            Measure::sample("moving", "engine", "1000", 5e3),
            Measure::sample("moving", "engine", "2000", 5e3),
        ]]);
        let names: Vec<String> = lines(&rows).into_iter().map(|line| line.name).collect();
        assert_eq!(names, ["index/absent", "scan/absent"]);
        let drawn = svg(&rows, &Machine::sample()).unwrap().unwrap();
        for text in [
            "2025-01-02",
            "index, absent",
            "scan, absent",
            "100000",
            "sessions",
        ] {
            assert!(drawn.contains(text), "{text} is missing in {drawn}");
        }
    }

    #[test]
    fn one_size_makes_no_chart() {
        let rows = rows(&[vec![Measure::sample(GROUP, "scan/absent", "1000", 6.6e6)]]);
        assert_eq!(svg(&rows, &Machine::sample()), Ok(None));
    }
}
