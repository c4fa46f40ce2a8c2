-- Every write, chained by hash: an entry's hash covers the hash before it. It holds digests and no data, so that data
-- can be erased and the chain still proves that nothing else was altered.
CREATE TABLE audit_trail (
    seq        INTEGER PRIMARY KEY NOT NULL,
    at         TEXT NOT NULL,
    actor      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE')),
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    revision   INTEGER,
    digest     TEXT NOT NULL,
    hash       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_trail_subject ON audit_trail (subject, revision);

-- The digest of a change's personal data, made with a salt that goes when the data is erased.
ALTER TABLE history ADD COLUMN salt TEXT;
ALTER TABLE history ADD COLUMN personal_digest TEXT;

-- Service accounts. Their secrets are kept as argon2id hashes only.
CREATE TABLE clients (
    id          TEXT PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL CHECK (name <> ''),
    secret_hash TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    registers   TEXT,
    created_at  TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    revoked_at  TEXT
) STRICT;

CREATE TRIGGER audit_trail_no_update BEFORE UPDATE ON audit_trail
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

CREATE TRIGGER audit_trail_no_delete BEFORE DELETE ON audit_trail
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;
