DROP INDEX records_carried_over;
CREATE INDEX records_carried_over ON records (register, received_on, closed_on, kind, requester, area, channel, filing, role, medium)
    WHERE closed_on IS NULL OR substr(closed_on, 1, 4) > substr(received_on, 1, 4);
