DROP TABLE record_keys;
DROP FUNCTION record_keys_stay_destroyed();
