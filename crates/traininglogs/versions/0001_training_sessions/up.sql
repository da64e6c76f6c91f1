CREATE TABLE training_sessions (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    raw_json TEXT NOT NULL
);
