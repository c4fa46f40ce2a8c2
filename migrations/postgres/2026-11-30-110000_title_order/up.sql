-- "title_key" is what lists are sorted by title by: the title as Swiss lists are sorted. No database could make it of the title;
-- the service enters it once the migrations are done.
DROP INDEX records_by_title;
ALTER TABLE records ADD COLUMN title_key TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX records_by_title ON records (register, title_key, number);
