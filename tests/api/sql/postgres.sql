-- What is sent to the database; see sql.rs. Each statement stands under what sends it first.
-- Written anew by: UPDATE_SQL=1 cargo test --test api sql::

-- create a public body
BEGIN; SELECT pg_advisory_xact_lock(4873216509 # CAST(hashtext(current_schema()) AS BIGINT));
SELECT "counters"."value"
  FROM "counters"
  WHERE ("counters"."name" = $1)
  LIMIT $2;
SELECT "records"."id", "records"."register"
  FROM "records"
  WHERE (("records"."number" = ANY($1)) OR ("records"."number_key" = ANY($2)))
  LIMIT $3;
INSERT INTO records (id, register, number, title, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, due_on, external_system, external_id, external_version, external_url, details, personal, created_at, updated_at, revision, published, number_key, organisation_key, external_given, title_key) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31);
SELECT "records"."id"
  FROM "records"
  WHERE (("records"."register" = ANY($1)) AND ("records"."id" = $2))
  LIMIT $3;
SELECT "records"."id"
  FROM "records"
  WHERE (("records"."register" = ANY($1)) AND (("records"."number" = ANY($2)) OR ("records"."number_key" = ANY($3))))
  LIMIT $4;
SELECT "records"."id"
  FROM "records"
  WHERE (("records"."register" = ANY($1)) AND ("records"."organisation_key" = $2))
  LIMIT $3;
SELECT "records"."id"
  FROM "records"
  WHERE ((("records"."register" = ANY($1)) AND ("records"."organisation_key" = $2)) AND NOT (EXISTS (SELECT "record_links"."source", "record_links"."property", "record_links"."target"
  FROM "record_links"
  WHERE (("record_links"."source" = "records"."id") AND ("record_links"."property" = $3)))));
SELECT "audit_trail"."seq", "audit_trail"."hash"
  FROM "audit_trail"
  ORDER BY "audit_trail"."seq" DESC
  LIMIT $1;
WITH i0 AS (INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)), i1 AS (INSERT INTO changes (seq, record_id, revision, register, number, action, at, trace) SELECT *
  FROM unnest($14, $15, $16, $17, $18, $19, $20, $21)), i2 AS (INSERT INTO counters (name, value) SELECT *
  FROM unnest($22, $23)
  ON CONFLICT (name) DO UPDATE
  SET value = excluded.value), i3 AS (INSERT INTO cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible, received, closed, days, settled) SELECT *
  FROM unnest($24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38)
  ON CONFLICT (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) DO UPDATE
  SET received = cube.received + excluded.received, closed = cube.closed + excluded.closed, days = cube.days + excluded.days, settled = cube.settled + excluded.settled), i4 AS (INSERT INTO history (record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest, value_salt, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53)) INSERT INTO records_search (word, key) SELECT DISTINCT word, base + pos
  FROM unnest($54, $55, $56) AS new (id, base, words) JOIN records USING (id), unnest(string_to_array(words, ' ')) AS word
  ORDER BY 1, 2;
COMMIT;

-- create a case
SELECT "records"."id", "records"."register"
  FROM "records"
  WHERE ("records"."number" = $1)
  LIMIT $2;
WITH i0 AS (INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)), i1 AS (INSERT INTO changes (seq, record_id, revision, register, number, action, at, trace) SELECT *
  FROM unnest($14, $15, $16, $17, $18, $19, $20, $21)), i2 AS (INSERT INTO counters (name, value) SELECT *
  FROM unnest($22, $23)
  ON CONFLICT (name) DO UPDATE
  SET value = excluded.value), i3 AS (INSERT INTO cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible, received, closed, days, settled) SELECT *
  FROM unnest($24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38)
  ON CONFLICT (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) DO UPDATE
  SET received = cube.received + excluded.received, closed = cube.closed + excluded.closed, days = cube.days + excluded.days, settled = cube.settled + excluded.settled), i4 AS (INSERT INTO history (record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest, value_salt, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53)), i5 AS (INSERT INTO record_links (source, property, target) SELECT *
  FROM unnest($54, $55, $56)) INSERT INTO records_search (word, key) SELECT DISTINCT word, base + pos
  FROM unnest($57, $58, $59) AS new (id, base, words) JOIN records USING (id), unnest(string_to_array(words, ' ')) AS word
  ORDER BY 1, 2;

-- create many in one transaction
-- sends nothing else than what stands above.

-- change a case
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."id" = $1) AND ("records"."register" = $2))
  LIMIT $3;
UPDATE "records"
  SET "title" = $1, "personal" = $2, "revision" = $3, "title_key" = $4
  WHERE (("records"."pos" = $5) AND ("records"."revision" = $6))
  RETURNING "records"."pos";
DELETE
  FROM records_search AS held USING unnest(string_to_array($1, ' '), CAST(string_to_array($2, ' ') AS BIGINT[])) AS named (word, key)
  WHERE held.word = named.word AND held.key = named.key;
INSERT INTO records_search (word, key) SELECT word, key
  FROM unnest(string_to_array($1, ' '), CAST(string_to_array($2, ' ') AS BIGINT[])) AS named (word, key)
  ON CONFLICT DO NOTHING;
