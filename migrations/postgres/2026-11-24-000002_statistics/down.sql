DROP TABLE year_figures;
DROP TABLE published;
DROP FUNCTION published_is_final;
DROP INDEX records_closed;
ALTER TABLE cube DROP COLUMN settled;
