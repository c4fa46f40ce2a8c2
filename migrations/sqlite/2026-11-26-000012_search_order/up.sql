-- The index of words finds in the order of its keys: register, day received and place of the record, so that the first of a
-- list are found without all the others. It holds no texts, but what has which word can be read from it. Of a word
-- its first 255 characters count.
CREATE VIRTUAL TABLE records_words_before USING fts5vocab (records_search, instance);
CREATE TEMP TABLE records_search_words AS
    SELECT (unicode(register) << 54) | ((unixepoch(received_on) / 86400 + 719163) << 32) | pos AS place,
           group_concat(substr(term, 1, 255), ' ') AS words
    FROM records_words_before JOIN records ON pos = doc GROUP BY pos;
DROP TABLE records_words_before;
DROP TABLE records_search;
CREATE VIRTUAL TABLE records_search USING fts5 (words, content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '1 2 3');
-- Pieces of the index are merged whenever there are two of a kind.
INSERT INTO records_search (records_search, rank) VALUES ('usermerge', 2);
INSERT INTO records_search (rowid, words) SELECT place, words FROM records_search_words ORDER BY place;
DROP TABLE records_search_words;
-- The words themselves.
CREATE VIRTUAL TABLE records_words USING fts5vocab (records_search, instance);
-- What was received on a day is sorted by number quickly enough: one index serves both directions.
DROP INDEX records_by_received_desc;
