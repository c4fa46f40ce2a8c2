-- A row for each folded word of title and number of each record, of each its first 255 characters, in place of a document
-- for each record: rows are found in the order of their keys, which go by register, day received and "pos" of the record,
-- as lists do, so that the first of a list are found without all the others. The words need no list of their own.
--
-- The table stays, with the rights that were given to it.
CREATE TABLE postings AS
SELECT
    split_part(lexeme, '@', 1) AS word,
    (CAST(ascii(register) AS BIGINT) << 54) | (CAST(received_on - DATE '0001-01-01' + 1 AS BIGINT) << 32) | pos AS key
FROM records_search JOIN records USING (pos), unnest(tsvector_to_array(words)) AS lexeme;

TRUNCATE records_search;
ALTER TABLE records_search
    DROP COLUMN pos,
    DROP COLUMN words,
    ADD COLUMN word TEXT COLLATE "C" NOT NULL,
    ADD COLUMN key BIGINT NOT NULL;
INSERT INTO records_search (word, key) SELECT word, key FROM postings ORDER BY word COLLATE "C", key;
ALTER TABLE records_search ADD PRIMARY KEY (word, key);

DROP TABLE postings;
DROP TABLE records_words;
