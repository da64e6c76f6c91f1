//! An older build rolls a newer file back with the down migration stored in it.

use migrations::{Catalogue, Down, Migrator, Options, Step};

#[expect(clippy::print_stdout, reason = "this is a command")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let step = |folder: &'static str, up: &'static str, down: &'static str| {
        Step::new(folder, up, Down::Sql(down.into()), "…")
    };
    let note = step(
        "0001_note",
        "CREATE TABLE note (body TEXT);",
        "DROP TABLE note;",
    );
    let tag = step(
        "0002_tag",
        "CREATE TABLE tag (name TEXT);",
        "DROP TABLE tag;",
    );
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("notes.db");
    let options = || Options::default().allow_undocumented(true);

    let newer = Catalogue::new(vec![note.clone(), tag])?;
    let mut file = Migrator::create(&newer, &path, options())?;
    file.upgrade()?;
    drop(file);

    // The older build knows only version 1.
    let older = Catalogue::new(vec![note])?;
    let mut file = Migrator::open(&older, &path, options())?;
    if let Err(error) = file.upgrade() {
        print!("{}", error.report());
    }
    let report = file.rollback_to(1)?;
    println!("from version {} back to {}", report.from, report.to);
    Ok(())
}