WITH i0 AS (INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)), i1 AS (INSERT INTO changes (seq, record_id, revision, register, number, action, at, trace) SELECT *
  FROM unnest($14, $15, $16, $17, $18, $19, $20, $21)), i2 AS (INSERT INTO counters (name, value) SELECT *
  FROM unnest($22, $23)
  ON CONFLICT (name) DO UPDATE
  SET value = excluded.value) INSERT INTO history (record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest, value_salt, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38);

-- close a case
UPDATE "records"
  SET "closed_on" = $1, "status" = $2, "personal" = $3, "revision" = $4
  WHERE (("records"."pos" = $5) AND ("records"."revision" = $6))
  RETURNING "records"."pos";
WITH change (of_period, of_register, of_kind, of_requester, of_area, of_channel, of_filing, of_role, of_medium, of_status, of_responsible, more_received, more_closed, more_days, more_settled) AS (
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)) UPDATE cube
  SET received = received + more_received, closed = closed + more_closed, days = days + more_days, settled = settled + more_settled
  FROM change
  WHERE period = of_period AND register = of_register AND kind = of_kind AND requester = of_requester AND area = of_area AND channel = of_channel AND filing = of_filing AND role = of_role AND medium = of_medium AND status = of_status AND responsible = of_responsible
  RETURNING received + closed + days AS remains;
DELETE
  FROM cube
  WHERE received = 0 AND closed = 0 AND days = 0 AND settled = 0 AND (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) IN (
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11));
WITH i0 AS (INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)), i1 AS (INSERT INTO changes (seq, record_id, revision, register, number, action, at, trace) SELECT *
  FROM unnest($14, $15, $16, $17, $18, $19, $20, $21)), i2 AS (INSERT INTO counters (name, value) SELECT *
  FROM unnest($22, $23)
  ON CONFLICT (name) DO UPDATE
  SET value = excluded.value), i3 AS (INSERT INTO cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible, received, closed, days, settled) SELECT *
  FROM unnest($24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38)
  ON CONFLICT (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) DO UPDATE
  SET received = cube.received + excluded.received, closed = cube.closed + excluded.closed, days = cube.days + excluded.days, settled = cube.settled + excluded.settled) INSERT INTO history (record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest, value_salt, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53);

-- create what another system delivers
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ((("records"."register" = $1) AND ("records"."external_system" = $2)) AND ("records"."external_id" = $3))
  LIMIT $4;
SELECT "tombstones"."record_id", "tombstones"."version"
  FROM "tombstones"
  WHERE (("tombstones"."register" = $1) AND (("tombstones"."system" = $2) AND ("tombstones"."external_id" = $3)))
  LIMIT $4;

-- deliver it again
UPDATE "records"
  SET "external_version" = $1, "revision" = $2
  WHERE (("records"."pos" = $3) AND ("records"."revision" = $4))
  RETURNING "records"."pos";

-- delete a case
SELECT "records"."id", "records"."register"
  FROM "records"
  WHERE ("records"."id" = ANY(SELECT "record_links"."source"
  FROM "record_links"
  WHERE ("record_links"."target" = $1)))
  LIMIT $2;
DELETE
  FROM "records"
  WHERE (("records"."pos" = $1) AND ("records"."revision" = $2))
  RETURNING "records"."pos";
WITH change (of_period, of_register, of_kind, of_requester, of_area, of_channel, of_filing, of_role, of_medium, of_status, of_responsible, more_received, more_closed, more_days, more_settled) AS (
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15), ($16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)) UPDATE cube
  SET received = received + more_received, closed = closed + more_closed, days = days + more_days, settled = settled + more_settled
  FROM change
  WHERE period = of_period AND register = of_register AND kind = of_kind AND requester = of_requester AND area = of_area AND channel = of_channel AND filing = of_filing AND role = of_role AND medium = of_medium AND status = of_status AND responsible = of_responsible
  RETURNING received + closed + days AS remains;
DELETE
  FROM cube
  WHERE received = 0 AND closed = 0 AND days = 0 AND settled = 0 AND (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) IN (
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11), ($12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22));

-- delete what another system delivered
INSERT INTO "tombstones" ("register", "system", "external_id", "version", "record_id")
  VALUES ($1, $2, $3, $4, $5);

-- find by id
-- sends nothing else than what stands above.

-- find by number
-- sends nothing else than what stands above.

-- find by external key
-- sends nothing else than what stands above.

-- list by received_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."received_on" ASC, "records"."number" ASC
  LIMIT $2;

-- list by received_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."received_on", "records"."number") > ($2, $3))
  ORDER BY "records"."received_on" ASC, "records"."number" ASC
  LIMIT $4;

-- list by -received_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $2;

-- list by -received_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."received_on", "records"."number") < ($2, $3))
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $4;

-- list by closed_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY coalesce("records"."closed_on", DATE '9999-12-31') ASC, "records"."number" ASC
  LIMIT $2;

-- list by closed_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ((coalesce("records"."closed_on", DATE '9999-12-31') >= $2) AND ((coalesce("records"."closed_on", DATE '9999-12-31') > $3) OR ((coalesce("records"."closed_on", DATE '9999-12-31') = $4) AND ("records"."number" > $5)))))
  ORDER BY coalesce("records"."closed_on", DATE '9999-12-31') ASC, "records"."number" ASC
  LIMIT $6;

-- list by -closed_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY coalesce("records"."closed_on", DATE '9999-12-31') DESC, "records"."number" DESC
  LIMIT $2;

