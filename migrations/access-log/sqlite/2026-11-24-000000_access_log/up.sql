-- Each disclosure of personal data, apart from the data itself: who saw what of which record, when and what for.
CREATE TABLE access_log (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at         TEXT NOT NULL,
    subject    TEXT NOT NULL,
    client     TEXT,
    register   TEXT NOT NULL,
    record_id  TEXT NOT NULL,
    properties TEXT NOT NULL,
    operation  TEXT NOT NULL,
    purpose    TEXT,
    request_id TEXT NOT NULL
) STRICT;
CREATE INDEX access_log_at ON access_log (at);
CREATE INDEX access_log_record ON access_log (record_id, id);
CREATE INDEX access_log_subject ON access_log (subject, id);
