//! Commits each step by itself, for files that are too large for one transaction.

use migrations::{Catalogue, Commit, Down, Migrator, Options, Outcome, Step};

#[expect(clippy::print_stdout, reason = "this is a command")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let step = |folder: &'static str, table: &str| {
        let down = Down::Sql(format!("DROP TABLE {table};").into());
        Step::new(
            folder,
            format!("CREATE TABLE {table} (name TEXT);"),
            down,
            "…",
        )
    };
    let catalogue = Catalogue::new(vec![
        step("0001_note", "note"),
        step("0002_tag", "tag"),
        // SQLite refuses this one: the table exists.
        step("0003_again", "tag"),
    ])?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("notes.db");
    let options = Options::default()
        .commit(Commit::PerStep)
        .allow_undocumented(true);
    let mut file = Migrator::create(&catalogue, &path, options)?;
    let Err(error) = file.upgrade() else {
        return Err("the third step runs".into());
    };
    // The two steps before the error stay.
    match error.outcome() {
        Outcome::CommittedTo(version) => println!("committed to version {version}"),
        other => return Err(format!("unexpected outcome: {other:?}").into()),
    }
    println!("the file is at version {}", file.version()?);
    Ok(())
}
