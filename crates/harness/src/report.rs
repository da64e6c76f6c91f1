//! The result of the proof, as a value that prints as text or as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use migrations::{Version, escape};
use serde_json::{Value, json};

use crate::journey::{Journey, STORAGE, Shape, WALK};

/// The maximum number of differences of one law that are shown in full.
const SHOWN: usize = 12;

/// The maximum number of lines of the SQL that shows a difference.
const LINES: usize = 24;

/// One violation of a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The law's name.
    pub law: &'static str,
    /// The journey, or `catalogue`.
    pub journey: String,
    /// The name of the database.
    pub data: String,
    /// The object with the problem.
    pub object: String,
    /// The description of the problem.
    pub message: String,
    /// The file to open, relative to the root.
    pub file: Option<String>,
    /// The recommended action.
    pub hint: Option<String>,
    /// The smallest generated database that shows it, as SQL.
    pub sql: Option<String>,
    /// The unusual values in that database, such as `` `note.body` holds a NUL inside text ``:
    /// without them the law holds.
    pub hostile: Vec<String>,
    /// The command that shows it again.
    pub repeat: String,
}

/// The result of one law.
#[derive(Clone, Debug)]
pub struct LawReport {
    /// The name of the law.
    pub name: &'static str,
    /// The number of comparisons.
    pub checked: usize,
    /// The number of points that got a fault, and the number of all points.
    pub points: (u64, u64),
    /// The violations.
    pub broken: Vec<Broken>,
}

/// One journey with one database.
#[derive(Clone, Debug)]
pub struct JourneyReport {
    /// The journey.
    pub journey: Journey,
    /// The name of the database.
    pub data: String,
    /// Whether a law was broken on the journey.
    pub broken: bool,
    /// Whether the journey only went up, because a step has no way back.
    pub one_way: bool,
    /// The number of rows that were compared.
    pub rows: usize,
}

/// The result of the proof.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its title, such as the application's name.
    pub title: String,
    /// The number of versions in the catalogue.
    pub versions: Version,
    /// The number of golden databases.
    pub fixtures: usize,
    /// The number of generated databases.
    pub generated: usize,
    /// The number of journeys of golden databases under other storage configurations.
    pub storage_configs: usize,
    /// The number of random walks, and the number of their actions.
    pub random_walks: (usize, usize),
    /// The seed of the generated databases.
    pub seed: u64,
    /// Whether the settings selected only a part of the proof.
    pub narrowed: bool,
    /// Whether the settings selected only some journeys or databases.
    pub chosen_journeys: bool,
    /// Tables for which no rows could be made: version, table, and SQLite's reason.
    pub unseeded: Vec<((Version, String), String)>,
    /// The journeys that were made.
    pub journeys: Vec<JourneyReport>,
    /// The result of each law.
    pub laws: Vec<LawReport>,
}

impl Report {
    /// Whether everything was checked and nothing is broken.
    pub fn holds(&self) -> bool {
        self.gaps().is_empty() && self.laws.iter().all(|law| law.broken.is_empty())
    }

    /// Lists the parts that were not proved at all. In a narrowed proof, only the case that no law
    /// checked anything counts.
    fn gaps(&self) -> Vec<String> {
        if self.laws.is_empty() {
            return vec!["no law has this name".to_owned()];
        }
        if self.journeys.is_empty()
            && self.storage_configs + self.random_walks.0 == 0
            && (self.chosen_journeys || self.laws.iter().all(|law| law.checked == 0))
        {
            return vec!["no journey matches the chosen journey and database".to_owned()];
        }
        // If there is one version, or no way back, there is nothing to go back and forth.
        let back = |own: &JourneyReport| own.journey.shape() == Shape::DownAndBack;
        let goes_back = self.narrowed || self.journeys.iter().any(back);
        let unproved = self.laws.iter().filter(|law| law.checked == 0);
        let unproved = unproved.filter(|law| goes_back || law.name != "back and forth keeps");
        let gaps: Vec<String> = unproved
            .map(|law| format!("the law \"{}\" checked nothing", law.name))
            .collect();
        if self.narrowed && gaps.len() < self.laws.len() {
            Vec::new()
        } else {
            gaps
        }
    }

    /// The report as one JSON document.
    pub fn to_json(&self) -> Value {
        let laws: Vec<Value> = self.laws.iter().map(LawReport::to_json).collect();
        json!({
            "versions": self.versions,
            "fixtures": self.fixtures,
            "journeys": self.journeys.len(),
            "generated": self.generated,
            "storage_configs": self.storage_configs,
            "random_walks": { "count": self.random_walks.0, "actions": self.random_walks.1 },
            "seed": self.seed,
            "holds": self.holds(),
            "narrowed": self.narrowed,
            "unseeded": self.unseeded.iter().map(|((version, table), reason)| {
                json!({ "version": version, "table": table, "reason": reason })
            }).collect::<Vec<_>>(),
            "laws": laws,
        })
    }

    /// The report for people. Text from a catalogue and its databases is escaped.
    pub fn to_text(&self) -> String {
        let report = self.printable();
        let mut text = report.write();
        text.push_str(&report.verdict());
        text
    }