-- list by -closed_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ((coalesce("records"."closed_on", DATE '9999-12-31') <= $2) AND ((coalesce("records"."closed_on", DATE '9999-12-31') < $3) OR ((coalesce("records"."closed_on", DATE '9999-12-31') = $4) AND ("records"."number" < $5)))))
  ORDER BY coalesce("records"."closed_on", DATE '9999-12-31') DESC, "records"."number" DESC
  LIMIT $6;

-- list by due_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY coalesce("records"."due_on", DATE '9999-12-31') ASC, "records"."number" ASC
  LIMIT $2;

-- list by due_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ((coalesce("records"."due_on", DATE '9999-12-31') >= $2) AND ((coalesce("records"."due_on", DATE '9999-12-31') > $3) OR ((coalesce("records"."due_on", DATE '9999-12-31') = $4) AND ("records"."number" > $5)))))
  ORDER BY coalesce("records"."due_on", DATE '9999-12-31') ASC, "records"."number" ASC
  LIMIT $6;

-- list by -due_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY coalesce("records"."due_on", DATE '9999-12-31') DESC, "records"."number" DESC
  LIMIT $2;

-- list by -due_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ((coalesce("records"."due_on", DATE '9999-12-31') <= $2) AND ((coalesce("records"."due_on", DATE '9999-12-31') < $3) OR ((coalesce("records"."due_on", DATE '9999-12-31') = $4) AND ("records"."number" < $5)))))
  ORDER BY coalesce("records"."due_on", DATE '9999-12-31') DESC, "records"."number" DESC
  LIMIT $6;

-- list by title
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."title_key" ASC, "records"."number" ASC
  LIMIT $2;

-- list by title, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."title_key", "records"."number") > ($2, $3))
  ORDER BY "records"."title_key" ASC, "records"."number" ASC
  LIMIT $4;

-- list by -title
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."title_key" DESC, "records"."number" DESC
  LIMIT $2;

-- list by -title, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."title_key", "records"."number") < ($2, $3))
  ORDER BY "records"."title_key" DESC, "records"."number" DESC
  LIMIT $4;

-- list by number
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."number" ASC
  LIMIT $2;

-- list by number, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND (("records"."number" >= $2) AND ("records"."number" > $3)))
  ORDER BY "records"."number" ASC
  LIMIT $4;

-- list by -number
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."number" DESC
  LIMIT $2;

-- list by -number, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND (("records"."number" <= $2) AND ("records"."number" < $3)))
  ORDER BY "records"."number" DESC
  LIMIT $4;

-- list by created_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."created_at" ASC, "records"."number" ASC
  LIMIT $2;

-- list by created_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."created_at", "records"."number") > ($2, $3))
  ORDER BY "records"."created_at" ASC, "records"."number" ASC
  LIMIT $4;

-- list by -created_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."created_at" DESC, "records"."number" DESC
  LIMIT $2;

-- list by -created_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."created_at", "records"."number") < ($2, $3))
  ORDER BY "records"."created_at" DESC, "records"."number" DESC
  LIMIT $4;

-- list by updated_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."updated_at" ASC, "records"."number" ASC
  LIMIT $2;

-- list by updated_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."updated_at", "records"."number") > ($2, $3))
  ORDER BY "records"."updated_at" ASC, "records"."number" ASC
  LIMIT $4;

-- list by -updated_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."updated_at" DESC, "records"."number" DESC
  LIMIT $2;

-- list by -updated_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."updated_at", "records"."number") < ($2, $3))
  ORDER BY "records"."updated_at" DESC, "records"."number" DESC
  LIMIT $4;

-- list by -received_on,number
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."received_on" DESC, "records"."number" ASC
  LIMIT $2;

-- list by -received_on,number, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (("records"."register" = $1) AND (("records"."received_on" <= $2) AND (("records"."received_on" < $3) OR (("records"."received_on" = $4) AND ("records"."number" > $5)))))
  ORDER BY "records"."received_on" DESC, "records"."number" ASC
  LIMIT $6;

-- list of all registers
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $1;

-- search, newest first
BEGIN;
SELECT $1 AS place, one.*
  FROM (SELECT key
  FROM records_search
  WHERE word BETWEEN $2 AND $3
  ORDER BY word, key
  LIMIT $4) AS one;
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE (records.register || '' = $1 AND records.pos = ANY (CAST($2 AS BIGINT[])))
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $3;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (records.pos = ANY (CAST($1 AS BIGINT[])))
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $2;

-- search, newest first, next page
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE ((records.register || '' = $1 AND records.pos = ANY (CAST($2 AS BIGINT[]))) AND ("records"."received_on", "records"."number") < ($3, $4))
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $5;

-- search, oldest first
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE (records.register || '' = $1 AND records.pos = ANY (CAST($2 AS BIGINT[])))
  ORDER BY "records"."received_on" ASC, "records"."number" ASC
  LIMIT $3;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (records.pos = ANY (CAST($1 AS BIGINT[])))
  ORDER BY "records"."received_on" ASC, "records"."number" ASC
  LIMIT $2;

-- search, oldest first, next page
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE ((records.register || '' = $1 AND records.pos = ANY (CAST($2 AS BIGINT[]))) AND ("records"."received_on", "records"."number") > ($3, $4))
  ORDER BY "records"."received_on" ASC, "records"."number" ASC
  LIMIT $5;

