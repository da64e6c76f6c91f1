//! `cargo xtask sabotage`: plants mistakes in the engine, one at a time, and checks that the proof
//! finds them.
//!
//! The workspace is copied below the target directory. In the copy, each sound expression is
//! replaced by one that asks which engine is active, so that one compilation contains all of them
//! and the sound one.

mod plant;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use self::plant::{Finder, Planted};
use crate::cli::Sabotage;
use crate::{Failure, Verdict, project};

/// The variable with the name of the active engine.
const VARIABLE: &str = "PLANTED_ENGINE";

/// A proof of a planted engine may never end. The longest proof of the sound one takes a minute on
/// a slow machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The same with `--deep`.
const PATIENCE_DEEP: Duration = Duration::from_secs(3_600);

/// The number of concurrent proofs; each uses all cores for a part of its time.
const AT_ONCE: usize = 2;

/// The verdict of the proof on one engine.
struct Judged {
    /// The law, the journey and the database; `None` if all laws hold.
    found: Option<String>,
    seconds: f64,
}

/// Plants the named engines, or all of them, and prints what found each.
///
/// # Errors
/// If an engine's expression is not where its file says, the copy does not compile, or the proof of
/// the sound engine does not hold.
#[expect(clippy::print_stdout, reason = "this is a command's report")]
pub fn run(root: &Path, options: &Sabotage) -> Verdict {
    let all = plant::read(root)?;
    if let Some(name) = options
        .names
        .iter()
        .find(|name| !all.iter().any(|own| own.name == **name))
    {
        let names: Vec<&str> = all.iter().map(|own| own.name.as_str()).collect();
        return Err(Failure::new(format!("no engine is called `{name}`"))
            .hint(format!("the engines are: {}", names.join(", "))));
    }
    let program = build(root, &all)?;
    let sound = judge(&program, options, None)?;
    if let Some(found) = sound.found {
        return Err(
            Failure::new(format!("the sound engine breaks a law: {found}"))
                .hint("fix that first: `cargo xtask verify-migrations`"),
        );
    }
    println!("{:<28} {:>6.1} s  ok", "(the sound engine)", sound.seconds);
    let chosen: Vec<&Planted> = all
        .iter()
        .filter(|own| options.names.is_empty() || options.names.contains(&own.name))
        .collect();
    let mut missed = Vec::new();
    let (mut found, mut due) = (0, 0);
    for group in chosen.chunks(AT_ONCE) {
        let judged: Vec<Result<Judged, Failure>> = thread::scope(|scope| {
            let judge = |own: &Planted| judge(&program, options, Some(&own.name));
            let threads: Vec<_> = group
                .iter()
                .map(|own| scope.spawn(move || judge(own)))
                .collect();
            let lost = || Err(Failure::new("a thread that runs a proof panicked"));
            let join = |one: thread::ScopedJoinHandle<'_, _>| one.join().unwrap_or_else(|_| lost());
            threads.into_iter().map(join).collect()
        });
        for (own, judged) in group.iter().zip(judged) {
            let judged = judged?;
            let wanted =
                own.finder == Finder::Proof || (options.deep && own.finder == Finder::Deep);
            due += usize::from(wanted);
            found += usize::from(judged.found.is_some());
            let said = match (&judged.found, wanted) {
                (Some(found), _) => found.clone(),
                (None, true) => {
                    missed.push(own.name.as_str());
                    "NOT FOUND".to_owned()
                }
                (None, false) => format!("not found, as declared: {}", own.finder),
            };
            println!("{:<28} {:>6.1} s  {said}", own.name, judged.seconds);
        }
    }
    println!(
        "\n{found} of {} engines found, {due} of them were required",
        chosen.len()
    );
    if !missed.is_empty() {
        println!("error: not found: {}", missed.join(", "));
    }
    Ok(missed.is_empty())
}

