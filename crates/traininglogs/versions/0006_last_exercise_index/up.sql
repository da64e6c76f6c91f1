DROP INDEX idx_exercises_name;
CREATE INDEX idx_exercises_last ON exercises_index(exercise_name, date_logged DESC, session_id);
CREATE INDEX idx_exercises_session ON exercises_index(session_id);

-- What the application reads of a document (`document.rs`), in SQL. Of a key that stands twice the last one counts.
-- A document that the application cannot read has no rows here.
CREATE VIEW session_exercises AS
WITH
-- NULL where it is no JSON: SQLite would take a blob for its own binary JSON, and stops reading text at NUL.
document (session_id, text) AS (
    SELECT id, CASE WHEN typeof(raw_json) = 'text' AND instr(raw_json, char(0)) = 0 AND json_valid(raw_json)
        THEN raw_json END
    FROM training_sessions
    WHERE id IS NOT NULL
),
session (session_id, text, list, date_logged) AS (
    SELECT session_id, text,
        (SELECT CASE type WHEN 'array' THEN value END FROM json_each(text)
            WHERE key = 'exercises' ORDER BY id DESC LIMIT 1),
        (SELECT CASE type WHEN 'text' THEN value END FROM json_each(text)
            WHERE key = 'date' ORDER BY id DESC LIMIT 1)
    FROM document
)
SELECT
    session_id,
    exercise.key AS position,
    coalesce(
        (SELECT value FROM json_each(exercise.value) WHERE key = 'name' ORDER BY id DESC LIMIT 1),
        'Unknown'
    ) AS exercise_name,
    date_logged
FROM session JOIN json_each(list) AS exercise
-- Each exercise is an object, and its name is text.
WHERE NOT EXISTS (
    SELECT 1 FROM json_each(list) AS other
    WHERE other.type <> 'object' OR 'text' <> (
        SELECT type FROM json_each(CASE other.type WHEN 'object' THEN other.value END)
        WHERE key = 'name' ORDER BY id DESC LIMIT 1
    )
)
-- No half of a surrogate pair and no number that is too large in a key or a value that is read: the application's
-- reader stops there, and SQLite's does not. SQLite's patterns take half a pair for U+FFFD, and so they do U+FFFE and
-- U+FFFF: what is found when all three are taken out is half a pair. They end at NUL, so that is taken out first.
-- A path spells a key as the document does, so below a key that is spelled with escapes this is not looked for.
AND NOT EXISTS (
    SELECT 1 FROM (
        SELECT key, CASE
            WHEN path = '$' AND key IN ('date', 'exercises') OR path = '$.exercises' AND typeof(key) = 'integer'
                OR path LIKE '%]' AND key = 'name' THEN atom
            END AS atom
        FROM json_tree(replace(text, '\u0000', '\u0020'))
        WHERE path IN ('$', '$.date', '$.exercises')
            OR path GLOB '$.exercises[[]*' AND ltrim(substr(path, 13), '0123456789') IN (']', '].name')
    )
    WHERE typeof(atom) = 'real' AND abs(atom) = 9e999
        OR replace(replace(replace(key || ifnull(atom, ''), char(65533), ''), char(65534), ''), char(65535), '')
            GLOB '*' || char(65533) || '*'
);

-- A build that knows nothing of `exercises_index` writes sessions alone. Its rows are called by session and position,
-- because SQL cannot compute the usual ids.
CREATE TRIGGER session_logged AFTER INSERT ON training_sessions
BEGIN
    -- INSERT OR REPLACE deletes without a trigger.
    DELETE FROM exercises_index WHERE session_id = NEW.id;
    INSERT INTO exercises_index (id, session_id, exercise_name, date_logged)
    SELECT CASE typeof(session_id) WHEN 'text' THEN session_id ELSE quote(session_id) END || '/' || position,
        session_id, exercise_name, date_logged
    FROM session_exercises WHERE session_id = NEW.id ORDER BY position;
END;
CREATE TRIGGER session_changed AFTER UPDATE OF id, created_at, raw_json ON training_sessions
WHEN OLD.id IS NOT NEW.id OR OLD.created_at IS NOT NEW.created_at OR OLD.raw_json IS NOT NEW.raw_json
BEGIN
    DELETE FROM exercises_index WHERE session_id IN (OLD.id, NEW.id);
    INSERT INTO exercises_index (id, session_id, exercise_name, date_logged)
    SELECT CASE typeof(session_id) WHEN 'text' THEN session_id ELSE quote(session_id) END || '/' || position,
        session_id, exercise_name, date_logged
    FROM session_exercises WHERE session_id = NEW.id ORDER BY position;
END;
CREATE TRIGGER session_deleted AFTER DELETE ON training_sessions
BEGIN
    DELETE FROM exercises_index WHERE session_id = OLD.id;
END;

-- A build that knows the table writes the same rows after the session, with the usual ids: each takes the place of one
-- that `session_logged` wrote.
CREATE TRIGGER exercise_logged AFTER INSERT ON exercises_index
WHEN coalesce(instr(NEW.id, '/'), 0) = 0
BEGIN
    DELETE FROM exercises_index WHERE rowid = (
        SELECT rowid FROM exercises_index
        WHERE session_id = NEW.session_id AND exercise_name = NEW.exercise_name
            AND date_logged IS NEW.date_logged AND instr(id, '/') > 0
        ORDER BY rowid LIMIT 1
    );
END;
