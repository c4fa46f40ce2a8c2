CREATE TEMPORARY TABLE own_said_after AS
SELECT record_id, name, value, NULL AS number FROM own_values UNION ALL SELECT record_id, name, NULL, number FROM own_numbers;
DROP VIEW own_new_records;
DROP TABLE own_values;
ALTER TABLE own_cells RENAME TO own_cells_after;

CREATE TABLE own_values (
    record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    value     TEXT CHECK (value <> ''),
    number    INTEGER,
    PRIMARY KEY (record_id, name),
    CHECK ((value IS NULL) <> (number IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO own_values (record_id, name, value, number) SELECT record_id, name, value, number FROM own_said_after;
CREATE INDEX own_values_value ON own_values (name, value, record_id) WHERE value IS NOT NULL;
CREATE INDEX own_values_number ON own_values (name, number, record_id) WHERE number IS NOT NULL;

CREATE TABLE own_cells (
    number      TEXT NOT NULL,
    dimensions  TEXT NOT NULL,
    period      INTEGER NOT NULL,
    own         TEXT NOT NULL,
    register    TEXT NOT NULL REFERENCES registers (name),
    kind        TEXT NOT NULL,
    requester   TEXT NOT NULL,
    area        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    filing      TEXT NOT NULL,
    role        TEXT NOT NULL,
    medium      TEXT NOT NULL,
    received    INTEGER NOT NULL,
    closed      INTEGER NOT NULL,
    days        INTEGER NOT NULL,
    settled     INTEGER NOT NULL,
    PRIMARY KEY (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium),
    CHECK (number <> '' OR (received >= 0 AND closed >= 0 AND days >= 0 AND settled >= 0))
) STRICT, WITHOUT ROWID;
INSERT INTO own_cells (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, received, closed, days, settled)
SELECT substr(of_set.key, 1, instr(of_set.key, ':') - 1), substr(of_set.key, instr(of_set.key, ':') + 1), period, cell.key,
    register, kind, requester, area, channel, filing, role, medium,
    json_extract(cell.value, '$[0]'), json_extract(cell.value, '$[1]'), json_extract(cell.value, '$[2]'), json_extract(cell.value, '$[3]')
FROM own_cells_after, json_each(counts) AS of_set, json_each(of_set.value) AS cell;

-- The counts of the new records that were not entered yet; those of sets that layouts use are counted anew at the next start.
DELETE FROM own_cells WHERE dimensions LIKE '%,%' OR (number <> '' AND dimensions <> '');
DELETE FROM own_sets;
INSERT INTO own_cells (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, received, closed, days, settled)
SELECT number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, SUM(received), SUM(closed), SUM(days), SUM(settled) FROM (
    SELECT CASE WHEN said.number IS NULL THEN '' ELSE said.name END AS number, CASE WHEN said.number IS NULL THEN said.name ELSE '' END AS dimensions,
        CAST(strftime('%Y%m', one.received_on) AS INTEGER) AS period, coalesce(said.value, '') AS own,
        one.register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium,
        coalesce(said.number, 1) AS received, 0 AS closed, CASE WHEN said.number IS NULL THEN 0 ELSE 1 END AS days,
        CASE WHEN strftime('%Y', one.closed_on) = strftime('%Y', one.received_on) THEN coalesce(said.number, 1) ELSE 0 END AS settled
    FROM own_said_after AS said JOIN records AS one ON one.id = said.record_id
    WHERE one.pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0)
    UNION ALL
    SELECT CASE WHEN said.number IS NULL THEN '' ELSE said.name END AS number, CASE WHEN said.number IS NULL THEN said.name ELSE '' END AS dimensions,
        CAST(strftime('%Y%m', one.closed_on) AS INTEGER) AS period, coalesce(said.value, '') AS own,
        one.register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium,
        0 AS received, coalesce(said.number, 1) AS closed,
        CASE WHEN said.number IS NULL THEN CAST(julianday(one.closed_on) - julianday(one.received_on) AS INTEGER) ELSE 0 END AS days, 0 AS settled
    FROM own_said_after AS said JOIN records AS one ON one.id = said.record_id
    WHERE one.pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) AND one.closed_on IS NOT NULL
) AS counted
WHERE true
GROUP BY number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium
HAVING SUM(received) <> 0 OR SUM(closed) <> 0 OR SUM(days) <> 0 OR SUM(settled) <> 0
ON CONFLICT (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium) DO UPDATE SET
    received = own_cells.received + excluded.received, closed = own_cells.closed + excluded.closed,
    days = own_cells.days + excluded.days, settled = own_cells.settled + excluded.settled;
DROP TABLE own_entered;

DROP TABLE own_said_after;
DROP TABLE own_numbers;
DROP TABLE own_cells_after;