-- search, by title
SELECT $1 AS place, one.*
  FROM (SELECT key
  FROM records_search
  WHERE word BETWEEN $2 AND $3
  ORDER BY word, key
  LIMIT $4) AS one
  UNION ALL SELECT $5 AS place, one.*
  FROM (SELECT key
  FROM records_search
  WHERE word BETWEEN $6 AND $7
  ORDER BY word, key
  LIMIT $8) AS one;

-- search in all registers
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE (records.pos = ANY (CAST($1 AS BIGINT[])))
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $2;

-- search for what is not there
-- sends nothing else than what stands above.

-- count records of an area
SELECT COUNT(*)
  FROM "records"
  WHERE (("records"."area" = $1) AND ("records"."register" = $2));

-- sum the cube by year
SELECT period, register, '' AS kind, '' AS requester, area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN $1 AND $2 AND register IN ($3, $4, $5, $6, $7)
  GROUP BY period, register, area
  ORDER BY period, register, area;

-- sum the cube by month, of a choice
SELECT period, '' AS register, '' AS kind, '' AS requester, '' AS area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN $1 AND $2 AND register IN ($3)
  GROUP BY period, responsible
  ORDER BY period, responsible;

-- the first month of the cube
SELECT min("cube"."period")
  FROM "cube"
  WHERE ((("cube"."period" > $1) AND ("cube"."received" > $2)) AND ("cube"."register" = ANY($3)));

-- count by organisation, received
SELECT period, register, '' AS kind, '' AS requester, area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, organisation AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM (SELECT CAST(to_char(one.received_on, 'YYYYMM') AS INTEGER) AS period, one.register AS register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium, one.status AS status, coalesce(one.responsible, '') AS responsible, '' AS own, CASE WHEN one.organisation IS NULL THEN NULL ELSE coalesce(body.title, 'NOT_IN_REGISTER') END AS organisation, 1 AS received, 0 AS closed, 0 AS days, CASE WHEN EXTRACT(YEAR
  FROM one.closed_on) = EXTRACT(YEAR
  FROM one.received_on) THEN 1 ELSE 0 END AS settled
  FROM records AS one
  LEFT JOIN record_links ON record_links.source = one.id AND record_links.property = 'organisation'
  LEFT JOIN records AS body ON body.id = record_links.target
  WHERE one.received_on BETWEEN $1 AND $2) AS counted
  WHERE period BETWEEN $3 AND $4 AND register IN ($5)
  GROUP BY period, register, area, organisation
  ORDER BY period, register, area, organisation;

-- count by organisation, closed
SELECT period, register, '' AS kind, '' AS requester, area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, organisation AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM (SELECT CAST(to_char(one.closed_on, 'YYYYMM') AS INTEGER) AS period, one.register AS register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium, one.status AS status, coalesce(one.responsible, '') AS responsible, '' AS own, CASE WHEN one.organisation IS NULL THEN NULL ELSE coalesce(body.title, 'NOT_IN_REGISTER') END AS organisation, 0 AS received, 1 AS closed, CAST(one.closed_on - one.received_on AS BIGINT) AS days, 0 AS settled
  FROM records AS one
  LEFT JOIN record_links ON record_links.source = one.id AND record_links.property = 'organisation'
  LEFT JOIN records AS body ON body.id = record_links.target
  WHERE one.closed_on BETWEEN $1 AND $2) AS counted
  WHERE period BETWEEN $3 AND $4 AND register IN ($5)
  GROUP BY period, register, area, organisation
  ORDER BY period, register, area, organisation;

-- durations
SELECT '', CAST(closed_on - received_on AS BIGINT), count(*)
  FROM records
  WHERE closed_on BETWEEN $1 AND $2 AND register IN ($3) AND coalesce(area, '') IN ($4)
  GROUP BY 2, 1;
SELECT '', CAST($1 - received_on AS BIGINT), count(*)
  FROM records
  WHERE received_on <= $2 AND closed_on IS NULL AND register IN ($3) AND coalesce(area, '') IN ($4)
  GROUP BY 2, 1;
SELECT '', CAST($1 - received_on AS BIGINT), count(*)
  FROM records
  WHERE received_on <= $2 AND closed_on > $3 AND register IN ($4) AND coalesce(area, '') IN ($5)
  GROUP BY 2, 1;

-- durations by area at the end of a year
SELECT coalesce(area, ''), CAST(closed_on - received_on AS BIGINT), count(*)
  FROM records
  WHERE closed_on BETWEEN $1 AND $2 AND register IN ($3) AND coalesce(area, '') IN ($4)
  GROUP BY 2, 1;
SELECT coalesce(area, ''), CAST($1 - received_on AS BIGINT), count(*)
  FROM records
  WHERE received_on <= $2 AND closed_on IS NULL AND register IN ($3) AND coalesce(area, '') IN ($4)
  GROUP BY 2, 1;
SELECT coalesce(area, ''), CAST($1 - received_on AS BIGINT), count(*)
  FROM records
  WHERE received_on <= $2 AND closed_on > $3 AND EXTRACT(YEAR
  FROM closed_on) > EXTRACT(YEAR
  FROM received_on) AND register IN ($4) AND coalesce(area, '') IN ($5)
  GROUP BY 2, 1;

