//! The tasks of a proof: the databases of each journey.

use super::proof::Proof;
use super::task::{Source, Task};
use crate::fixture::filled;
use crate::fixture::{self, Fixture, Frozen};
use crate::journey::{Journey, Shape, can_go_back};
use generate::Profile;

/// The approximate number of points that get faults in the whole proof, without `deep`.
const POINTS: u64 = 64;

/// The minimum number of points on one step, and on the longest runs.
const POINTS_OF_STEP: u64 = 12;

impl Proof<'_> {
    /// The golden databases, a filled copy of each that leaves something empty, and the empty file.
    pub(super) fn fixtures(&mut self) -> Vec<Fixture> {
        let mut fixtures = vec![Fixture {
            version: 0,
            name: "empty".into(),
            file: String::new(),
            image: Vec::new(),
        }];
        let folder = self.subject.root.join(&self.subject.fixtures);
        let frozen = Frozen::read(&folder).unwrap_or_default();
        let frozen = frozen.newest(self.subject.catalogue);
        for (version, file, script) in fixture::files(self.subject).found {
            // A step may have changed after a draft of the newest version's fixture was made from
            // it.
            if version > frozen && !crate::draft::fits(self.subject, version, &script) {
                continue;
            }
            match fixture::load(&script).and_then(|connection| Ok(sandbox::image(&connection)?)) {
                Ok(image) => {
                    let stem = file.rsplit('/').next().unwrap_or(&file);
                    let name = stem.trim_end_matches(".sql").to_owned();
                    fixtures.push(Fixture {
                        version,
                        name,
                        file,
                        image,
                    });
                }
                Err(error) => self.fail(&file, format!("cannot be loaded: {error}")),
            }
        }
        for version in 1..=self.subject.catalogue.current_version() {
            if !fixtures.iter().any(|fixture| fixture.version == version) {
                match crate::draft::migrate_forward(self.subject, version) {
                    Ok(fixture) => fixtures.push(fixture),
                    Err(error) => self.fail(&format!("version {version}"), error),
                }
            }
        }
        let mut filled = Vec::new();
        for fixture in &fixtures {
            filled.extend(self.fill_copy(fixture));
        }
        fixtures.extend(filled);
        fixtures.sort_by(|a, b| (a.version, &a.name).cmp(&(b.version, &b.name)));
        fixtures
    }

    /// A copy of a fixture with values in its empty columns and tables.
    fn fill_copy(&mut self, fixture: &Fixture) -> Option<Fixture> {
        // The journeys report a file that cannot be read.
        let filled = filled::fill(self.subject, fixture).ok()?;
        self.unseeded(fixture.version, filled.unseeded);
        let name = match fixture.name.as_str() {
            "golden" => "filled".to_owned(),
            other => format!("filled {other}"),
        };
        Some(Fixture {
            version: fixture.version,
            name,
            file: fixture.file.clone(),
            image: filled.image?,
        })
    }

    /// The journeys of these and of generated databases that the settings select.
    pub(super) fn tasks<'f>(&self, fixtures: &'f [Fixture]) -> Vec<Task<'f>> {
        let current = self.subject.catalogue.current_version();
        let mut tasks = Vec::new();
        for fixture in fixtures {
            let targets = (1..=current).filter(|via| *via != fixture.version);
            tasks.extend(targets.map(|via| {
                let from = fixture.version;
                Task::new(Journey { from, via }, Source::Fixture(fixture))
            }));
        }
        let versions = (1..=current).flat_map(|from| (1..=current).map(move |via| (from, via)));
        for (from, via) in versions.filter(|(from, via)| from != via) {
            let journey = Journey { from, via };
            if self.subject.application.content(from).is_some() {
                tasks.push(Task::new(journey, Source::Application));
            }
            for temper in [Profile::Plain, Profile::Hostile] {
                tasks.push(Task::new(journey, Source::Schema(temper)));
            }
            tasks.push(Task::new(journey, Source::Clash(fixtures)));
        }
        tasks.retain(|task| {
            task.journey.shape() == Shape::UpAndBack || can_go_back(self.subject, task.journey)
        });
        // The points are distributed before the selection, so that a part of the proof tries the
        // same points as the whole.
        let interrupted = |task: &Task<'_>| {
            let Journey { from, via } = task.journey;
            let longest = (from, via) == (0, current) || (from, via) == (current, 1);
            longest || task.journey.only_step().is_some()
        };
        let number = tasks.iter().filter(|task| interrupted(task)).count();
        let points = (POINTS / (number.max(1) as u64)).max(POINTS_OF_STEP);
        for task in tasks.iter_mut().filter(|task| interrupted(task)) {
            task.points = points;
        }
        tasks.retain(|task| {
            let named = self
                .settings
                .fixture
                .as_ref()
                .is_none_or(|name| name == task.data());
            named && self.settings.journey.is_none_or(|own| own == task.journey)
        });
        tasks.sort_by_key(|task| {
            let made = !matches!(task.source, Source::Fixture(_));
            (made, task.journey.from, task.journey.via)
        });
        tasks
    }
}
