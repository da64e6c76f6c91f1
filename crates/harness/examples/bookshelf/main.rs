//! The proof for an application that is not ours: books on shelves, with STRICT tables, a search
//! index that triggers keep, and a rebuild. `cargo run -p harness --example bookshelf` prints the
//! report.

use std::path::Path;
use std::process::ExitCode;

use harness::{Settings, Subject, verify};
use migrations::{Access, Catalogue, Query};

/// The queries of the application; each must compile at every version that it claims, and stay
/// fast.
static QUERIES: &[Query] = &[
    Query {
        name: "add_book",
        sql: "INSERT INTO book (author, title, pages) VALUES (:author, :title, :pages)",
        since: 1,
        until: None,
        access: Access::Writes,
    },
    Query {
        name: "books_of",
        sql: "SELECT id, title, pages FROM book WHERE author = :author ORDER BY title",
        since: 1,
        until: None,
        access: Access::Reads,
    },
    Query {
        name: "find",
        sql: "SELECT rowid FROM book_words WHERE book_words MATCH :word ORDER BY rank",
        since: 2,
        until: None,
        access: Access::Reads,
    },
];

#[expect(clippy::print_stdout, reason = "this is a command's report")]
fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bookshelf");
    let catalogue = match Catalogue::read(&root.join("versions")) {
        Ok(catalogue) => catalogue,
        Err(error) => {
            print!("{}", error.report());
            return ExitCode::from(2);
        }
    };
    let subject = Subject {
        queries: QUERIES,
        ..Subject::new(root, &catalogue)
    };
    let report = verify(&subject, &Settings::default());
    print!("{}", report.to_text());
    if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}
