-- The registers there are. A further register is a further row, so that no check has to be rewritten.
CREATE TABLE registers (
    name TEXT PRIMARY KEY NOT NULL
) STRICT;
INSERT INTO registers (name) VALUES ('cases'), ('projects'), ('audits'), ('events'), ('media-requests');

-- One table for the records of all registers: what all have in common and what is counted or filtered by has a
-- column, what only one register has lies in "details", personal data in "personal" (JSON objects).
CREATE TABLE records (
    pos              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id               TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    register         TEXT NOT NULL REFERENCES registers (name),
    number           TEXT NOT NULL UNIQUE CHECK (number <> ''),
    title            TEXT NOT NULL CHECK (title <> ''),
    received_on      TEXT NOT NULL CHECK (received_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    closed_on        TEXT CHECK (closed_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND closed_on >= received_on),
    status           TEXT NOT NULL CHECK (status IN ('OPEN', 'IN_PROGRESS', 'SUSPENDED', 'CLOSED')),
    responsible      TEXT CHECK (responsible <> ''),
    kind             TEXT CHECK (kind <> ''),
    requester        TEXT CHECK (requester IN ('MUNICIPALITY', 'CANTON', 'PRIVATE')),
    area             TEXT CHECK (area <> ''),
    channel          TEXT CHECK (channel <> ''),
    filing           TEXT CHECK (filing IN ('WITH', 'WITHOUT')),
    role             TEXT CHECK (role <> ''),
    medium           TEXT CHECK (medium <> ''),
    organisation     TEXT CHECK (organisation <> ''),
    due_on           TEXT CHECK (due_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    external_system  TEXT CHECK (external_system <> ''),
    external_id      TEXT CHECK (external_id <> ''),
    external_version INTEGER CHECK (external_version >= 0),
    external_url     TEXT,
    details          TEXT NOT NULL CHECK (json_type(details) = 'object'),
    personal         TEXT CHECK (json_type(personal) = 'object'),
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL,
    revision         INTEGER NOT NULL CHECK (revision > 0),
    CHECK ((status = 'CLOSED') = (closed_on IS NOT NULL)),
    CHECK ((external_system IS NULL) = (external_id IS NULL)),
    UNIQUE (register, external_system, external_id)
) STRICT;

-- One index for each documented sort ...
CREATE INDEX records_received ON records (received_on, number);
CREATE INDEX records_by_received ON records (register, received_on, number);
CREATE INDEX records_by_received_desc ON records (register, received_on DESC, number);
CREATE INDEX records_by_number ON records (register, number);
CREATE INDEX records_by_closed ON records (register, coalesce(closed_on, '9999-12-31'), number);
CREATE INDEX records_by_due ON records (register, coalesce(due_on, '9999-12-31'), number);
CREATE INDEX records_by_created ON records (register, created_at, number);
CREATE INDEX records_by_updated ON records (register, updated_at, number);
-- ... and one for each filter, in the default sort's order.
CREATE INDEX records_status ON records (register, status, received_on, number);
CREATE INDEX records_responsible ON records (register, responsible, received_on, number) WHERE responsible IS NOT NULL;
CREATE INDEX records_kind ON records (register, kind, received_on, number) WHERE kind IS NOT NULL;
CREATE INDEX records_requester ON records (register, requester, received_on, number) WHERE requester IS NOT NULL;
CREATE INDEX records_area ON records (register, area, received_on, number) WHERE area IS NOT NULL;
CREATE INDEX records_channel ON records (register, channel, received_on, number) WHERE channel IS NOT NULL;
CREATE INDEX records_filing ON records (register, filing, received_on, number) WHERE filing IS NOT NULL;
CREATE INDEX records_role ON records (register, role, received_on, number) WHERE role IS NOT NULL;
CREATE INDEX records_medium ON records (register, medium, received_on, number) WHERE medium IS NOT NULL;
CREATE INDEX records_organisation ON records (register, organisation, received_on, number) WHERE organisation IS NOT NULL;

-- The folded words of title and number, by "pos" of the record.
CREATE VIRTUAL TABLE records_search USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii', prefix = '2 3');

-- Every change of every record: its key is the revision that the change made.
CREATE TABLE history (
    record_id  TEXT NOT NULL,
    revision   INTEGER NOT NULL CHECK (revision > 0),
    register   TEXT NOT NULL REFERENCES registers (name),
    action     TEXT NOT NULL CHECK (action IN ('CREATED', 'UPDATED', 'DELETED')),
    at         TEXT NOT NULL,
    actor      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    changes    TEXT NOT NULL CHECK (json_type(changes) = 'array'),
    personal   TEXT CHECK (json_type(personal) = 'array'),
    PRIMARY KEY (record_id, revision)
) STRICT, WITHOUT ROWID;

-- The change feed, in the order of the commits.
CREATE TABLE changes (
    seq       INTEGER PRIMARY KEY NOT NULL,
    record_id TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    register  TEXT NOT NULL REFERENCES registers (name),
    number    TEXT NOT NULL,
    action    TEXT NOT NULL CHECK (action IN ('CREATED', 'UPDATED', 'DELETED')),
    at        TEXT NOT NULL,
    UNIQUE (record_id, revision),
    FOREIGN KEY (record_id, revision) REFERENCES history (record_id, revision)
) STRICT;

-- Counts by period and dimension. "period" is a year (2017) or a month (201703); the rows of years leave status and
-- responsible out, which keeps them few. '' stands for an absent value.
CREATE TABLE cube (
    period      INTEGER NOT NULL,
    register    TEXT NOT NULL REFERENCES registers (name),
    kind        TEXT NOT NULL,
    requester   TEXT NOT NULL,
    area        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    filing      TEXT NOT NULL,
    role        TEXT NOT NULL,
    medium      TEXT NOT NULL,
    status      TEXT NOT NULL,
    responsible TEXT NOT NULL,
    received    INTEGER NOT NULL CHECK (received >= 0),
    closed      INTEGER NOT NULL CHECK (closed >= 0),
    days        INTEGER NOT NULL CHECK (days >= 0),
    PRIMARY KEY (period, register, kind, requester, area, channel, filing, role, medium, status, responsible)
) STRICT, WITHOUT ROWID;

-- Running numbers: of the business numbers of a year, and of the change feed.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL CHECK (value > 0)
) STRICT, WITHOUT ROWID;
