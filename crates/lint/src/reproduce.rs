//! The command that reproduces a finding.

use crate::finding::{Diagnostic, Reach};
use crate::request::Request;

/// The command, ready for a shell. It runs as much of the history as the finding needs, and all
/// modes of foreign keys that the check ran, so that the severity is the same.
pub(crate) fn command(request: &Request, diagnostic: &Diagnostic, step: &str) -> String {
    let (begins, ends) = ends(request);
    let (from, to) = match diagnostic.reach {
        Reach::Step => (Some(step), Some(step)),
        Reach::Rest => (Some(step), ends),
        Reach::Whole => (begins, ends),
    };
    join(request, [("from", from), ("to", to), ("since", None)])
}

/// The command for a finding about the history as a whole, compared with the revision `since`.
pub(crate) fn command_for_run(request: &Request, since: Option<&str>) -> String {
    let (from, to) = ends(request);
    join(request, [("from", from), ("to", to), ("since", since)])
}

/// The first and the last step to check, where these are not those of the history.
fn ends(request: &Request) -> (Option<&str>, Option<&str>) {
    let name = |place: usize| request.step(place).map(|step| step.name.as_str());
    let (start, end) = (request.places.start, request.places.end);
    let begins = if start > 0 { name(start) } else { None };
    let is_cut = end < request.history.steps.len();
    let ends = if is_cut {
        name(end.saturating_sub(1))
    } else {
        None
    };
    (begins, ends)
}

fn join(request: &Request, options: [(&str, Option<&str>); 3]) -> String {
    let mut words: Vec<String> = request.options.command.clone();
    let root = request.history.root.display().to_string();
    words.push(if root.starts_with('-') {
        format!("./{root}")
    } else {
        root
    });
    add_option(&mut words, "layout", request.history.layout);
    for (name, value) in options {
        if let Some(value) = value {
            add_option(&mut words, name, value);
        }
    }
    shell_words::join(words)
}

fn add_option(words: &mut Vec<String>, name: &str, value: &str) {
    // The parser takes a value that begins with `-` for an option, unless `=` joins it to its name.
    if value.starts_with('-') {
        words.push(format!("--{name}={value}"));
    } else {
        words.extend([format!("--{name}"), value.to_owned()]);
    }
}
