//! Folders that no tool could run: a clear refusal, no panic, and nothing is written.

use std::fs;
use std::path::Path;

use super::{Case, listing, refusal};

/// The description of a damage to a folder, and the function that causes it.
type Damage<'a> = (&'a str, &'a dyn Fn(&Path));

/// The refusals of several folders, one after the other.
fn printed(cases: &[Damage<'_>]) -> String {
    let mut text = String::new();
    for (what, make) in cases {
        let case = Case::make("");
        let root = case.folder.path().join("migrations");
        fs::create_dir(&root).unwrap();
        make(&root);
        let case = Case { dir: root, ..case };
        text.push_str(&format!("# {what}\n{}\n", case.read()));
    }
    text
}

#[test]
fn what_cannot_be_read_is_told() {
    let write = |root: &Path, name: &str, bytes: &[u8]| fs::write(root.join(name), bytes).unwrap();
    let text = printed(&[
        ("an empty folder", &|_| ()),
        ("a folder of hidden files", &|root| {
            write(root, ".gitkeep", b"")
        }),
        ("a folder that is a file", &|root| {
            fs::remove_dir(root).unwrap();
            fs::write(root, "CREATE TABLE t(a);").unwrap();
        }),
        ("no folder", &|root| fs::remove_dir(root).unwrap()),
        ("a binary file", &|root| {
            write(root, "1_a.sql", b"SELECT 1;\0\x01\x02")
        }),
        ("a database", &|root| {
            write(root, "1_a.sql", b"SQLite format 3\0\x10\0")
        }),
        ("invalid UTF-8", &|root| {
            write(root, "1_a.sql", b"SELECT 1;\nSELECT '\xe9';")
        }),
        ("UTF-16", &|root| write(root, "1_a.sql", b"\xff\xfeS\0E\0")),
        ("no SQL at all", &|root| {
            write(root, "README.md", b"# Nothing")
        }),
        ("a broken journal", &|root| {
            fs::create_dir(root.join("meta")).unwrap();
            write(root, "meta/_journal.json", b"{\n  \"entries\": [,]\n}");
        }),
        ("the folder above", &|root| {
            fs::create_dir(root.join("migrations")).unwrap();
            write(root, "migrations/1_a.sql", b"SELECT 1;");
        }),
    ]);
    insta::assert_snapshot!(text);
}

#[cfg(unix)]
#[test]
fn links_that_lead_away_are_refused() {
    use std::os::unix::fs::symlink;
    let text = printed(&[
        ("outside", &|root| {
            fs::write(root.join("../1_a.sql"), "SELECT 1;").unwrap();
            symlink("../1_a.sql", root.join("1_a.sql")).unwrap();
        }),
        ("nowhere", &|root| {
            symlink("gone.sql", root.join("1_a.sql")).unwrap()
        }),
        ("itself", &|root| {
            symlink("1_a.sql", root.join("1_a.sql")).unwrap()
        }),
        ("the folder that holds it", &|root| {
            fs::create_dir(root.join("sub")).unwrap();
            symlink("..", root.join("sub/again")).unwrap();
        }),
        ("a sibling, around", &|root| {
            fs::create_dir(root.join("a")).unwrap();
            fs::create_dir(root.join("b")).unwrap();
            symlink("../b", root.join("a/b")).unwrap();
            symlink("../a", root.join("b/a")).unwrap();
        }),
    ]);
    insta::assert_snapshot!(text);
}

#[cfg(unix)]
#[test]
fn links_inside_are_followed() {
    let case = Case::make(
        "\n=== 1_a.sql\nSELECT 1;\n=== parts/b.sql\nSELECT 2;\n=== 2_b.sql -> parts/b.sql\n",
    );
    insta::assert_snapshot!(case.read());
}

/// A link may lead to a different folder of the same repository.
#[cfg(unix)]
#[test]
fn links_inside_the_repository_are_followed() {
    let case = Case::make(
        "dir: app/migrations\n=== .git/HEAD\nref: x\n=== shared/a.sql\nSELECT 1;\n\
         === app/migrations/1_a.sql -> ../../shared/a.sql\n=== app/migrations/2_b.sql\nSELECT 2;\n",
    );
    insta::assert_snapshot!(case.read());
}

/// A file without permissions is readable to the superuser, who runs some machines' tests.
#[cfg(unix)]
#[test]
fn a_file_without_permissions_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let case = Case::make("\n=== 1_a.sql\nSELECT 1;\n");
    let file = case.folder.path().join("1_a.sql");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).unwrap();
    let printed = case.read();
    if fs::read(&file).is_err() {
        assert!(
            printed.starts_with("error: `DIR/1_a.sql` cannot be read: "),
            "{printed}"
        );
    }
}

