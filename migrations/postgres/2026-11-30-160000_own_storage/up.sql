-- What is the authority's own took a row for each value in two indexes, and a row for each dimension of a cell, with each new
-- record. It takes one index now, and one row for all dimensions and numbers of a cell, in which many new records are entered at
-- once.
ALTER TABLE own_values RENAME TO own_values_before;
ALTER TABLE own_cells RENAME TO own_cells_before;

-- What records say in the dimensions that are the authority's own, so that lists are filtered by it. It follows from the records.
CREATE TABLE own_values (
    name      TEXT COLLATE "C" NOT NULL,
    value     TEXT COLLATE "C" NOT NULL CHECK (value <> ''),
    record_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name, value, record_id)
);
INSERT INTO own_values (name, value, record_id)
SELECT name, value, record_id FROM own_values_before WHERE value IS NOT NULL ORDER BY name, value, record_id;

-- The same of the numbers, in ten-thousandths.
CREATE TABLE own_numbers (
    name      TEXT COLLATE "C" NOT NULL,
    number    BIGINT NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name, number, record_id)
);
INSERT INTO own_numbers (name, number, record_id)
SELECT name, number, record_id FROM own_values_before WHERE number IS NOT NULL ORDER BY name, number, record_id;

-- The counts of a cell of a month by what is the authority's own: an object of sets, named by their number and dimensions
-- ("hours:jurisdiction,outcome", ":jurisdiction"), each an object of values, each with the records received, those closed, the
-- days from received to closed, and those settled; of a number its sums. They follow from the records.
CREATE TABLE own_cells (
    period    INTEGER NOT NULL,
    register  TEXT COLLATE "C" NOT NULL REFERENCES registers (name),
    kind      TEXT COLLATE "C" NOT NULL,
    requester TEXT COLLATE "C" NOT NULL,
    area      TEXT COLLATE "C" NOT NULL,
    channel   TEXT COLLATE "C" NOT NULL,
    filing    TEXT COLLATE "C" NOT NULL,
    role      TEXT COLLATE "C" NOT NULL,
    medium    TEXT COLLATE "C" NOT NULL,
    counts    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (period, register, kind, requester, area, channel, filing, role, medium)
);
INSERT INTO own_cells (period, register, kind, requester, area, channel, filing, role, medium, counts)
SELECT period, register, kind, requester, area, channel, filing, role, medium, CAST(jsonb_object_agg(name, counts) AS TEXT) FROM (
    SELECT period, register, kind, requester, area, channel, filing, role, medium, number || ':' || dimensions AS name,
        jsonb_object_agg(own, jsonb_build_array(received, closed, days, settled)) AS counts
    FROM own_cells_before
    GROUP BY period, register, kind, requester, area, channel, filing, role, medium, number, dimensions
) AS of_sets
GROUP BY period, register, kind, requester, area, channel, filing, role, medium;

DROP TABLE own_values_before;
DROP TABLE own_cells_before;

-- New records are entered in the cells many at once: all up to this place are. Those behind it are looked at themselves.
CREATE TABLE own_entered (
    id  INTEGER PRIMARY KEY NOT NULL,
    pos BIGINT NOT NULL CHECK (pos > 0)
);
INSERT INTO own_entered (id, pos) SELECT 1, max(pos) FROM records HAVING max(pos) > 0;

-- The new records: those behind that place, of which there are 1023 at the most.
CREATE VIEW own_new_records AS
SELECT id, register, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, details FROM records WHERE pos > coalesce((SELECT pos FROM own_entered WHERE id = 1), 0) ORDER BY pos LIMIT 2048;
