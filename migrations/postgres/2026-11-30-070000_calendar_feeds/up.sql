-- Addresses by which calendar programs, which send no token, read what somebody is responsible for. Of the secret in an
-- address a digest is kept only. "account" is the key of the identity that made it, "client" the service account that it was, if
-- it was one, "registers" what it was bound to otherwise.
CREATE TABLE calendar_feeds (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    secret_hash TEXT COLLATE "C" NOT NULL,
    titles      BOOLEAN NOT NULL,
    responsible TEXT COLLATE "C" NOT NULL CHECK (responsible <> ''),
    account     TEXT COLLATE "C" NOT NULL,
    client      TEXT COLLATE "C",
    registers   TEXT COLLATE "C",
    created_at  TIMESTAMP NOT NULL,
    expires_at  TIMESTAMP NOT NULL
);
CREATE INDEX calendar_feeds_account ON calendar_feeds (account);
