//! Writes the results of a run into the docs: the chart of the lookups, and the figures in
//! `docs/benchmarks.md`.

use std::fs;
use std::path::Path;
use xtask::complain;

use xtask::Failure;

use crate::chart;
use crate::compare::Row;
use crate::machine::Machine;
use crate::table;

/// The page, below the root.
const PAGE: &str = "docs/benchmarks.md";

/// The chart, below the root.
const CHART: &str = "docs/lookups.svg";

const BEGIN: &str = "<!-- begin generated: figures -->\n";
const END: &str = "<!-- end generated -->";

/// Writes the chart and the page.
///
/// # Errors
/// If a file cannot be read or written, or the page has no markers for the figures.
pub(crate) fn write(root: &Path, rows: &[Row], machine: &Machine) -> Result<(), Failure> {
    let cannot = |file: &str, error: std::io::Error| {
        Failure::new(format!("`{file}` cannot be read or written: {error}"))
    };
    let page = fs::read_to_string(root.join(PAGE)).map_err(|error| cannot(PAGE, error))?;
    let page = with_figures(&page, &table::text(rows, machine)).ok_or_else(|| {
        Failure::new(format!("`{PAGE}` has no markers for the figures"))
            .hint(format!("restore it: `git checkout -- {PAGE}`"))
    })?;
    let drawn = chart::svg(rows, machine)
        .map_err(|said| Failure::new(format!("the chart cannot be drawn: {said}")))?;
    let drawn = drawn.ok_or_else(|| {
        Failure::new("there are no lookups of two sizes to draw")
            .hint("measure all: `cargo xtask bench --chart`")
    })?;
    fs::write(root.join(PAGE), page).map_err(|error| cannot(PAGE, error))?;
    fs::write(root.join(CHART), drawn).map_err(|error| cannot(CHART, error))?;
    complain!("{PAGE}, {CHART}: written");
    Ok(())
}

/// `page` with `table` between its markers.
fn with_figures(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let table = table.trim_end();
    Some(format!(
        "{before}{BEGIN}```text\n{table}\n```\n{END}{after}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_around_the_figures_stays() {
        let page = format!("# Title\n\n{BEGIN}old\n{END}\nfoot\n");
        let expected = format!("# Title\n\n{BEGIN}```text\nnew\n```\n{END}\nfoot\n");
        assert_eq!(with_figures(&page, "new\n"), Some(expected));
        assert_eq!(with_figures("# Title\n", "new\n"), None);
    }
}
