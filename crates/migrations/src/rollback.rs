//! Rolls a transaction back even if it is interrupted.

use rusqlite::Connection;

/// The number of attempts of a ROLLBACK before the progress handler that interrupts it is removed.
pub(crate) const TRIES: usize = 3;

/// Rolls back; returns whether the connection is outside a transaction afterwards. BEGIN can fail
/// although it has begun, and ROLLBACK can be interrupted like any statement. In that case the
/// progress handler is removed, because an open transaction that the application takes for its own
/// is worse.
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
