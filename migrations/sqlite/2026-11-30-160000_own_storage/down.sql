ALTER TABLE own_values RENAME TO own_values_after;
ALTER TABLE own_cells RENAME TO own_cells_after;

CREATE TABLE own_values (
    record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    value     TEXT CHECK (value <> ''),
    number    INTEGER,
    PRIMARY KEY (record_id, name),
    CHECK ((value IS NULL) <> (number IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO own_values (record_id, name, value) SELECT record_id, name, value FROM own_values_after;
INSERT INTO own_values (record_id, name, number) SELECT record_id, name, number FROM own_numbers;
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

DROP TABLE own_values_after;
DROP TABLE own_numbers;
DROP TABLE own_cells_after;
