-- The registers there are. A further register is a further row, so that no check has to be rewritten; the service writes
-- the rows itself, after the migrations.
CREATE TABLE registers (
    name TEXT PRIMARY KEY NOT NULL
) STRICT;

-- One table for the records of all registers: what all have in common and what is counted or filtered by has a
-- column, what only one register has lies in "details", personal data in "personal" (JSON objects, the latter sealed).
-- "number_key", "organisation_key" and "external_id" are what records are compared by: names and numbers in lower case
-- (and in the normal form that all texts have; "number_key" only where it is not the number itself), ids of other systems
-- in the one form that a GUID has ("external_given" is what was given, where that differs). "published" says whether
-- everybody may see a record.
CREATE TABLE records (
    pos              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id               TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    register         TEXT NOT NULL REFERENCES registers (name),
    number           TEXT NOT NULL UNIQUE CHECK (number <> ''),
    number_key       TEXT CHECK (number_key <> ''),
    title            TEXT NOT NULL CHECK (title <> ''),
    received_on      TEXT NOT NULL CHECK (received_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    closed_on        TEXT CHECK (closed_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND closed_on >= received_on),
    status           TEXT NOT NULL CHECK (status IN ('OPEN', 'IN_PROGRESS', 'SUSPENDED', 'CLOSED')),
    responsible      TEXT CHECK (responsible <> ''),
    kind             TEXT CHECK (kind <> ''),
    requester        TEXT CHECK (requester <> ''),
    area             TEXT CHECK (area <> ''),
    channel          TEXT CHECK (channel <> ''),
    filing           TEXT CHECK (filing <> ''),
    role             TEXT CHECK (role <> ''),
    medium           TEXT CHECK (medium <> ''),
    organisation     TEXT CHECK (organisation <> ''),
    organisation_key TEXT CHECK (organisation_key <> ''),
    due_on           TEXT CHECK (due_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    published        INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1)),
    external_system  TEXT CHECK (external_system <> ''),
    external_id      TEXT CHECK (external_id <> ''),
    external_given   TEXT CHECK (external_given <> ''),
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

-- One index for each documented sort, in both directions (what was received on a day is sorted by number quickly enough) ...
CREATE INDEX records_received ON records (received_on, number);
CREATE INDEX records_by_received ON records (register, received_on, number);
CREATE INDEX records_by_number ON records (register, number);
CREATE INDEX records_by_title ON records (register, title, number);
CREATE INDEX records_by_closed ON records (register, coalesce(closed_on, '9999-12-31'), number);
CREATE INDEX records_by_due ON records (register, coalesce(due_on, '9999-12-31'), number);
CREATE INDEX records_by_created ON records (register, created_at, number);
CREATE INDEX records_by_updated ON records (register, updated_at, number);
-- ... one for each filter, in the default sort's order ...
CREATE INDEX records_status ON records (register, status, received_on, number);
CREATE INDEX records_responsible ON records (register, responsible, received_on, number) WHERE responsible IS NOT NULL;
CREATE INDEX records_kind ON records (register, kind, received_on, number) WHERE kind IS NOT NULL;
CREATE INDEX records_requester ON records (register, requester, received_on, number) WHERE requester IS NOT NULL;
CREATE INDEX records_area ON records (register, area, received_on, number) WHERE area IS NOT NULL;
CREATE INDEX records_channel ON records (register, channel, received_on, number) WHERE channel IS NOT NULL;
CREATE INDEX records_filing ON records (register, filing, received_on, number) WHERE filing IS NOT NULL;
CREATE INDEX records_role ON records (register, role, received_on, number) WHERE role IS NOT NULL;
CREATE INDEX records_medium ON records (register, medium, received_on, number) WHERE medium IS NOT NULL;
CREATE INDEX records_organisation ON records (register, organisation_key, received_on, number) WHERE organisation_key IS NOT NULL;
CREATE INDEX records_by_number_key ON records (number_key) WHERE number_key IS NOT NULL;
-- ... and two that durations are read from alone: what was closed in a year, and what was carried over from one year to
-- the next. What was pending on a day is still open or was closed later: each is one range of the latter, so that the
-- records of all the years before are not read again for it.
CREATE INDEX records_closed ON records (register, closed_on, received_on, kind, requester, area, channel, filing, role, medium)
    WHERE closed_on IS NOT NULL;
CREATE INDEX records_carried_over ON records (register, closed_on, received_on, kind, requester, area, channel, filing, role, medium)
    WHERE closed_on IS NULL OR substr(closed_on, 1, 4) > substr(received_on, 1, 4);

-- The folded words of title and number, of each its first 255 characters. Rows lie and are found in the order of their
-- keys: register, day received and "pos" of the record, so that the first of a list are found without all the others. It
-- holds no texts, but what has which word can be read from it.
CREATE VIRTUAL TABLE records_search USING fts5 (words, content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '1 2 3');
-- Pieces of the index are merged whenever there are two of a kind.
INSERT INTO records_search (records_search, rank) VALUES ('usermerge', 2);

-- The words themselves.
CREATE VIRTUAL TABLE records_words USING fts5vocab (records_search, instance);

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

-- What records say in the dimensions and numbers that are the authority's own, so that lists are filtered and sorted by it.
-- It follows from the records. A number is kept in ten-thousandths.
CREATE TABLE own_values (
    record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    value     TEXT CHECK (value <> ''),
    number    INTEGER,
    PRIMARY KEY (record_id, name),
    CHECK ((value IS NULL) <> (number IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX own_values_value ON own_values (name, value, record_id) WHERE value IS NOT NULL;
CREATE INDEX own_values_number ON own_values (name, number, record_id) WHERE number IS NOT NULL;

-- Every change of every record: its key is the revision that the change made. "actor" is a name, which others may bear
-- too: with the kind of identity, the issuer that vouched for it and the service account that it was it is nobody else's.
-- The digest of each changed value is made with "value_salt", that of the personal data ("personal_digest") with "salt":
-- a salt goes when what it was made for is erased, and the proof of all the rest stays. Personal data and its salt are
-- sealed. (With a rowid: of a table without one, each row longer than a quarter of a page would go on in a page of its own.)
CREATE TABLE history (
    record_id       TEXT NOT NULL,
    revision        INTEGER NOT NULL CHECK (revision > 0),
    register        TEXT NOT NULL REFERENCES registers (name),
    action          TEXT NOT NULL CHECK (action IN ('CREATED', 'UPDATED', 'DELETED')),
    at              TEXT NOT NULL,
    actor           TEXT NOT NULL,
    actor_kind      TEXT NOT NULL CHECK (actor_kind IN ('SERVICE_ACCOUNT', 'USER', 'TOKEN', 'OPERATOR', 'SYSTEM')),
    actor_issuer    TEXT,
    actor_client    TEXT,
    request_id      TEXT NOT NULL,
    changes         TEXT NOT NULL CHECK (json_type(changes) = 'array'),
    value_salt      TEXT,
    personal        TEXT CHECK (json_type(personal) = 'array'),
    salt            TEXT,
    personal_digest TEXT,
    PRIMARY KEY (record_id, revision)
) STRICT;

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
-- The feed of one register.
CREATE INDEX changes_register ON changes (register, seq);

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

-- Running numbers: of the business numbers of a year, and of the change feed.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL CHECK (value > 0)
) STRICT, WITHOUT ROWID;

-- Counts by period and dimension. "period" is a year (2017) or a month (201703); the rows of years leave status and
-- responsible out, which keeps them few. '' stands for an absent value. "settled" is how many of the records received
-- were closed by the end of the year.
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
    settled     INTEGER NOT NULL DEFAULT 0 CHECK (settled >= 0),
    PRIMARY KEY (period, register, kind, requester, area, channel, filing, role, medium, status, responsible)
) STRICT, WITHOUT ROWID;

-- Beside the cube, by month: counts by the dimensions that are the authority's own, and, where "number" names one, the sums
-- of its own numbers, in ten-thousandths. "dimensions" names a set of them, "own" has the values in it. They follow from
-- the records too.
CREATE TABLE own_cells (
    number      TEXT NOT NULL,
    dimensions  TEXT NOT NULL,
    period      INTEGER NOT NULL,
    own         TEXT NOT NULL,
    register    TEXT NOT NULL REFERENCES registers (name),
    kind        TEXT NOT NULL,
    requester   TEXT NOT NULL,
    area        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    filing      TEXT NOT NULL,
    role        TEXT NOT NULL,
    medium      TEXT NOT NULL,
    received    INTEGER NOT NULL,
    closed      INTEGER NOT NULL,
    days        INTEGER NOT NULL,
    settled     INTEGER NOT NULL,
    PRIMARY KEY (number, dimensions, period, own, register, kind, requester, area, channel, filing, role, medium),
    CHECK (number <> '' OR (received >= 0 AND closed >= 0 AND days >= 0 AND settled >= 0))
) STRICT, WITHOUT ROWID;

-- The sets that cells are kept for besides each dimension and each number alone: those that lines of a layout use.
CREATE TABLE own_sets (
    number     TEXT NOT NULL,
    dimensions TEXT NOT NULL CHECK (dimensions <> ''),
    PRIMARY KEY (number, dimensions)
) STRICT, WITHOUT ROWID;

-- The figures of a year as they were published, with the lines as they were printed. A publication is never changed: a
-- further one has a further version. "seq" is the end of the change feed at that moment, from which differences are
-- explained.
CREATE TABLE published (
    layout       TEXT NOT NULL CHECK (layout <> ''),
    year         INTEGER NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    figures      TEXT NOT NULL,
    developments TEXT NOT NULL,
    lines        TEXT NOT NULL,
    provisional  INTEGER NOT NULL,
    published_on TEXT NOT NULL,
    source       TEXT,
    from_live    INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    at           TEXT NOT NULL,
    PRIMARY KEY (layout, year, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER published_no_update BEFORE UPDATE ON published
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;

CREATE TRIGGER published_no_delete BEFORE DELETE ON published
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;

-- A publication follows the one before it: so none is put in the place of another either (INSERT OR REPLACE would take
-- the other away without asking the trigger against deletion).
CREATE TRIGGER published_in_order BEFORE INSERT ON published
WHEN NEW.version <> 1 + (
    SELECT coalesce(max(version), 0) FROM published WHERE layout = NEW.layout AND year = NEW.year
)
BEGIN
    SELECT RAISE(ABORT, 'what was published is not changed: publish a further version');
END;

-- Figures of a year that are no counts of records: of the website, of the staff.
CREATE TABLE year_figures (
    kind       TEXT NOT NULL CHECK (kind IN ('website', 'staffing')),
    year       INTEGER NOT NULL,
    body       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at         TEXT NOT NULL,
    PRIMARY KEY (kind, year)
) STRICT, WITHOUT ROWID;

-- The figures that people enter for the lines of a layout, each version whole: what was entered before stays.
CREATE TABLE entered_figures (
    layout     TEXT NOT NULL CHECK (layout <> ''),
    year       INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0),
    figures    TEXT NOT NULL CHECK (json_type(figures) = 'object'),
    actor      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at         TEXT NOT NULL,
    PRIMARY KEY (layout, year, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entered_figures_no_update BEFORE UPDATE ON entered_figures
BEGIN
    SELECT RAISE(ABORT, 'figures that were entered are not changed: enter a further version');
END;

CREATE TRIGGER entered_figures_no_delete BEFORE DELETE ON entered_figures
BEGIN
    SELECT RAISE(ABORT, 'figures that were entered are not changed: enter a further version');
END;

CREATE TRIGGER entered_figures_in_order BEFORE INSERT ON entered_figures
WHEN NEW.version <> 1 + (
    SELECT coalesce(max(version), 0) FROM entered_figures WHERE layout = NEW.layout AND year = NEW.year
)
BEGIN
    SELECT RAISE(ABORT, 'figures that were entered are not changed: enter a further version');
END;

-- Every write, and every backup, in which all data leaves the service, chained by hash: an entry's hash covers the hash
-- before it. It holds digests and no data, so that data can be erased and the chain still proves that nothing else was
-- altered. The actor is told as in the history.
CREATE TABLE audit_trail (
    seq          INTEGER PRIMARY KEY NOT NULL,
    at           TEXT NOT NULL,
    actor        TEXT NOT NULL,
    actor_kind   TEXT NOT NULL CHECK (actor_kind IN ('SERVICE_ACCOUNT', 'USER', 'TOKEN', 'OPERATOR', 'SYSTEM')),
    actor_issuer TEXT,
    actor_client TEXT,
    request_id   TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('RECORD', 'PUBLICATION', 'FIGURES', 'CLIENT', 'ERASURE', 'WEBHOOK', 'SYNC', 'BACKUP')),
    action       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    revision     INTEGER,
    digest       TEXT NOT NULL,
    hash         TEXT NOT NULL
) STRICT;
CREATE INDEX audit_trail_subject ON audit_trail (subject, revision);

CREATE TRIGGER audit_trail_no_update BEFORE UPDATE ON audit_trail
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

CREATE TRIGGER audit_trail_no_delete BEFORE DELETE ON audit_trail
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

-- An entry is not put in the place of another either (INSERT OR REPLACE would take the other away without asking the
-- trigger against deletion).
CREATE TRIGGER audit_trail_no_replace BEFORE INSERT ON audit_trail
WHEN EXISTS (SELECT 1 FROM audit_trail WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

-- Service accounts. Their secrets are kept as argon2id hashes only.
CREATE TABLE clients (
    id          TEXT PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL CHECK (name <> ''),
    secret_hash TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    registers   TEXT,
    created_at  TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    revoked_at  TEXT
) STRICT;

-- Keys of the service's own that nobody configures: made once by chance, sealed, shared by all instances. From the one
-- that is called "root" a key follows for each purpose, so that none of them follows from a secret that rotates.
CREATE TABLE service_keys (
    name    TEXT PRIMARY KEY NOT NULL,
    sealed  TEXT NOT NULL CHECK (json_type(sealed) = 'object'),
    made_at TEXT NOT NULL
) STRICT;

-- What was answered to a request that carried an Idempotency-Key, for a day. A step is a part of a request that was
-- committed by itself. The answer names records and carries none, so that it never holds personal data.
CREATE TABLE idempotency (
    subject TEXT NOT NULL,
    key     TEXT NOT NULL,
    step    INTEGER NOT NULL,
    digest  TEXT NOT NULL,
    answer  TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (subject, key, step)
) STRICT;
CREATE INDEX idempotency_at ON idempotency (at);

-- Who is told of changes. "position" is the place in the change feed up to which deliveries have been made from it: the
-- feed is the outbox, so that nothing is told that was not kept, and nothing kept stays untold. Secrets are sealed.
-- "client" is the service account that made a webhook, if it was one: its webhooks end with it.
CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY NOT NULL,
    url           TEXT NOT NULL,
    registers     TEXT NOT NULL,
    active        INTEGER NOT NULL,
    secret        TEXT NOT NULL,
    former_secret TEXT,
    former_until  TEXT,
    position      INTEGER NOT NULL,
    created_at    TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    client        TEXT
) STRICT;

-- What is to be told, and how the attempts went.
CREATE TABLE deliveries (
    id          TEXT PRIMARY KEY NOT NULL,
    webhook_id  TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    register    TEXT NOT NULL,
    record_id   TEXT NOT NULL,
    number      TEXT NOT NULL,
    action      TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    changed_at  TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('PENDING', 'DELIVERED', 'PARKED')),
    attempts    INTEGER NOT NULL,
    next_at     TEXT NOT NULL,
    last_status INTEGER,
    last_error  TEXT,
    created_at  TEXT NOT NULL,
    finished_at TEXT,
    UNIQUE (webhook_id, seq)
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (webhook_id, seq) WHERE state = 'PENDING';

-- Work that one instance does for all of them: who does it, and until when.
CREATE TABLE leases (
    name   TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    until  TEXT NOT NULL
) STRICT;

-- From which day on a connector to another system must look the next time it runs.
CREATE TABLE sync_states (
    system TEXT PRIMARY KEY NOT NULL,
    since  TEXT NOT NULL
) STRICT;

-- The matters of another system that a connector asks for in each run, since they were not kept or not kept whole.
CREATE TABLE sync_pending (
    system      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    PRIMARY KEY (system, external_id)
) STRICT, WITHOUT ROWID;
