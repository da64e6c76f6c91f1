-- The rows are computed in Rust (`exercises::CODE`), because their ids are made of the session's time and a
-- hash, and because a document that is malformed must not stop the upgrade.
CREATE TABLE exercises_index (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    exercise_name TEXT NOT NULL,
    date_logged TEXT,
    FOREIGN KEY(session_id) REFERENCES training_sessions(id)
);
CREATE INDEX idx_exercises_name ON exercises_index(exercise_name);
