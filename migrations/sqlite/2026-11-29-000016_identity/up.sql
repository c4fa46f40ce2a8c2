-- What records are compared by: names and numbers in lower case (and in the normal form that all texts have), ids of other
-- systems in the one form that a GUID has. What is there already gets it from the service, which knows these forms.
ALTER TABLE records ADD COLUMN number_key TEXT CHECK (number_key <> '');
ALTER TABLE records ADD COLUMN organisation_key TEXT CHECK (organisation_key <> '');
ALTER TABLE records ADD COLUMN external_given TEXT CHECK (external_given <> '');
CREATE INDEX records_by_number_key ON records (number_key) WHERE number_key IS NOT NULL;
DROP INDEX records_organisation;
CREATE INDEX records_organisation ON records (register, organisation_key, received_on, number) WHERE organisation_key IS NOT NULL;

-- The newest version of a key in another system that was deleted here: what is no newer does not come back.
CREATE TABLE tombstones (
    register    TEXT NOT NULL REFERENCES registers (name),
    system      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version >= 0),
    record_id   TEXT,
    PRIMARY KEY (register, system, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstones_record ON tombstones (record_id) WHERE record_id IS NOT NULL;

-- The matters of another system that a connector asks for in each run, since they were not kept or not kept whole.
CREATE TABLE sync_pending (
    system      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    PRIMARY KEY (system, external_id)
) STRICT, WITHOUT ROWID;
