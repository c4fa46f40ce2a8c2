-- Webhooks stand in the audit trail too. An entry is not put in the place of another either (INSERT OR REPLACE would take
-- the other away without asking the trigger against deletion).
CREATE TABLE audit_trail_wider (
    seq        INTEGER PRIMARY KEY NOT NULL,
    at         TEXT NOT NULL,
    actor      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE', 'WEBHOOK')),
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    revision   INTEGER,
    digest     TEXT NOT NULL,
    hash       TEXT NOT NULL
) STRICT;
INSERT INTO audit_trail_wider SELECT seq, at, actor, request_id, kind, action, subject, revision, digest, hash FROM audit_trail;
DROP TABLE audit_trail;
ALTER TABLE audit_trail_wider RENAME TO audit_trail;
CREATE INDEX audit_trail_subject ON audit_trail (subject, revision);

CREATE TRIGGER audit_trail_no_update BEFORE UPDATE ON audit_trail
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

CREATE TRIGGER audit_trail_no_delete BEFORE DELETE ON audit_trail
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

CREATE TRIGGER audit_trail_no_replace BEFORE INSERT ON audit_trail
WHEN EXISTS (SELECT 1 FROM audit_trail WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

-- The service account that made a webhook, if it was one: its webhooks end with it.
ALTER TABLE webhooks ADD COLUMN client TEXT;
