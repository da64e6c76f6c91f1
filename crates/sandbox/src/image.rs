//! Databases as bytes.

use rusqlite::Connection;

/// The bytes of the header that record WAL mode:
/// <https://sqlite.org/fileformat2.html#file_format_version_numbers>
const FILE_FORMAT: std::ops::Range<usize> = 18..20;

/// Returns the bytes of a database, in journal mode DELETE: a database in memory cannot have a WAL.
///
/// # Errors
/// If SQLite cannot serialize the database.
pub fn image(connection: &Connection) -> rusqlite::Result<Vec<u8>> {
    let mut bytes = connection.serialize("main")?.to_vec();
    if let Some(format) = bytes.get_mut(FILE_FORMAT) {
        format.fill(1);
    }
    Ok(bytes)
}

/// Opens a database in memory from its bytes, with foreign keys on. An empty slice makes an empty
/// database.
///
/// # Errors
/// If SQLite refuses the bytes.
pub fn from_image(image: &[u8]) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    if !image.is_empty() {
        connection.deserialize_read_exact("main", image, image.len(), false)?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}
