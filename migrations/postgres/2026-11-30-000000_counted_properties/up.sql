-- Coded properties that have no column (phase, decision, and of lists severity and relation) are counted and filtered by as what is
-- the authority's own is: under their names behind a dot; each value of a list is a dimension. Beside the sums of a number
-- stands in "days" how many of the records received have it. The sets that lines of layouts use are counted anew at the next start.
INSERT INTO own_values (record_id, name, value)
SELECT id, '.phase', CAST(details AS JSONB) ->> 'phase' FROM records WHERE register = 'projects' AND CAST(details AS JSONB) ->> 'phase' IS NOT NULL;
INSERT INTO own_values (record_id, name, value)
SELECT id, '.decision', CAST(details AS JSONB) ->> 'decision' FROM records WHERE register = 'proceedings' AND CAST(details AS JSONB) ->> 'decision' IS NOT NULL;
INSERT INTO own_values (record_id, name, value)
SELECT DISTINCT records.id, '.severity.' || (element ->> 'severity'), element ->> 'severity' FROM records, jsonb_array_elements(CAST(details AS JSONB) -> 'findings') AS element
WHERE register = 'audits' AND element ->> 'severity' IS NOT NULL;
INSERT INTO own_values (record_id, name, value)
SELECT DISTINCT records.id, '.relation.' || (element ->> 'type'), element ->> 'type' FROM records, jsonb_array_elements(CAST(details AS JSONB) -> 'relations') AS element
WHERE register = 'cases' AND element ->> 'type' IS NOT NULL;

DELETE FROM own_cells WHERE number <> '';
DELETE FROM own_sets WHERE number <> '';
INSERT INTO own_cells (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, received, closed, days, settled)
SELECT number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, SUM(received), SUM(closed), SUM(days), SUM(settled) FROM (
    SELECT '' AS number, said.name AS dimensions, CAST(to_char(one.received_on, 'YYYYMM') AS INTEGER) AS period, said.value AS own,
        one.register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium,
        1 AS received, 0 AS closed, 0 AS days,
        CASE WHEN EXTRACT(YEAR FROM one.closed_on) = EXTRACT(YEAR FROM one.received_on) THEN 1 ELSE 0 END AS settled
    FROM own_values AS said JOIN records AS one ON one.id = said.record_id WHERE said.name LIKE '.%'
    UNION ALL
    SELECT '' AS number, said.name AS dimensions, CAST(to_char(one.closed_on, 'YYYYMM') AS INTEGER) AS period, said.value AS own,
        one.register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium,
        0 AS received, 1 AS closed, one.closed_on - one.received_on AS days, 0 AS settled
    FROM own_values AS said JOIN records AS one ON one.id = said.record_id WHERE said.name LIKE '.%' AND one.closed_on IS NOT NULL
) AS counted
GROUP BY number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium
HAVING SUM(received) <> 0 OR SUM(closed) <> 0 OR SUM(days) <> 0 OR SUM(settled) <> 0;
INSERT INTO own_cells (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, received, closed, days, settled)
SELECT number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, SUM(received), SUM(closed), SUM(days), SUM(settled) FROM (
    SELECT said.name AS number, '' AS dimensions, CAST(to_char(one.received_on, 'YYYYMM') AS INTEGER) AS period, '' AS own,
        one.register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium,
        said.number AS received, 0 AS closed, 1 AS days,
        CASE WHEN EXTRACT(YEAR FROM one.closed_on) = EXTRACT(YEAR FROM one.received_on) THEN said.number ELSE 0 END AS settled
    FROM own_values AS said JOIN records AS one ON one.id = said.record_id WHERE said.number IS NOT NULL
    UNION ALL
    SELECT said.name AS number, '' AS dimensions, CAST(to_char(one.closed_on, 'YYYYMM') AS INTEGER) AS period, '' AS own,
        one.register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium,
        0 AS received, said.number AS closed, 0 AS days, 0 AS settled
    FROM own_values AS said JOIN records AS one ON one.id = said.record_id WHERE said.number IS NOT NULL AND one.closed_on IS NOT NULL
) AS counted
GROUP BY number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium
HAVING SUM(received) <> 0 OR SUM(closed) <> 0 OR SUM(days) <> 0 OR SUM(settled) <> 0;
