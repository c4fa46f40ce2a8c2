DROP INDEX records_carried_over;
DROP INDEX records_closed;
CREATE INDEX records_closed ON records (register, closed_on, received_on) WHERE closed_on IS NOT NULL;