/// A pipe that nobody writes to must not be waited for.
#[cfg(unix)]
#[test]
fn a_pipe_is_not_read() {
    let case = Case::make("\n=== 1_a.sql\nSELECT 1;\n");
    let made = std::process::Command::new("mkfifo")
        .arg(case.folder.path().join("2_b.sql"))
        .status();
    if made.is_ok_and(|status| status.success()) {
        insta::assert_snapshot!(case.read());
    }
}

#[test]
fn a_folder_named_like_a_file_is_told() {
    for layout in [
        "sqlx",
        "plain",
        "goose",
        "golang-migrate",
        "dbmate",
        "sql-migrate",
        "d1",
    ] {
        let case = Case::make(&format!(
            "layout: {layout}\n=== 1_a.up.sql\n-- +goose Up\nSELECT 1;\n=== 2_b.up.sql/\n"
        ));
        let printed = case.read();
        assert!(
            printed.contains("2_b.up.sql: it is a folder"),
            "{layout}: {printed}"
        );
    }
}

/// An algorithm that takes quadratic time would never end here.
#[test]
fn one_statement_of_ten_megabytes_is_read() {
    let case = Case::make("");
    let rows = "(1, 'it''s a row; with a semicolon'),\n".repeat(270_000);
    let text = format!(
        "-- +goose Up\nINSERT INTO t VALUES\n{rows}(2, 'x');\n-- +goose Down\nDELETE FROM t;\n"
    );
    assert!(text.len() > 10_000_000);
    fs::write(case.folder.path().join("1_a.sql"), &text).unwrap();
    fs::write(case.folder.path().join("2_b.sql"), "-- +goose Up\nSELECT '").unwrap();
    let history = refusal(case.folder.path()).unwrap();
    assert_eq!(history.steps.len(), 1, "{}", listing(&history).len());
    assert_eq!(history.steps[0].up.as_ref().unwrap().pieces.len(), 1);
}

/// Every text of markers, quotes and line ends is read or refused, by every layout, without a
/// panic.
#[test]
fn no_text_makes_a_layout_panic() {
    let bits = [
        "-- +goose Up\n",
        "-- +goose Down\n",
        "-- +goose StatementBegin\n",
        "-- +goose StatementEnd\n",
        "-- +migrate Up\n",
        "-- +migrate Down notransaction\n",
        "-- migrate:up\n",
        "-- migrate:down\n",
        "SELECT 'a",
        "';",
        "\r\n",
        "/* ",
        "${",
        "}",
        "$",
        "é",
        "\u{feff}",
        "--> statement-breakpoint",
        "-- +goose ENVSUB ON\n",
        "[",
        "]",
        "@",
        "\"",
        "CREATE TRIGGER t BEGIN a;",
        "",
    ];
    let mut seed = 7_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..150 {
        let text: String = (0..next(12)).map(|_| bits[next(bits.len())]).collect();
        let case = Case::make("");
        for path in [
            "1_a.sql",
            "1_a.up.sql",
            "1_a.down.sql",
            "V1__a.sql",
            "R__a.sql",
            "1_a/up.sql",
            "1-a/up.sql",
            "1_a/down.sql",
            "1_a/metadata.toml",
            "1_a/migration.sql",
            "meta/_journal.json",
            "sqitch.plan",
            "sqitch.conf",
            "migration_lock.toml",
        ] {
            let path = case.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &text).unwrap();
        }
        for layout in folders::LayoutName::ALL {
            let mut options = folders::Options::default();
            options.layout = Some(*layout);
            if let Ok(history) = folders::read(case.folder.path(), &options) {
                // The pieces must be split between characters, and in order.
                let _ = listing(&history);
            }
        }
    }
}
