-- A publication follows the one before it: so none is put in the place of another either (INSERT OR REPLACE would take
-- the other away without asking the trigger against deletion).
CREATE TRIGGER published_in_order BEFORE INSERT ON published
WHEN NEW.version <> 1 + (
    SELECT coalesce(max(version), 0) FROM published WHERE layout = NEW.layout AND year = NEW.year
)
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;
