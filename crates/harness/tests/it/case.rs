//! A case: a small catalogue in one text file; `fixtures/planted/README.md` describes the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use harness::{
    Application, Frozen, FrozenStep, Report, Settings, Subject, dump, fixture_digest, load,
};
use migrations::{Access, BoxError, Catalogue, Migrator, Options, Query, Step, Version};
use rusqlite::Connection;

/// The files of a step's folder besides its notes.
const STEP_FILES: [&str; 4] = [
    "up.sql",
    "down.sql",
    "irreversible.md",
    "outside_transaction.md",
];

/// A case on disk, in a folder of its own.
pub(crate) struct Case {
    folder: tempfile::TempDir,
    /// The laws in its line `also:`.
    pub(crate) also: Vec<String>,
    queries: Vec<Query>,
    start: String,
}

impl Case {
    pub(crate) fn read(path: &Path) -> Case {
        Case::new(&fs::read_to_string(path).unwrap())
    }

    /// Writes the steps, makes and freezes the golden databases, and then applies the changes of
    /// `after/`.
    pub(crate) fn new(text: &str) -> Case {
        let mut sections = BTreeMap::new();
        let mut parts = text.replace("\r\n", "\n");
        parts.insert(0, '\n');
        let mut parts = parts
            .split("\n=== ")
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .into_iter();
        let head = parts.next().unwrap();
        for part in parts {
            let (name, body) = part.split_once('\n').unwrap_or((&part, ""));
            sections.insert(name.trim().to_owned(), format!("{body}\n"));
        }
        let also = head
            .lines()
            .find_map(|line| line.strip_prefix("also: "))
            .unwrap_or_default();
        let case = Case {
            folder: tempfile::tempdir().unwrap(),
            also: also
                .split(", ")
                .filter(|law| !law.is_empty())
                .map(str::to_owned)
                .collect(),
            queries: sections
                .get("queries")
                .map(|text| queries(text))
                .unwrap_or_default(),
            start: sections.get("start.sql").cloned().unwrap_or_default(),
        };
        case.write_steps(&sections);
        case.freeze(&sections);
        for (name, body) in &sections {
            if let Some(path) = name.strip_prefix("after/") {
                case.write(path, body);
            }
        }
        case
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn catalogue(&self) -> Catalogue {
        Catalogue::read(&self.folder.path().join("versions")).unwrap()
    }

    /// Proves the case in its current state.
    pub(crate) fn verify(&self, settings: &Settings) -> Report {
        let catalogue = self.catalogue();
        harness::verify(&self.subject(&catalogue), settings)
    }

    pub(crate) fn subject<'a>(&'a self, catalogue: &'a Catalogue) -> Subject<'a> {
        Subject {
            root: self.root(),
            versions: "versions".into(),
            fixtures: "fixtures".into(),
            docs: Vec::new(),
            catalogue,
            queries: &self.queries,
            application: self,
            title: "notes".to_owned(),
            repeat: harness::Repeat::Command("verify".to_owned()),
        }
    }

    fn write_steps(&self, sections: &BTreeMap<String, String>) {
        let mut steps: Vec<Step> = Vec::new();
        for (name, up) in sections {
            let Some(folder) = name
                .strip_suffix("/up.sql")
                .filter(|name| !name.contains('/'))
            else {
                continue;
            };
            for file in STEP_FILES {
                if let Some(text) = sections.get(&format!("{folder}/{file}")) {
                    self.write(&format!("versions/{folder}/{file}"), text);
                }
            }
            let back = migrations::Down::Sql("".into());
            let step = Step::new(folder.to_owned(), up.clone(), back, "");
            steps.push(
                match sections.get(&format!("{folder}/outside_transaction.md")) {
                    Some(why) => step.outside_transaction(why.clone()),
                    None => step,
                },
            );
            let part = |part: &str, otherwise: &str| {
                let own = sections.get(&format!("{folder}/{part}"));
                own.map_or(otherwise.to_owned(), |text| text.trim().to_owned())
            };
            let notes = format!(
                "# {folder}\n\n## Task\n{}\n\nBackwards compatibility: {}\n\n## Why\nTo prove the \
                 proof.\n\n## Columns\n{}\n## Data migration\n{}\n\n## Rollback\n{}\n",
                part("task", "A case."),
                part("compatibility", "not supported, because nobody asked"),
                words(&steps),
                part("data_migration", "None."),
                part("rollback", &losses(&steps)),
            );
            let own = sections
                .get(&format!("{folder}/notes.md"))
                .unwrap_or(&notes)
                .clone();
            self.write(&format!("versions/{folder}/notes.md"), &own);
        }
    }

    fn freeze(&self, sections: &BTreeMap<String, String>) {
        let catalogue = self.catalogue();
        let mut frozen = Frozen::default();
        let first = catalogue.build(1).unwrap();
        if let Some(rows) = sections.get("rows.sql") {
            first.execute_batch(rows).unwrap();
        }
        let mut connection = first;
        for step in catalogue.steps() {
            let version = step.version();
            let options = Options::default()
                .accept_loss(true)
                .allow_undocumented(true);
            let mut migrator = Migrator::with_connection(&catalogue, connection, options);
            if migrator.upgrade_to(version).is_err() {
                break; // The version of a failing step stays a draft.
            }
            connection = migrator.into_connection();
            let copy = load(&dump(&connection).unwrap()).unwrap();
            if let Some(change) = sections.get(&format!("golden/{version}")) {
                copy.execute_batch(change).unwrap();
            }
            let text = dump(&copy).unwrap();
            let name = format!("v{version:04}/golden.sql");
            self.write(&format!("fixtures/{name}"), &text);
            frozen.fixtures.insert(name, fixture_digest(&text));
            frozen
                .steps
                .insert(step.folder().to_owned(), FrozenStep::of(step));
        }
        frozen.write(&self.folder.path().join("fixtures")).unwrap();
    }
}

impl Application for Case {
    fn write(&self, connection: &Connection, version: Version, _: u64) -> Result<(), BoxError> {
        let own = |query: &&Query| query.good_for(version) && query.access == Access::Writes;
        for query in self.queries.iter().filter(own) {
            connection.execute(query.sql, [])?;
        }
        Ok(())
    }

