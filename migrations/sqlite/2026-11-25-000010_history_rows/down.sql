CREATE TABLE history_keyed (
    record_id       TEXT NOT NULL,
    revision        INTEGER NOT NULL CHECK (revision > 0),
    register        TEXT NOT NULL REFERENCES registers (name),
    action          TEXT NOT NULL CHECK (action IN ('CREATED', 'UPDATED', 'DELETED')),
    at              TEXT NOT NULL,
    actor           TEXT NOT NULL,
    request_id      TEXT NOT NULL,
    changes         TEXT NOT NULL CHECK (json_type(changes) = 'array'),
    personal        TEXT CHECK (json_type(personal) = 'array'),
    salt            TEXT,
    personal_digest TEXT,
    PRIMARY KEY (record_id, revision)
) STRICT, WITHOUT ROWID;
INSERT INTO history_keyed (record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest)
SELECT record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest FROM history
ORDER BY record_id, revision;
CREATE TABLE changes_keyed (
    seq       INTEGER PRIMARY KEY NOT NULL,
    record_id TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    register  TEXT NOT NULL REFERENCES registers (name),
    number    TEXT NOT NULL,
    action    TEXT NOT NULL CHECK (action IN ('CREATED', 'UPDATED', 'DELETED')),
    at        TEXT NOT NULL,
    UNIQUE (record_id, revision),
    FOREIGN KEY (record_id, revision) REFERENCES history_keyed (record_id, revision)
) STRICT;
INSERT INTO changes_keyed (seq, record_id, revision, register, number, action, at)
SELECT seq, record_id, revision, register, number, action, at FROM changes ORDER BY seq;
DROP TABLE changes;
DROP TABLE history;
ALTER TABLE history_keyed RENAME TO history;
ALTER TABLE changes_keyed RENAME TO changes;
CREATE INDEX changes_register ON changes (register, seq);
