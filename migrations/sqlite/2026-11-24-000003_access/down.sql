DROP TABLE clients;
ALTER TABLE history DROP COLUMN personal_digest;
ALTER TABLE history DROP COLUMN salt;
DROP TRIGGER audit_trail_no_delete;
DROP TRIGGER audit_trail_no_update;
DROP TABLE audit_trail;
