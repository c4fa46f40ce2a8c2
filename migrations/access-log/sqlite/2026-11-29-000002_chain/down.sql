DROP TABLE access_log_ends;
DROP TRIGGER access_log_no_update;
ALTER TABLE access_log DROP COLUMN hash;
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
BEGIN
    SELECT RAISE(ABORT, 'the access log is only appended to');
END;
