DROP TABLE own_keys;
DROP TABLE record_links;
DROP INDEX records_by_title;
ALTER TABLE records DROP COLUMN published;
-- What the registers held goes with them.
DELETE FROM changes WHERE register IN ('organisations', 'data-collections', 'proceedings', 'publications', 'memberships');
DELETE FROM history WHERE register IN ('organisations', 'data-collections', 'proceedings', 'publications', 'memberships');
DELETE FROM records WHERE register IN ('organisations', 'data-collections', 'proceedings', 'publications', 'memberships');
DELETE FROM registers WHERE name IN ('organisations', 'data-collections', 'proceedings', 'publications', 'memberships');
