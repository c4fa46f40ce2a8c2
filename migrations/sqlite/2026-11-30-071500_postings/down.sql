-- SQLite's index of words has been in the order of lists before.
SELECT 1;
