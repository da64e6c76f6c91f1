//! The proof itself: which databases go on which journeys, and what the laws say of them.

mod tasks;
mod further;
pub(crate) mod generated;
mod clashes;
mod random_walks;
mod storage_configs;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use migrations::Version;

use crate::fixture::Fixture;
use crate::journey::{Journey, Trace, can_go_back, walk};
use crate::law::{Finding, Findings, LAWS, Law, Probe};
use crate::report::{Broken, JourneyReport, LawReport, Report};
use crate::subject::Subject;
use generate::Unseeded;
use stdx::map_parallel;
use tasks::{Source, Task};

/// What of the proof is run. The default is all of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Only this journey.
    pub journey: Option<Journey>,
    /// Only the databases of this name: a fixture, `empty`, `filled …`, `generated` (by the application),
    /// `plain` or `hostile` (from the schema alone), `clashing` (with rows that a step does not allow), `world` (golden databases in other physical worlds) or
    /// `tour` (random walks).
    pub fixture: Option<String>,
    /// Only this law.
    pub law: Option<String>,
    /// The seed of the generated databases.
    pub seed: u64,
    /// How many databases are generated for each journey of one step; for longer ones a third, unless `deep` or
    /// `journey` is set.
    pub cases: u32,
    /// Whether every point at which something can fail is tried, and not some of them.
    pub deep: bool,
    /// Called when a journey begins and when it ends, from any thread.
    pub progress: Option<fn(&Progress)>,
}

/// How far a proof is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Journeys that are finished, each with one database or with many generated ones.
    pub done: usize,
    /// Journeys that there are.
    pub all: usize,
    /// The journey that begins now, such as `v3..v4..v3 golden`; `None` when one has ended.
    pub begins: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            journey: None,
            fixture: None,
            law: None,
            seed: 1,
            cases: 24,
            deep: false,
            progress: None,
        }
    }
}

impl Settings {
    /// Whether this law is among those that are asked for.
    pub(crate) fn wants(&self, law: &Law) -> bool {
        self.law.as_ref().is_none_or(|name| name == law.name)
    }
}

/// Proves `subject`: every golden database, the empty file and generated databases, between every pair of
/// versions and back, judged by every law.
pub fn verify(subject: &Subject<'_>, settings: &Settings) -> Report {
    let mut proof = Proof {
        subject,
        settings,
        broken: Vec::new(),
        checked: BTreeMap::new(),
        points: BTreeMap::new(),
        unseeded: BTreeMap::new(),
    };
    let fixtures = proof.fixtures();
    let golden = fixtures
        .iter()
        .filter(|fixture| !fixture.name.starts_with("filled"))
        .count();
    let tasks = proof.tasks(&fixtures);
    let mut made = Made::default();
    proof.go(&tasks, &mut made);
    for law in LAWS {
        if let Some(whole) = law.whole.filter(|_| settings.wants(law)) {
            let mut findings = Findings::default();
            whole(subject, &mut findings);
            proof.take(law, "catalogue", "", findings, (&None, &[]));
        }
    }
    // What is shown already needs no longer words.
    if proof.broken.is_empty() {
        proof.go(&proof.further(&fixtures), &mut made);
    }
    proof.report(golden, made)
}

/// What was made, for the report.
#[derive(Default)]
struct Made {
    journeys: Vec<JourneyReport>,
    generated: usize,
    worlds: usize,
    tours: (usize, usize),
}

struct Proof<'a> {
    subject: &'a Subject<'a>,
    settings: &'a Settings,
    broken: Vec<Broken>,
    checked: BTreeMap<&'static str, usize>,
    points: BTreeMap<&'static str, (u64, u64)>,
    /// Tables that no rows could be made for, by version, each with the reason.
    unseeded: BTreeMap<(Version, String), String>,
}

