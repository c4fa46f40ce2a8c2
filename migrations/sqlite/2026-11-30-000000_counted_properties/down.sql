DELETE FROM own_sets WHERE dimensions LIKE '.%' OR dimensions LIKE '%,.%';
DELETE FROM own_cells WHERE dimensions LIKE '.%' OR dimensions LIKE '%,.%';
DELETE FROM own_values WHERE name LIKE '.%';
UPDATE own_cells SET days = 0 WHERE number <> '';
