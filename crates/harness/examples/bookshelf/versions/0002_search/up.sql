CREATE VIRTUAL TABLE book_words USING fts5 (title, content = 'book', content_rowid = 'id');

INSERT INTO book_words (book_words) VALUES ('rebuild');

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