    /// The report with escaped text: names on one line, messages and SQL line by line.
    fn printable(&self) -> Report {
        let mut report = self.clone();
        line(&mut report.title);
        for ((_, table), reason) in &mut report.unseeded {
            line(table);
            line(reason);
        }
        for journey in &mut report.journeys {
            line(&mut journey.data);
        }
        let broken = report.laws.iter_mut().flat_map(|law| &mut law.broken);
        broken.for_each(Broken::make_printable);
        report
    }

    fn write(&self) -> String {
        let name = &self.title;
        let mut text = format!(
            "{name}: {}, {}, {}, {}\n\n",
            counted(self.versions as usize, "version"),
            counted(self.journeys.len(), "journey"),
            counted(self.fixtures, "fixture"),
            counted(self.laws.len(), "law")
        );
        self.write_journeys(&mut text);
        text.push('\n');
        for law in &self.laws {
            let verdict = match law.broken.len() {
                0 if law.checked == 0 && !self.narrowed => "CHECKED NOTHING".to_owned(),
                0 => "ok".to_owned(),
                1 => "BROKEN: 1 difference".to_owned(),
                broken => format!("BROKEN: {broken} differences"),
            };
            let sampled = match law.points {
                (_, 0) => String::new(),
                (tried, of) => format!(", {} of {} points", long(tried), long(of)),
            };
            let _ = writeln!(
                text,
                "  {:<26} {:>6} checked   {verdict}{sampled}",
                law.name, law.checked
            );
        }
        // An edited history makes the engine refuse every run, which breaks half of the laws: the
        // cause comes first.
        let mut broken: Vec<&LawReport> = self
            .laws
            .iter()
            .filter(|law| !law.broken.is_empty())
            .collect();
        broken.sort_by_key(|law| law.name != "history is frozen");
        let mut shown = BTreeSet::new();
        for law in broken {
            law.write_broken(&mut text, &mut shown);
        }
        text.push('\n');
        text
    }

    /// A line for each pair of versions; the databases of a pair share it.
    fn write_journeys(&self, text: &mut String) {
        let mut pairs: BTreeMap<Journey, Vec<&JourneyReport>> = BTreeMap::new();
        for journey in &self.journeys {
            pairs.entry(journey.journey).or_default().push(journey);
        }
        for (journey, reports) in pairs {
            let one_way = reports.iter().any(|report| report.one_way);
            let way = match journey.shape() {
                Shape::UpAndBack if one_way => "up only    ",
                Shape::UpAndBack => "up and back",
                Shape::DownAndBack => "down and up",
            };
            let broken: Vec<&str> = reports
                .iter()
                .filter(|report| report.broken)
                .map(|report| report.data.as_str())
                .collect();
            let verdict = match broken.as_slice() {
                [] => "ok".to_owned(),
                names => format!("DIFFERS with {}", names.join(", ")),
            };
            let rows: usize = reports.iter().map(|report| report.rows).sum();
            let names: Vec<&str> = reports.iter().map(|report| report.data.as_str()).collect();
            let _ = writeln!(
                text,
                "  v{:04} → v{:04}  {way}  {:<26} {:>7} rows  {verdict}",
                journey.from,
                journey.via,
                names.join(", "),
                group(rows),
            );
        }
        if self.generated > 0 {
            let _ = writeln!(
                text,
                "  {} generated databases, seed {}",
                group(self.generated),
                self.seed
            );
        }
        if self.storage_configs > 0 {
            let journeys = counted(self.storage_configs, "journey");
            let _ = writeln!(
                text,
                "  {journeys} under other storage configurations (page size, encoding, WAL …)"
            );
        }
        if let (walks @ 1.., actions) = self.random_walks {
            let (walks, actions) = (counted(walks, "random walk"), counted(actions, "action"));
            let _ = writeln!(text, "  {walks} of {actions}");
        }
        for ((version, table), reason) in &self.unseeded {
            let _ = writeln!(
                text,
                "  no rows could be made in `{table}` of version {version}: {reason}"
            );
        }
    }

    fn verdict(&self) -> String {
        let broken: usize = self
            .laws
            .iter()
            .filter(|law| !law.broken.is_empty())
            .count();
        let differing = self
            .journeys
            .iter()
            .filter(|journey| journey.broken)
            .count();
        match (broken, self.gaps().as_slice()) {
            (0, []) if self.narrowed => "ok: this part of the proof holds\n".to_owned(),
            (0, []) => format!(
                "ok: {} laws hold on {} journeys\n",
                self.laws.len(),
                self.journeys.len()
            ),
            (0, gaps) => format!("error: nothing is proved: {}\n", gaps.join(", ")),
            (_, _) => format!(
                "error: {broken} of {} laws broken; {differing} of {} journeys differ\n",
                self.laws.len(),
                self.journeys.len()
            ),
        }
    }
}

