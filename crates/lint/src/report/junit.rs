//! JUnit's XML, in the form that [most readers share](https://github.com/testmoapp/junitxml).
//!
//! Each script of each checked step is one test case: its class is the folder, its name the step
//! and the direction. The findings that make the command fail are its failure, all others its
//! output. A gap of the folder is a skipped test case.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::finding::Finding;
use crate::report::summary::Report;
use crate::report::wording::{count, scope};

/// A test case before it is written.
struct Case<'a> {
    name: String,
    file: String,
    findings: Vec<&'a Finding>,
    skipped: Option<&'a str>,
    /// The reason why it could not be tried.
    error: Option<&'a str>,
}

pub(crate) fn write(report: &Report<'_>) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory does not fail.
    let _ = document(&mut writer, report);
    let mut text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

fn document(writer: &mut Writer<Vec<u8>>, report: &Report<'_>) -> std::io::Result<()> {
    let cases = cases(report);
    let failed = cases.iter().filter(|case| fails(report, case)).count();
    let skipped = cases.iter().filter(|case| case.skipped.is_some()).count();
    let name = format!("rowsafe check {}", clean(&report.verdict.root));
    let errors = cases.iter().filter(|case| case.error.is_some()).count();
    let (tests, failed, skipped, errors) = (
        cases.len().to_string(),
        failed.to_string(),
        skipped.to_string(),
        errors.to_string(),
    );
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = writer.create_element("testsuites");
    let suites = suites.with_attributes([
        ("name", "rowsafe check"),
        ("tests", &tests),
        ("failures", &failed),
        ("errors", &errors),
    ]);
    suites.write_inner_content(|writer| {
        let suite = writer.create_element("testsuite");
        let suite = suite.with_attributes([
            ("name", name.as_str()),
            ("tests", &tests),
            ("failures", &failed),
            ("errors", &errors),
            ("skipped", &skipped),
        ]);
        suite.write_inner_content(|writer| {
            cases.iter().try_for_each(|one| case(writer, report, one))?;
            let incomplete = report.incomplete().map(|why| format!("incomplete: {why}"));
            let remarks: Vec<String> = incomplete.into_iter().chain(report.remarks()).collect();
            let remarks = remarks.join("\n");
            if remarks.is_empty() {
                return Ok(());
            }
            output(writer, &remarks)
        })?;
        Ok(())
    })?;
    Ok(())
}

fn cases<'a>(report: &Report<'a>) -> Vec<Case<'a>> {
    let verdict = report.verdict;
    let mut cases = Vec::new();
    for judged in &verdict.judged {
        for (direction, file) in &judged.scripts {
            let own =
                |finding: &&Finding| finding.step == judged.step && finding.direction == *direction;
            cases.push(Case {
                name: format!("{} {}", judged.step, direction.name()),
                file: report.path(file),
                findings: verdict.findings.iter().filter(own).collect(),
                skipped: None,
                error: None,
            });
        }
    }
    // A finding about the history as a whole may be of no script that was checked.
    for finding in &verdict.findings {
        let own =
            |own: &&'a Finding| own.step == finding.step && own.direction == finding.direction;
        let is_listed = cases
            .iter()
            .any(|case: &Case<'_>| case.findings.iter().any(own));
        if !is_listed {
            cases.push(Case {
                name: format!("{} {}", finding.step, finding.direction.name()),
                file: report.path(&finding.file),
                findings: verdict.findings.iter().filter(own).collect(),
                skipped: None,
                error: None,
            });
        }
    }
    let gaps = verdict.gaps.iter().map(|gap| Case {
        name: gap.file.clone(),
        file: report.path(&gap.file),
        findings: Vec::new(),
        skipped: Some(&gap.why),
        error: None,
    });
    cases.extend(gaps);
    let substitutes = verdict.substitutes.iter().map(|own| Case {
        name: format!("object of the application: {}", own.name),
        file: report.path(&own.file),
        findings: Vec::new(),
        skipped: Some(&own.why),
        error: None,
    });
    cases.extend(substitutes);
    let untried = |name: String, why: &'a str| Case {
        name,
        file: report.path(""),
        findings: Vec::new(),
        skipped: None,
        error: Some(why),
    };
    let unjudged = verdict.unjudged.iter();
    cases.extend(unjudged.map(|own| untried(format!("{} not tried", own.step), &own.why)));
    let stopped = verdict.stopped.iter();
    cases.extend(stopped.map(|why| untried("the whole run".to_owned(), why)));
    if verdict.steps == 0 && verdict.stopped.is_none() && !report.none_asked {
        cases.push(untried("the whole run".to_owned(), "no step was checked"));
    }
    cases
}

fn fails(report: &Report<'_>, case: &Case<'_>) -> bool {
    case.findings.iter().any(|finding| report.fails(finding))
}

fn case(writer: &mut Writer<Vec<u8>>, report: &Report<'_>, case: &Case<'_>) -> std::io::Result<()> {
    let (name, file) = (clean(&case.name), clean(&case.file));
    let folder = clean(&report.verdict.root);
    let (failures, others): (Vec<&Finding>, Vec<&Finding>) =
        case.findings.iter().partition(|own| report.fails(own));
    let first = failures.first().or(others.first());
    let line = first.map_or(1, |finding| finding.line).to_string();
    let element = writer.create_element("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", &folder),
        ("file", &file),
        ("line", &line),
    ]);
    if case.findings.is_empty() && case.skipped.is_none() && case.error.is_none() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|writer| {
        if let Some(why) = case.skipped {
            let skipped = writer.create_element("skipped");
            skipped
                .with_attribute(("message", clean(why).as_str()))
                .write_empty()?;
        }
        if let Some(why) = case.error {
            let error = writer.create_element("error");
            error
                .with_attribute(("message", clean(why).as_str()))
                .with_attribute(("type", "incomplete"))
                .write_empty()?;
        }
        if let Some(first) = failures.first() {
            let rules: Vec<&str> = failures.iter().map(|own| own.rule.name()).collect();
            let message = match rules.as_slice() {
                [_] => format!("{}: {}", first.rule.name(), first.message),
                many => format!("{}: {}", count(many.len(), "finding"), many.join(", ")),
            };
            let failure = writer.create_element("failure");
            failure
                .with_attribute(("message", clean(&message).as_str()))
                .with_attribute(("type", first.rule.name()))
                .write_text_content(BytesText::new(&clean(&describe_all(report, &failures))))?;
        }
        if !others.is_empty() {
            output(writer, &describe_all(report, &others))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn output(writer: &mut Writer<Vec<u8>>, text: &str) -> std::io::Result<()> {
    let element = writer.create_element("system-out");
    element.write_text_content(BytesText::new(&clean(text)))?;
    Ok(())
}

fn describe_all(report: &Report<'_>, findings: &[&Finding]) -> String {
    let one = |finding: &&Finding| {
        let mut lines = vec![
            format!(
                "{} {} {}:{}",
                finding.severity.name(),
                finding.rule.name(),
                report.path(&finding.file),
                finding.line
            ),
            scope(finding),
            finding.message.clone(),
        ];
        lines.extend(finding.shown.iter().cloned());
        lines.push(format!("again: {}", finding.repeat));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    };
    findings.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

/// The text without characters that [XML 1.0](https://www.w3.org/TR/xml/#charsets) cannot contain,
/// not even escaped.
fn clean(text: &str) -> String {
    let may = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => c >= ' ',
    };
    text.chars()
        .map(|c| if may(c) { c } else { '\u{fffd}' })
        .collect()
}
