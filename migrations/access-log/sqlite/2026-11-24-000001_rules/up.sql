-- What was recorded is not changed, and goes after a year at the earliest.
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
BEGIN
    SELECT RAISE(ABORT, 'the access log is only appended to');
END;

CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log
WHEN OLD.at > datetime('now', '-365 days')
BEGIN
    SELECT RAISE(ABORT, 'the access log is kept for a year');
END;

CREATE TRIGGER access_log_no_replace BEFORE INSERT ON access_log
WHEN EXISTS (SELECT 1 FROM access_log WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the access log is only appended to');
END;
