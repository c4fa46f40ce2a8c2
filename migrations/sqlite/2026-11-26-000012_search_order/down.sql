CREATE INDEX records_by_received_desc ON records (register, received_on DESC, number);
CREATE TEMP TABLE records_search_words AS
    SELECT doc & 4294967295 AS place, group_concat(term, ' ') AS words FROM records_words GROUP BY doc;
DROP TABLE records_words;
DROP TABLE records_search;
CREATE VIRTUAL TABLE records_search USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii', prefix = '2 3');
INSERT INTO records_search (rowid, words) SELECT place, words FROM records_search_words ORDER BY place;
DROP TABLE records_search_words;
