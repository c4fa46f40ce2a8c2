-- Each disclosure of personal data, apart from the data itself: who saw what of which record, when and what for.
-- "subject" is a name, which others may bear too: with the kind of identity, the issuer that vouched for it and the
-- service account that it was it is nobody else's. The hash of an entry covers the entry before it. What was recorded is
-- not changed, and goes after a year at the earliest.
CREATE TABLE access_log (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at           TEXT NOT NULL,
    subject      TEXT NOT NULL,
    actor_kind   TEXT NOT NULL CHECK (actor_kind IN ('SERVICE_ACCOUNT', 'USER', 'TOKEN', 'OPERATOR', 'SYSTEM')),
    actor_issuer TEXT,
    client       TEXT,
    register     TEXT NOT NULL,
    record_id    TEXT NOT NULL,
    properties   TEXT NOT NULL,
    operation    TEXT NOT NULL,
    purpose      TEXT,
    request_id   TEXT NOT NULL,
    hash         TEXT NOT NULL
) STRICT;
CREATE INDEX access_log_at ON access_log (at);
CREATE INDEX access_log_record ON access_log (record_id, id);
CREATE INDEX access_log_subject ON access_log (subject, id);

CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
BEGIN
    SELECT RAISE(ABORT, 'the access log is only appended to');
END;

CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log
WHEN OLD.at > datetime('now', '-365 days')
BEGIN
    SELECT RAISE(ABORT, 'the access log is kept for a year');
END;

-- INSERT OR REPLACE would take another entry away without asking the trigger against deletion.
CREATE TRIGGER access_log_no_replace BEFORE INSERT ON access_log
WHEN EXISTS (SELECT 1 FROM access_log WHERE id = NEW.id)
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
