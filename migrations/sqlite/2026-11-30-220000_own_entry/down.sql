-- What the new records say; of a list each value once.
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

INSERT INTO own_values (name, value, record_id) SELECT name, value, record_id FROM own_new WHERE value IS NOT NULL;
INSERT INTO own_numbers (name, number, record_id) SELECT name, number, record_id FROM own_new WHERE number IS NOT NULL;
DROP VIEW own_new;
DROP VIEW own_new_records;
CREATE VIEW own_new_records AS
SELECT id, register, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, details FROM records WHERE pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) ORDER BY pos LIMIT 2048;
