-- What records say of the authority's own, each value of a dimension and each number (with the value '') of a register, with how
-- many of the records that are entered say it. A start asks which values there are, and had to look into all cells for that. It
-- follows from the cells.
CREATE TABLE own_held (
    register TEXT COLLATE "C" NOT NULL REFERENCES registers (name),
    name     TEXT COLLATE "C" NOT NULL,
    value    TEXT COLLATE "C" NOT NULL,
    records  BIGINT NOT NULL,
    PRIMARY KEY (register, name, value)
);

INSERT INTO own_held (register, name, value, records)
SELECT register, name, value, sum(records) FROM (
    SELECT own_cells.register, substr(of_set.key, 2) AS name, said.key AS value, CAST(said.value ->> 0 AS BIGINT) AS records
    FROM own_cells, jsonb_each(CAST(own_cells.counts AS JSONB)) AS of_set, jsonb_each(of_set.value) AS said
    WHERE of_set.key LIKE ':%' AND strpos(of_set.key, ',') = 0
    UNION ALL
    SELECT own_cells.register, rtrim(of_set.key, ':'), '', CAST(said.value ->> 2 AS BIGINT)
    FROM own_cells, jsonb_each(CAST(own_cells.counts AS JSONB)) AS of_set, jsonb_each(of_set.value) AS said
    WHERE of_set.key LIKE '%:'
) AS said
GROUP BY register, name, value HAVING sum(records) <> 0;
