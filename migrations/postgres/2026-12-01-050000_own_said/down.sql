CREATE TABLE own_values (
    name      TEXT COLLATE "C" NOT NULL,
    value     TEXT COLLATE "C" NOT NULL CHECK (value <> ''),
    record_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name, value, record_id)
);
INSERT INTO own_values (name, value, record_id)
SELECT split_part(term, '=', 1) AS name, split_part(term, '=', 2) AS value, record_id
FROM own_said, unnest(own_terms(said)) AS term
WHERE strpos(term, '=') > 0
ORDER BY name, value, record_id;

DROP TABLE own_said;
DROP FUNCTION own_terms(TEXT);
