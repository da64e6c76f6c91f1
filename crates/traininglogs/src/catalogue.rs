//! The catalogue: every version of the schema, from its folder under `versions/`.

use std::sync::OnceLock;

use migrations::{Catalogue, Version};

use crate::exercises;
use crate::queries::QUERIES;

migrations::steps! {
    /// The steps, in order; each is the folder of that name.
    pub static STEPS;
    "0001_training_sessions",
    "0002_exercises_index" with exercises::CODE,
    "0003_session_duration",
    "0004_session_created_index",
    "0005_session_metadata",
    "0006_last_exercise_index",
}

/// The newest version, which is the number of steps.
pub const CURRENT_VERSION: Version = STEPS.len() as Version;

/// "TLOG": the [`application_id`](https://sqlite.org/pragma.html#pragma_application_id) of every
/// file, which distinguishes it from a file of a different application.
pub const APPLICATION_ID: i32 = 0x544C_4F47;

/// All steps, checked.
#[expect(
    clippy::expect_used,
    reason = "the folders' numbers are fixed at compile time and tested"
)]
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        Catalogue::new(STEPS)
            .expect("the folders are numbered 1, 2, 3 …")
            .with_application_id(APPLICATION_ID)
            .with_queries(QUERIES)
    })
}
