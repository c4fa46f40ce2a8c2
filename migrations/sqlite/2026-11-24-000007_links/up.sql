-- Whether everybody may see a record.
ALTER TABLE records ADD COLUMN published INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1));
CREATE INDEX records_by_title ON records (register, title, number);

-- The ways from record to record, by the property of the source that names the target. They follow from the records.
CREATE TABLE record_links (
    source   TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    property TEXT NOT NULL,
    target   TEXT NOT NULL REFERENCES records (id),
    PRIMARY KEY (source, property, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_links_target ON record_links (target, property);

-- The values that only one record of a register can have.
CREATE TABLE own_keys (
    register  TEXT NOT NULL REFERENCES registers (name),
    property  TEXT NOT NULL,
    value     TEXT NOT NULL,
    record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    PRIMARY KEY (register, property, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX own_keys_record ON own_keys (record_id);

INSERT INTO registers (name) VALUES ('organisations'), ('data-collections'), ('proceedings'), ('publications'), ('memberships');