#[derive(Default)]
struct Outcome {
    findings: Vec<(&'static Law, Findings)>,
    broken: bool,
    rows: usize,
    generated: usize,
    /// The smallest generated database that breaks a law, as SQL.
    sql: Option<String>,
    /// The values at the edges that are left in it.
    hostile: Vec<String>,
    /// The tables that no rows were made for.
    unseeded: Vec<Unseeded>,
    /// How many journeys were made in other worlds.
    worlds: usize,
    /// How many tours, of how many moves.
    tours: (usize, usize),
    /// The versions on the smallest tour that breaks a law.
    path: Option<String>,
}

impl<'a> Proof<'a> {
    /// Runs the tasks, and takes what the laws say of each.
    fn go(&mut self, tasks: &[Task<'_>], made: &mut Made) {
        let outcomes = self.spread(tasks);
        for (task, outcome) in tasks.iter().zip(outcomes) {
            made.generated += outcome.generated;
            made.worlds += outcome.worlds;
            made.tours.0 += outcome.tours.0;
            made.tours.1 += outcome.tours.1;
            self.unseeded(task.journey.from, outcome.unseeded);
            let journey = outcome.path.unwrap_or_else(|| task.journey.to_string());
            for (law, findings) in outcome.findings {
                let shown = (&outcome.sql, outcome.hostile.as_slice());
                self.take(law, &journey, task.data(), findings, shown);
            }
            // Rows that the application contradicts went on no journey.
            let contradicted = outcome.generated == 0 && !outcome.broken;
            match task.source {
                Source::StorageConfig(..) | Source::Tours(..) => continue,
                Source::Schema(_) | Source::Clash(_) if contradicted => continue,
                _ => {}
            }
            made.journeys.push(JourneyReport {
                journey: task.journey,
                data: task.data().to_owned(),
                broken: outcome.broken,
                one_way: !can_go_back(self.subject, task.journey),
                rows: outcome.rows,
            });
        }
    }

    fn unseeded(&mut self, version: Version, tables: Vec<Unseeded>) {
        for table in tables {
            self.unseeded
                .entry((version, table.table))
                .or_insert(table.reason);
        }
    }

    fn fail(&mut self, object: &str, message: impl fmt::Display) {
        let mut findings = Findings::default();
        findings.add(Finding::new(object, message));
        if let Some(law) = LAWS.iter().find(|law| law.name == "history is frozen") {
            self.take(law, "catalogue", "", findings, (&None, &[]));
        }
    }

    /// Runs the tasks on all cores; the result does not depend on which core took which.
    fn spread(&self, tasks: &[Task<'_>]) -> Vec<Outcome> {
        let (subject, settings) = (self.subject, self.settings);
        let done = AtomicUsize::new(0);
        let tell = |done: usize, begins: Option<String>| {
            if let Some(progress) = settings.progress {
                let all = tasks.len();
                progress(&Progress { done, all, begins });
            }
        };
        let outcomes = map_parallel(tasks.len(), |index| {
            let task = tasks.get(index)?;
            let name = format!("{} {}", task.journey, task.data());
            tell(done.load(Ordering::Relaxed), Some(name));
            let outcome = run(subject, settings, task);
            tell(done.fetch_add(1, Ordering::Relaxed) + 1, None);
            Some(outcome)
        });
        outcomes.into_iter().flatten().collect()
    }

    fn take(
        &mut self,
        law: &'static Law,
        journey: &str,
        data: &str,
        findings: Findings,
        (sql, hostile): (&Option<String>, &[String]),
    ) {
        *self.checked.entry(law.name).or_default() += findings.checked;
        let points = self.points.entry(law.name).or_default();
        points.0 += findings.points.0;
        points.1 += findings.points.1;
        for finding in findings.found {
            let repeat = self.repeat(law, journey, data);
            self.broken.push(Broken {
                law: law.name,
                journey: journey.to_owned(),
                data: data.to_owned(),
                object: finding.object,
                message: finding.message,
                file: finding.file,
                hint: finding.hint,
                sql: sql.clone(),
                hostile: hostile.to_vec(),
                repeat,
            });
        }
    }

    /// The command that shows a finding again; what is drawn or sampled is drawn alike.
    fn repeat(&self, law: &Law, journey: &str, data: &str) -> String {
        let settings = self.settings;
        let mut command = self.subject.command.clone();
        if journey == "catalogue" {
            let _ = write!(command, " --law \"{}\"", law.name);
            return command;
        }
        // A tour is no journey: its path cannot be chosen, only the tours that were drawn.
        if data != "tour" {
            let _ = write!(command, " --journey {journey}");
        }
        let quote = if data.contains(' ') { "\"" } else { "" };
        let _ = write!(command, " --fixture {quote}{data}{quote}");
        let drawn = matches!(
            data,
            "generated" | "plain" | "hostile" | "clashing" | "world" | "tour"
        );
        if law.leg.is_some() && data != "tour" {
            let _ = write!(command, " --law \"{}\"", law.name);
        }
        if drawn || (law.leg.is_some() && settings.seed != 1) {
            let _ = write!(command, " --seed {}", settings.seed);
        }
        if drawn {
            let _ = write!(command, " --cases {}", settings.cases);
        }
        if settings.deep {
            command.push_str(" --deep");
        }
        command
    }

    fn report(self, golden: usize, made: Made) -> Report {
        let mut laws = Vec::new();
        for law in LAWS.iter().filter(|law| self.settings.wants(law)) {
            let checked = self.checked.get(law.name).copied().unwrap_or(0);
            let broken: Vec<Broken> = self
                .broken
                .iter()
                .filter(|broken| broken.law == law.name)
                .cloned()
                .collect();
            laws.push(LawReport {
                name: law.name,
                checked,
                points: self.points.get(law.name).copied().unwrap_or_default(),
                broken,
            });
        }
        Report {
            command: self.subject.command.clone(),
            versions: self.subject.catalogue.current_version(),
            fixtures: golden - 1,
            generated: made.generated,
            worlds: made.worlds,
            tours: made.tours,
            seed: self.settings.seed,
            chosen_journeys: self.settings.journey.is_some() || self.settings.fixture.is_some(),
            narrowed: self.settings.journey.is_some()
                || self.settings.fixture.is_some()
                || self.settings.law.is_some(),
            journeys: made.journeys,
            unseeded: self.unseeded.into_iter().collect(),
            laws,
        }
    }
}

fn run(subject: &Subject<'_>, settings: &Settings, task: &Task<'_>) -> Outcome {
    match task.source {
        Source::Fixture(fixture) => {
            match walk(subject, task.journey, &fixture.name, &fixture.image) {
                Ok(walk) => {
                    let mut outcome = judge(subject, settings, &walk);
                    judge_leg(subject, settings, task, fixture, &mut outcome);
                    outcome
                }
                Err(error) => cannot_walk(task, error),
            }
        }
        Source::Clash(fixtures) => clashes::run(subject, settings, task, fixtures),
        Source::StorageConfig(fixture, world) => {
            storage_configs::run(subject, settings, task, (fixture, world))
        }
        Source::Tours(fixture, of) => random_walks::run(subject, settings, task, (fixture, of)),
        _ => generated::run(subject, settings, task),
    }
}

/// Adds what one law found to what all did.
fn add(sum: &mut Vec<(&'static Law, Findings)>, law: &'static Law, findings: Findings) {
    match sum.iter_mut().find(|(own, _)| own.name == law.name) {
        Some((_, own)) => {
            own.checked += findings.checked;
            own.found.extend(findings.found);
        }
        None => sum.push((law, findings)),
    }
}

/// The law of this name, where it is wanted.
fn law(settings: &Settings, name: &str) -> Option<&'static Law> {
    LAWS.iter()
        .find(|law| law.name == name && settings.wants(law))
}

fn cannot_walk(task: &Task<'_>, error: impl fmt::Display) -> Outcome {
    let mut findings = Findings::default();
    let object = format!(
        "database `{}` of version {}",
        task.data(),
        task.journey.from
    );
    findings.add(Finding::new(object, error));
    let law = LAWS.iter().filter(|law| law.name == "integrity holds");
    let findings = law.map(|law| (law, findings.clone())).collect();
    Outcome {
        findings,
        broken: true,
        ..Outcome::default()
    }
}

fn judge(subject: &Subject<'_>, settings: &Settings, walk: &Trace) -> Outcome {
    let mut outcome = Outcome {
        rows: walk.start.observation.row_count(),
        ..Outcome::default()
    };
    for law in LAWS {
        if let Some(check) = law.walk.filter(|_| settings.wants(law)) {
            let mut findings = Findings::default();
            check(subject, walk, &mut findings);
            outcome.broken |= !findings.found.is_empty();
            outcome.findings.push((law, findings));
        }
    }
    outcome
}

/// Lets the laws judge that make the journey's first half themselves.
fn judge_leg(
    subject: &Subject<'_>,
    settings: &Settings,
    task: &Task<'_>,
    fixture: &Fixture,
    outcome: &mut Outcome,
) {
    for law in LAWS.iter().filter(|law| settings.wants(law)) {
        let Some(check) = law.leg else { continue };
        let mut findings = Findings::default();
        let leg = Probe {
            journey: task.journey,
            image: &fixture.image,
            deep: settings.deep,
            points: task.points,
            seed: settings
                .seed
                .wrapping_add(u64::from(task.journey.from * 64 + task.journey.via)),
        };
        check(subject, &leg, &mut findings);
        outcome.broken |= !findings.found.is_empty();
        outcome.findings.push((law, findings));
    }
}
