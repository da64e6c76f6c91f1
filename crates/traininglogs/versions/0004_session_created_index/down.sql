DROP INDEX idx_session_created;
