-- Rows stay rows: what reads the tables cannot tell, and no data is moved for it.
SELECT 1;
