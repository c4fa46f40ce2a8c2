-- What was answered to a request that carried an Idempotency-Key, for a day. A step is a part of a request that was
-- committed by itself. The answer names records and carries none, so that it never holds personal data.
CREATE TABLE idempotency (
    subject TEXT NOT NULL,
    key     TEXT NOT NULL,
    step    INTEGER NOT NULL,
    digest  TEXT NOT NULL,
    answer  TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (subject, key, step)
) STRICT;
CREATE INDEX idempotency_at ON idempotency (at);

-- The feed of one register.
CREATE INDEX changes_register ON changes (register, seq);
