//! Objects that only the application registers: what is used instead of each, and the diagnostics
//! that only this shows.

use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::script::statement::Statement;
use crate::script::virtual_table::{function_supplier, supplier};
use crate::verdict::Substitute;
use sandbox::ObjectKind;

/// The statements of one step, up and down.
pub(crate) struct StepStatements {
    pub(crate) up: Vec<Statement>,
    pub(crate) down: Vec<Statement>,
}

impl StepStatements {
    fn of(&self, direction: Direction) -> &[Statement] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// Describes the objects that nobody declared, in the order in which the history names them.
pub(crate) fn describe(
    missing: &[(ObjectKind, String)],
    steps: &[StepStatements],
) -> Vec<Substitute> {
    let place = |name: &str| {
        let ups = steps.iter().flat_map(|step| &step.up);
        let all = ups.chain(steps.iter().flat_map(|step| &step.down));
        let mut places = all.enumerate().filter(|(_, line)| line.mentions(name));
        places.next()
    };
    let described = missing.iter().map(|(kind, name)| {
        let place = place(name);
        let (file, line) = place.map_or(("", 0), |(_, line)| (&*line.file, line.line));
        let own = Substitute {
            name: name.clone(),
            file: file.to_owned(),
            line,
            why: explain(*kind, name),
        };
        (place.map_or(usize::MAX, |(order, _)| order), own)
    });
    let mut described: Vec<(usize, Substitute)> = described.collect();
    described.sort_by_key(|(order, _)| *order);
    described.into_iter().map(|(_, own)| own).collect()
}

fn explain(kind: ObjectKind, name: &str) -> String {
    let (noun, instead, option) = match kind {
        ObjectKind::Function => ("function", "NULL is used instead", "stub-function"),
        ObjectKind::Collation => ("collation", "BINARY is used instead", "stub-collation"),
        ObjectKind::Module => (
            "module",
            "an ordinary table with the same columns is used instead",
            "stub-module",
        ),
        ObjectKind::Tokenizer => ("tokenizer", "`unicode61` is used instead", "stub-module"),
    };
    let supplier = match kind {
        ObjectKind::Module => supplier(name),
        ObjectKind::Function => function_supplier(name),
        ObjectKind::Collation | ObjectKind::Tokenizer => None,
    };
    let supplier = supplier.map(|supplier| format!(" from {supplier}"));
    format!(
        "`{name}` is a {noun}{} that the application registers; {instead}, and the option \
         `{option}` accepts or replaces it",
        supplier.unwrap_or_default()
    )
}

/// Lowers diagnostics about values to notes where the statement calls a function that returns NULL
/// here and something else in the application.
pub(crate) fn weigh(
    missing: &[(ObjectKind, String)],
    steps: &[StepStatements],
    diagnostics: &mut [Diagnostic],
) {
    let functions: Vec<&String> = missing
        .iter()
        .filter(|(kind, _)| *kind == ObjectKind::Function)
        .map(|(_, name)| name)
        .collect();
    if functions.is_empty() {
        return;
    }
    let about_rows = [
        Rule::RowsLost,
        Rule::ValuesChanged,
        Rule::DownLosesRows,
        Rule::StepFailsOnRows,
        Rule::DownFailsOnRows,
    ];
    for own in diagnostics {
        let Some(step) = steps.get(own.origin.step) else {
            continue;
        };
        let mut statements = step.of(own.origin.direction).iter();
        let statement = statements.find(|line| Some(line.line) == own.line);
        let called = statement.and_then(|line| functions.iter().find(|name| line.mentions(name)));
        let all = step.of(own.origin.direction);
        let elsewhere = functions
            .iter()
            .find(|name| all.iter().any(|line| line.mentions(name)));
        if !about_rows.contains(&own.rule) {
            continue;
        }
        if let Some(name) = called {
            own.severity = Severity::Note;
            own.message = format!("{}; `{name}` returns NULL here", own.message);
        } else if let Some(name) = elsewhere.filter(|_| own.severity == Severity::Error) {
            own.severity = Severity::Warning;
            own.message = format!(
                "{}; another statement of the script calls `{name}`, which returns NULL here",
                own.message
            );
        }
    }
}
