DROP TABLE year_figures;
DROP TRIGGER published_no_delete;
DROP TRIGGER published_no_update;
DROP TABLE published;
DROP INDEX records_closed;
ALTER TABLE cube DROP COLUMN settled;
