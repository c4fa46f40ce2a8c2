-- The trail goes on to take entries of all kinds: those that it has are not taken away.
DROP TRIGGER audit_trail_no_replace;
ALTER TABLE webhooks DROP COLUMN client;
