DROP TRIGGER access_log_kept ON access_log;
DROP TRIGGER access_log_no_change ON access_log;
DROP FUNCTION access_log_is_kept();