-- durations in working days
SELECT coalesce(register, ''), received_on, closed_on, count(*)
  FROM records
  WHERE closed_on BETWEEN $1 AND $2 AND register IN ($3) AND coalesce(area, '') IN ($4)
  GROUP BY 2, 3, 1;
SELECT coalesce(register, ''), received_on, $1, count(*)
  FROM records
  WHERE received_on <= $2 AND closed_on IS NULL AND register IN ($3) AND coalesce(area, '') IN ($4)
  GROUP BY 2, 3, 1;
SELECT coalesce(register, ''), received_on, $1, count(*)
  FROM records
  WHERE received_on <= $2 AND closed_on > $3 AND EXTRACT(YEAR
  FROM closed_on) > EXTRACT(YEAR
  FROM received_on) AND register IN ($4) AND coalesce(area, '') IN ($5)
  GROUP BY 2, 3, 1;

-- activities
SELECT period, register, '' AS kind, '' AS requester, '' AS area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN $1 AND $2 AND register IN ($3, $4, $5, $6, $7)
  GROUP BY period, register
  ORDER BY period, register;
SELECT period, register, '' AS kind, '' AS requester, '' AS area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN $1 AND $2 AND register IN ($3)
  GROUP BY period, register
  ORDER BY period, register;
SELECT CAST(EXTRACT(YEAR
  FROM received_on) AS INTEGER) AS year, count(*) AS first, count(CAST(finding.value AS JSONB) ->> 'implemented_on') AS second, CAST(0 AS BIGINT) AS third
  FROM records, jsonb_array_elements(CAST(details AS JSONB) -> 'findings') AS finding (value)
  WHERE register = 'audits' AND received_on BETWEEN $1 AND $2
  GROUP BY 1;
SELECT year, kind, count(*) AS events, CAST(coalesce(sum(people), 0) AS BIGINT) AS participants, count(people) AS known
  FROM (SELECT CAST(EXTRACT(YEAR
  FROM received_on) AS INTEGER) AS year, coalesce(kind, '') AS kind, CAST(CAST(details AS JSONB) ->> 'participants' AS BIGINT) AS people
  FROM records
  WHERE register = 'events' AND received_on BETWEEN $1 AND $2) AS held
  GROUP BY year, kind;

-- topics of media requests
SELECT trim(CAST(details AS JSONB) ->> 'topic') AS topic, count(*) AS number
  FROM records
  WHERE register = 'media-requests' AND received_on BETWEEN $1 AND $2
  GROUP BY 1;

-- the change feed
SELECT "audit_trail"."seq", "audit_trail"."hash"
  FROM "audit_trail"
  WHERE ((("audit_trail"."subject" = $1) AND ("audit_trail"."kind" = $2)) AND ("audit_trail"."action" = $3));
SELECT min("changes"."seq")
  FROM "changes"
  LIMIT $1;
SELECT "changes"."seq", "changes"."register", "changes"."record_id", "changes"."number", "changes"."action", "changes"."revision", "changes"."at", "changes"."trace", "history"."request_id"
  FROM ("changes"
  LEFT OUTER JOIN "history" ON (("history"."record_id" = "changes"."record_id") AND ("history"."revision" = "changes"."revision")))
  WHERE (("changes"."seq" > $1) AND ("changes"."register" = $2))
  ORDER BY "changes"."seq"
  LIMIT $3;

-- make deliveries of the change feed
SELECT "deliveries"."created_at"
  FROM "deliveries"
  WHERE ("deliveries"."id" < $1)
  ORDER BY "deliveries"."id" DESC
  LIMIT $2;
SELECT "webhooks"."id", "webhooks"."url", "webhooks"."registers", "webhooks"."active", "webhooks"."secret", "webhooks"."former_secret", "webhooks"."former_until", "webhooks"."position", "webhooks"."created_at", "webhooks"."created_by", "webhooks"."client"
  FROM "webhooks"
  ORDER BY "webhooks"."id";
SAVEPOINT diesel_savepoint_1;
SELECT "changes"."seq", "changes"."register", "changes"."record_id", "changes"."number", "changes"."action", "changes"."revision", "changes"."at", "changes"."trace", "history"."request_id"
  FROM ("changes"
  LEFT OUTER JOIN "history" ON (("history"."record_id" = "changes"."record_id") AND ("history"."revision" = "changes"."revision")))
  WHERE ("changes"."seq" > $1)
  ORDER BY "changes"."seq"
  LIMIT $2;
SELECT "changes"."seq", "changes"."register", "changes"."record_id", "changes"."number", "changes"."action", "changes"."revision", "changes"."at", "changes"."trace", "history"."request_id"
  FROM ("changes"
  LEFT OUTER JOIN "history" ON (("history"."record_id" = "changes"."record_id") AND ("history"."revision" = "changes"."revision")))
  WHERE ("changes"."seq" = $1)
  LIMIT $2;
RELEASE SAVEPOINT diesel_savepoint_1;
INSERT INTO deliveries (id, webhook_id, seq, register, record_id, number, action, revision, changed_at, state, attempts, next_at, last_status, last_error, created_at, finished_at, trace) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);
UPDATE "webhooks"
  SET "position" = $1
  WHERE ("webhooks"."id" = $2);

