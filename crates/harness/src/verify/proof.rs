//! The results of the proof so far.

use std::collections::BTreeMap;
use std::fmt;

use generate::Unseeded;
use migrations::Version;

use super::settings::Settings;
use crate::check::Law;
use crate::finding::{Finding, Findings};
use crate::journey::{DRAWN, WALK};
use crate::law::LAWS;
use crate::report::{Broken, JourneyReport, LawReport, Report};
use crate::subject::Subject;

/// The counts for the report.
#[derive(Default)]
pub(super) struct Made {
    pub(super) journeys: Vec<JourneyReport>,
    pub(super) generated: usize,
    pub(super) storage_configs: usize,
    pub(super) random_walks: (usize, usize),
}

pub(super) struct Proof<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) settings: &'a Settings,
    pub(super) broken: Vec<Broken>,
    pub(super) checked: BTreeMap<&'static str, usize>,
    pub(super) points: BTreeMap<&'static str, (u64, u64)>,
    /// Tables for which no rows could be made, by version, each with the reason.
    pub(super) unseeded: BTreeMap<(Version, String), String>,
}

impl<'a> Proof<'a> {
    pub(super) fn unseeded(&mut self, version: Version, tables: Vec<Unseeded>) {
        for table in tables {
            self.unseeded
                .entry((version, table.table))
                .or_insert(table.reason);
        }
    }

    pub(super) fn fail(&mut self, object: &str, message: impl fmt::Display) {
        let mut findings = Findings::default();
        findings.add(Finding::new(object, message));
        if let Some(law) = LAWS.iter().find(|law| law.name == "history is frozen") {
            self.take(law, "catalogue", "", findings, (&None, &[]));
        }
    }

    pub(super) fn take(
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

    /// Returns the options that show a finding again, with the same random values and samples.
    pub(super) fn repeat(&self, law: &Law, journey: &str, data: &str) -> String {
        let settings = self.settings;
        let repeat = &self.subject.repeat;
        let name = format!("--law \"{}\"", law.name);
        if journey == "catalogue" {
            return repeat.with_options(&name);
        }
        let mut options = Vec::new();
        // The path of a random walk cannot be chosen, only the walks that were drawn.
        let is_walk = data == WALK;
        if !is_walk {
            options.push(format!("--journey {journey}"));
        }
        let quote = if data.contains(' ') { "\"" } else { "" };
        options.push(format!("--fixture {quote}{data}{quote}"));
        if law.probes() && !is_walk {
            options.push(name);
        }
        let drawn = DRAWN.contains(&data);
        if drawn || (law.probes() && settings.seed != 1) {
            options.push(format!("--seed {}", settings.seed));
        }
        if drawn {
            options.push(format!("--cases {}", settings.cases));
        }
        if settings.deep {
            options.push("--deep".to_owned());
        }
        repeat.with_options(&options.join(" "))
    }

    pub(super) fn report(self, golden: usize, made: Made) -> Report {
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
            title: self.subject.title.clone(),
            versions: self.subject.catalogue.current_version(),
            fixtures: golden - 1,
            generated: made.generated,
            storage_configs: made.storage_configs,
            random_walks: made.random_walks,
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
