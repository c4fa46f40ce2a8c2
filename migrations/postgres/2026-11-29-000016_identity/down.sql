DROP TABLE sync_pending;
DROP TABLE tombstones;
DROP INDEX records_organisation;
CREATE INDEX records_organisation ON records (register, organisation, received_on, number) WHERE organisation IS NOT NULL;
DROP INDEX records_by_number_key;
UPDATE records SET external_id = external_given WHERE external_given IS NOT NULL;
ALTER TABLE records DROP COLUMN external_given;
ALTER TABLE records DROP COLUMN organisation_key;
ALTER TABLE records DROP COLUMN number_key;
