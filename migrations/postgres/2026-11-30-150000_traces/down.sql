ALTER TABLE deliveries DROP COLUMN trace;
ALTER TABLE changes DROP COLUMN trace;
