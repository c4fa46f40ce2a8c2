-- Every write, chained by hash: an entry's hash covers the hash before it. It holds digests and no data, so that data
-- can be erased and the chain still proves that nothing else was altered.
CREATE TABLE audit_trail (
    seq        BIGINT PRIMARY KEY NOT NULL,
    at         TIMESTAMP NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE')),
    action     TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    revision   BIGINT,
    digest     TEXT COLLATE "C" NOT NULL,
    hash       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_trail_subject ON audit_trail (subject, revision);

-- The digest of a change's personal data, made with a salt that goes when the data is erased.
ALTER TABLE history ADD COLUMN salt TEXT COLLATE "C";
ALTER TABLE history ADD COLUMN personal_digest TEXT COLLATE "C";

-- Service accounts. Their secrets are kept as argon2id hashes only.
CREATE TABLE clients (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    name        TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    secret_hash TEXT COLLATE "C" NOT NULL,
    scopes      TEXT COLLATE "C" NOT NULL,
    registers   TEXT COLLATE "C",
    created_at  TIMESTAMP NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    revoked_at  TIMESTAMP
);

CREATE FUNCTION audit_trail_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only appended to';
END
$$;
CREATE TRIGGER audit_trail_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_trail
FOR EACH STATEMENT EXECUTE FUNCTION audit_trail_is_final();
