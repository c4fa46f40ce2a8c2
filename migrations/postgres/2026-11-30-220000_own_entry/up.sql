-- What a new record says of the authority's own took a row for each value in indexes that grow everywhere. Many new records are
-- entered in them at once now, with the cells; until then they are looked at themselves.
DELETE FROM own_values WHERE record_id IN (SELECT id FROM own_new_records);
DELETE FROM own_numbers WHERE record_id IN (SELECT id FROM own_new_records);

-- The new records: those behind the place up to which all are entered, of which there are some hundreds at the most.
DROP VIEW own_new_records;
CREATE VIEW own_new_records AS
SELECT id, register, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, details FROM records WHERE pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) ORDER BY pos LIMIT 1024;
