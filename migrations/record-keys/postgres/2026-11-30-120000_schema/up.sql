-- Keys of records with personal data, sealed with the service's own: what of a record is sealed with its key is gone when
-- the key is destroyed, wherever a copy of it lies. "since" is the first revision that the key may seal: an erasure destroys
-- the keys from up to its revision, and a record that was erased gets another one for what is entered afterwards. A key that
-- was destroyed leaves its row without the key.
CREATE TABLE record_keys (
    record_id    TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    since        BIGINT NOT NULL CHECK (since > 0),
    sealed       TEXT COLLATE "C",
    made_at      TIMESTAMP NOT NULL,
    destroyed_at TIMESTAMP,
    PRIMARY KEY (record_id, key),
    CHECK ((sealed IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX record_keys_destroyed ON record_keys (record_id) WHERE destroyed_at IS NOT NULL;

CREATE FUNCTION record_keys_stay_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a key that was destroyed does not come back';
END
$$;
CREATE TRIGGER record_keys_destroyed BEFORE UPDATE OR DELETE ON record_keys
FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION record_keys_stay_destroyed();
