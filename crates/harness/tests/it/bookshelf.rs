//! The second application proves itself; `docs/prove-your-own.md` shows the test.

// BEGIN PAGE
use std::path::Path;

use harness::{Settings, Subject, verify};
use migrations::{Access, Catalogue, Query};

static QUERIES: &[Query] = &[Query {
    name: "books_of",
    sql: "SELECT id, title FROM book WHERE author = :author ORDER BY title",
    since: 1,
    until: None,
    access: Access::Reads,
}];

#[test]
fn no_version_loses_a_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bookshelf");
    let catalogue = Catalogue::read(&root.join("versions")).unwrap();
    let subject = Subject {
        queries: QUERIES,
        ..Subject::new(root, &catalogue)
    };
    let settings = Settings::from_environment().unwrap();
    let report = verify(&subject, &settings);
    if std::env::var_os("FREEZE").is_some() {
        // Refuses while anything but the missing freeze itself is broken.
        harness::freeze::new_versions(&subject, &report).unwrap();
        return;
    }
    assert!(report.holds(), "{}", report.to_text());
}
// END PAGE

#[test]
fn the_page_shows_this_test() {
    let here = include_str!("bookshelf.rs");
    let page = include_str!("../../../../docs/prove-your-own.md");
    let (_, rest) = here.split_once("// BEGIN PAGE\n").unwrap();
    let (shown, _) = rest.split_once("// END PAGE").unwrap();
    assert!(page.contains(shown), "copy it into the page");
}
