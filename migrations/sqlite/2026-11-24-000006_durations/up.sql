-- Durations are read from these indexes alone: what was closed in a year, and what was carried over from one year to the
-- next, which is all that can have been pending on the last day of a year.
DROP INDEX records_closed;
CREATE INDEX records_closed ON records (register, closed_on, received_on, kind, requester, area, channel, filing, role, medium)
    WHERE closed_on IS NOT NULL;
CREATE INDEX records_carried_over ON records (register, received_on, closed_on, kind, requester, area, channel, filing, role, medium)
    WHERE closed_on IS NULL OR substr(closed_on, 1, 4) > substr(received_on, 1, 4);
