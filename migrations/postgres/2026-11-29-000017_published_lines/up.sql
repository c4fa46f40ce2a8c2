-- The lines of a publication as they were printed, and whether it was published as provisional. What was published before
-- has none: its lines are those of its layout.
CREATE TABLE published_lines (
    layout      TEXT COLLATE "C" NOT NULL,
    year        INTEGER NOT NULL,
    version     BIGINT NOT NULL,
    provisional BOOLEAN NOT NULL,
    lines       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (layout, year, version)
);

CREATE TRIGGER published_lines_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON published_lines
FOR EACH STATEMENT EXECUTE FUNCTION published_is_final();
