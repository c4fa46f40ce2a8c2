-- What was recorded meanwhile is not proved any more: its hashes cover these columns.
ALTER TABLE access_log DROP COLUMN actor_issuer;
ALTER TABLE access_log DROP COLUMN actor_kind;
