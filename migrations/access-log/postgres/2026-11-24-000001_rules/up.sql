-- What was recorded is not changed, and goes after a year at the earliest.
CREATE FUNCTION access_log_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the access log is only appended to, and kept for a year';
END
$$;
CREATE TRIGGER access_log_no_change BEFORE UPDATE OR TRUNCATE ON access_log
FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_kept();
CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log
FOR EACH ROW WHEN (OLD.at > CURRENT_TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL '365 days') EXECUTE FUNCTION access_log_is_kept();
