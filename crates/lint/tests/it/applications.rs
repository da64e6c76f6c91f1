//! Whole histories as their projects would write them: no false alarms.

use std::fs;
use std::path::Path;

use lint::report::{Format, Report};

use super::case::{Case, line};

#[test]
fn applications_hold_what_their_heads_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/applications");
    let mut wrong = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case = Case::new(&fs::read_to_string(&path).unwrap());
        let verdict = case.check();
        let mut found: Vec<String> = verdict.findings.iter().map(line).collect();
        found.sort();
        if found != case.expected {
            let name = path.file_stem().unwrap().to_string_lossy();
            wrong += &format!(
                "applications/{name}:\n{}\n\n{}\n",
                found.join("\n"),
                Report::new(&verdict).render(Format::Text)
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
