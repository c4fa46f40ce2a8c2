DROP VIEW own_new_records;
CREATE VIEW own_new_records AS
SELECT id, register, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, details FROM records WHERE pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) ORDER BY pos LIMIT 2048;
