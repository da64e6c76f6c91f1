CREATE TABLE book_old (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    pages INTEGER
) STRICT;

INSERT INTO book_old (id, author, title, pages)
SELECT id, author, title, pages FROM book;

DELETE FROM sqlite_sequence WHERE name = 'book_old';
UPDATE sqlite_sequence SET name = 'book_old' WHERE name = 'book';

DROP TABLE book;
ALTER TABLE book_old RENAME TO book;

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
