-- The hash of an entry covers the entry before it. What was recorded without one gets its hash at the next start.
ALTER TABLE access_log ADD COLUMN hash TEXT COLLATE "C" NOT NULL DEFAULT '';
DROP TRIGGER access_log_no_change ON access_log;
CREATE TRIGGER access_log_no_change BEFORE UPDATE ON access_log
FOR EACH ROW WHEN (OLD.hash <> '') EXECUTE FUNCTION access_log_is_kept();
CREATE TRIGGER access_log_no_truncate BEFORE TRUNCATE ON access_log
FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_kept();

-- Where the chain begins and ends: 'forgotten' is the last entry that was not kept any longer, 'last' the last one.
CREATE TABLE access_log_ends (
    name TEXT COLLATE "C" PRIMARY KEY NOT NULL CHECK (name IN ('forgotten', 'last')),
    id   BIGINT NOT NULL,
    at   TIMESTAMP NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);
