//! Checks statements for values of the clock or of chance: two runs give different data.

use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::runner::step::StepRun;
use crate::script::statement::Effect;

/// The first such statement of a script for each table.
pub(crate) fn check(run: &StepRun<'_>, direction: Direction) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for line in run.statements(direction) {
        let table = match &line.effect {
            Effect::Update(table, _) | Effect::Delete(table) | Effect::Insert(table, _) => table,
            Effect::Copy(copy) => &copy.into,
            _ => continue,
        };
        let Some(function) = &line.demands.volatile else {
            continue;
        };
        if found.iter().any(|own| own.object == *table) {
            continue;
        }
        let message = format!(
            "the statement calls `{function}`, so a second run, a rehearsal and a replica get \
             other rows in `{table}`"
        );
        let rule = Rule::Nondeterministic;
        let origin = run.origin(direction);
        let diagnostic = Diagnostic::new(rule, Severity::Warning, origin, table, message);
        found.push(diagnostic.with_line(Some(line.line)));
    }
    found
}
