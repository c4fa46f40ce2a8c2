DROP TABLE counters;
DROP TABLE cube;
DROP TABLE changes;
DROP TABLE history;
DROP TABLE records_search;
DROP TABLE records;
DROP TABLE registers;
