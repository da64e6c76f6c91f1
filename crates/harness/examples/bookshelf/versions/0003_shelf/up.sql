-- A rebuild, because SQLite adds no NOT NULL and no CHECK to a column that is there.
CREATE TABLE book_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    pages INTEGER CHECK (pages > 0),
    shelf TEXT NOT NULL DEFAULT 'unsorted'
) STRICT;

INSERT INTO book_new (id, author, title, pages)
SELECT id, author, title, nullif(max(pages, 0), 0) FROM book;

-- The number that was given last goes on, also where its book is gone.
DELETE FROM sqlite_sequence WHERE name = 'book_new';
UPDATE sqlite_sequence SET name = 'book_new' WHERE name = 'book';

DROP TABLE book;
ALTER TABLE book_new RENAME TO book;

CREATE INDEX book_author ON book (author, title);

CREATE TRIGGER book_added AFTER INSERT ON book BEGIN
    INSERT INTO book_words (rowid, title) VALUES (new.id, new.title);
END;

CREATE TRIGGER book_gone AFTER DELETE ON book BEGIN
    INSERT INTO book_words (book_words, rowid, title) VALUES ('delete', old.id, old.title);
END;

CREATE TRIGGER book_renamed AFTER UPDATE OF title ON book BEGIN
    INSERT INTO book_words (book_words, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO book_words (rowid, title) VALUES (new.id, new.title);
END;
