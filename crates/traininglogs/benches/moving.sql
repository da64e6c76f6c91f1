CREATE TABLE exercises_index (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    exercise_name TEXT NOT NULL,
    date_logged TEXT,
    FOREIGN KEY(session_id) REFERENCES training_sessions(id)
);
CREATE INDEX idx_exercises_name ON exercises_index(exercise_name);
INSERT INTO exercises_index (id, session_id, exercise_name, date_logged)
    SELECT lower(hex(randomblob(16))), s.id, json_extract(e.value, '$.name'), json_extract(s.raw_json, '$.date')
    FROM training_sessions AS s, json_each(s.raw_json, '$.exercises') AS e;
