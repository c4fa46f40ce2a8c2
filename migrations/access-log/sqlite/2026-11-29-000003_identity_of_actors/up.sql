-- Which kind of identity saw it, and which issuer vouched for it. Of what was recorded before nothing is known but the name
-- and the service account.
ALTER TABLE access_log ADD COLUMN actor_kind TEXT CHECK (actor_kind IN ('SERVICE_ACCOUNT', 'USER', 'TOKEN', 'OPERATOR', 'SYSTEM'));
ALTER TABLE access_log ADD COLUMN actor_issuer TEXT;