impl Broken {
    fn make_printable(&mut self) {
        let Broken {
            journey,
            data,
            object,
            message,
            file,
            hint,
            sql,
            hostile,
            repeat,
            law: _,
        } = self;
        [journey, data, object, repeat]
            .into_iter()
            .chain(file)
            .chain(hint)
            .chain(hostile)
            .for_each(line);
        for several in [message].into_iter().chain(sql) {
            *several = escape::lines(several);
        }
    }
}

impl LawReport {
    fn to_json(&self) -> Value {
        let broken: Vec<Value> = self
            .broken
            .iter()
            .map(|broken| {
                json!({
                    "journey": broken.journey,
                    "data": broken.data,
                    "object": broken.object,
                    "message": broken.message,
                    "file": broken.file,
                    "hint": broken.hint,
                    "sql": broken.sql,
                    "hostile": broken.hostile,
                    "repeat": broken.repeat,
                })
            })
            .collect();
        let mut law = json!({ "name": self.name, "checked": self.checked, "broken": broken });
        if let (Some(law), (tried, of @ 1..)) = (law.as_object_mut(), self.points) {
            law.insert("points".to_owned(), json!({ "tried": tried, "of": of }));
        }
        law
    }

    /// Writes the violations, each difference once with the journeys that show it. Violations of a
    /// single step come first, because they name the file to fix. The lines after the first of a
    /// message are left out if all of them are in `written`.
    fn write_broken<'a>(&'a self, text: &mut String, written: &mut BTreeSet<&'a str>) {
        let _ = writeln!(text, "\n{} is broken:", self.name);
        let mut groups: Vec<(&Broken, Vec<&Broken>)> = Vec::new();
        let mut sorted: Vec<&Broken> = self.broken.iter().collect();
        sorted.sort_by_key(|broken| broken.file.is_none());
        for broken in sorted {
            let same = groups.iter_mut().find(|(first, _)| {
                first.object == broken.object && first.message == broken.message
            });
            match same {
                Some((_, more)) => more.push(broken),
                None => groups.push((broken, Vec::new())),
            }
        }
        let shown: Vec<_> = groups.iter().take(SHOWN).collect();
        for (place, (first, more)) in shown.iter().enumerate() {
            let next = shown.get(place + 1).map(|(next, _)| *next);
            write_one(text, first, more.len(), next, written);
        }
        if groups.len() > SHOWN {
            let _ = writeln!(text, "    and {} more like these", groups.len() - SHOWN);
        }
    }
}

/// Writes one difference; a hint or a command that equals that of the next difference is left out.
fn write_one<'a>(
    text: &mut String,
    broken: &'a Broken,
    more: usize,
    next: Option<&Broken>,
    written: &mut BTreeSet<&'a str>,
) {
    let mut lines = broken.message.trim_end().lines();
    let first = lines.next().unwrap_or_default();
    let rest: Vec<&str> = lines.collect();
    let again = !rest.is_empty() && rest.iter().all(|line| written.contains(line));
    let see = if again { " (more above)" } else { "" };
    let _ = writeln!(text, "    {}: {first}{see}", broken.object);
    for line in rest.iter().filter(|_| !again) {
        let _ = writeln!(text, "        {line}");
    }
    written.extend(rest);
    if let Some(file) = broken.file.as_ref().filter(|file| **file != broken.object) {
        let _ = writeln!(text, "      file: {file}");
    }
    let same_hint = next.is_some_and(|next| next.hint == broken.hint && next.file == broken.file);
    if let Some(hint) = broken.hint.as_ref().filter(|_| !same_hint) {
        let _ = writeln!(text, "      hint: {hint}");
    }
    if !broken.hostile.is_empty() {
        let _ = writeln!(
            text,
            "      depends on unusual values: {}\n      \
             hint: if the application never writes them, describe the column with \
             `Application::column`",
            broken.hostile.join(", ")
        );
    }
    if let Some(sql) = &broken.sql {
        let what = match broken.data.as_str() {
            STORAGE => "most usual storage configuration",
            WALK => "shortest random walk",
            _ => "smallest database",
        };
        let _ = writeln!(text, "      {what} that shows it:");
        for line in sql.lines().take(LINES) {
            let _ = writeln!(text, "        {line}");
        }
        let more = sql.lines().count().saturating_sub(LINES);
        if more > 0 {
            let _ = writeln!(
                text,
                "        -- {more} more lines; the JSON report contains all"
            );
        }
        if sql.is_empty() {
            let _ = writeln!(text, "        (no rows)");
        }
    }
    if more == 0 && next.is_some_and(|next| next.repeat == broken.repeat) {
        return;
    }
    let also = match more {
        0 => String::new(),
        1 => "   (1 more journey shows the same)".to_owned(),
        more => format!("   ({more} more journeys show the same)"),
    };
    let _ = writeln!(text, "      again: {}{also}", broken.repeat);
}

fn line(text: &mut String) {
    *text = escape::line(text).into_owned();
}

/// A count with its noun: `1 version`, `2 versions`.
fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", group(number))
}

fn long(number: u64) -> String {
    group(usize::try_from(number).unwrap_or(usize::MAX))
}

/// A number with separators for thousands.
fn group(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
