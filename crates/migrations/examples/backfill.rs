//! Fills a new table from an older one with a function in Rust: a row for each word of each note.

use migrations::rusqlite::types::ValueRef;
use migrations::{Backfill, BoxError, Catalogue, Down, Made, Migrator, Options};
use migrations::{Source, Step, StepFn};

const WORDS: Backfill<'_> = Backfill {
    from: "SELECT id, body FROM note ORDER BY id",
    into: "word",
    columns: &["note", "text"],
};
const CODE: StepFn = StepFn {
    name: "words",
    preflight: |connection, skipped| WORDS.preflight(connection, skipped, words),
    apply: |connection, skipped| WORDS.run(connection, skipped, words),
};

fn words(note: &Source<'_>, made: &mut Made<'_>) -> Result<(), BoxError> {
    for word in note.get(1).as_str()?.split_whitespace() {
        made.row(&[note.get(0), ValueRef::from(word)])?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is a command")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let step = |folder, up, down: &'static str| Step::new(folder, up, Down::Sql(down.into()), "…");
    let up = "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);
        INSERT INTO note (body) VALUES ('buy milk'), ('walk');";
    let note = step("0001_note", up, "DROP TABLE note;");
    let up = "CREATE TABLE word (note INTEGER NOT NULL REFERENCES note, text TEXT NOT NULL);";
    let word = step("0002_word", up, "DROP TABLE word;").with_code(CODE);
    let catalogue = Catalogue::new(vec![note, word])?;
    let folder = tempfile::tempdir()?;
    let options = Options::default().allow_undocumented(true);
    let mut file = Migrator::create(&catalogue, &folder.path().join("notes.db"), options)?;
    let report = file.upgrade()?;
    println!("from version {} to {}", report.from, report.to);
    Ok(())
}
