-- SQLite keeps a row for each value, as it did: only PostgreSQL keeps them otherwise from here on.
SELECT 1;
