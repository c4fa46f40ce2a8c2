-- What a new record says of the authority's own took a row for each value in indexes that grow everywhere. Many new records are
-- entered in them at once now, with the cells; until then they are looked at themselves.
DELETE FROM own_values WHERE record_id IN (SELECT id FROM own_new_records);
DELETE FROM own_numbers WHERE record_id IN (SELECT id FROM own_new_records);

-- The new records: those behind the place up to which all are entered, of which there are some hundreds at the most.
DROP VIEW own_new_records;
CREATE VIEW own_new_records AS
SELECT id, register, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, details FROM records WHERE pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) ORDER BY pos LIMIT 1024;

-- What they say; of a list each value once.
CREATE VIEW own_new (record_id, name, value, number) AS
SELECT one.id, said.key, CASE WHEN said.type = 'text' THEN said.value END,
    CASE WHEN said.type IN ('integer', 'real') THEN CAST(round(said.value * 10000) AS INTEGER) END
FROM own_new_records AS one, json_each(one.details, '$.own') AS said
UNION ALL
SELECT id, '.phase', json_extract(details, '$.phase'), NULL FROM own_new_records
WHERE register = 'projects' AND json_extract(details, '$.phase') IS NOT NULL
UNION ALL
SELECT id, '.decision', json_extract(details, '$.decision'), NULL FROM own_new_records
WHERE register = 'proceedings' AND json_extract(details, '$.decision') IS NOT NULL
UNION ALL
SELECT one.id, '.severity.' || json_extract(element.value, '$.severity'), json_extract(element.value, '$.severity'), NULL
FROM own_new_records AS one, json_each(one.details, '$.findings') AS element
WHERE one.register = 'audits' AND json_extract(element.value, '$.severity') IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM json_each(one.details, '$.findings') AS before WHERE before.key < element.key AND json_extract(before.value, '$.severity') = json_extract(element.value, '$.severity'))
UNION ALL
SELECT one.id, '.relation.' || json_extract(element.value, '$.type'), json_extract(element.value, '$.type'), NULL
FROM own_new_records AS one, json_each(one.details, '$.relations') AS element
WHERE one.register = 'cases' AND json_extract(element.value, '$.type') IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM json_each(one.details, '$.relations') AS before WHERE before.key < element.key AND json_extract(before.value, '$.type') = json_extract(element.value, '$.type'));

-- What all records say.
CREATE VIEW own_said (record_id, name, value, number) AS
SELECT record_id, name, value, NULL FROM own_values
UNION ALL
SELECT record_id, name, NULL, number FROM own_numbers
UNION ALL
SELECT record_id, name, value, number FROM own_new;
