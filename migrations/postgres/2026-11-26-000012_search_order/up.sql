-- What was received on a day is sorted by number quickly enough: one index serves both directions.
DROP INDEX records_by_received_desc;
