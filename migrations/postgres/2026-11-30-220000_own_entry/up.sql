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
SELECT one.id, said.key, CASE WHEN jsonb_typeof(said.value) = 'string' THEN said.value #>> '{}' END,
    CASE WHEN jsonb_typeof(said.value) = 'number' THEN CAST(round(CAST(said.value AS NUMERIC) * 10000) AS BIGINT) END
FROM own_new_records AS one, jsonb_each(CAST(one.details AS JSONB) -> 'own') AS said (key, value)
UNION ALL
SELECT id, '.phase', CAST(details AS JSONB) ->> 'phase', NULL FROM own_new_records
WHERE register = 'projects' AND CAST(details AS JSONB) ->> 'phase' IS NOT NULL
UNION ALL
SELECT id, '.decision', CAST(details AS JSONB) ->> 'decision', NULL FROM own_new_records
WHERE register = 'proceedings' AND CAST(details AS JSONB) ->> 'decision' IS NOT NULL
UNION ALL
SELECT one.id, '.severity.' || (element.value ->> 'severity'), (element.value ->> 'severity'), NULL
FROM own_new_records AS one, jsonb_array_elements(CAST(one.details AS JSONB) -> 'findings') WITH ORDINALITY AS element (value, key)
WHERE one.register = 'audits' AND (element.value ->> 'severity') IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(CAST(one.details AS JSONB) -> 'findings') WITH ORDINALITY AS before (value, key) WHERE before.key < element.key AND before.value ->> 'severity' = (element.value ->> 'severity'))
UNION ALL
SELECT one.id, '.relation.' || (element.value ->> 'type'), (element.value ->> 'type'), NULL
FROM own_new_records AS one, jsonb_array_elements(CAST(one.details AS JSONB) -> 'relations') WITH ORDINALITY AS element (value, key)
WHERE one.register = 'cases' AND (element.value ->> 'type') IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(CAST(one.details AS JSONB) -> 'relations') WITH ORDINALITY AS before (value, key) WHERE before.key < element.key AND before.value ->> 'type' = (element.value ->> 'type'));

-- What all records say.
CREATE VIEW own_said (record_id, name, value, number) AS
SELECT record_id, name, value, CAST(NULL AS BIGINT) FROM own_values
UNION ALL
SELECT record_id, name, NULL, number FROM own_numbers
UNION ALL
SELECT record_id, name, value, number FROM own_new;