-- make deliveries when all that were made are old
DELETE
  FROM "deliveries"
  WHERE (("deliveries"."id" < $1) AND ("deliveries"."state" = $2));

-- record a disclosure 500 days ago
SELECT "access_log"."at"
  FROM "access_log"
  ORDER BY "access_log"."id"
  LIMIT $1;
SELECT "access_log_ends"."id", "access_log_ends"."at", "access_log_ends"."hash"
  FROM "access_log_ends"
  WHERE ("access_log_ends"."name" = $1)
  LIMIT $2;
INSERT INTO access_log (id, at, subject, client, register, record_id, properties, operation, purpose, request_id, hash, actor_kind, actor_issuer) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);
INSERT INTO access_log_ends (name, id, at, hash) SELECT *
  FROM unnest($1, $2, $3, $4)
  ON CONFLICT (name) DO UPDATE
  SET id = excluded.id, at = excluded.at, hash = excluded.hash;

-- record a disclosure 8 days ago
SELECT "access_log"."at"
  FROM "access_log"
  WHERE ("access_log"."at" <= $1)
  ORDER BY "access_log"."at" DESC
  LIMIT $2;
SELECT "access_log"."id"
  FROM "access_log"
  WHERE ("access_log"."at" >= $1)
  ORDER BY "access_log"."id"
  LIMIT $2;
SELECT "access_log"."id", "access_log"."at", "access_log"."hash"
  FROM "access_log"
  WHERE ("access_log"."id" < $1)
  ORDER BY "access_log"."id" DESC
  LIMIT $2;

-- record a disclosure 0 days ago
DELETE
  FROM "access_log"
  WHERE ("access_log"."id" < $1);

-- prove the database
SELECT 1
  FROM to_regprocedure('bt_index_check(regclass)') AS look
  WHERE has_function_privilege(look, 'EXECUTE');
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SELECT "own_sets"."number", "own_sets"."dimensions"
  FROM "own_sets";
SELECT "own_entered"."pos"
  FROM "own_entered"
  WHERE ("own_entered"."id" = $1)
  LIMIT $2;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."pos" > $1)
  ORDER BY "records"."pos"
  LIMIT $2;
SELECT period, register, kind, requester, area, channel, filing, role, medium, status, responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN $1 AND $2 AND register IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  GROUP BY period, register, kind, requester, area, channel, filing, role, medium, status, responsible
  ORDER BY period, register, kind, requester, area, channel, filing, role, medium, status, responsible;
SELECT COUNT(*)
  FROM "own_entered"
  WHERE ("own_entered"."id" != $1);
SELECT period, register, kind, requester, area, channel, filing, role, medium, '' AS status, '' AS responsible, counts
  FROM own_cells;
SELECT "own_held"."register", "own_held"."name", "own_held"."value", "own_held"."records"
  FROM "own_held";
SELECT "records"."pos", "records"."register", "records"."received_on", "records"."number", "records"."title"
  FROM "records"
  WHERE ("records"."pos" > $1)
  ORDER BY "records"."pos"
  LIMIT $2;
SELECT DISTINCT key
  FROM unnest(string_to_array($1, ' '), CAST(string_to_array($2, ' ') AS BIGINT[])) AS named (word, key)
  WHERE NOT EXISTS (SELECT 1
  FROM records_search AS held
  WHERE held.word = named.word AND held.key = named.key);
SELECT count(*) AS key
  FROM records_search;
SELECT "audit_trail"."seq", "audit_trail"."at", "audit_trail"."actor", "audit_trail"."actor_kind", "audit_trail"."actor_issuer", "audit_trail"."actor_client", "audit_trail"."request_id", "audit_trail"."kind", "audit_trail"."action", "audit_trail"."subject", "audit_trail"."revision", "audit_trail"."digest", "audit_trail"."hash"
  FROM "audit_trail"
  WHERE ("audit_trail"."seq" > $1)
  ORDER BY "audit_trail"."seq"
  LIMIT $2;
SELECT "counters"."name", "counters"."value"
  FROM "counters"
  ORDER BY "counters"."name";
SELECT DISTINCT "history"."record_id"
  FROM "history"
  WHERE ("history"."record_id" > $1)
  ORDER BY "history"."record_id"
  LIMIT $2;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE ("records"."id" = ANY($1));
SELECT "own_said"."record_id", "own_said"."said"
  FROM "own_said"
  WHERE ("own_said"."record_id" = ANY($1));
SELECT "history"."record_id", "history"."revision", "history"."register", "history"."action", "history"."at", "history"."actor", "history"."actor_kind", "history"."actor_issuer", "history"."actor_client", "history"."request_id", "history"."changes", "history"."personal", "history"."salt", "history"."personal_digest", "history"."value_salt"
  FROM "history"
  WHERE ("history"."record_id" = ANY($1))
  ORDER BY "history"."record_id", "history"."revision";
SELECT "audit_trail"."seq", "audit_trail"."at", "audit_trail"."actor", "audit_trail"."actor_kind", "audit_trail"."actor_issuer", "audit_trail"."actor_client", "audit_trail"."request_id", "audit_trail"."kind", "audit_trail"."action", "audit_trail"."subject", "audit_trail"."revision", "audit_trail"."digest", "audit_trail"."hash"
  FROM "audit_trail"
  WHERE (("audit_trail"."subject" = ANY($1)) AND ("audit_trail"."kind" = ANY($2)))
  ORDER BY "audit_trail"."seq";
