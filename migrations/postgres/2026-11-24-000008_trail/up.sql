-- Webhooks stand in the audit trail too.
ALTER TABLE audit_trail DROP CONSTRAINT audit_trail_kind_check;
ALTER TABLE audit_trail ADD CONSTRAINT audit_trail_kind_check
    CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE', 'WEBHOOK'));

-- The service account that made a webhook, if it was one: its webhooks end with it.
ALTER TABLE webhooks ADD COLUMN client TEXT COLLATE "C";
