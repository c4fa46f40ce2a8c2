-- Of a word its first 255 characters count: the index finds none of more than 2,046 bytes.
UPDATE records_search SET words = array_to_tsvector(ARRAY(
        SELECT left(word, 255) FROM unnest(tsvector_to_array(words)) AS word
    )) WHERE EXISTS (SELECT FROM unnest(tsvector_to_array(words)) AS word WHERE length(word) > 255);
-- The words of the index of words, and some that are no more in it, so that those that begin alike can be looked up one by
-- one.
CREATE TABLE records_words (
    term TEXT COLLATE "C" PRIMARY KEY
);
INSERT INTO records_words (term) SELECT DISTINCT unnest(tsvector_to_array(words)) FROM records_search;
-- The index of words has each word once for each register and month, so that the first of a list are found without all the
-- others. What waits to be put into it is read by each search: it is not to be much.
UPDATE records_search SET words = array_to_tsvector(ARRAY(
        SELECT word || '@' || left(register, 1) || to_char(received_on, 'YYYYMM') FROM unnest(tsvector_to_array(words)) AS word
    )) FROM records WHERE records.pos = records_search.pos;
ALTER INDEX records_search_words SET (gin_pending_list_limit = 256);
-- What was received on a day is sorted by number quickly enough: one index serves both directions.
DROP INDEX records_by_received_desc;
