//! `cargo xtask verify-migrations`: the proof, as a report.

use clap::Parser;
use harness::{Journey, Settings, Subject, draft, verify};
use xtask::cli::{Cli, Format, Verb, VerifyMigrations};
use xtask::say;

use crate::progress;
use xtask::{Failure, Verdict};

/// Proves the catalogue and prints the report.
///
/// # Errors
/// If `--journey` or `--law` is unknown.
pub(crate) fn run(subject: &Subject<'_>, options: &VerifyMigrations) -> Verdict {
    let again;
    let options = match &options.repeat {
        None => options,
        Some(line) => {
            again = repeated(line)?;
            &again
        }
    };
    let settings = settings(options)?;
    let mut report = verify(subject, &settings);
    let mut checklist = draft::checklist(subject, &report);
    let hints = report.laws.iter_mut().flat_map(|law| &mut law.broken);
    let hints = hints.filter_map(|broken| broken.hint.as_mut());
    let items = checklist.iter_mut().flat_map(|(_, items)| items);
    let items = items.filter_map(|item| item.todo.as_mut());
    for text in hints.chain(items) {
        *text = as_commands(text);
    }
    let unfrozen = options.require_frozen && checklist.is_some();
    match options.format {
        Format::Json => {
            let mut json = report.to_json();
            if let (Some((version, items)), Some(document)) = (&checklist, json.as_object_mut()) {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| serde_json::json!({ "what": item.what, "todo": item.todo }))
                    .collect();
                let draft = serde_json::json!({ "version": version, "checklist": items });
                document.insert("draft".to_owned(), draft);
            }
            xtask::screen::say_document(&json);
        }
        Format::Text => {
            say!("{}", report.to_text().trim_end());
            if let Some((version, items)) = &checklist {
                say!("\nversion {version} is not frozen yet:");
                for item in items {
                    say!("  {item}");
                }
            }
            if unfrozen {
                say!("\nerror: the newest version must be frozen before it lands");
            }
        }
    }
    Ok(report.holds() && !unfrozen)
}

/// The remedies of the library, each with the command for it.
const COMMANDS: [(&str, &str); 4] = [
    (
        "`harness::freeze::new_versions`",
        "`cargo xtask add-fixture`",
    ),
    (
        "`harness::freeze::fixture`",
        "`cargo xtask add-fixture FILE.db`",
    ),
    (
        "write the rebuilt blocks of `harness::docs::pages`",
        "write it with `cargo xtask docs`",
    ),
    (
        "put the change into a new version",
        "put the change into a new version: `cargo xtask new-version NAME`",
    ),
];

/// Words the library's remedies in a text as commands.
fn as_commands(text: &str) -> String {
    let mut text = text.to_owned();
    for (remedy, command) in COMMANDS {
        text = text.replace(remedy, command);
    }
    text
}

fn settings(options: &VerifyMigrations) -> Result<Settings, Failure> {
    let journey = options
        .journey
        .as_deref()
        .map(str::parse::<Journey>)
        .transpose();
    let journey = journey
        .map_err(|error| Failure::new(error).hint("`v3..v4` goes from version 3 to 4 and back"))?;
    let plain = |name: &str| name.to_lowercase().replace(['_', '-'], " ");
    let named = |name: &String| harness::LAWS.iter().find(|law| law.name == plain(name));
    let law = options
        .law
        .as_ref()
        .map(|name| named(name).ok_or(name))
        .transpose();
    let law = law.map_err(|name| {
        let names: Vec<_> = harness::LAWS.iter().map(|law| law.name).collect();
        Failure::new(format!("there is no law \"{name}\""))
            .hint(format!("the laws are: {}", names.join(", ")))
    })?;
    Ok(Settings {
        journey,
        fixture: options.fixture.clone(),
        law: law.map(|law| law.name.to_owned()),
        seed: options.seed,
        cases: options.cases.unwrap_or(if options.deep { 240 } else { 24 }),
        deep: options.deep,
        progress: options.deep.then_some(progress::report),
    })
}

/// The options that a report printed after `again:`.
fn repeated(line: &str) -> Result<VerifyMigrations, Failure> {
    let refuse = |why: String| {
        Failure::new(why).hint("copy the text after `again:` in the report, in quotes")
    };
    let words = shell_words::split(line)
        .map_err(|error| refuse(format!("`--repeat` cannot be read: {error}")))?;
    let options = words.into_iter().skip_while(|word| !word.starts_with("--"));
    let options: Vec<String> = options.collect();
    if options.is_empty() {
        return Err(refuse("`--repeat` has no option in it".to_owned()));
    }
    let cli = Cli::try_parse_from(
        ["cargo xtask".to_owned(), "verify-migrations".to_owned()]
            .into_iter()
            .chain(options),
    );
    match cli.map(|cli| cli.verb) {
        Ok(Verb::VerifyMigrations(options)) if options.repeat.is_none() => Ok(options),
        Ok(_) => Err(refuse(
            "`--repeat` cannot contain `--repeat` or another command".to_owned(),
        )),
        Err(error) => Err(refuse(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_remedy_of_the_library_has_a_command() {
        let library = [
            include_str!("../../../crates/harness/src/draft.rs"),
            include_str!("../../../crates/harness/src/law/everything_is_documented.rs"),
            include_str!("../../../crates/harness/src/law/history_is_frozen.rs"),
        ];
        let library = library.concat().replace("\\\n", "");
        let words: Vec<&str> = library.split_whitespace().collect();
        let library = words.join(" ");
        for (remedy, command) in COMMANDS {
            assert!(library.contains(remedy), "{remedy}");
            assert!(as_commands(remedy).contains(command));
        }
        let other = COMMANDS
            .iter()
            .fold(library, |text, (remedy, _)| text.replace(remedy, ""));
        assert!(!other.contains("`harness::"), "a remedy without a command");
    }

    #[test]
    fn a_journey_with_two_ends_is_accepted() {
        let journey = |text: &str| {
            let options = repeated(&format!("verify-migrations --journey {text}"));
            settings(&options.unwrap()).unwrap().journey.unwrap()
        };
        assert_eq!(journey("v6..v7"), journey("v6..v7..v6"));
    }
}