    fn opened(&self, connection: &Connection) -> Result<(), BoxError> {
        Ok(connection.execute_batch(&self.start)?)
    }
}

/// A line of description for each object that the last of `steps` adds.
fn words(steps: &[Step]) -> String {
    let build = |steps: &[Step]| {
        let catalogue = Catalogue::new(steps.to_vec()).unwrap();
        catalogue.schema_at(catalogue.current_version())
    };
    let Ok(after) = build(steps) else {
        return "- None.\n".to_owned();
    };
    let before = match steps {
        [] | [_] => Catalogue::new(steps.to_vec())
            .unwrap()
            .schema_at(0)
            .unwrap(),
        [before @ .., _] => build(before).unwrap(),
    };
    let mut lines = String::new();
    let mut word = |name: &str| lines.push_str(&format!("- `{name}`: something.\n"));
    for change in harness::diff(&before, &after) {
        let line = change.to_string();
        if let Some(name) = line.strip_prefix("ADD TABLE ") {
            word(name);
            let columns = after
                .table(change.table.as_deref().unwrap())
                .unwrap()
                .columns
                .iter();
            columns.for_each(|column| word(&format!("{name}.{}", column.name)));
        } else if line.starts_with("ADD COLUMN ")
            || line.starts_with("ADD INDEX ")
            || line.starts_with("ADD UNIQUE INDEX ")
            || line.starts_with("ADD TRIGGER ")
            || line.starts_with("ADD VIEW ")
        {
            word(&change.name);
        }
    }
    if lines.is_empty() {
        "- None.\n".to_owned()
    } else {
        lines
    }
}

/// The default losses of the way back of the last of `steps`: everything for version 1, and nothing
/// for later versions.
fn losses(steps: &[Step]) -> String {
    let [only] = steps else {
        return "Nothing is lost.".to_owned();
    };
    let catalogue = Catalogue::new(vec![only.clone()]).unwrap();
    let Ok(schema) = catalogue.schema_at(1) else {
        return "Nothing is lost.".to_owned();
    };
    let tables = schema.tables();
    tables
        .map(|table| format!("- Loses: `{}` — it is the first version.\n", table.name))
        .collect()
}

fn queries(text: &str) -> Vec<Query> {
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let read = |line: &str| {
        let (head, sql) = line.split_once(": ").unwrap();
        let (name, range) = head.split_once(' ').unwrap();
        let (since, until) = range.split_once("..").unwrap();
        let reads = sql.starts_with("SELECT");
        Query {
            name: leak(name),
            sql: leak(sql),
            since: since.parse().unwrap(),
            until: until.parse().ok(),
            access: if reads { Access::Reads } else { Access::Writes },
        }
    };
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(read)
        .collect()
}

/// The part of a report about violations.
pub(crate) fn findings(report: &Report) -> String {
    let text = report.to_text();
    let (_, law) = text.split_once("everything is documented").unwrap();
    let (_, findings) = law.split_once("\n\n").unwrap();
    findings.to_owned()
}
