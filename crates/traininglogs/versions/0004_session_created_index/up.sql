CREATE INDEX idx_session_created ON training_sessions(created_at);
