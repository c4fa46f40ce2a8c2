-- What was answered to a request that carried an Idempotency-Key, for a day. A step is a part of a request that was
-- committed by itself. The answer names records and carries none, so that it never holds personal data.
CREATE TABLE idempotency (
    subject TEXT COLLATE "C" NOT NULL,
    key     TEXT COLLATE "C" NOT NULL,
    step    BIGINT NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    answer  TEXT COLLATE "C" NOT NULL,
    at      TIMESTAMP NOT NULL,
    PRIMARY KEY (subject, key, step)
);
CREATE INDEX idempotency_at ON idempotency (at);

-- The feed of one register.
CREATE INDEX changes_register ON changes (register, seq);
