-- From which day on a connector to another system must look the next time it runs.
CREATE TABLE sync_states (
    system TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    since  DATE NOT NULL
);
