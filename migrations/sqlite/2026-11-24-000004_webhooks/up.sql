-- Who is told of changes. "position" is the place in the change feed up to which deliveries have been made from it: the
-- feed is the outbox, so that nothing is told that was not kept, and nothing kept stays untold.
CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY NOT NULL,
    url           TEXT NOT NULL,
    registers     TEXT NOT NULL,
    active        INTEGER NOT NULL,
    secret        TEXT NOT NULL,
    former_secret TEXT,
    former_until  TEXT,
    position      INTEGER NOT NULL,
    created_at    TEXT NOT NULL,
    created_by    TEXT NOT NULL
) STRICT;

-- What is to be told, and how the attempts went.
CREATE TABLE deliveries (
    id          TEXT PRIMARY KEY NOT NULL,
    webhook_id  TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    register    TEXT NOT NULL,
    record_id   TEXT NOT NULL,
    number      TEXT NOT NULL,
    action      TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    changed_at  TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('PENDING', 'DELIVERED', 'PARKED')),
    attempts    INTEGER NOT NULL,
    next_at     TEXT NOT NULL,
    last_status INTEGER,
    last_error  TEXT,
    created_at  TEXT NOT NULL,
    finished_at TEXT,
    UNIQUE (webhook_id, seq)
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (webhook_id, seq) WHERE state = 'PENDING';

-- Work that one instance does for all of them: who does it, and until when.
CREATE TABLE leases (
    name   TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    until  TEXT NOT NULL
) STRICT;
