-- How many of the records received were closed by the end of the year: the cube is counted anew with it.
ALTER TABLE cube ADD COLUMN settled INTEGER NOT NULL DEFAULT 0 CHECK (settled >= 0);
DELETE FROM cube;
INSERT INTO cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible, received, closed, days, settled)
SELECT period, register, kind, requester, area, channel, filing, role, medium, status, responsible, SUM(received), SUM(closed), SUM(days), SUM(settled) FROM (
    SELECT CAST(substr(received_on, 1, 4) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, '' AS status, '' AS responsible, 1 AS received, 0 AS closed, 0 AS days, CASE WHEN CAST(substr(closed_on, 1, 4) AS INTEGER) = CAST(substr(received_on, 1, 4) AS INTEGER) THEN 1 ELSE 0 END AS settled FROM records
    UNION ALL
    SELECT CAST(substr(closed_on, 1, 4) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, '' AS status, '' AS responsible, 0 AS received, 1 AS closed, CAST(julianday(closed_on) - julianday(received_on) AS INTEGER) AS days, 0 AS settled FROM records WHERE closed_on IS NOT NULL
    UNION ALL
    SELECT CAST(substr(received_on, 1, 4) AS INTEGER) * 100 + CAST(substr(received_on, 6, 2) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, status, coalesce(responsible, '') AS responsible, 1 AS received, 0 AS closed, 0 AS days, CASE WHEN CAST(substr(closed_on, 1, 4) AS INTEGER) = CAST(substr(received_on, 1, 4) AS INTEGER) THEN 1 ELSE 0 END AS settled FROM records
    UNION ALL
    SELECT CAST(substr(closed_on, 1, 4) AS INTEGER) * 100 + CAST(substr(closed_on, 6, 2) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, status, coalesce(responsible, '') AS responsible, 0 AS received, 1 AS closed, CAST(julianday(closed_on) - julianday(received_on) AS INTEGER) AS days, 0 AS settled FROM records WHERE closed_on IS NOT NULL
) AS counted
GROUP BY period, register, kind, requester, area, channel, filing, role, medium, status, responsible;

-- For durations: what was closed in a year.
CREATE INDEX records_closed ON records (register, closed_on, received_on) WHERE closed_on IS NOT NULL;

-- The figures of a year as they were published. A publication is never changed: a further one has a further version.
-- "seq" is the end of the change feed at that moment, from which differences are explained.
CREATE TABLE published (
    layout       TEXT NOT NULL CHECK (layout <> ''),
    year         INTEGER NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    figures      TEXT NOT NULL,
    developments TEXT NOT NULL,
    published_on TEXT NOT NULL,
    source       TEXT,
    from_live    INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    at           TEXT NOT NULL,
    PRIMARY KEY (layout, year, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER published_no_update BEFORE UPDATE ON published
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;

CREATE TRIGGER published_no_delete BEFORE DELETE ON published
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;

-- Figures of a year that are no counts of records: of the website, of the staff.
CREATE TABLE year_figures (
    kind       TEXT NOT NULL CHECK (kind IN ('website', 'staffing')),
    year       INTEGER NOT NULL,
    body       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at         TEXT NOT NULL,
    PRIMARY KEY (kind, year)
) STRICT, WITHOUT ROWID;
