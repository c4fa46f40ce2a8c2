-- SQLite keeps a row for each value, as before: only PostgreSQL kept them otherwise up to here.
SELECT 1;
