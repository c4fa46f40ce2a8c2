-- What the new records say; of a list each value once.
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

INSERT INTO own_values (name, value, record_id) SELECT name, value, record_id FROM own_new WHERE value IS NOT NULL;
INSERT INTO own_numbers (name, number, record_id) SELECT name, number, record_id FROM own_new WHERE number IS NOT NULL;
DROP VIEW own_new;
DROP VIEW own_new_records;
CREATE VIEW own_new_records AS
SELECT id, register, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, details FROM records WHERE pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) ORDER BY pos LIMIT 2048;
