-- A row for each value that a record has of the authority's own took four times as long, and four times the space, as one for
-- all of them: the terms of what it says, each value with its name ("jurisdiction=SZ"), the name alone, and that of its list.
CREATE TABLE own_said (
    record_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    said      TEXT COLLATE "C" NOT NULL CHECK (said <> '')
);

CREATE FUNCTION own_terms(said TEXT) RETURNS TEXT[] LANGUAGE SQL IMMUTABLE PARALLEL SAFE
AS $$ SELECT string_to_array(said, ',') $$;

INSERT INTO own_said (record_id, said)
SELECT record_id, string_agg(term, ',' ORDER BY term COLLATE "C") FROM (
    SELECT DISTINCT own_values.record_id, terms.term
    FROM own_values, LATERAL (VALUES
        (name || '=' || value),
        (name),
        (nullif(left(name, length(name) - strpos(reverse(name), '.')), ''))
    ) AS terms (term)
    WHERE terms.term IS NOT NULL
) AS said
GROUP BY record_id ORDER BY record_id;

-- The terms of new records stand in a list of some hundreds, which is entered as a whole.
CREATE INDEX own_said_terms ON own_said USING gin (own_terms(said)) WITH (gin_pending_list_limit = 256);
ANALYZE own_said;

DROP TABLE own_values;
