-- Who is told of changes. "position" is the place in the change feed up to which deliveries have been made from it: the
-- feed is the outbox, so that nothing is told that was not kept, and nothing kept stays untold.
CREATE TABLE webhooks (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    url           TEXT COLLATE "C" NOT NULL,
    registers     TEXT COLLATE "C" NOT NULL,
    active        BOOLEAN NOT NULL,
    secret        TEXT COLLATE "C" NOT NULL,
    former_secret TEXT COLLATE "C",
    former_until  TIMESTAMP,
    position      BIGINT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL
);

-- What is to be told, and how the attempts went.
CREATE TABLE deliveries (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    webhook_id  TEXT COLLATE "C" NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    seq         BIGINT NOT NULL,
    register    TEXT COLLATE "C" NOT NULL,
    record_id   TEXT COLLATE "C" NOT NULL,
    number      TEXT COLLATE "C" NOT NULL,
    action      TEXT COLLATE "C" NOT NULL,
    revision    BIGINT NOT NULL,
    changed_at  TIMESTAMP NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('PENDING', 'DELIVERED', 'PARKED')),
    attempts    BIGINT NOT NULL,
    next_at     TIMESTAMP NOT NULL,
    last_status BIGINT,
    last_error  TEXT COLLATE "C",
    created_at  TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    UNIQUE (webhook_id, seq)
);
CREATE INDEX deliveries_pending ON deliveries (webhook_id, seq) WHERE state = 'PENDING';

-- Work that one instance does for all of them: who does it, and until when.
CREATE TABLE leases (
    name   TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    holder TEXT COLLATE "C" NOT NULL,
    until  TIMESTAMP NOT NULL
);
