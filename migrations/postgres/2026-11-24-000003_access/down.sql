DROP TABLE clients;
ALTER TABLE history DROP COLUMN personal_digest;
ALTER TABLE history DROP COLUMN salt;
DROP TABLE audit_trail;
DROP FUNCTION audit_trail_is_final;
