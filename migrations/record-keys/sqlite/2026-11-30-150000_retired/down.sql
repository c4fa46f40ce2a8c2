ALTER TABLE record_keys DROP COLUMN retired_at;