SELECT "changes"."record_id", "changes"."revision", "changes"."register", "changes"."number", "changes"."action", "changes"."at"
  FROM "changes"
  WHERE ("changes"."record_id" = ANY($1))
  ORDER BY "changes"."seq";
SELECT "record_links"."source", "record_links"."property", "record_links"."target"
  FROM "record_links"
  WHERE ("record_links"."source" = ANY($1))
  ORDER BY "record_links"."property", "record_links"."target";
SELECT "own_keys"."record_id", "own_keys"."register", "own_keys"."property", "own_keys"."value"
  FROM "own_keys"
  WHERE ("own_keys"."record_id" = ANY($1));
SELECT COUNT(*)
  FROM "records";
SELECT COUNT(*)
  FROM "record_links";
SELECT COUNT(*)
  FROM "own_keys";
SELECT COUNT(*)
  FROM "own_said";
SELECT COUNT(*)
  FROM "own_numbers";
SELECT "changes"."seq", "changes"."record_id", "changes"."action", "changes"."register", "history"."action", "history"."register"
  FROM ("changes"
  LEFT OUTER JOIN "history" ON (("history"."record_id" = "changes"."record_id") AND ("history"."revision" = "changes"."revision")))
  WHERE ("changes"."seq" > $1)
  ORDER BY "changes"."seq"
  LIMIT $2;
SELECT COUNT(*)
  FROM "changes";
SELECT COUNT(*)
  FROM "history";
SELECT "tombstones"."register", "tombstones"."system", "tombstones"."external_id", "tombstones"."version", "tombstones"."record_id"
  FROM "tombstones";
SELECT "published"."layout", "published"."year", "published"."version", "published"."figures", "published"."developments", "published"."lines", "published"."provisional", "published"."published_on", "published"."source", "published"."from_live", "published"."seq", "published"."actor", "published"."request_id", "published"."at"
  FROM "published"
  WHERE ("published"."year" BETWEEN $1 AND $2)
  ORDER BY "published"."layout", "published"."year", "published"."version";
SELECT "clients"."id", "clients"."name", "clients"."secret_hash", "clients"."scopes", "clients"."registers", "clients"."created_at", "clients"."created_by", "clients"."revoked_at"
  FROM "clients"
  ORDER BY "clients"."id";
SELECT "calendar_feeds"."id", "calendar_feeds"."secret_hash", "calendar_feeds"."titles", "calendar_feeds"."responsible", "calendar_feeds"."account", "calendar_feeds"."client", "calendar_feeds"."registers", "calendar_feeds"."created_at", "calendar_feeds"."expires_at"
  FROM "calendar_feeds"
  ORDER BY "calendar_feeds"."id";
SELECT "sync_states"."system"
  FROM "sync_states";
SELECT DISTINCT "sync_pending"."system"
  FROM "sync_pending";
SELECT "year_figures"."kind", "year_figures"."year", "year_figures"."body", "year_figures"."actor", "year_figures"."request_id", "year_figures"."at"
  FROM "year_figures"
  ORDER BY "year_figures"."kind", "year_figures"."year";
SELECT "entered_figures"."layout", "entered_figures"."year", "entered_figures"."version", "entered_figures"."figures", "entered_figures"."actor", "entered_figures"."request_id", "entered_figures"."at"
  FROM "entered_figures"
  ORDER BY "entered_figures"."layout", "entered_figures"."year", "entered_figures"."version";
SELECT "registers"."name"
  FROM "registers"
  ORDER BY "registers"."name";
SELECT "service_keys"."name"
  FROM "service_keys"
  WHERE ("service_keys"."name" != $1);
SELECT "service_keys"."sealed"
  FROM "service_keys"
  WHERE ("service_keys"."name" = $1)
  LIMIT $2;
SELECT "records"."title", "records"."id"
  FROM "records"
  WHERE ("records"."register" = ANY($1));
SELECT "records"."pos", "records"."id", "records"."register", "records"."organisation", "record_links"."target"
  FROM ("records"
  LEFT OUTER JOIN "record_links" ON (("record_links"."source" = "records"."id") AND ("record_links"."property" = $1)))
  WHERE (("records"."organisation" IS NOT NULL) AND ("records"."pos" > $2))
  ORDER BY "records"."pos"
  LIMIT $3;
SELECT "deliveries"."id"
  FROM ("deliveries"
  LEFT OUTER JOIN "changes" ON (("changes"."seq" = "deliveries"."seq") AND (((((("changes"."record_id" = "deliveries"."record_id") AND ("changes"."revision" = "deliveries"."revision")) AND ("changes"."register" = "deliveries"."register")) AND ("changes"."number" = "deliveries"."number")) AND ("changes"."action" = "deliveries"."action")) AND ("changes"."at" = "deliveries"."changed_at"))))
  WHERE ("changes"."seq" IS NULL)
  ORDER BY "deliveries"."id"
  LIMIT $1;
