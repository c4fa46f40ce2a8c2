CREATE TABLE records_words (
    term TEXT COLLATE "C" PRIMARY KEY
);
INSERT INTO records_words (term) SELECT DISTINCT word FROM records_search;

CREATE TABLE documents AS
SELECT
    pos,
    array_to_tsvector(array_agg(word || '@' || left(register, 1) || to_char(received_on, 'YYYYMM'))) AS words
FROM records_search JOIN records ON pos = key & 4294967295
GROUP BY pos;

TRUNCATE records_search;
ALTER TABLE records_search DROP CONSTRAINT records_search_pkey;
ALTER TABLE records_search
    DROP COLUMN word,
    DROP COLUMN key,
    ADD COLUMN pos BIGINT PRIMARY KEY REFERENCES records (pos) ON DELETE CASCADE,
    ADD COLUMN words TSVECTOR NOT NULL;
INSERT INTO records_search (pos, words) SELECT pos, words FROM documents;
CREATE INDEX records_search_words ON records_search USING gin (words) WITH (gin_pending_list_limit = 256);

DROP TABLE documents;
