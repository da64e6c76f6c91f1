DROP TRIGGER book_added;
DROP TRIGGER book_gone;
DROP TRIGGER book_renamed;
DROP TABLE book_words;
