DROP TRIGGER published_in_order;
