CREATE INDEX records_by_received_desc ON records (register, received_on DESC, number);
DROP TABLE records_words;
