DROP INDEX records_carried_over;
CREATE INDEX records_carried_over ON records (register, received_on, closed_on, kind, requester, area, channel, filing, role, medium)
    WHERE closed_on IS NULL OR EXTRACT(YEAR FROM closed_on) > EXTRACT(YEAR FROM received_on);
