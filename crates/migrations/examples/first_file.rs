//! Creates a file, upgrades it, and opens it again.

use migrations::{Catalogue, Down, Migrator, Options, Step};

const NOTES: &str = "…"; // In an application: what changes and why, in `notes.md`.

#[expect(clippy::print_stdout, reason = "this is a command")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let down = |sql: &'static str| Down::Sql(sql.into());
    let note = "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);";
    let label = "ALTER TABLE note ADD COLUMN label TEXT;";
    let no_label = "ALTER TABLE note DROP COLUMN label;";
    let catalogue = Catalogue::new(vec![
        Step::new("0001_note", note, down("DROP TABLE note;"), NOTES),
        Step::new("0002_note_label", label, down(no_label), NOTES),
    ])?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("notes.db");
    // A run without notes is refused; an application leaves this out.
    let options = || Options::default().allow_undocumented(true);
    let mut file = Migrator::create(&catalogue, &path, options())?;
    let report = file.upgrade()?;
    println!("from version {} to {}", report.from, report.to);
    let connection = file.into_connection();
    connection.execute("INSERT INTO note (body, label) VALUES ('milk', 'home')", [])?;
    drop(connection);

    let mut again = Migrator::open(&catalogue, &path, options())?;
    println!(
        "{} steps to run when it is opened again",
        again.upgrade()?.steps.len()
    );
    Ok(())
}
