//! A small history as one text file: a head with what to expect, then a section for each script.
//!
//! ```text
//! layout: diesel
//! options: foreign_keys=on
//! error rows-lost-by-cascade 0002_rebuild/up.sql:3 item on
//! === 0001_make/up.sql
//! CREATE TABLE …
//! ```
//!
//! Each line of the head that begins with a severity is a finding: severity, class, file and line,
//! foreign keys, object. A finding that is not in the head is one too many, and one that is only in
//! the head is one too few. A step without a section `down.sql` has none, unless the head says
//! `down: never`.

use std::path::PathBuf;

use folders::{Down, Fault, FaultKind, Gap, Harm, History, Migration, Script};
use lint::{Finding, Options, Transaction, Verdict, check};

pub(crate) struct Case {
    pub(crate) history: History,
    pub(crate) options: Options,
    /// The findings, as their lines say.
    pub(crate) expected: Vec<String>,
}

impl Case {
    pub(crate) fn new(text: &str) -> Case {
        let text = format!("\n{}", text.replace("\r\n", "\n"));
        let mut parts = text.split("\n=== ");
        let head = parts.next().unwrap();
        let mut history = History {
            layout: "diesel",
            reason: String::new(),
            root: PathBuf::from("migrations"),
            steps: Vec::new(),
            ..History::default()
        };
        let sections: Vec<(&str, &str)> = parts
            .map(|part| part.split_once('\n').unwrap_or((part, "")))
            .collect();
        for (name, body) in &sections {
            let (step, file) = name.trim().split_once('/').unwrap();
            add(&mut history, step, file, body);
        }
        let mut case = Case {
            history,
            options: Options::default(),
            expected: Vec::new(),
        };
        head.lines().for_each(|line| case.read(line));
        case.expected.sort();
        case
    }

    fn read(&mut self, line: &str) {
        match line.split_once(": ") {
            Some(("layout", layout)) => self.history.layout = layout.to_owned().leak(),
            Some(("down", "never")) => {
                let steps = self.history.steps.iter_mut();
                steps
                    .filter(|step| matches!(step.down, Down::Missing))
                    .for_each(|step| step.down = Down::Unsupported);
            }
            Some(("no_transaction", name)) => {
                let mut steps = self.history.steps.iter_mut();
                steps.find(|step| step.name == name).unwrap().no_transaction = true;
            }
            Some(("gap", after)) => self.history.gaps.push(Gap {
                file: "00002_code.go".to_owned(),
                after: Some(after.parse().unwrap()),
                why: "it is code in another language".to_owned(),
            }),
            Some(("fault", fault)) => self.history.faults.push(parse_fault(fault)),
            Some(("options", options)) => options.split(", ").for_each(|option| self.set(option)),
            _ if ["error ", "warning ", "note "]
                .iter()
                .any(|word| line.starts_with(word)) =>
            {
                self.expected.push(line.trim().to_owned());
            }
            _ => {}
        }
    }

    fn set(&mut self, option: &str) {
        let options = &mut self.options;
        match option.split_once('=').unwrap_or((option, "")) {
            ("allow-drops", _) => options.allow_drops = true,
            ("foreign_keys", keys) => options.foreign_keys = Some(keys == "on"),
            ("transaction", "none") => options.transaction = Some(Transaction::None),
            ("transaction", "file") => options.transaction = Some(Transaction::File),
            ("stub", name) => options.stub_functions.push((name.to_owned(), -1)),
            ("from", step) => options.from = Some(step.to_owned()),
            ("to", step) => options.to = Some(step.to_owned()),
            _ => panic!("no option `{option}`"),
        }
    }

    pub(crate) fn check(&self) -> Verdict {
        check(&self.history, &self.options).unwrap()
    }
}

/// A fault of the history as a whole: its rule, its harm, and its files.
fn parse_fault(text: &str) -> Fault {
    let mut words = text.split(' ');
    let kind = match words.next().unwrap() {
        "duplicate-version" => FaultKind::DuplicateVersion,
        "out-of-order" => FaultKind::OutOfOrder,
        "refused-by-tool" => FaultKind::RefusedByTool,
        "edited-after-apply" => FaultKind::EditedAfterApply,
        "missing-applied-file" => FaultKind::MissingAppliedFile,
        other => panic!("no kind of fault `{other}`"),
    };
    let harm = match words.next().unwrap() {
        "certain" => Harm::Certain,
        "possible" => Harm::Possible,
        _ => Harm::None,
    };
    let mut fault = Fault::new(kind, harm, words.next().unwrap(), "it is planted");
    fault.related = words.map(str::to_owned).collect();
    fault
}

fn add(history: &mut History, step: &str, file: &str, body: &str) {
    if history.steps.last().is_none_or(|last| last.name != step) {
        history.steps.push(Migration {
            name: step.to_owned(),
            version: step.to_owned(),
            up: None,
            down: Down::Missing,
            no_transaction: false,
            down_no_transaction: false,
        });
    }
    let migration = history.steps.last_mut().unwrap();
    let script = Script {
        file: format!("{step}/{file}"),
        line: 1,
        text: body.to_owned(),
        pieces: Vec::new(),
    };
    if file == "up.sql" {
        migration.up = Some(script);
        return;
    }
    let silent = schema::sql::statements(body).is_empty();
    migration.down = match (body.trim().is_empty(), silent) {
        (true, _) => Down::Empty(script),
        (_, true) => Down::OnlyComments(script),
        _ => Down::Script(script),
    };
}

/// A finding as a line of a head.
pub(crate) fn line(finding: &Finding) -> String {
    format!(
        "{} {} {}:{} {} {}",
        finding.severity.name(),
        finding.rule.name(),
        finding.file,
        finding.line,
        finding.when.foreign_keys,
        finding.object,
    )
    .trim()
    .to_owned()
}
