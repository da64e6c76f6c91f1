//! `cargo xtask verify-migrations`: the proof, as a report.

use clap::Parser;
use harness::{Journey, Settings, Subject, draft, verify};
use xtask::cli::{Cli, Format, Verb, VerifyMigrations};
use xtask::say;

use crate::progress;
use xtask::{Failure, Verdict};

/// Proves the catalogue and prints what was found.
///
/// # Errors
/// When `--journey` or `--law` names none.
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
    let report = verify(subject, &settings);
    let checklist = draft::checklist(subject, &report);
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

fn settings(options: &VerifyMigrations) -> Result<Settings, Failure> {
    let journey = options
        .journey
        .as_deref()
        .map(str::parse::<Journey>)
        .transpose();
    let journey = journey.map_err(|error| {
        Failure::new(error).hint("a journey goes from a version over another one and back to it")
    })?;
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
        progress: options.deep.then_some(progress::tell),
    })
}

/// The options that a failure printed after `again:`.
fn repeated(line: &str) -> Result<VerifyMigrations, Failure> {
    let refuse = |why: String| {
        Failure::new(why).hint("give it as it stands behind `again:` in the report, in quotes")
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
        Ok(_) => Err(refuse("`--repeat` repeats nothing".to_owned())),
        Err(error) => Err(refuse(error.to_string())),
    }
}
