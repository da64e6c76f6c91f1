//! Small catalogues and files for tests.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use migrations::{
    Catalogue, Down, Error, FileInfo, Files, Migrator, NewFile, Options, Step, SystemFiles, Version,
};
use rusqlite::Connection;
use rusqlite::types::FromSql;
use tempfile::TempDir;

pub(crate) const NOTE: &str = "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);";

/// The down migration; an empty text means none, which needs a reason.
pub(crate) fn back(down: &'static str) -> Down {
    match down {
        "" => Down::Irreversible("no test goes back here".into()),
        down => Down::Sql(down.into()),
    }
}

/// A step with empty notes, which the options of these tests allow.
pub(crate) fn step(folder: &'static str, up: &'static str, down: &'static str) -> Step {
    Step::new(folder, up, back(down), "")
}

/// A step whose down migration declares a loss.
pub(crate) fn losing(
    folder: &'static str,
    up: &'static str,
    down: &'static str,
    loses: &str,
) -> Step {
    let notes = format!("## Rollback\n\n- Loses: {loses}\n");
    Step::new(folder, up, Down::Sql(down.into()), notes)
}

pub(crate) fn catalogue(steps: Vec<Step>) -> Catalogue {
    Catalogue::new(steps).unwrap()
}

pub(crate) fn note_step() -> Step {
    step("0001_note", NOTE, "DROP TABLE note;")
}

pub(crate) fn label_step() -> Step {
    step(
        "0002_label",
        "ALTER TABLE note ADD COLUMN label TEXT;",
        "ALTER TABLE note DROP COLUMN label;",
    )
}

pub(crate) fn tag_step() -> Step {
    step(
        "0003_tag",
        "CREATE TABLE tag (name TEXT PRIMARY KEY);",
        "DROP TABLE tag;",
    )
}

/// Three versions: a table, a column, another table.
pub(crate) fn three() -> Catalogue {
    catalogue(vec![note_step(), label_step(), tag_step()])
}

/// The first step and one under test.
pub(crate) fn note_and(up: &'static str) -> Catalogue {
    catalogue(vec![note_step(), step("0002_tried", up, "")])
}

/// The options of most tests: their steps have no notes.
pub(crate) fn plain() -> Options {
    Options::default().allow_undocumented(true)
}

pub(crate) fn accepting() -> Options {
    plain().accept_loss(true)
}

pub(crate) fn strict() -> Options {
    plain().strict(true)
}

pub(crate) fn hasty() -> Options {
    plain().busy_timeout(Duration::from_millis(1))
}

/// A path in a directory of its own.
pub(crate) struct File {
    pub(crate) directory: TempDir,
    pub(crate) path: PathBuf,
}

impl File {
    /// A path without a file.
    pub(crate) fn none() -> File {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.db");
        File { directory, path }
    }

    /// A file of `version`.
    pub(crate) fn at(catalogue: &Catalogue, version: Version) -> File {
        let file = File::none();
        let mut migrator = file.migrator(catalogue);
        if version > 0 {
            migrator.upgrade_to(version).unwrap();
        }
        file
    }

    pub(crate) fn migrator<'a>(&self, catalogue: &'a Catalogue) -> Migrator<'a> {
        self.migrator_with(catalogue, plain())
    }

    pub(crate) fn migrator_with<'a>(
        &self,
        catalogue: &'a Catalogue,
        options: Options,
    ) -> Migrator<'a> {
        Migrator::create(catalogue, &self.path, options).unwrap()
    }

    /// Runs SQL without the engine.
    pub(crate) fn sql(&self, script: &str) -> &File {
        let connection = self.raw();
        connection
            .execute_batch("PRAGMA foreign_keys = OFF")
            .unwrap();
        connection.execute_batch(script).unwrap();
        self
    }

    pub(crate) fn raw(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// A file with pages that belong to nothing, which its schema does not show.
    pub(crate) fn damaged(catalogue: &Catalogue, version: Version) -> File {
        let file = File::at(catalogue, version);
        file.sql("CREATE INDEX note_body ON note(body)");
        file.sql(
        "INSERT INTO note (body) SELECT hex(randomblob(300)) FROM pragma_function_list LIMIT 200",
    );
        let root: i64 = file.value("SELECT rootpage FROM sqlite_schema WHERE name = 'note_body'");
        file.sql("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'note_body'");
        let mut bytes = file.bytes();
        let start = (usize::try_from(root).unwrap() - 1) * 4096;
        bytes[start..start + 4096].fill(0x41);
        fs::write(&file.path, &bytes).unwrap();
        file
    }

    pub(crate) fn value<T: FromSql>(&self, sql: &str) -> T {
        value(&self.raw(), sql)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    /// An error's whole text, without the directory, which differs each time.
    pub(crate) fn report(&self, error: &Error) -> String {
        let directory = self.directory.path().display().to_string();
        error.report().replace(&directory, "DIR")
    }
}

pub(crate) fn value<T: FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Everything that SQL can read from a file, to compare before and after.
pub(crate) fn contents(connection: &Connection) -> Vec<String> {
    let mut lines = vec![
        format!("{}", value::<i64>(connection, "PRAGMA user_version")),
        format!("{}", value::<i64>(connection, "PRAGMA application_id")),
    ];
    let mut tables = Vec::new();
    let mut statement = connection
        .prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (kind, name): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        lines.push(format!("{kind} {name} {:?}", row.get_ref(2).unwrap()));
        if kind == "table" {
            tables.push(name);
        }
    }
    for table in tables {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<_> = (0..columns).map(|at| row.get_ref(at).unwrap()).collect();
            lines.push(format!("{table} {values:?}"));
        }
    }
    lines
}

/// The real file system, on which the call of this name fails.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) &'static str);

impl Broken {
    fn works(&self, call: &str) -> io::Result<()> {
        if self.0 == call {
            Err(io::Error::other(format!("`{call}` does not work here")))
        } else {
            Ok(())
        }
    }
}

impl Files for Broken {
    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn NewFile>> {
        self.works("create")?;
        SystemFiles.create(path, like)
    }

    fn look(&self, path: &Path) -> io::Result<FileInfo> {
        self.works("look")?;
        SystemFiles.look(path)
    }

    fn same(&self, one: &Path, other: &Path) -> bool {
        SystemFiles.same(one, other)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        self.works("list")?;
        SystemFiles.list(directory)
    }

    fn link(&self, path: &Path, new: &Path) -> io::Result<()> {
        self.works("link")?;
        SystemFiles.link(path, new)
    }

    fn rename(&self, path: &Path, new: &Path) -> io::Result<()> {
        self.works("rename")?;
        SystemFiles.rename(path, new)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.works("remove")?;
        SystemFiles.remove(path)
    }

    fn remove_abandoned(&self, path: &Path) -> io::Result<()> {
        self.works("remove_abandoned")?;
        SystemFiles.remove_abandoned(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.works("sync_directory")?;
        SystemFiles.sync_directory(directory)
    }

    fn free_space(&self, directory: &Path) -> io::Result<u64> {
        match self.0 {
            "room" => Ok(0),
            _ => SystemFiles.free_space(directory),
        }
    }
}
