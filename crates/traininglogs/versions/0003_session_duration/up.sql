ALTER TABLE training_sessions ADD COLUMN duration_minutes INTEGER;
