-- The time from which nothing new is sealed with a key, as it seals nothing; a day later it is taken.
ALTER TABLE record_keys ADD COLUMN retired_at TEXT;
