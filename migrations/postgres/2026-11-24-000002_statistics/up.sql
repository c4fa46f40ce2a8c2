-- How many of the records received were closed by the end of the year: the cube is counted anew with it.
ALTER TABLE cube ADD COLUMN settled BIGINT NOT NULL DEFAULT 0 CHECK (settled >= 0);
DELETE FROM cube;
INSERT INTO cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible, received, closed, days, settled)
SELECT period, register, kind, requester, area, channel, filing, role, medium, status, responsible, SUM(received), SUM(closed), SUM(days), SUM(settled) FROM (
    SELECT CAST(EXTRACT(YEAR FROM received_on) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, '' AS status, '' AS responsible, 1 AS received, 0 AS closed, 0 AS days, CASE WHEN CAST(EXTRACT(YEAR FROM closed_on) AS INTEGER) = CAST(EXTRACT(YEAR FROM received_on) AS INTEGER) THEN 1 ELSE 0 END AS settled FROM records
    UNION ALL
    SELECT CAST(EXTRACT(YEAR FROM closed_on) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, '' AS status, '' AS responsible, 0 AS received, 1 AS closed, closed_on - received_on AS days, 0 AS settled FROM records WHERE closed_on IS NOT NULL
    UNION ALL
    SELECT CAST(EXTRACT(YEAR FROM received_on) AS INTEGER) * 100 + CAST(EXTRACT(MONTH FROM received_on) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, status, coalesce(responsible, '') AS responsible, 1 AS received, 0 AS closed, 0 AS days, CASE WHEN CAST(EXTRACT(YEAR FROM closed_on) AS INTEGER) = CAST(EXTRACT(YEAR FROM received_on) AS INTEGER) THEN 1 ELSE 0 END AS settled FROM records
    UNION ALL
    SELECT CAST(EXTRACT(YEAR FROM closed_on) AS INTEGER) * 100 + CAST(EXTRACT(MONTH FROM closed_on) AS INTEGER) AS period, register, coalesce(kind, '') AS kind, coalesce(requester, '') AS requester, coalesce(area, '') AS area, coalesce(channel, '') AS channel, coalesce(filing, '') AS filing, coalesce(role, '') AS role, coalesce(medium, '') AS medium, status, coalesce(responsible, '') AS responsible, 0 AS received, 1 AS closed, closed_on - received_on AS days, 0 AS settled FROM records WHERE closed_on IS NOT NULL
) AS counted
GROUP BY period, register, kind, requester, area, channel, filing, role, medium, status, responsible;

-- For durations: what was closed in a year.
CREATE INDEX records_closed ON records (register, closed_on, received_on) WHERE closed_on IS NOT NULL;

-- The figures of a year as they were published. A publication is never changed: a further one has a further version.
-- "seq" is the end of the change feed at that moment, from which differences are explained.
CREATE TABLE published (
    layout       TEXT COLLATE "C" NOT NULL CHECK (layout <> ''),
    year         INTEGER NOT NULL,
    version      BIGINT NOT NULL CHECK (version > 0),
    figures      TEXT COLLATE "C" NOT NULL,
    developments TEXT COLLATE "C" NOT NULL,
    published_on DATE NOT NULL,
    source       TEXT COLLATE "C",
    from_live    BOOLEAN NOT NULL,
    seq          BIGINT NOT NULL,
    actor        TEXT COLLATE "C" NOT NULL,
    request_id   TEXT COLLATE "C" NOT NULL,
    at           TIMESTAMP NOT NULL,
    PRIMARY KEY (layout, year, version)
);

CREATE FUNCTION published_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was published is not changed: publish a further version';
END
$$;
CREATE TRIGGER published_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON published
FOR EACH STATEMENT EXECUTE FUNCTION published_is_final();

-- Figures of a year that are no counts of records: of the website, of the staff.
CREATE TABLE year_figures (
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('website', 'staffing')),
    year       INTEGER NOT NULL,
    body       TEXT COLLATE "C" NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    at         TIMESTAMP NOT NULL,
    PRIMARY KEY (kind, year)
);
