//! Each format is read by what reads it in life: a schema, a reader of test reports, the rules of
//! GitHub.

use folders::Gap;
use lint::report::{Detail, Format, Report, annotate_failure, describe_failure};
use lint::{Direction, Finding, Judged, Rule, Severity, Transaction, Verdict, When};
use quick_junit::TestCaseStatus;
use schema::escape;
use serde_json::Value;

use super::case::Case;
use super::report::HISTORY;

/// Text that every format must escape.
const EVIL: &str = "a|b\r\n::error::x,y:z 100% <b>`c` ]]> & \u{1} \"q\" 'é' @you #1 {0} [l](m)";

fn finding(rule: Rule, severity: Severity, step: &str, line: usize, object: &str) -> Finding {
    let message = format!("the table `t` is gone: {EVIL}");
    let mut finding = Finding::new(rule, severity, step, message);
    finding.file = format!("{step}/up.sql");
    finding.line = line;
    object.clone_into(&mut finding.object);
    finding.rows = 1;
    finding.shown = vec![EVIL.to_owned()];
    finding.when = When::new("both", Transaction::File);
    finding.repeat = format!("rowsafe check '{EVIL}'");
    finding
}

fn verdict(findings: Vec<Finding>) -> Verdict {
    let mut steps: Vec<String> = findings.iter().map(|own| own.step.clone()).collect();
    steps.dedup();
    let judged = |step: &String| Judged {
        step: step.clone(),
        scripts: vec![(Direction::Up, format!("{step}/up.sql"))],
    };
    let mut verdict = Verdict::new("diesel", EVIL, findings);
    verdict.source = "nobody";
    verdict.steps = steps.len();
    verdict.judged = steps.iter().map(judged).collect();
    verdict.journeys = 1;
    verdict.unseeded = vec![(EVIL.to_owned(), EVIL.to_owned())];
    verdict.gaps = vec![Gap {
        file: EVIL.to_owned(),
        after: None,
        why: EVIL.to_owned(),
    }];
    verdict
}

fn evil() -> Verdict {
    verdict(vec![
        finding(Rule::RowsLost, Severity::Error, EVIL, 3, EVIL),
        finding(Rule::ColumnDropped, Severity::Warning, EVIL, 4, ""),
        finding(Rule::DownEmpty, Severity::Note, "`", 1, "`a``b"),
    ])
}

fn report<'a>(verdict: &'a Verdict) -> Report<'a> {
    let mut report = Report::new(verdict);
    report.folder = "db/migrations".to_owned();
    report.known = 2;
    report.notes = vec![EVIL.to_owned()];
    report
}

#[test]
fn each_format_reads_well() {
    let verdict = Case::new(HISTORY).check();
    let mut report = Report::new(&verdict);
    report.folder = "db/migrations".to_owned();
    for format in Format::ALL {
        let mut text = report.render(*format);
        if *format == Format::Sarif {
            // Each rule is on the page about classes; two are enough to see how they look.
            let mut document: Value = serde_json::from_str(&text).unwrap();
            let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array_mut();
            rules.unwrap().truncate(2);
            text = format!("{document:#}\n");
        }
        insta::assert_snapshot!(format!("format_{}", format.name()), text);
    }
}

