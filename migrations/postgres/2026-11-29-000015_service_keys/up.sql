-- Keys of the service's own that nobody configures: made once by chance, sealed, shared by all instances. From the one
-- that is called "root" a key follows for each purpose, so that none of them follows from a secret that rotates.
CREATE TABLE service_keys (
    name    TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    sealed  TEXT COLLATE "C" NOT NULL CHECK (json_typeof(sealed::json) = 'object'),
    made_at TIMESTAMP NOT NULL
);
