-- A cell for each register as a whole, in the period 0, of each dimension and number of the authority's own alone: what its
-- records say at all was summed up from all cells at each start.
INSERT INTO own_cells (period, register, kind, requester, area, channel, filing, role, medium, counts)
SELECT 0, register, '', '', '', '', '', '', '', CAST(jsonb_object_agg(name, counts) AS TEXT) FROM (
    SELECT register, name, jsonb_object_agg(own, jsonb_build_array(received, closed, days, settled)) AS counts FROM (
        SELECT register, of_set.key AS name, said.key AS own,
            CAST(sum(CAST(said.value ->> 0 AS BIGINT)) AS BIGINT) AS received,
            CAST(sum(CAST(said.value ->> 1 AS BIGINT)) AS BIGINT) AS closed,
            CAST(sum(CAST(said.value ->> 2 AS BIGINT)) AS BIGINT) AS days,
            CAST(sum(CAST(said.value ->> 3 AS BIGINT)) AS BIGINT) AS settled
        FROM own_cells, jsonb_each(CAST(counts AS JSONB)) AS of_set, jsonb_each(of_set.value) AS said
        WHERE of_set.key LIKE '%:' OR of_set.key LIKE ':%' AND strpos(of_set.key, ',') = 0
        GROUP BY register, of_set.key, said.key
    ) AS of_values
    WHERE received <> 0 OR closed <> 0 OR days <> 0 OR settled <> 0
    GROUP BY register, name
) AS of_sets
GROUP BY register;
