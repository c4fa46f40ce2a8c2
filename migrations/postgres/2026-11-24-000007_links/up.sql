-- Whether everybody may see a record.
ALTER TABLE records ADD COLUMN published BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX records_by_title ON records (register, title, number);

-- The ways from record to record, by the property of the source that names the target. They follow from the records.
CREATE TABLE record_links (
    source   TEXT COLLATE "C" NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    property TEXT COLLATE "C" NOT NULL,
    target   TEXT COLLATE "C" NOT NULL REFERENCES records (id),
    PRIMARY KEY (source, property, target)
);
CREATE INDEX record_links_target ON record_links (target, property);

-- The values that only one record of a register can have.
CREATE TABLE own_keys (
    register  TEXT COLLATE "C" NOT NULL REFERENCES registers (name),
    property  TEXT COLLATE "C" NOT NULL,
    value     TEXT COLLATE "C" NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    PRIMARY KEY (register, property, value)
);
CREATE INDEX own_keys_record ON own_keys (record_id);

INSERT INTO registers (name) VALUES ('organisations'), ('data-collections'), ('proceedings'), ('publications'), ('memberships');
