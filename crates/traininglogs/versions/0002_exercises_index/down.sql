DROP INDEX idx_exercises_name;
DROP TABLE exercises_index;
