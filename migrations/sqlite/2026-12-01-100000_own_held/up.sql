-- What records say of the authority's own, each value of a dimension and each number (with the value '') of a register, with how
-- many of the records that are entered say it. A start asks which values there are, and had to look into all cells for that. It
-- follows from the cells.
CREATE TABLE own_held (
    register TEXT NOT NULL REFERENCES registers (name),
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    records  INTEGER NOT NULL,
    PRIMARY KEY (register, name, value)
) STRICT, WITHOUT ROWID;

INSERT INTO own_held (register, name, value, records)
SELECT register, name, value, sum(records) FROM (
    SELECT own_cells.register, substr(of_set.key, 2) AS name, said.key AS value, json_extract(said.value, '$[0]') AS records
    FROM own_cells, json_each(own_cells.counts) AS of_set, json_each(of_set.value) AS said
    WHERE of_set.key LIKE ':%' AND instr(of_set.key, ',') = 0
    UNION ALL
    SELECT own_cells.register, rtrim(of_set.key, ':'), '', json_extract(said.value, '$[2]')
    FROM own_cells, json_each(own_cells.counts) AS of_set, json_each(of_set.value) AS said
    WHERE of_set.key LIKE '%:'
) AS said
GROUP BY register, name, value HAVING sum(records) <> 0;
