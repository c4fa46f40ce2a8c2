-- A backup, in which all data leaves the service, stands in the audit trail too.
CREATE TABLE audit_trail_anew (
    seq        INTEGER PRIMARY KEY NOT NULL,
    at         TEXT NOT NULL,
    actor      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE', 'WEBHOOK', 'SYNC', 'BACKUP')),
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    revision   INTEGER,
    digest     TEXT NOT NULL,
    hash       TEXT NOT NULL
) STRICT;
INSERT INTO audit_trail_anew SELECT seq, at, actor, request_id, kind, action, subject, revision, digest, hash FROM audit_trail;
DROP TABLE audit_trail;
ALTER TABLE audit_trail_anew RENAME TO audit_trail;
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
