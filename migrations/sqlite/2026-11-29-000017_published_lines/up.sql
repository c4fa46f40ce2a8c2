-- The lines of a publication as they were printed, and whether it was published as provisional. What was published before
-- has none: its lines are those of its layout.
CREATE TABLE published_lines (
    layout      TEXT NOT NULL,
    year        INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    provisional INTEGER NOT NULL,
    lines       TEXT NOT NULL,
    PRIMARY KEY (layout, year, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER published_lines_no_update BEFORE UPDATE ON published_lines
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;

CREATE TRIGGER published_lines_no_delete BEFORE DELETE ON published_lines
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;

-- INSERT OR REPLACE would take the other away without asking the trigger against deletion.
CREATE TRIGGER published_lines_once BEFORE INSERT ON published_lines
WHEN EXISTS (
    SELECT 1 FROM published_lines WHERE layout = NEW.layout AND year = NEW.year AND version = NEW.version
)
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;
