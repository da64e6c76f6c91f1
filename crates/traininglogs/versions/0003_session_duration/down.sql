ALTER TABLE training_sessions DROP COLUMN duration_minutes;
