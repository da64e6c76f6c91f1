DROP TABLE session_metadata;
