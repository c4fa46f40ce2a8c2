DROP INDEX records_by_title;
ALTER TABLE records DROP COLUMN title_key;
CREATE INDEX records_by_title ON records (register, title, number);
