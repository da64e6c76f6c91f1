//! The files of the command line: a database, or SQL that creates one. They are never written.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use migrations::{ErrorKind, FileState};
use rusqlite::{Connection, OpenFlags};
use schema::Schema;

use folders::InputError;
use sandbox::sqlite_message;
use sandbox::{self, Halt, Sandbox};

/// The first bytes of every database: <https://sqlite.org/fileformat.html#magic_header_string>.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The schema of a database file, or the one that an SQL file creates.
pub(crate) fn schema(path: &Path) -> Result<Schema, InputError> {
    let connection = database(path)?;
    Schema::read(&connection).map_err(|error| {
        let what = format!("has a schema that cannot be read: {error}");
        InputError::new(path, &what, "check it with `PRAGMA integrity_check`")
    })
}

/// A connection to a database file, or to a database in memory that an SQL file creates.
pub(crate) fn database(path: &Path) -> Result<Source, InputError> {
    match kind(path)? {
        Kind::Database => open(path),
        Kind::Sql(script) => run(path, &script),
    }
}

/// A database of the command line.
pub(crate) enum Source {
    /// A file, opened for reading.
    Opened(Connection),
    /// A database in memory, created by a script.
    Made(Sandbox),
}

impl std::ops::Deref for Source {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Source::Opened(connection) => connection,
            Source::Made(sandbox) => sandbox,
        }
    }
}

enum Kind {
    Database,
    Sql(String),
}

fn kind(path: &Path) -> Result<Kind, InputError> {
    let failed = |error: std::io::Error| InputError::io(path, &error);
    if path.is_dir() {
        let hint = "name a database file or an SQL file";
        return Err(InputError::new(path, "is a directory", hint));
    }
    let mut start = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let length = MAGIC.len() as u64;
    file.take(length).read_to_end(&mut start).map_err(failed)?;
    if start == MAGIC {
        return Ok(Kind::Database);
    }
    let bytes = fs::read(path).map_err(failed)?;
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(Kind::Sql(text)),
        _ => Err(InputError::new(
            path,
            "is neither a SQLite database nor SQL in UTF-8",
            "check whether the database is encrypted or truncated",
        )),
    }
}

/// Opens a database to read it. Without a log or a journal beside it, the file is taken as
/// [immutable](https://sqlite.org/uri.html#uriimmutable), and nothing is written beside it; with a
/// log, SQLite creates the `-shm` file that its readers share.
fn open(path: &Path) -> Result<Source, InputError> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        fs::metadata(PathBuf::from(name)).is_ok_and(|data| data.len() > 0)
    };
    let quiet = !beside("-wal") && !beside("-journal");
    let uri = uri(path, quiet);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let failed = |error: rusqlite::Error| {
        let what = format!("cannot be opened: {}", sqlite_message(&error));
        InputError::new(path, &what, "check it with `PRAGMA integrity_check`")
    };
    let connection = Connection::open_with_flags(uri, flags).map_err(failed)?;
    sandbox::confine(&connection).map_err(failed)?;
    // Only the first read shows whether the file is a database.
    let read = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match read {
        Ok(()) => Ok(Source::Opened(connection)),
        Err(_) if is_interrupted(&connection) => Err(InputError::new(
            path,
            "has the journal of an interrupted write, which only a writer may roll back",
            "open it once with its own application, or copy it together with its `-journal` or \
             `-wal` file; never delete these",
        )),
        Err(error) => Err(failed(error)),
    }
}

/// Whether the journal of an interrupted write keeps a reader out.
fn is_interrupted(connection: &Connection) -> bool {
    FileState::read(connection).is_err_and(|error| error.kind() == ErrorKind::Interrupted)
}

/// A path as [SQLite's URI](https://sqlite.org/uri.html).
fn uri(path: &Path, immutable: bool) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let bytes = absolute.as_os_str().as_encoded_bytes();
    let mut uri = String::from("file:");
    if !bytes.starts_with(b"/") {
        uri.push('/');
    }
    for byte in bytes {
        match byte {
            b'\\' if MAIN_SEPARATOR == '\\' => uri.push('/'),
            byte if byte.is_ascii_alphanumeric() || b"/-._~:".contains(byte) => {
                uri.push(char::from(*byte));
            }
            // A name may contain any byte, and need not be text.
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    if immutable {
        uri.push_str("?immutable=1");
    }
    uri
}

/// Runs a script in memory, without access to any other file.
fn run(path: &Path, script: &str) -> Result<Source, InputError> {
    let failed = |halt: &Halt<'_>| {
        let within = match &halt.error {
            rusqlite::Error::SqlInputError { offset, .. } => usize::try_from(*offset).unwrap_or(0),
            _ => 0,
        };
        let at = halt.statement.offset + within.min(halt.statement.text.len());
        let what = format!("does not run: {}", halt.why);
        let hint = "the script must create the schema in an empty database, in the SQL of SQLite";
        InputError::at(path, script, at, &what, hint)
    };
    let cannot = |error: rusqlite::Error| {
        let what = format!("cannot be run: {error}");
        InputError::new(path, &what, "try again")
    };
    let sandbox = Sandbox::open(&[]).map_err(cannot)?;
    let end = |sql: &str| sandbox.run(sql).map_err(cannot);
    end("PRAGMA foreign_keys = OFF")?;
    sandbox.run_script(script).map_err(|halt| failed(&halt))?;
    // SQLite reads again what a dump of `sqlite3` wrote into `sqlite_schema`.
    end("PRAGMA writable_schema = RESET")?;
    sandbox.end_script().map_err(cannot)?;
    Ok(Source::Made(sandbox))
}
