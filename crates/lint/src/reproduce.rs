//! The command that shows a finding again.

use crate::analysis::Analysis;
use crate::finding::{Diagnostic, Reach};

/// The command, ready for a shell. What only a longer run shows is repeated with that run. Both ways of foreign keys
/// are run again where they were, so that a finding is as bad as it was told.
pub(crate) fn repeat(bench: &Analysis, told: &Diagnostic, step: &str) -> String {
    let mut words: Vec<String> = bench.options.command.clone();
    let root = bench.history.root.display().to_string();
    words.push(match root.starts_with('-') {
        true => format!("./{root}"),
        false => root,
    });
    option(&mut words, "layout", bench.history.layout);
    let name = |place: usize| bench.steps.get(place).map(|step| step.name.as_str());
    let (start, end) = (bench.judged.start, bench.judged.end);
    let begins = (start > 0).then(|| name(start)).flatten();
    let ends = (end < bench.history.steps.len()).then(|| name(end.saturating_sub(1)));
    let ends = ends.flatten();
    let (from, to) = match told.reach {
        Reach::Step => (Some(step), Some(step)),
        Reach::Rest => (Some(step), ends),
        Reach::Whole => (begins, ends),
    };
    if let Some(from) = from {
        option(&mut words, "from", from);
    }
    if let Some(to) = to {
        option(&mut words, "to", to);
    }
    shell_words::join(words)
}

fn option(words: &mut Vec<String>, name: &str, value: &str) {
    // A value that looks like an option is one to the parser, unless it is joined to its name.
    match value.starts_with('-') {
        true => words.push(format!("--{name}={value}")),
        false => words.extend([format!("--{name}"), value.to_owned()]),
    }
}
