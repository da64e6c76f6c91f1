//! The computation of version {version}: {title}.

use migrations::StepFn;

/// The function of version {version}, which runs after its `up.sql`. It contains its own SQL,
/// because a released version stays the same when the application's queries change.
///
/// To fill a table from others, use `migrations::Backfill`. It reads and writes in order, computes
/// on a second thread, makes the indexes after the rows, and names the row in an error;
/// `exercises.rs` is an example:
///
/// ```ignore
/// const BACKFILL: Backfill<'_> = Backfill {
///     from: "SELECT id, raw_json FROM training_sessions ORDER BY rowid",
///     into: "session_place",
///     columns: &["session_id", "place"],
/// };
///
/// fn rows(session: &Source<'_>, made: &mut Made<'_>) -> Result<(), BoxError> {
///     match place(session.get(1)) {
///         Ok(place) => made.row(&[session.get(0), place.into()]),
///         Err(why) => {
///             // The session stays as it is, and the report lists it; a strict run refuses.
///             made.skip("training_sessions", session.shown(0), why);
///             Ok(())
///         }
///     }
/// }
///
/// preflight: |connection, skipped| BACKFILL.preflight(connection, skipped, rows),
/// apply: |connection, skipped| BACKFILL.run(connection, skipped, rows),
/// ```
pub(crate) const CODE: StepFn = StepFn {
    name: "{name}::CODE",
    preflight: |_connection, _skipped| Ok(()),
    apply: |_connection, _skipped| Ok(()),
};
