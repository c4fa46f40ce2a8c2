-- Which kind of identity acted, which issuer vouched for it, and which service account it was. Of what was written before
-- nothing is known but the name.
ALTER TABLE history ADD COLUMN actor_kind TEXT COLLATE "C" CHECK (actor_kind IN ('SERVICE_ACCOUNT', 'USER', 'TOKEN', 'OPERATOR', 'SYSTEM'));
ALTER TABLE history ADD COLUMN actor_issuer TEXT COLLATE "C";
ALTER TABLE history ADD COLUMN actor_client TEXT COLLATE "C";
ALTER TABLE audit_trail ADD COLUMN actor_kind TEXT COLLATE "C" CHECK (actor_kind IN ('SERVICE_ACCOUNT', 'USER', 'TOKEN', 'OPERATOR', 'SYSTEM'));
ALTER TABLE audit_trail ADD COLUMN actor_issuer TEXT COLLATE "C";
ALTER TABLE audit_trail ADD COLUMN actor_client TEXT COLLATE "C";
