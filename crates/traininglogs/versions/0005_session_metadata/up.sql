CREATE TABLE session_metadata (
    session_id TEXT PRIMARY KEY,
    user_id TEXT,
    device TEXT,
    FOREIGN KEY(session_id) REFERENCES training_sessions(id)
);
INSERT INTO session_metadata (session_id)
SELECT id FROM training_sessions ORDER BY rowid;
