ALTER TABLE own_values RENAME TO own_values_after;
ALTER TABLE own_cells RENAME TO own_cells_after;

CREATE TABLE own_values (
    record_id TEXT COLLATE "C" NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    name      TEXT COLLATE "C" NOT NULL,
    value     TEXT COLLATE "C" CHECK (value <> ''),
    number    BIGINT,
    PRIMARY KEY (record_id, name),
    CHECK ((value IS NULL) <> (number IS NULL))
);
INSERT INTO own_values (record_id, name, value) SELECT record_id, name, value FROM own_values_after;
INSERT INTO own_values (record_id, name, number) SELECT record_id, name, number FROM own_numbers;
CREATE INDEX own_values_value ON own_values (name, value, record_id) WHERE value IS NOT NULL;
CREATE INDEX own_values_number ON own_values (name, number, record_id) WHERE number IS NOT NULL;

CREATE TABLE own_cells (
    number      TEXT COLLATE "C" NOT NULL,
    dimensions  TEXT COLLATE "C" NOT NULL,
    period      INTEGER NOT NULL,
    own         TEXT COLLATE "C" NOT NULL,
    register    TEXT COLLATE "C" NOT NULL REFERENCES registers (name),
    kind        TEXT COLLATE "C" NOT NULL,
    requester   TEXT COLLATE "C" NOT NULL,
    area        TEXT COLLATE "C" NOT NULL,
    channel     TEXT COLLATE "C" NOT NULL,
    filing      TEXT COLLATE "C" NOT NULL,
    role        TEXT COLLATE "C" NOT NULL,
    medium      TEXT COLLATE "C" NOT NULL,
    received    BIGINT NOT NULL,
    closed      BIGINT NOT NULL,
    days        BIGINT NOT NULL,
    settled     BIGINT NOT NULL,
    PRIMARY KEY (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium),
    CHECK (number <> '' OR (received >= 0 AND closed >= 0 AND days >= 0 AND settled >= 0))
);
INSERT INTO own_cells (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium, received, closed, days, settled)
SELECT substr(of_set.key, 1, strpos(of_set.key, ':') - 1), substr(of_set.key, strpos(of_set.key, ':') + 1), period, cell.key,
    register, kind, requester, area, channel, filing, role, medium,
    CAST(cell.value ->> 0 AS BIGINT), CAST(cell.value ->> 1 AS BIGINT), CAST(cell.value ->> 2 AS BIGINT), CAST(cell.value ->> 3 AS BIGINT)
FROM own_cells_after, jsonb_each(CAST(counts AS JSONB)) AS of_set (key, value), jsonb_each(of_set.value) AS cell (key, value);

DROP TABLE own_values_after;
DROP TABLE own_numbers;
DROP TABLE own_cells_after;
