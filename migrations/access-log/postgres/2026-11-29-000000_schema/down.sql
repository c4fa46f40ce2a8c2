DROP TABLE access_log_ends;
DROP TABLE access_log;
DROP FUNCTION access_log_is_kept;
