INSERT INTO own_values (name, value, record_id) SELECT name, value, record_id FROM own_new WHERE value IS NOT NULL;
INSERT INTO own_numbers (name, number, record_id) SELECT name, number, record_id FROM own_new WHERE number IS NOT NULL;
DROP VIEW own_said;
DROP VIEW own_new;
DROP VIEW own_new_records;
CREATE VIEW own_new_records AS
SELECT id, register, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, details FROM records WHERE pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) ORDER BY pos LIMIT 2048;
