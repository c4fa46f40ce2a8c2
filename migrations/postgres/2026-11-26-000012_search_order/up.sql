-- All words that were ever in the index of words, so that those that begin alike can be looked up one by one.
CREATE TABLE records_words (
    term TEXT COLLATE "C" PRIMARY KEY
);
INSERT INTO records_words (term) SELECT DISTINCT unnest(tsvector_to_array(words)) FROM records_search;
-- What was received on a day is sorted by number quickly enough: one index serves both directions.
DROP INDEX records_by_received_desc;
