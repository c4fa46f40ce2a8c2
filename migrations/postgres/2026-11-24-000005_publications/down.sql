DROP TRIGGER published_in_order ON published;
DROP FUNCTION published_in_order();
