-- What was pending on a day is still open or was closed later: each is one range of this index, so that the records of
-- all the years before are not read again for it.
DROP INDEX records_carried_over;
CREATE INDEX records_carried_over ON records (register, closed_on, received_on, kind, requester, area, channel, filing, role, medium)
    WHERE closed_on IS NULL OR substr(closed_on, 1, 4) > substr(received_on, 1, 4);
