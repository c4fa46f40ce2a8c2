-- A publication follows the one before it: so none is put in the place of another, or before it.
CREATE FUNCTION published_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> 1 + (
        SELECT coalesce(max(version), 0) FROM published WHERE layout = NEW.layout AND year = NEW.year
    ) THEN
        RAISE EXCEPTION 'what was published is not changed: publish a further version';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER published_in_order BEFORE INSERT ON published
FOR EACH ROW EXECUTE FUNCTION published_in_order();
