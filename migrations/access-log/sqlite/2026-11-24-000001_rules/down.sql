DROP TRIGGER access_log_no_replace;
DROP TRIGGER access_log_kept;
DROP TRIGGER access_log_no_update;
