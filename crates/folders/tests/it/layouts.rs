//! Folders as other tools' users write them: what each layout makes of them, and what it refuses.
//!
//! A case is a text file: what it is about, then `=== PATH` before the content of each file.
//! Before the first of them, `dir: PATH` says which folder is read (`.` where it does not),
//! `layout: NAME` `define: NAME=VALUE`, `order:`, `down:`, `ignore:` and `dialect:` what the
//! command line says. `=== PATH -> TARGET` makes a link, and `=== PATH/` a folder. Its snapshot is
//! what was read, or the refusal.

mod damaged;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use folders::{Down, History, InputError, Options, Script, read};
use tempfile::TempDir;

/// A folder made of a case, and how it is read.
struct Case {
    folder: TempDir,
    dir: PathBuf,
    options: Options,
}

impl Case {
    fn make(text: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let mut case = Case {
            dir: folder.path().to_owned(),
            folder,
            options: Options::default(),
        };
        let (head, files) = text.split_once("\n=== ").unwrap_or((text, ""));
        for section in files.split("\n=== ").filter(|section| !section.is_empty()) {
            let (path, content) = section.split_once('\n').unwrap_or((section, ""));
            case.write(path, content);
        }
        for line in head.lines() {
            match line.split_once(": ") {
                Some(("dir", dir)) => case.dir = case.folder.path().join(dir),
                Some(("layout", name)) => case.options.layout = Some(name.parse().unwrap()),
                Some(("define", said)) => {
                    let (name, value) = said.split_once('=').unwrap();
                    case.options
                        .defines
                        .push((name.to_owned(), value.to_owned()));
                }
                Some(("order", glob)) => case.options.order.push(glob.to_owned()),
                Some(("ignore", glob)) => case.options.ignore.push(glob.to_owned()),
                Some(("down", pattern)) => case.options.down = Some(pattern.to_owned()),
                Some(("dialect", name)) => case.options.dialect = Some(name.to_owned()),
                _ => {}
            }
        }
        case
    }

    fn write(&self, path: &str, content: &str) {
        if let Some((path, target)) = path.split_once(" -> ") {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            #[cfg(unix)]
            std::os::unix::fs::symlink(target, path).unwrap();
            return;
        }
        let at = self.folder.path().join(path);
        if path.ends_with('/') {
            return fs::create_dir_all(at).unwrap();
        }
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        // A section ends before the line that begins the next; what is in it ends with its line.
        let content = match content {
            "" => String::new(),
            _ => format!("{}\n", content.strip_suffix('\n').unwrap_or(content)),
        };
        fs::write(at, content).unwrap();
    }

    fn read(&self) -> String {
        let printed = match read(&self.dir, &self.options) {
            Ok(history) => listing(&history),
            Err(refusal) => refusal.report(),
        };
        let real = fs::canonicalize(self.folder.path()).unwrap();
        printed
            .replace(real.to_str().unwrap(), "DIR")
            .replace(self.folder.path().to_str().unwrap(), "DIR")
    }
}

fn refusal(folder: &Path) -> Result<History, InputError> {
    read(folder, &Options::default())
}

/// A history, for people.
fn listing(history: &History) -> String {
    let mut text = format!("layout: {}: {}\n", history.layout, history.reason);
    for (at, step) in history.steps.iter().enumerate() {
        let alone = |alone: bool| if alone { "  no transaction" } else { "" };
        let _ = writeln!(text, "{at}  {}", step.name);
        let lone = alone(step.no_transaction);
        match &step.up {
            Some(script) => shown(&mut text, "up", script, lone),
            None => text.push_str("     up      none\n"),
        }
        let lone = alone(step.down_no_transaction);
        match &step.down {
            Down::Script(script) => shown(&mut text, "down", script, lone),
            Down::Empty(script) => shown(&mut text, "down (empty)", script, lone),
            Down::OnlyComments(script) => shown(&mut text, "down (comments)", script, lone),
            Down::Missing => text.push_str("     down    missing\n"),
            Down::Unsupported => {}
        }
    }
    if let Some(base) = &history.base {
        let _ = writeln!(text, "base: {}", base.display());
    }
    for gap in &history.gaps {
        let after = gap
            .after
            .map_or("-".to_owned(), |after| format!("after {after}"));
        let _ = writeln!(text, "gap ({after})  {}: {}", gap.file, gap.why);
    }
    for fault in &history.faults {
        let (kind, harm) = (fault.kind, fault.harm);
        let _ = writeln!(text, "{kind:?} ({harm:?})  {}: {}", fault.file, fault.why);
    }
    text
}

fn shown(text: &mut String, what: &str, script: &Script, lone: &str) {
    let _ = writeln!(text, "     {what:7} {}:{}{lone}", script.file, script.line);
    let line = |sql: &str| {
        sql.replace('\r', "␍")
            .replace('\n', "⏎")
            .replace('\u{feff}', "[BOM]")
    };
    if script.pieces.is_empty() && !script.text.is_empty() {
        let _ = writeln!(text, "             {}", line(&script.text));
    }
    for piece in &script.pieces {
        let at = script.line + script.text[..piece.start].matches('\n').count();
        let _ = writeln!(
            text,
            "             {at}: {}",
            line(&script.text[piece.clone()])
        );
    }
}

