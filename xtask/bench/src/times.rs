//! Times: runs criterion's benchmarks, and prints their figures as one table or writes them into
//! the docs.

use std::path::Path;
use std::time::SystemTime;
use xtask::{complain, say, screen};

use xtask::cli::{Bench, Format};
use xtask::{Failure, Verdict};

use crate::compare;
use crate::criterion::{self, Program};
use crate::docs;
use crate::machine::Machine;
use crate::table;

/// Measures the benchmarks that `options` name, and prints the figures.
///
/// # Errors
/// If a benchmark fails, leaves no figures, or the docs cannot be written.
pub(crate) fn run(root: &Path, options: &Bench) -> Verdict {
    let (all, target) = criterion::programs(root)?;
    let chosen = chosen(all, &options.only)?;
    let begun = if options.last {
        SystemTime::UNIX_EPOCH
    } else {
        let begun = SystemTime::now();
        criterion::build(root, &chosen)?;
        for (nth, program) in (1..).zip(&chosen) {
            let rounds = program.rounds();
            for round in 1..=rounds {
                complain!(
                    "=== {} ({nth} of {}), round {round} of {rounds}",
                    program.name,
                    chosen.len()
                );
                criterion::run(root, &target, program, round, options.quick)?;
            }
        }
        begun
    };
    let rows = compare::rows(&criterion::figures(&target, begun)?);
    if rows.is_empty() {
        let shown = target.join("criterion");
        let message = format!("there are no figures in `{}`", shown.display());
        return Err(Failure::new(message).hint("measure: `cargo xtask bench`"));
    }
    let machine = Machine::here();
    match options.format {
        Format::Text => say!("\n{}", table::text(&rows, &machine).trim_end_matches('\n')),
        Format::Json => screen::say_document(&table::json(&rows, &machine)),
    }
    if options.chart {
        docs::write(root, &rows, &machine)?;
    }
    Ok(true)
}

/// The named programs, or all.
fn chosen(all: Vec<Program>, only: &[String]) -> Result<Vec<Program>, Failure> {
    let names: Vec<&str> = all.iter().map(|program| program.name.as_str()).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Failure::new(format!("there is no benchmark `{unknown}`"))
            .hint(format!("there are: {}", names.join(", "))));
    }
    let wanted = |program: &Program| only.is_empty() || only.contains(&program.name);
    Ok(all.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str) -> Program {
        Program {
            package: "p".to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn an_unknown_name_is_reported() {
        let all = vec![program("engine"), program("moving")];
        let error = chosen(all.clone(), &["engin".to_owned()]).unwrap_err();
        insta::assert_snapshot!(error, @r"
        error: there is no benchmark `engin`
        hint: there are: engine, moving
        ");
        assert_eq!(
            chosen(all, &["moving".to_owned()]).unwrap(),
            [program("moving")]
        );
    }
}
