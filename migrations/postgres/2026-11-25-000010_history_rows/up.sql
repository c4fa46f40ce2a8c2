-- Newest first and then by number: an index read backwards gives the days, and the few records of a day are sorted.
DROP INDEX records_by_received_desc;