SELECT "webhooks"."id"
  FROM "webhooks"
  WHERE ((("webhooks"."position" > $1) OR ("webhooks"."position" < $2)) OR EXISTS (SELECT "deliveries"."id", "deliveries"."webhook_id", "deliveries"."seq", "deliveries"."register", "deliveries"."record_id", "deliveries"."number", "deliveries"."action", "deliveries"."revision", "deliveries"."changed_at", "deliveries"."state", "deliveries"."attempts", "deliveries"."next_at", "deliveries"."last_status", "deliveries"."last_error", "deliveries"."created_at", "deliveries"."finished_at", "deliveries"."trace"
  FROM "deliveries"
  WHERE (("deliveries"."webhook_id" = "webhooks"."id") AND ("deliveries"."seq" > "webhooks"."position"))))
  ORDER BY "webhooks"."id";
SELECT "__diesel_schema_migrations"."version"
  FROM "__diesel_schema_migrations";
SELECT "access_log"."id", "access_log"."at", "access_log"."subject", "access_log"."client", "access_log"."register", "access_log"."record_id", "access_log"."properties", "access_log"."operation", "access_log"."purpose", "access_log"."request_id", "access_log"."actor_kind", "access_log"."actor_issuer", "access_log"."hash"
  FROM "access_log"
  WHERE ("access_log"."id" > $1)
  ORDER BY "access_log"."id"
  LIMIT $2;

-- erase a title
SELECT "history"."register"
  FROM "history"
  WHERE ("history"."record_id" = $1)
  LIMIT $2;
UPDATE "history"
  SET "changes" = $1, "personal" = $2, "salt" = $3, "value_salt" = $4
  WHERE (("history"."record_id" = $5) AND ("history"."revision" = $6));
SELECT max("history"."revision")
  FROM "history"
  WHERE ("history"."record_id" = $1)
  LIMIT $2;
INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client) SELECT *
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);
SET statement_timeout = 0;
SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT) AS number;
SELECT name, is_passing
  FROM ( SELECT 'the transaction of the process ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') AS name, TRUE AS is_passing, greatest(age(backend_xid), CASE WHEN datname = current_database() THEN age(backend_xmin) END) AS age
  FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND backend_type <> 'walsender'
  UNION ALL SELECT 'the standby ' || application_name, TRUE, age(backend_xmin)
  FROM pg_stat_replication
  UNION ALL SELECT 'the replication slot ' || slot_name, active AND xmin IS NOT NULL, greatest(age(xmin), age(catalog_xmin))
  FROM pg_replication_slots
  UNION ALL SELECT 'the prepared transaction ' || gid, FALSE, age(transaction)
  FROM pg_prepared_xacts ) AS holders
  WHERE age > age(CAST(CAST($1 AS XID8) AS XID))
  ORDER BY 1;
SET lock_timeout = 2000;
SELECT CAST(pg_relation_filenode(CAST($1 AS REGCLASS)) AS BIGINT) AS number;
VACUUM (FULL, ANALYZE) records;
VACUUM (FULL, ANALYZE) records_search;
VACUUM (FULL, ANALYZE) history;
VACUUM (FULL, ANALYZE) tombstones;
VACUUM (FULL, ANALYZE) webhooks;
VACUUM (FULL) pg_catalog.pg_statistic;
CHECKPOINT;

-- search for a common word
SELECT $1 AS place, one.*
  FROM (WITH RECURSIVE found (term) AS ((SELECT word
  FROM records_search
  WHERE word BETWEEN $2 AND $3
  ORDER BY word
  LIMIT 1)
  UNION ALL SELECT (SELECT word
  FROM records_search
  WHERE word > found.term AND word <= $4
  ORDER BY word
  LIMIT 1)
  FROM found
  WHERE found.term IS NOT NULL) SELECT term
  FROM found
  WHERE term IS NOT NULL
  LIMIT $5) AS one;
SELECT found.key
  FROM unnest(string_to_array($1, ' ')) AS sought (word) CROSS JOIN LATERAL (SELECT key
  FROM records_search
  WHERE word = sought.word AND key BETWEEN $2 AND $3
  ORDER BY key DESC
  LIMIT $4) AS found
  ORDER BY key DESC
  LIMIT $5;
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."received_on" = $2))
  ORDER BY "records"."received_on" DESC, "records"."number" DESC
  LIMIT $3;

-- search for a common word, by title
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE ("records"."register" = $1)
  ORDER BY "records"."title_key" DESC, "records"."number" DESC
  LIMIT $2;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM "records"
  WHERE (records.pos = ANY (CAST($1 AS BIGINT[])))
  ORDER BY "records"."title_key" DESC, "records"."number" DESC
  LIMIT $2;
SELECT found.key
  FROM unnest(string_to_array($1, ' ')) AS sought (word) CROSS JOIN LATERAL (SELECT key
  FROM records_search
  WHERE word = sought.word AND key BETWEEN $2 AND $3
  ORDER BY key
  LIMIT $4) AS found
  ORDER BY key
  LIMIT $5;
SELECT "records"."pos", "records"."number", "records"."title"
  FROM "records"
  WHERE (("records"."register" = $1) AND ("records"."title_key", "records"."number") < ($2, $3))
  ORDER BY "records"."title_key" DESC, "records"."number" DESC
  LIMIT $4;

-- search for a common beginning
-- sends nothing else than what stands above.

-- count what a common word finds
SELECT COUNT(*)
  FROM "records"
  WHERE (("records"."register" = $1) AND records.pos IN (SELECT key & 4294967295
  FROM records_search
  WHERE word BETWEEN $2 AND $3 AND key BETWEEN $4 AND $5));