fn schema() -> jsonschema::Validator {
    let schema = include_str!("sarif/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    // The pattern of a property that is not used here is no regular expression: it closes a bracket
    // too many.
    for place in ["run", "toolComponent"] {
        let language = format!("/definitions/{place}/properties/language");
        let language = schema.pointer_mut(&language).unwrap();
        language.as_object_mut().unwrap().remove("pattern");
    }
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

fn sarif(verdict: &Verdict) -> Value {
    serde_json::from_str(&report(verdict).render(Format::Sarif)).unwrap()
}

#[test]
fn sarif_is_valid() {
    let schema = schema();
    for verdict in [Case::new(HISTORY).check(), evil(), verdict(Vec::new())] {
        let document = sarif(&verdict);
        let errors: Vec<String> = (schema.iter_errors(&document))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        for rule in document["runs"][0]["tool"]["driver"]["rules"]
            .as_array()
            .unwrap()
        {
            let help = rule["helpUri"].as_str().unwrap();
            let page = "https://github.com/rowsafe/rowsafe/blob/main/docs/any-folder.md#rules";
            assert_eq!(help, page);
        }
        for result in document["runs"][0]["results"].as_array().unwrap() {
            let rule = &document["runs"][0]["tool"]["driver"]["rules"]
                [result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
}

#[test]
fn the_schema_finds_what_is_wrong_in_sarif() {
    let schema = schema();
    let faults: [(&str, Value); 5] = [
        (
            "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
            "a b|c".into(),
        ),
        ("/runs/0/results/0/level", "fatal".into()),
        ("/runs/0/results/0/message", Value::Null),
        (
            "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
            0.into(),
        ),
        ("/version", "2.0.0".into()),
    ];
    for (place, wrong) in faults {
        let mut document = sarif(&evil());
        *document.pointer_mut(place).unwrap() = wrong;
        assert!(!schema.is_valid(&document), "{place}");
    }
}

#[test]
fn a_fingerprint_follows_a_finding_and_not_its_line() {
    let fingerprint = |finding: Finding| {
        let document = sarif(&verdict(vec![finding]));
        document["runs"][0]["results"][0]["partialFingerprints"].to_string()
    };
    let one = fingerprint(finding(Rule::RowsLost, Severity::Error, "1_a", 3, "t"));
    assert_eq!(
        one,
        fingerprint(finding(Rule::RowsLost, Severity::Warning, "1_a", 9, "t"))
    );
    for other in [
        finding(Rule::ValuesChanged, Severity::Error, "1_a", 3, "t"),
        finding(Rule::RowsLost, Severity::Error, "2_a", 3, "t"),
        finding(Rule::RowsLost, Severity::Error, "1_a", 3, "u"),
    ] {
        assert_ne!(one, fingerprint(other));
    }
}

#[test]
fn sarif_names_files_from_the_root_of_the_repository() {
    let mut odd = finding(Rule::RowsLost, Severity::Error, "1_a b%é", 3, "t");
    odd.file = "1_a b%é/up.sql".to_owned();
    let verdict = verdict(vec![odd]);
    let place = |folder: &str| {
        let mut report = Report::new(&verdict);
        folder.clone_into(&mut report.folder);
        let document: Value = serde_json::from_str(&report.render(Format::Sarif)).unwrap();
        document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
            .clone()
    };
    let uri = "1_a%20b%25%C3%A9/up.sql";
    assert_eq!(
        place("db"),
        serde_json::json!({"uri": format!("db/{uri}"), "uriBaseId": "%SRCROOT%"})
    );
    assert_eq!(place("")["uri"], uri);
    assert_eq!(
        place("/srv/db"),
        serde_json::json!({"uri": format!("file:///srv/db/{uri}")})
    );
}

fn junit(report: &Report<'_>) -> quick_junit::Report {
    quick_junit::Report::deserialize_from_str(&report.render(Format::Junit)).unwrap()
}

#[test]
fn junit_has_a_case_for_each_script() {
    let verdict = Case::new(HISTORY).check();
    let read = junit(&Report::new(&verdict));
    let suite = &read.test_suites[0];
    let cases: Vec<(&str, bool)> = suite
        .test_cases
        .iter()
        .map(|case| {
            let failed = matches!(case.status, TestCaseStatus::NonSuccess { .. });
            (case.name.as_str(), failed)
        })
        .collect();
    // Two findings of one script are one failure; what only warns is none.
    assert_eq!(
        cases,
        [
            ("0001_lists up", false),
            ("0001_lists down", false),
            ("0002_color up", true),
            ("0002_color down", false),
            ("0003_title up", false),
            ("0003_title down", true),
        ]
    );
    assert_eq!((suite.tests, suite.failures, read.failures), (6, 2, 2));
    // Unless that is what fails the command.
    let mut strict = Report::new(&verdict);
    strict.fail_on = Severity::Warning;
    assert_eq!(junit(&strict).failures, 3);
}

#[test]
fn junit_holds_any_text() {
    let verdict = evil();
    let read = junit(&report(&verdict));
    let cases = &read.test_suites[0].test_cases;
    let TestCaseStatus::NonSuccess {
        message: Some(message),
        ..
    } = &cases[0].status
    else {
        panic!("no failure: {cases:?}");
    };
    let message = message.as_str();
    for word in ["a|b\\r\\n", "<b>`c` ]]> & \\u{1}", "\"q\" 'é' @you #1 {0}"] {
        assert!(
            escape::line(EVIL).contains(word) && message.contains(word),
            "{message}"
        );
    }
    let output = cases[0].system_out.as_ref().unwrap().as_str();
    assert!(output.contains("warning column-dropped"), "{output}");
    let skipped = cases.last().unwrap();
    assert!(matches!(skipped.status, TestCaseStatus::Skipped { .. }));
    assert_eq!(cases.len(), 3);
}

/// A workflow command: level, properties, message.
type Annotation = (String, Vec<(String, String)>, String);

/// A workflow command as GitHub's runner reads it.
fn command(line: &str) -> Option<Annotation> {
    let (head, message) = line.strip_prefix("::")?.split_once("::")?;
    let (level, properties) = head.split_once(' ')?;
    let data = |text: &str| {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%25", "%")
    };
    let property =
        |text: &str| data(&text.replace("%3A", ":").replace("%2C", ",")).replace("%25", "%");
    let properties = properties
        .split(',')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), property(value)))
        .collect();
    Some((level.to_owned(), properties, data(message)))
}

#[test]
fn github_reads_what_was_written() {
    let verdict = evil();
    let text = report(&verdict).render(Format::Github);
    let commands: Vec<Annotation> = text.lines().filter_map(command).collect();
    let levels: Vec<&str> = commands.iter().map(|(level, ..)| level.as_str()).collect();
    // The notices: the gap, the table without rows, what is known, what is stated, and the note.
    assert_eq!(
        levels,
        [
            "error", "warning", "notice", "notice", "notice", "notice", "notice"
        ]
    );
    let (_, properties, message) = &commands[0];
    let shown = escape::line(EVIL);
    let file = format!("db/migrations/{shown}/up.sql");
    assert_eq!(properties[0], ("file".to_owned(), file));
    assert_eq!(properties[1], ("line".to_owned(), "3".to_owned()));
    assert_eq!(
        properties[2],
        ("title".to_owned(), format!("{shown} rows-lost"))
    );
    assert!(
        message.starts_with(&format!("{shown}, 1 row: the table `t` is gone: {shown}\n")),
        "{message}"
    );
    // No text of a database begins a line of its own, which might be a command.
    let lines = text.lines().filter(|line| command(line).is_none());
    assert_eq!(lines.count(), 1, "{text}");
}

/// Exit code 2 is an error in the log of a job, unless the gaps are allowed.
#[test]
fn github_shows_what_was_not_tried_as_an_error() {
    let errors = |findings: Vec<Finding>, allow_gaps: bool| {
        let verdict = verdict(findings);
        let mut report = Report::new(&verdict);
        report.allow_gaps = allow_gaps;
        let text = report.render(Format::Github);
        let commands = text.lines().filter_map(command);
        let errors = commands.filter(|(level, ..)| level == "error");
        let messages = errors.map(|(_, _, message)| message);
        messages.collect::<Vec<_>>()
    };
    let note = || vec![finding(Rule::DownEmpty, Severity::Note, "1_a", 1, "")];
    let shown = escape::line(EVIL);
    let message =
        format!("incomplete: 1 note; not read: `{shown}`; tables without rows: `{shown}`");
    assert_eq!(errors(note(), false), [message]);
    assert!(errors(note(), true).is_empty());
    // A finding that fails the command is its own error, and the exit code is 1.
    let lost = finding(Rule::RowsLost, Severity::Error, "1_a", 1, "t");
    let found = errors(vec![lost], false);
    assert!(
        found.len() == 1 && found[0].starts_with("t, 1 row: "),
        "{found:?}"
    );
}

/// A run that gave no report leaves its text, which is escaped once more.
#[test]
fn a_failure_is_one_annotation_and_a_page() {
    let text = "error: `a%` does not exist\nhint: a, b: c\n";
    let command = command(annotate_failure(text).trim_end()).unwrap();
    let (level, _, message) = command;
    assert_eq!(
        (level.as_str(), message.as_str()),
        ("error", text.trim_end())
    );
    let page = describe_failure(text);
    assert!(page.contains(&format!("\n```text\n{text}")), "{page}");
}

#[test]
fn github_is_given_no_more_than_it_keeps() {
    let many = |number: usize| {
        let each = |line| finding(Rule::RowsLost, Severity::Error, "1_a", line, "t");
        let verdict = verdict((1..=number).map(each).collect());
        let text = Report::new(&verdict).render(Format::Github);
        let errors = text.lines().filter(|line| line.starts_with("::error "));
        let rest = text.lines().filter(|line| line.starts_with("error: "));
        (errors.count(), rest.count(), text)
    };
    let (errors, rest, _) = many(10);
    assert_eq!((errors, rest), (10, 0));
    let (errors, rest, text) = many(25);
    assert_eq!((errors, rest), (10, 16));
    assert!(
        text.contains("::error title=rowsafe check::16 more in the log of this step\n"),
        "{text}"
    );
}

/// The cells of a row, as GitHub's Markdown divides them.
fn cells(line: &str) -> Vec<String> {
    let inner = line.strip_prefix("| ").unwrap().strip_suffix(" |").unwrap();
    let inner = inner.replace("\\|", "\u{0}");
    inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

#[test]
fn a_row_of_markdown_stays_a_row() {
    let verdict = evil();
    let mut report = report(&verdict);
    report.detail = Detail::Notes;
    let page = report.render(Format::Markdown);
    let rows: Vec<Vec<String>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| severity"))
        .map(cells)
        .collect();
    assert_eq!(rows.len(), 3, "{page}");
    for row in &rows {
        assert_eq!(row.len(), 7, "{row:?}");
        let free = row[6].split('`').step_by(2).collect::<String>();
        let free = free.replace("<!-- -->", "");
        assert!(!free.contains(['<', '@', '\r']), "{free}");
    }
    assert_eq!(rows[2][4], "``` `a``b ```");
}

#[test]
fn a_page_fits_into_the_summary_of_a_job() {
    let each = |line| finding(Rule::RowsLost, Severity::Error, "1_a", line, "t");
    let verdict = verdict((1..=9_000).map(each).collect());
    let page = Report::new(&verdict).render(Format::Markdown);
    assert!(page.len() < 1 << 20, "{}", page.len());
    let rows = page.lines().filter(|line| line.starts_with("| error"));
    let rows = rows.count();
    assert!(rows > 1_000, "{rows}");
    let left = format!("\n{} findings did not fit on this page.\n", 9_000 - rows);
    assert!(page.ends_with(&left), "{}", &page[page.len() - 100..]);
}

/// Every control character, what misleads a reader, the syntax of each format, and lines that a
/// report prints.
fn worst() -> String {
    let controls: String = ('\0'..=' ').chain('\u{7f}'..='\u{9f}').collect();
    let marks = "\u{200b}\u{200e}\u{202e}\u{2028}\u{2029}\u{2066}\u{feff}\u{ad}\u{e0041}";
    let lines = "\n::error::x\r\n \u{a0}::stop-commands::x\nok: forged\nerror: \
        forged\n##[error]x\n```\n</details>\n";
    format!("::warning::w{controls}{marks}{lines}{EVIL}")
}

fn everywhere(text: &str) -> Verdict {
    let text = || text.to_owned();
    let finding = |severity| {
        let mut finding = finding(Rule::RowsLost, severity, "", 3, &text());
        finding.step = text();
        finding.file = text();
        finding.shown = vec![text(), text()];
        finding.message = text();
        finding.repeat = text();
        finding
    };
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    let many = severities
        .iter()
        .flat_map(|severity| (0..12).map(|_| finding(*severity)));
    let mut verdict = verdict(many.collect());
    verdict.layout = text();
    verdict.root = text();
    verdict.unseeded = vec![(text(), text())];
    verdict.gaps = vec![Gap {
        file: text(),
        after: None,
        why: text(),
    }];
    verdict
}

#[test]
fn no_format_prints_what_a_folder_would_have_it_print() {
    let worst = worst();
    let verdict = everywhere(&worst);
    let mut report = Report::new(&verdict);
    report.folder = worst.clone();
    report.notes = vec![worst.clone()];
    report.known = 1;
    for format in Format::ALL {
        let name = format.name();
        let text = report.render(*format);
        let raw = text.chars().find(|c| *c != '\n' && escape::is_unsafe(*c));
        assert_eq!(raw, None, "{name}");
        assert!(!text.contains("##["), "{name}");
        for line in text.lines() {
            let start = line.trim_start();
            let ours = *format == Format::Github
                && ["::error ", "::warning ", "::notice "]
                    .iter()
                    .any(|own| line.starts_with(own));
            assert!(ours || !start.starts_with("::"), "{name}: {line}");
            for forged in ["ok: forged", "error: forged", "</details>x", "::"] {
                assert!(ours || !start.starts_with(forged), "{name}: {line}");
            }
        }
        // One verdict, however many the folder writes.
        let verdicts = text
            .lines()
            .filter(|line| line.starts_with("ok: ") || line.starts_with("error: 12"));
        assert_eq!(
            verdicts.count(),
            usize::from(*format == Format::Text),
            "{name}"
        );
        match format {
            Format::Json => {
                let read: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(read["findings"][0]["object"], worst.as_str());
            }
            Format::Sarif => assert!(schema().is_valid(&serde_json::from_str(&text).unwrap())),
            Format::Junit => drop(quick_junit::Report::deserialize_from_str(&text).unwrap()),
            Format::Github => assert_eq!(text.lines().filter_map(command).count(), 30),
            Format::Markdown => {
                let ends = text.lines().filter(|line| line.trim() == "</details>");
                assert_eq!(ends.count(), 1);
            }
            _ => {}
        }
    }
}

/// Harmless text is printed unchanged.
#[test]
fn names_in_any_script_can_be_read() {
    let name = "Größe 漢字 العربية हिन्दी 😀 it's a-b.c";
    let verdict = everywhere(name);
    for format in Format::ALL {
        let text = Report::new(&verdict).render(*format);
        let read = text.replace("&apos;", "'");
        assert!(read.matches(name).count() > 36, "{}: {text}", format.name());
    }
}