#[test]
fn each_case_is_read_as_its_tool_would() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/layouts/cases");
    let mut paths: Vec<PathBuf> = (fs::read_dir(&cases).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let case = Case::make(&fs::read_to_string(&path).unwrap());
        insta::assert_snapshot!(name, case.read());
    }
}

/// Every layout has a case that it reads, and one near it that it must not claim.
#[test]
fn every_layout_has_a_case_and_a_near_miss() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/layouts/cases");
    let mut wrong = Vec::new();
    for layout in folders::LayoutName::ALL {
        let name = layout.as_str().replace('-', "_");
        let hit = Case::make(&fs::read_to_string(cases.join(format!("{name}.txt"))).unwrap());
        let found = read(&hit.dir, &hit.options).map(|history| history.layout);
        if found.as_ref().ok() != Some(&layout.as_str()) || hit.options.layout.is_some() {
            wrong.push(format!(
                "`{name}.txt` is not detected as `{layout}`: {found:?}"
            ));
        }
        let miss = cases.join(format!("{name}_not.txt"));
        let miss = Case::make(&fs::read_to_string(miss).unwrap());
        let found = read(&miss.dir, &miss.options).map(|history| history.layout);
        if found == Ok(layout.as_str()) {
            wrong.push(format!("`{name}_not.txt` is claimed by `{layout}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Line ends of Windows: markers are still markers, and the statements keep what they have.
#[test]
fn windows_line_ends_are_read_as_each_tool_does() {
    let mut printed = String::new();
    for name in [
        "goose",
        "dbmate",
        "sql_migrate",
        "sqitch",
        "flyway",
        "drizzle",
    ] {
        let path = format!("tests/it/layouts/cases/{name}.txt");
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        let case = Case::make(&text);
        let same = case.read().replace('⏎', "");
        for entry in walk(case.folder.path()) {
            let text = fs::read_to_string(&entry).unwrap();
            fs::write(&entry, text.replace('\n', "\r\n")).unwrap();
        }
        let windows = case.read().replace("␍⏎", "").replace(['␍', '⏎'], "");
        if windows != same {
            let _ = writeln!(printed, "{name}\n{same}\nbut\n{windows}");
        }
    }
    assert!(printed.is_empty(), "{printed}");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path))
        } else {
            found.push(path)
        }
    }
    found
}

/// The project's own versions are read by their own layout, without a gap.
#[test]
fn our_own_versions_are_read() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harness/examples/bookshelf/versions");
    let history = read(&own, &Options::default()).unwrap();
    assert_eq!(
        (history.layout, history.gaps.as_slice()),
        ("ours", [].as_slice())
    );
    assert_eq!(history.steps.len(), 3);
}

/// The effect of each kind of file nearby on a folder that two tools would accept.
#[test]
fn a_file_nearby_decides_between_two_tools() {
    let pairs = "\n=== m/1_a.up.sql\nSELECT 1;\n=== m/1_a.down.sql\nSELECT 1;";
    let flyway = "\n=== m/V1__a.sql\nSELECT 1;";
    let single = "\n=== m/0001_a.sql\nSELECT 1;";
    let cases = [
        (pairs, "sqlx.toml", "", "sqlx"),
        (pairs, ".sqlx/query.json", "{}", "sqlx"),
        (
            pairs,
            "Cargo.toml",
            "[dev-dependencies]\nsqlx = \"1\"",
            "sqlx",
        ),
        (
            pairs,
            "Cargo.toml",
            "[target.'cfg(unix)'.dependencies]\nsqlx = \"1\"",
            "sqlx",
        ),
        (
            pairs,
            "go.mod",
            "require github.com/golang-migrate/migrate/v4 v4.0.0",
            "golang-migrate",
        ),
        (flyway, "refinery.toml", "", "refinery"),
        (flyway, "flyway.conf", "", "flyway"),
        (
            flyway,
            "pom.xml",
            "<artifactId>flyway-core</artifactId>",
            "flyway",
        ),
        (
            flyway,
            "build.gradle.kts",
            "plugins { id(\"org.flywaydb.flyway\") }",
            "flyway",
        ),
        (single, "wrangler.json", "{}", "d1"),
        (
            single,
            "package.json",
            "{ \"devDependencies\": { \"wrangler\": \"4\" } }",
            "d1",
        ),
        (
            single,
            "package.json",
            "{ \"name\": \"wrangler-like\" }",
            "plain",
        ),
        (single, "Cargo.toml", "no TOML = = sqlx", "plain"),
    ];
    for (files, path, content, layout) in cases {
        let case = Case::make(&format!("dir: m{files}\n=== {path}\n{content}"));
        let found = read(&case.dir, &case.options).map(|history| history.layout);
        assert_eq!(found, Ok(layout), "{path}: {content}");
    }
}

#[test]
fn a_thousand_steps_are_read_in_order() {
    let case = Case::make("");
    for number in 1..=1000 {
        let text = format!(
            "-- +goose Up\nCREATE TABLE t{number} (a);\n-- +goose Down\nDROP TABLE t{number};\n"
        );
        fs::write(case.folder.path().join(format!("{number}_a.sql")), text).unwrap();
    }
    let history = read(&case.dir, &case.options).unwrap();
    assert_eq!((history.steps.len(), history.gaps.len()), (1000, 0));
    assert_eq!(history.steps[999].name, "1000_a");
}
