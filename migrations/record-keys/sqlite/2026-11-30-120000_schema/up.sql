-- Keys of records with personal data, sealed with the service's own: what of a record is sealed with its key is gone when
-- the key is destroyed, wherever a copy of it lies. "since" is the first revision that the key may seal: an erasure destroys
-- the keys from up to its revision, and a record that was erased gets another one for what is entered afterwards. A key that
-- was destroyed leaves its row without the key.
CREATE TABLE record_keys (
    record_id    TEXT NOT NULL,
    key          TEXT NOT NULL,
    since        INTEGER NOT NULL CHECK (since > 0),
    sealed       TEXT,
    made_at      TEXT NOT NULL,
    destroyed_at TEXT,
    PRIMARY KEY (record_id, key),
    CHECK ((sealed IS NULL) = (destroyed_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX record_keys_destroyed ON record_keys (record_id) WHERE destroyed_at IS NOT NULL;

CREATE TRIGGER record_keys_no_update BEFORE UPDATE ON record_keys
WHEN OLD.destroyed_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a key that was destroyed does not come back');
END;

CREATE TRIGGER record_keys_no_delete BEFORE DELETE ON record_keys
WHEN OLD.destroyed_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a key that was destroyed does not come back');
END;

-- INSERT OR REPLACE would take another row away without asking the trigger against deletion.
CREATE TRIGGER record_keys_no_replace BEFORE INSERT ON record_keys
WHEN EXISTS (SELECT 1 FROM record_keys WHERE record_id = NEW.record_id AND key = NEW.key)
BEGIN
    SELECT RAISE(ABORT, 'a key is there already');
END;
