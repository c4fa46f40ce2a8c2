CREATE INDEX records_by_received_desc ON records (register, received_on DESC, number);
ALTER INDEX records_search_words RESET (gin_pending_list_limit);
UPDATE records_search SET words = array_to_tsvector(ARRAY(
        SELECT split_part(word, '@', 1) FROM unnest(tsvector_to_array(words)) AS word
    ));
DROP TABLE records_words;