/// Compiles the proof with all engines in it.
fn build(root: &Path, all: &[Planted]) -> Result<PathBuf, Failure> {
    let folder = project::target(root).join("sabotage");
    let copy = folder.join("copy");
    let target = folder.join("target");
    plant::copy(root, &copy, all, VARIABLE)?;
    let status = Command::new(project::cargo())
        .current_dir(&copy)
        .args(["build", "--quiet", "--package", "xtask-catalogue"])
        .env("CARGO_TARGET_DIR", &target)
        // Nobody reads the planted code, so lints do not matter.
        .env("RUSTFLAGS", "--cap-lints allow")
        .stdin(Stdio::null())
        .status();
    let failed = |error| Failure::new(format!("cannot run `cargo`: {error}"));
    if !status.map_err(failed)?.success() {
        return Err(Failure::new("the copy with the planted engines does not compile").hint(
        "the planted expression must have the type of the sound one; the compiler's message above \
         names the file",
        ));
    }
    Ok(target
        .join("debug")
        .join(format!("xtask-catalogue{}", std::env::consts::EXE_SUFFIX)))
}

/// Runs the proof with one engine planted, or with none.
fn judge(program: &Path, options: &Sabotage, name: Option<&str>) -> Result<Judged, Failure> {
    let started = Instant::now();
    let copy = program.ancestors().nth(3).map(|folder| folder.join("copy"));
    let copy = copy.unwrap_or_default();
    let output = program.with_file_name(format!("{}.json", name.unwrap_or("sound")));
    let failed = |error| Failure::new(format!("cannot run the proof: {error}"));
    let file = fs::File::create(&output).map_err(failed)?;
    let mut command = Command::new(program);
    command
        .current_dir(&copy)
        .args(["verify-migrations", "--format", "json"])
        .env("CARGO_MANIFEST_DIR", copy.join("xtask/catalogue"))
        .env(VARIABLE, name.unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(Stdio::null());
    if options.deep {
        command.arg("--deep");
    }
    let patience = if options.deep {
        PATIENCE_DEEP
    } else {
        PATIENCE
    };
    let child = command.spawn().map_err(failed)?;
    let code = wait(child, patience).map_err(failed)?;
    let found = match code {
        Some(0) => None,
        Some(1) => {
            let text = fs::read_to_string(&output).map_err(failed)?;
            let report = serde_json::from_str(&text).ok();
            Some(
                report
                    .as_ref()
                    .and_then(first)
                    .unwrap_or_else(|| "the report cannot be read".to_owned()),
            )
        }
        Some(code) => Some(format!("the proof itself ends with {code}")),
        None => Some(format!(
            "the proof does not end in {} s",
            patience.as_secs()
        )),
    };
    Ok(Judged {
        found,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// The exit code; `None` if the process takes too long and is stopped.
fn wait(mut child: Child, patience: Duration) -> std::io::Result<Option<i32>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.code().unwrap_or(-1)));
        }
        if started.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The laws that are broken in a report, and the first case of the first law.
fn first(report: &Value) -> Option<String> {
    let laws = report.get("laws")?.as_array()?;
    let broken = |law: &&Value| {
        let cases = law.get("broken").and_then(Value::as_array);
        cases.is_some_and(|cases| !cases.is_empty())
    };
    let broken: Vec<&Value> = laws.iter().filter(broken).collect();
    let text = |value: &Value, name: &str| -> Option<String> {
        Some(value.get(name)?.as_str()?.to_owned())
    };
    let law = broken.first()?;
    let case = law.get("broken")?.as_array()?.first()?;
    let more = match broken.len() {
        1 => String::new(),
        number => format!(", and {} laws more", number - 1),
    };
    let place = format!(
        "{} {}",
        text(case, "journey").unwrap_or_default(),
        text(case, "data").unwrap_or_default()
    );
    let object = text(case, "object").unwrap_or_default();
    let name = text(law, "law").or_else(|| text(law, "name"))?;
    Some(format!("{name}: {} ({object}){more}", place.trim_end()))
}
