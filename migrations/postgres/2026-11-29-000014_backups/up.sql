-- A backup, in which all data leaves the service, stands in the audit trail too.
ALTER TABLE audit_trail DROP CONSTRAINT audit_trail_kind_check;
ALTER TABLE audit_trail ADD CONSTRAINT audit_trail_kind_check
    CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE', 'WEBHOOK', 'SYNC', 'BACKUP'));
