//! A transaction that ends, whatever interrupts it.

use rusqlite::Connection;

/// How often a ROLLBACK is tried before what interrupts it is removed.
pub(crate) const TRIES: usize = 3;

/// Whether the connection is outside a transaction afterwards. BEGIN can fail and have begun, and
/// ROLLBACK can be interrupted as any statement can: then the progress handler goes, because an
/// open transaction that the application would take for its own is worse.
pub(crate) fn roll_back(connection: &mut Connection) -> bool {
    for _ in 0..TRIES {
        if connection.is_autocommit() {
            return true;
        }
        let _ = connection.execute_batch("ROLLBACK");
    }
    if !connection.is_autocommit() {
        let _ = connection.progress_handler(0, None::<fn() -> bool>);
        let _ = connection.execute_batch("ROLLBACK");
    }
    connection.is_autocommit()
}
