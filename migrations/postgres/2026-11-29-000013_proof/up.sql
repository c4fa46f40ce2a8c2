-- From which day on a connector must look stands in the audit trail too.
ALTER TABLE audit_trail DROP CONSTRAINT audit_trail_kind_check;
ALTER TABLE audit_trail ADD CONSTRAINT audit_trail_kind_check
    CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE', 'WEBHOOK', 'SYNC'));

-- What the digests of a change are made with, value by value: so a value can be erased, and the proof of all the others
-- stays.
ALTER TABLE history ADD COLUMN value_salt TEXT COLLATE "C";

-- In a database that holds nothing there is nothing that was written before there were keys.
INSERT INTO counters (name, value) SELECT 'sealed', 1
WHERE NOT EXISTS (SELECT 1 FROM history) AND NOT EXISTS (SELECT 1 FROM webhooks)
ON CONFLICT (name) DO NOTHING;
