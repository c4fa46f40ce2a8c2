DROP TABLE access_log_ends;
DROP TRIGGER access_log_no_truncate ON access_log;
DROP TRIGGER access_log_no_change ON access_log;
ALTER TABLE access_log DROP COLUMN hash;
CREATE TRIGGER access_log_no_change BEFORE UPDATE OR TRUNCATE ON access_log
FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_kept();
