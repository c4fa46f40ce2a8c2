-- A cell for each register as a whole, in the period 0, of each dimension and number of the authority's own alone: what its
-- records say at all was summed up from all cells at each start.
INSERT INTO own_cells (period, register, kind, requester, area, channel, filing, role, medium, counts)
SELECT 0, register, '', '', '', '', '', '', '', json_group_object(name, json(counts)) FROM (
    SELECT register, name, json_group_object(own, json_array(received, closed, days, settled)) AS counts FROM (
        SELECT register, of_set.key AS name, said.key AS own,
            sum(json_extract(said.value, '$[0]')) AS received, sum(json_extract(said.value, '$[1]')) AS closed,
            sum(json_extract(said.value, '$[2]')) AS days, sum(json_extract(said.value, '$[3]')) AS settled
        FROM own_cells, json_each(counts) AS of_set, json_each(of_set.value) AS said
        WHERE of_set.key LIKE '%:' OR of_set.key LIKE ':%' AND instr(of_set.key, ',') = 0
        GROUP BY register, of_set.key, said.key
    ) AS of_values
    WHERE received <> 0 OR closed <> 0 OR days <> 0 OR settled <> 0
    GROUP BY register, name
) AS of_sets
GROUP BY register;
