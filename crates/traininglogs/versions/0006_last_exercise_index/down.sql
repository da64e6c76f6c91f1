DROP TRIGGER exercise_logged;
DROP TRIGGER session_deleted;
DROP TRIGGER session_changed;
DROP TRIGGER session_logged;
DROP VIEW session_exercises;
DROP INDEX idx_exercises_session;
DROP INDEX idx_exercises_last;
CREATE INDEX idx_exercises_name ON exercises_index(exercise_name);
