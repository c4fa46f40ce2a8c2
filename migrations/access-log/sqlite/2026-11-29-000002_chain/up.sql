-- The hash of an entry covers the entry before it. What was recorded without one gets its hash at the next start.
ALTER TABLE access_log ADD COLUMN hash TEXT NOT NULL DEFAULT '';
DROP TRIGGER access_log_no_update;
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
WHEN OLD.hash <> ''
BEGIN
    SELECT RAISE(ABORT, 'the access log is only appended to');
END;

-- Where the chain begins and ends: 'forgotten' is the last entry that was not kept any longer, 'last' the last one.
CREATE TABLE access_log_ends (
    name TEXT PRIMARY KEY NOT NULL CHECK (name IN ('forgotten', 'last')),
    id   INTEGER NOT NULL,
    at   TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
