-- Addresses by which calendar programs, which send no token, read what somebody is responsible for. Of the secret in an
-- address a digest is kept only. "account" is the key of the identity that made it, "client" the service account that it was, if
-- it was one, "registers" what it was bound to otherwise.
CREATE TABLE calendar_feeds (
    id          TEXT PRIMARY KEY NOT NULL,
    secret_hash TEXT NOT NULL,
    titles      INTEGER NOT NULL CHECK (titles IN (0, 1)),
    responsible TEXT NOT NULL CHECK (responsible <> ''),
    account     TEXT NOT NULL,
    client      TEXT,
    registers   TEXT,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL
) STRICT;
CREATE INDEX calendar_feeds_account ON calendar_feeds (account);
