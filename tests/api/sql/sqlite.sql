-- What is sent to the database; see sql.rs. Each statement stands under what sends it first.
-- Written anew by: UPDATE_SQL=1 cargo test --test api sql::

-- create a public body
BEGIN IMMEDIATE;
SELECT `counters`.`value`
  FROM `counters`
  WHERE (`counters`.`name` = ?)
  LIMIT ?;
SELECT `records`.`id`, `records`.`register`
  FROM `records`
  WHERE ((`records`.`number` IN (?)) OR (`records`.`number_key` IN (?)))
  LIMIT ?;
INSERT INTO records (id, register, number, title, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, due_on, external_system, external_id, external_version, external_url, details, personal, created_at, updated_at, revision, published, number_key, organisation_key, external_given, title_key)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
SELECT `records`.`id`
  FROM `records`
  WHERE ((`records`.`register` IN (?)) AND (`records`.`id` = ?))
  LIMIT ?;
SELECT `records`.`id`
  FROM `records`
  WHERE ((`records`.`register` IN (?)) AND ((`records`.`number` IN (?)) OR (`records`.`number_key` IN (?))))
  LIMIT ?;
SELECT `records`.`id`
  FROM `records`
  WHERE ((`records`.`register` IN (?)) AND (`records`.`organisation_key` = ?))
  LIMIT ?;
SELECT `records`.`id`
  FROM `records`
  WHERE (((`records`.`register` IN (?, ?, ?, ?, ?, ?, ?, ?, ?)) AND (`records`.`organisation_key` = ?)) AND NOT (EXISTS (SELECT `record_links`.`source`, `record_links`.`property`, `record_links`.`target`
  FROM `record_links`
  WHERE ((`record_links`.`source` = `records`.`id`) AND (`record_links`.`property` = ?)))));
SELECT `audit_trail`.`seq`, `audit_trail`.`hash`
  FROM `audit_trail`
  ORDER BY `audit_trail`.`seq` DESC
  LIMIT ?;
INSERT INTO counters (name, value)
  VALUES (?, ?), (?, ?)
  ON CONFLICT (name) DO UPDATE
  SET value = excluded.value;
INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO history (record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest, value_salt, actor_kind, actor_issuer, actor_client)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible, received, closed, days, settled)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) DO UPDATE
  SET received = cube.received + excluded.received, closed = cube.closed + excluded.closed, days = cube.days + excluded.days, settled = cube.settled + excluded.settled;
INSERT INTO changes (seq, record_id, revision, register, number, action, at, trace)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?);
SELECT `records`.`id`, `records`.`pos`
  FROM `records`
  WHERE (`records`.`id` IN (?));
INSERT INTO records_search (rowid, words)
  VALUES (?, ?);
COMMIT;

-- create a case
SELECT `records`.`id`, `records`.`register`
  FROM `records`
  WHERE (`records`.`number` = ?)
  LIMIT ?;
INSERT INTO record_links (source, property, target)
  VALUES (?, ?, ?);

-- create many in one transaction
INSERT INTO records (id, register, number, title, received_on, closed_on, status, responsible, kind, requester, area, channel, filing, role, medium, organisation, due_on, external_system, external_id, external_version, external_url, details, personal, created_at, updated_at, revision, published, number_key, organisation_key, external_given, title_key)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO history (record_id, revision, register, action, at, actor, request_id, changes, personal, salt, personal_digest, value_salt, actor_kind, actor_issuer, actor_client)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO changes (seq, record_id, revision, register, number, action, at, trace)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?);
SELECT `records`.`id`, `records`.`pos`
  FROM `records`
  WHERE (`records`.`id` IN (?, ?, ?));
INSERT INTO records_search (rowid, words)
  VALUES (?, ?), (?, ?), (?, ?);

-- change a case
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`id` = ?) AND (`records`.`register` = ?))
  LIMIT ?;
UPDATE `records`
  SET `title` = ?, `personal` = ?, `revision` = ?, `title_key` = ?
  WHERE ((`records`.`pos` = ?) AND (`records`.`revision` = ?))
  RETURNING `pos`;
INSERT INTO counters (name, value)
  VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE
  SET value = excluded.value;
INSERT INTO records_search (records_search, rowid, words)
  VALUES (?, ?, ?);

-- close a case
UPDATE `records`
  SET `closed_on` = ?, `status` = ?, `personal` = ?, `revision` = ?
  WHERE ((`records`.`pos` = ?) AND (`records`.`revision` = ?))
  RETURNING `pos`;
WITH change (of_period, of_register, of_kind, of_requester, of_area, of_channel, of_filing, of_role, of_medium, of_status, of_responsible, more_received, more_closed, more_days, more_settled) AS (
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) UPDATE cube
  SET received = received + more_received, closed = closed + more_closed, days = days + more_days, settled = settled + more_settled
  FROM change
  WHERE period = of_period AND register = of_register AND kind = of_kind AND requester = of_requester AND area = of_area AND channel = of_channel AND filing = of_filing AND role = of_role AND medium = of_medium AND status = of_status AND responsible = of_responsible
  RETURNING received + closed + days AS remains;
DELETE
  FROM cube
  WHERE received = 0 AND closed = 0 AND days = 0 AND settled = 0 AND (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) IN (
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?));
INSERT INTO cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible, received, closed, days, settled)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) DO UPDATE
  SET received = cube.received + excluded.received, closed = cube.closed + excluded.closed, days = cube.days + excluded.days, settled = cube.settled + excluded.settled;

-- create what another system delivers
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (((`records`.`register` = ?) AND (`records`.`external_system` = ?)) AND (`records`.`external_id` = ?))
  LIMIT ?;
SELECT `tombstones`.`record_id`, `tombstones`.`version`
  FROM `tombstones`
  WHERE ((`tombstones`.`register` = ?) AND ((`tombstones`.`system` = ?) AND (`tombstones`.`external_id` = ?)))
  LIMIT ?;

-- deliver it again
UPDATE `records`
  SET `external_version` = ?, `revision` = ?
  WHERE ((`records`.`pos` = ?) AND (`records`.`revision` = ?))
  RETURNING `pos`;

-- delete a case
SELECT `records`.`id`, `records`.`register`
  FROM `records`
  WHERE (`records`.`id` IN (SELECT `record_links`.`source`
  FROM `record_links`
  WHERE (`record_links`.`target` = ?)))
  LIMIT ?;
DELETE
  FROM `records`
  WHERE ((`records`.`pos` = ?) AND (`records`.`revision` = ?))
  RETURNING `pos`;
WITH change (of_period, of_register, of_kind, of_requester, of_area, of_channel, of_filing, of_role, of_medium, of_status, of_responsible, more_received, more_closed, more_days, more_settled) AS (
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) UPDATE cube
  SET received = received + more_received, closed = closed + more_closed, days = days + more_days, settled = settled + more_settled
  FROM change
  WHERE period = of_period AND register = of_register AND kind = of_kind AND requester = of_requester AND area = of_area AND channel = of_channel AND filing = of_filing AND role = of_role AND medium = of_medium AND status = of_status AND responsible = of_responsible
  RETURNING received + closed + days AS remains;
DELETE
  FROM cube
  WHERE received = 0 AND closed = 0 AND days = 0 AND settled = 0 AND (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) IN (
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?));

-- delete what another system delivered
INSERT INTO `tombstones` (`register`, `system`, `external_id`, `version`, `record_id`)
  VALUES (?, ?, ?, ?, ?);

-- find by id
-- sends nothing else than what stands above.

-- find by number
-- sends nothing else than what stands above.

-- find by external key
-- sends nothing else than what stands above.

-- list by received_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`received_on` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by received_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`received_on`, `records`.`number`) > (?, ?))
  ORDER BY `records`.`received_on` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by -received_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by -received_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`received_on`, `records`.`number`) < (?, ?))
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by closed_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY coalesce(`records`.`closed_on`, '9999-12-31') ASC, `records`.`number` ASC
  LIMIT ?;

-- list by closed_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND ((coalesce(`records`.`closed_on`, '9999-12-31') >= ?) AND ((coalesce(`records`.`closed_on`, '9999-12-31') > ?) OR ((coalesce(`records`.`closed_on`, '9999-12-31') = ?) AND (`records`.`number` > ?)))))
  ORDER BY coalesce(`records`.`closed_on`, '9999-12-31') ASC, `records`.`number` ASC
  LIMIT ?;

-- list by -closed_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY coalesce(`records`.`closed_on`, '9999-12-31') DESC, `records`.`number` DESC
  LIMIT ?;

-- list by -closed_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND ((coalesce(`records`.`closed_on`, '9999-12-31') <= ?) AND ((coalesce(`records`.`closed_on`, '9999-12-31') < ?) OR ((coalesce(`records`.`closed_on`, '9999-12-31') = ?) AND (`records`.`number` < ?)))))
  ORDER BY coalesce(`records`.`closed_on`, '9999-12-31') DESC, `records`.`number` DESC
  LIMIT ?;

-- list by due_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY coalesce(`records`.`due_on`, '9999-12-31') ASC, `records`.`number` ASC
  LIMIT ?;

-- list by due_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND ((coalesce(`records`.`due_on`, '9999-12-31') >= ?) AND ((coalesce(`records`.`due_on`, '9999-12-31') > ?) OR ((coalesce(`records`.`due_on`, '9999-12-31') = ?) AND (`records`.`number` > ?)))))
  ORDER BY coalesce(`records`.`due_on`, '9999-12-31') ASC, `records`.`number` ASC
  LIMIT ?;

-- list by -due_on
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY coalesce(`records`.`due_on`, '9999-12-31') DESC, `records`.`number` DESC
  LIMIT ?;

-- list by -due_on, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND ((coalesce(`records`.`due_on`, '9999-12-31') <= ?) AND ((coalesce(`records`.`due_on`, '9999-12-31') < ?) OR ((coalesce(`records`.`due_on`, '9999-12-31') = ?) AND (`records`.`number` < ?)))))
  ORDER BY coalesce(`records`.`due_on`, '9999-12-31') DESC, `records`.`number` DESC
  LIMIT ?;

-- list by title
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`title_key` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by title, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`title_key`, `records`.`number`) > (?, ?))
  ORDER BY `records`.`title_key` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by -title
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`title_key` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by -title, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`title_key`, `records`.`number`) < (?, ?))
  ORDER BY `records`.`title_key` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by number
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`number` ASC
  LIMIT ?;

-- list by number, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND ((`records`.`number` >= ?) AND (`records`.`number` > ?)))
  ORDER BY `records`.`number` ASC
  LIMIT ?;

-- list by -number
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`number` DESC
  LIMIT ?;

-- list by -number, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND ((`records`.`number` <= ?) AND (`records`.`number` < ?)))
  ORDER BY `records`.`number` DESC
  LIMIT ?;

-- list by created_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`created_at` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by created_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`created_at`, `records`.`number`) > (?, ?))
  ORDER BY `records`.`created_at` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by -created_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`created_at` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by -created_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`created_at`, `records`.`number`) < (?, ?))
  ORDER BY `records`.`created_at` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by updated_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`updated_at` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by updated_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`updated_at`, `records`.`number`) > (?, ?))
  ORDER BY `records`.`updated_at` ASC, `records`.`number` ASC
  LIMIT ?;

-- list by -updated_at
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`updated_at` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by -updated_at, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`updated_at`, `records`.`number`) < (?, ?))
  ORDER BY `records`.`updated_at` DESC, `records`.`number` DESC
  LIMIT ?;

-- list by -received_on,number
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`received_on` DESC, `records`.`number` ASC
  LIMIT ?;

-- list by -received_on,number, next page
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE ((`records`.`register` = ?) AND ((`records`.`received_on` <= ?) AND ((`records`.`received_on` < ?) OR ((`records`.`received_on` = ?) AND (`records`.`number` > ?)))))
  ORDER BY `records`.`received_on` DESC, `records`.`number` ASC
  LIMIT ?;

-- list of all registers
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;

-- search, newest first
BEGIN;
SELECT ? AS place, one.*
  FROM (SELECT doc AS key
  FROM records_words
  WHERE term BETWEEN ? AND ?
  LIMIT ?) AS one;
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE (+records.register = ? AND records.pos IN (SELECT value
  FROM json_each(?)))
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (records.pos IN (SELECT value
  FROM json_each(?)))
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;

-- search, newest first, next page
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE ((+records.register = ? AND records.pos IN (SELECT value
  FROM json_each(?))) AND (`records`.`received_on`, `records`.`number`) < (?, ?))
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;

-- search, oldest first
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE (+records.register = ? AND records.pos IN (SELECT value
  FROM json_each(?)))
  ORDER BY `records`.`received_on` ASC, `records`.`number` ASC
  LIMIT ?;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (records.pos IN (SELECT value
  FROM json_each(?)))
  ORDER BY `records`.`received_on` ASC, `records`.`number` ASC
  LIMIT ?;

-- search, oldest first, next page
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE ((+records.register = ? AND records.pos IN (SELECT value
  FROM json_each(?))) AND (`records`.`received_on`, `records`.`number`) > (?, ?))
  ORDER BY `records`.`received_on` ASC, `records`.`number` ASC
  LIMIT ?;

-- search, by title
SELECT ? AS place, one.*
  FROM (SELECT doc AS key
  FROM records_words
  WHERE term BETWEEN ? AND ?
  LIMIT ?) AS one
  UNION ALL SELECT ? AS place, one.*
  FROM (SELECT doc AS key
  FROM records_words
  WHERE term BETWEEN ? AND ?
  LIMIT ?) AS one;

-- search in all registers
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE (records.pos IN (SELECT value
  FROM json_each(?)))
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;

-- search for what is not there
-- sends nothing else than what stands above.

-- count records of an area
SELECT COUNT(*)
  FROM `records`
  WHERE ((`records`.`area` = ?) AND (`records`.`register` = ?));

-- sum the cube by year
SELECT period, register, '' AS kind, '' AS requester, area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN ? AND ? AND register IN (?, ?, ?, ?, ?)
  GROUP BY period, register, area
  ORDER BY period, register, area;

-- sum the cube by month, of a choice
SELECT period, '' AS register, '' AS kind, '' AS requester, '' AS area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN ? AND ? AND register IN (?)
  GROUP BY period, responsible
  ORDER BY period, responsible;

-- the first month of the cube
SELECT min(`cube`.`period`)
  FROM `cube`
  WHERE (((`cube`.`period` > ?) AND (`cube`.`received` > ?)) AND (`cube`.`register` IN (?, ?)));

-- count by organisation, received
SELECT period, register, '' AS kind, '' AS requester, area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, organisation AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM (SELECT CAST(replace(substr(one.received_on, 1, 7), '-', '') AS INTEGER) AS period, one.register AS register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium, one.status AS status, coalesce(one.responsible, '') AS responsible, '' AS own, CASE WHEN one.organisation IS NULL THEN NULL ELSE coalesce(body.title, 'NOT_IN_REGISTER') END AS organisation, 1 AS received, 0 AS closed, 0 AS days, CASE WHEN substr(one.closed_on, 1, 4) = substr(one.received_on, 1, 4) THEN 1 ELSE 0 END AS settled
  FROM records AS one
  LEFT JOIN record_links ON record_links.source = one.id AND record_links.property = 'organisation'
  LEFT JOIN records AS body ON body.id = record_links.target
  WHERE one.received_on BETWEEN ? AND ?) AS counted
  WHERE period BETWEEN ? AND ? AND register IN (?)
  GROUP BY period, register, area, organisation
  ORDER BY period, register, area, organisation;

-- count by organisation, closed
SELECT period, register, '' AS kind, '' AS requester, area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, organisation AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM (SELECT CAST(replace(substr(one.closed_on, 1, 7), '-', '') AS INTEGER) AS period, one.register AS register, coalesce(one.kind, '') AS kind, coalesce(one.requester, '') AS requester, coalesce(one.area, '') AS area, coalesce(one.channel, '') AS channel, coalesce(one.filing, '') AS filing, coalesce(one.role, '') AS role, coalesce(one.medium, '') AS medium, one.status AS status, coalesce(one.responsible, '') AS responsible, '' AS own, CASE WHEN one.organisation IS NULL THEN NULL ELSE coalesce(body.title, 'NOT_IN_REGISTER') END AS organisation, 0 AS received, 1 AS closed, CAST(julianday(one.closed_on) - julianday(one.received_on) AS INTEGER) AS days, 0 AS settled
  FROM records AS one
  LEFT JOIN record_links ON record_links.source = one.id AND record_links.property = 'organisation'
  LEFT JOIN records AS body ON body.id = record_links.target
  WHERE one.closed_on BETWEEN ? AND ?) AS counted
  WHERE period BETWEEN ? AND ? AND register IN (?)
  GROUP BY period, register, area, organisation
  ORDER BY period, register, area, organisation;

-- durations
SELECT '', CAST(julianday(closed_on) - julianday(received_on) AS INTEGER), 1
  FROM records
  WHERE closed_on BETWEEN ? AND ? AND register IN (?) AND coalesce(area, '') IN (?);
SELECT '', CAST(julianday(?) - julianday(received_on) AS INTEGER), 1
  FROM records
  WHERE received_on <= ? AND closed_on IS NULL AND register IN (?) AND coalesce(area, '') IN (?);
SELECT '', CAST(julianday(?) - julianday(received_on) AS INTEGER), 1
  FROM records
  WHERE received_on <= ? AND closed_on > ? AND register IN (?) AND coalesce(area, '') IN (?);

-- durations by area at the end of a year
SELECT coalesce(area, ''), CAST(julianday(closed_on) - julianday(received_on) AS INTEGER), 1
  FROM records
  WHERE closed_on BETWEEN ? AND ? AND register IN (?) AND coalesce(area, '') IN (?);
SELECT coalesce(area, ''), CAST(julianday(?) - julianday(received_on) AS INTEGER), 1
  FROM records
  WHERE received_on <= ? AND closed_on IS NULL AND register IN (?) AND coalesce(area, '') IN (?);
SELECT coalesce(area, ''), CAST(julianday(?) - julianday(received_on) AS INTEGER), 1
  FROM records
  WHERE received_on <= ? AND closed_on > ? AND substr(closed_on, 1, 4) > substr(received_on, 1, 4) AND register IN (?) AND coalesce(area, '') IN (?);

-- durations in working days
SELECT coalesce(register, ''), received_on, closed_on, 1
  FROM records
  WHERE closed_on BETWEEN ? AND ? AND register IN (?) AND coalesce(area, '') IN (?);
SELECT coalesce(register, ''), received_on, ?, 1
  FROM records
  WHERE received_on <= ? AND closed_on IS NULL AND register IN (?) AND coalesce(area, '') IN (?);
SELECT coalesce(register, ''), received_on, ?, 1
  FROM records
  WHERE received_on <= ? AND closed_on > ? AND substr(closed_on, 1, 4) > substr(received_on, 1, 4) AND register IN (?) AND coalesce(area, '') IN (?);

-- activities
SELECT min(`cube`.`period`)
  FROM `cube`
  WHERE (((`cube`.`period` > ?) AND (`cube`.`received` > ?)) AND (`cube`.`register` IN (?, ?, ?, ?, ?)));
SELECT period, register, '' AS kind, '' AS requester, '' AS area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN ? AND ? AND register IN (?, ?, ?, ?, ?)
  GROUP BY period, register
  ORDER BY period, register;
SELECT period, register, '' AS kind, '' AS requester, '' AS area, '' AS channel, '' AS filing, '' AS role, '' AS medium, '' AS status, '' AS responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN ? AND ? AND register IN (?)
  GROUP BY period, register
  ORDER BY period, register;
SELECT CAST(substr(received_on, 1, 4) AS INTEGER) AS year, count(*) AS first, count(json_extract(finding.value, '$.implemented_on')) AS second, CAST(0 AS BIGINT) AS third
  FROM records, json_each(details, '$.findings') AS finding
  WHERE register = 'audits' AND received_on BETWEEN ? AND ?
  GROUP BY 1;
SELECT year, kind, count(*) AS events, CAST(coalesce(sum(people), 0) AS BIGINT) AS participants, count(people) AS known
  FROM (SELECT CAST(substr(received_on, 1, 4) AS INTEGER) AS year, coalesce(kind, '') AS kind, CAST(json_extract(details, '$.participants') AS BIGINT) AS people
  FROM records
  WHERE register = 'events' AND received_on BETWEEN ? AND ?) AS held
  GROUP BY year, kind;

-- topics of media requests
SELECT trim(json_extract(details, '$.topic')) AS topic, count(*) AS number
  FROM records
  WHERE register = 'media-requests' AND received_on BETWEEN ? AND ?
  GROUP BY 1;

-- the change feed
SELECT `audit_trail`.`seq`, `audit_trail`.`hash`
  FROM `audit_trail`
  WHERE (((`audit_trail`.`subject` = ?) AND (`audit_trail`.`kind` = ?)) AND (`audit_trail`.`action` = ?));
SELECT min(`changes`.`seq`)
  FROM `changes`
  LIMIT ?;
SELECT `changes`.`seq`, `changes`.`register`, `changes`.`record_id`, `changes`.`number`, `changes`.`action`, `changes`.`revision`, `changes`.`at`, `changes`.`trace`, `history`.`request_id`
  FROM (`changes`
  LEFT OUTER JOIN `history` ON ((`history`.`record_id` = `changes`.`record_id`) AND (`history`.`revision` = `changes`.`revision`)))
  WHERE ((`changes`.`seq` > ?) AND (`changes`.`register` = ?))
  ORDER BY `changes`.`seq`
  LIMIT ?;

-- make deliveries of the change feed
SELECT `deliveries`.`created_at`
  FROM `deliveries`
  WHERE (`deliveries`.`id` < ?)
  ORDER BY `deliveries`.`id` DESC
  LIMIT ?;
SELECT `webhooks`.`id`, `webhooks`.`url`, `webhooks`.`registers`, `webhooks`.`active`, `webhooks`.`secret`, `webhooks`.`former_secret`, `webhooks`.`former_until`, `webhooks`.`position`, `webhooks`.`created_at`, `webhooks`.`created_by`, `webhooks`.`client`
  FROM `webhooks`
  ORDER BY `webhooks`.`id`;
SAVEPOINT diesel_savepoint_1;
SELECT `changes`.`seq`, `changes`.`register`, `changes`.`record_id`, `changes`.`number`, `changes`.`action`, `changes`.`revision`, `changes`.`at`, `changes`.`trace`, `history`.`request_id`
  FROM (`changes`
  LEFT OUTER JOIN `history` ON ((`history`.`record_id` = `changes`.`record_id`) AND (`history`.`revision` = `changes`.`revision`)))
  WHERE (`changes`.`seq` > ?)
  ORDER BY `changes`.`seq`
  LIMIT ?;
SELECT `changes`.`seq`, `changes`.`register`, `changes`.`record_id`, `changes`.`number`, `changes`.`action`, `changes`.`revision`, `changes`.`at`, `changes`.`trace`, `history`.`request_id`
  FROM (`changes`
  LEFT OUTER JOIN `history` ON ((`history`.`record_id` = `changes`.`record_id`) AND (`history`.`revision` = `changes`.`revision`)))
  WHERE (`changes`.`seq` = ?)
  LIMIT ?;
RELEASE SAVEPOINT diesel_savepoint_1;
INSERT INTO deliveries (id, webhook_id, seq, register, record_id, number, action, revision, changed_at, state, attempts, next_at, last_status, last_error, created_at, finished_at, trace)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
UPDATE `webhooks`
  SET `position` = ?
  WHERE (`webhooks`.`id` = ?);

-- make deliveries when all that were made are old
DELETE
  FROM `deliveries`
  WHERE ((`deliveries`.`id` < ?) AND (`deliveries`.`state` = ?));

-- record a disclosure 500 days ago
SELECT `access_log`.`at`
  FROM `access_log`
  ORDER BY `access_log`.`id`
  LIMIT ?;
SELECT `access_log_ends`.`id`, `access_log_ends`.`at`, `access_log_ends`.`hash`
  FROM `access_log_ends`
  WHERE (`access_log_ends`.`name` = ?)
  LIMIT ?;
INSERT INTO access_log (id, at, subject, client, register, record_id, properties, operation, purpose, request_id, hash, actor_kind, actor_issuer)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO access_log_ends (name, id, at, hash)
  VALUES (?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE
  SET id = excluded.id, at = excluded.at, hash = excluded.hash;

-- record a disclosure 8 days ago
SELECT `access_log`.`at`
  FROM `access_log`
  WHERE (`access_log`.`at` <= ?)
  ORDER BY `access_log`.`at` DESC
  LIMIT ?;
SELECT `access_log`.`id`
  FROM `access_log`
  WHERE (`access_log`.`at` >= ?)
  ORDER BY `access_log`.`id`
  LIMIT ?;
SELECT `access_log`.`id`, `access_log`.`at`, `access_log`.`hash`
  FROM `access_log`
  WHERE (`access_log`.`id` < ?)
  ORDER BY `access_log`.`id` DESC
  LIMIT ?;

-- record a disclosure 0 days ago
DELETE
  FROM `access_log`
  WHERE (`access_log`.`id` < ?);

-- prove the database
PRAGMA integrity_check(5);
SELECT `own_sets`.`number`, `own_sets`.`dimensions`
  FROM `own_sets`;
SELECT `own_entered`.`pos`
  FROM `own_entered`
  WHERE (`own_entered`.`id` = ?)
  LIMIT ?;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`pos` > ?)
  ORDER BY `records`.`pos`
  LIMIT ?;
SELECT period, register, kind, requester, area, channel, filing, role, medium, status, responsible, '' AS own, CAST(NULL AS TEXT) AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled
  FROM cube
  WHERE period BETWEEN ? AND ? AND register IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  GROUP BY period, register, kind, requester, area, channel, filing, role, medium, status, responsible
  ORDER BY period, register, kind, requester, area, channel, filing, role, medium, status, responsible;
SELECT COUNT(*)
  FROM `own_entered`
  WHERE (`own_entered`.`id` != ?);
SELECT period, register, kind, requester, area, channel, filing, role, medium, '' AS status, '' AS responsible, counts
  FROM own_cells;
SELECT `own_held`.`register`, `own_held`.`name`, `own_held`.`value`, `own_held`.`records`
  FROM `own_held`;
SELECT `records`.`pos`, `records`.`register`, `records`.`received_on`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE (`records`.`pos` > ?)
  ORDER BY `records`.`pos`
  LIMIT ?;
SELECT rowid AS key
  FROM records_search
  WHERE records_search MATCH ?;
SELECT count(*) AS key
  FROM records_words;
SELECT `audit_trail`.`seq`, `audit_trail`.`at`, `audit_trail`.`actor`, `audit_trail`.`actor_kind`, `audit_trail`.`actor_issuer`, `audit_trail`.`actor_client`, `audit_trail`.`request_id`, `audit_trail`.`kind`, `audit_trail`.`action`, `audit_trail`.`subject`, `audit_trail`.`revision`, `audit_trail`.`digest`, `audit_trail`.`hash`
  FROM `audit_trail`
  WHERE (`audit_trail`.`seq` > ?)
  ORDER BY `audit_trail`.`seq`
  LIMIT ?;
SELECT `counters`.`name`, `counters`.`value`
  FROM `counters`
  ORDER BY `counters`.`name`;
SELECT DISTINCT `history`.`record_id`
  FROM `history`
  WHERE (`history`.`record_id` > ?)
  ORDER BY `history`.`record_id`
  LIMIT ?;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (`records`.`id` IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?));
SELECT `history`.`record_id`, `history`.`revision`, `history`.`register`, `history`.`action`, `history`.`at`, `history`.`actor`, `history`.`actor_kind`, `history`.`actor_issuer`, `history`.`actor_client`, `history`.`request_id`, `history`.`changes`, `history`.`personal`, `history`.`salt`, `history`.`personal_digest`, `history`.`value_salt`
  FROM `history`
  WHERE (`history`.`record_id` IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))
  ORDER BY `history`.`record_id`, `history`.`revision`;
SELECT `audit_trail`.`seq`, `audit_trail`.`at`, `audit_trail`.`actor`, `audit_trail`.`actor_kind`, `audit_trail`.`actor_issuer`, `audit_trail`.`actor_client`, `audit_trail`.`request_id`, `audit_trail`.`kind`, `audit_trail`.`action`, `audit_trail`.`subject`, `audit_trail`.`revision`, `audit_trail`.`digest`, `audit_trail`.`hash`
  FROM `audit_trail`
  WHERE ((`audit_trail`.`subject` IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) AND (`audit_trail`.`kind` IN (?, ?)))
  ORDER BY `audit_trail`.`seq`;
SELECT `changes`.`record_id`, `changes`.`revision`, `changes`.`register`, `changes`.`number`, `changes`.`action`, `changes`.`at`
  FROM `changes`
  WHERE (`changes`.`record_id` IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))
  ORDER BY `changes`.`seq`;
SELECT `record_links`.`source`, `record_links`.`property`, `record_links`.`target`
  FROM `record_links`
  WHERE (`record_links`.`source` IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))
  ORDER BY `record_links`.`property`, `record_links`.`target`;
SELECT `own_keys`.`record_id`, `own_keys`.`register`, `own_keys`.`property`, `own_keys`.`value`
  FROM `own_keys`
  WHERE (`own_keys`.`record_id` IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?));
SELECT COUNT(*)
  FROM `records`;
SELECT COUNT(*)
  FROM `record_links`;
SELECT COUNT(*)
  FROM `own_keys`;
SELECT COUNT(*)
  FROM `own_values`;
SELECT COUNT(*)
  FROM `own_numbers`;
SELECT `changes`.`seq`, `changes`.`record_id`, `changes`.`action`, `changes`.`register`, `history`.`action`, `history`.`register`
  FROM (`changes`
  LEFT OUTER JOIN `history` ON ((`history`.`record_id` = `changes`.`record_id`) AND (`history`.`revision` = `changes`.`revision`)))
  WHERE (`changes`.`seq` > ?)
  ORDER BY `changes`.`seq`
  LIMIT ?;
SELECT COUNT(*)
  FROM `changes`;
SELECT COUNT(*)
  FROM `history`;
SELECT `tombstones`.`register`, `tombstones`.`system`, `tombstones`.`external_id`, `tombstones`.`version`, `tombstones`.`record_id`
  FROM `tombstones`;
SELECT `published`.`layout`, `published`.`year`, `published`.`version`, `published`.`figures`, `published`.`developments`, `published`.`lines`, `published`.`provisional`, `published`.`published_on`, `published`.`source`, `published`.`from_live`, `published`.`seq`, `published`.`actor`, `published`.`request_id`, `published`.`at`
  FROM `published`
  WHERE (`published`.`year` BETWEEN ? AND ?)
  ORDER BY `published`.`layout`, `published`.`year`, `published`.`version`;
SELECT `clients`.`id`, `clients`.`name`, `clients`.`secret_hash`, `clients`.`scopes`, `clients`.`registers`, `clients`.`created_at`, `clients`.`created_by`, `clients`.`revoked_at`
  FROM `clients`
  ORDER BY `clients`.`id`;
SELECT `calendar_feeds`.`id`, `calendar_feeds`.`secret_hash`, `calendar_feeds`.`titles`, `calendar_feeds`.`responsible`, `calendar_feeds`.`account`, `calendar_feeds`.`client`, `calendar_feeds`.`registers`, `calendar_feeds`.`created_at`, `calendar_feeds`.`expires_at`
  FROM `calendar_feeds`
  ORDER BY `calendar_feeds`.`id`;
SELECT `sync_states`.`system`
  FROM `sync_states`;
SELECT DISTINCT `sync_pending`.`system`
  FROM `sync_pending`;
SELECT `year_figures`.`kind`, `year_figures`.`year`, `year_figures`.`body`, `year_figures`.`actor`, `year_figures`.`request_id`, `year_figures`.`at`
  FROM `year_figures`
  ORDER BY `year_figures`.`kind`, `year_figures`.`year`;
SELECT `entered_figures`.`layout`, `entered_figures`.`year`, `entered_figures`.`version`, `entered_figures`.`figures`, `entered_figures`.`actor`, `entered_figures`.`request_id`, `entered_figures`.`at`
  FROM `entered_figures`
  ORDER BY `entered_figures`.`layout`, `entered_figures`.`year`, `entered_figures`.`version`;
SELECT `registers`.`name`
  FROM `registers`
  ORDER BY `registers`.`name`;
SELECT `service_keys`.`name`
  FROM `service_keys`
  WHERE (`service_keys`.`name` != ?);
SELECT `service_keys`.`sealed`
  FROM `service_keys`
  WHERE (`service_keys`.`name` = ?)
  LIMIT ?;
SELECT `records`.`title`, `records`.`id`
  FROM `records`
  WHERE (`records`.`register` IN (?));
SELECT `records`.`pos`, `records`.`id`, `records`.`register`, `records`.`organisation`, `record_links`.`target`
  FROM (`records`
  LEFT OUTER JOIN `record_links` ON ((`record_links`.`source` = `records`.`id`) AND (`record_links`.`property` = ?)))
  WHERE ((`records`.`organisation` IS NOT NULL) AND (`records`.`pos` > ?))
  ORDER BY `records`.`pos`
  LIMIT ?;
SELECT `deliveries`.`id`
  FROM (`deliveries`
  LEFT OUTER JOIN `changes` ON ((`changes`.`seq` = `deliveries`.`seq`) AND ((((((`changes`.`record_id` = `deliveries`.`record_id`) AND (`changes`.`revision` = `deliveries`.`revision`)) AND (`changes`.`register` = `deliveries`.`register`)) AND (`changes`.`number` = `deliveries`.`number`)) AND (`changes`.`action` = `deliveries`.`action`)) AND (`changes`.`at` = `deliveries`.`changed_at`))))
  WHERE (`changes`.`seq` IS NULL)
  ORDER BY `deliveries`.`id`
  LIMIT ?;
SELECT `webhooks`.`id`
  FROM `webhooks`
  WHERE (((`webhooks`.`position` > ?) OR (`webhooks`.`position` < ?)) OR EXISTS (SELECT `deliveries`.`id`, `deliveries`.`webhook_id`, `deliveries`.`seq`, `deliveries`.`register`, `deliveries`.`record_id`, `deliveries`.`number`, `deliveries`.`action`, `deliveries`.`revision`, `deliveries`.`changed_at`, `deliveries`.`state`, `deliveries`.`attempts`, `deliveries`.`next_at`, `deliveries`.`last_status`, `deliveries`.`last_error`, `deliveries`.`created_at`, `deliveries`.`finished_at`, `deliveries`.`trace`
  FROM `deliveries`
  WHERE ((`deliveries`.`webhook_id` = `webhooks`.`id`) AND (`deliveries`.`seq` > `webhooks`.`position`))))
  ORDER BY `webhooks`.`id`;
SELECT `__diesel_schema_migrations`.`version`
  FROM `__diesel_schema_migrations`;
SELECT `access_log`.`id`, `access_log`.`at`, `access_log`.`subject`, `access_log`.`client`, `access_log`.`register`, `access_log`.`record_id`, `access_log`.`properties`, `access_log`.`operation`, `access_log`.`purpose`, `access_log`.`request_id`, `access_log`.`actor_kind`, `access_log`.`actor_issuer`, `access_log`.`hash`
  FROM `access_log`
  WHERE (`access_log`.`id` > ?)
  ORDER BY `access_log`.`id`
  LIMIT ?;

-- erase a title
SELECT `history`.`register`
  FROM `history`
  WHERE (`history`.`record_id` = ?)
  LIMIT ?;
SELECT `history`.`record_id`, `history`.`revision`, `history`.`register`, `history`.`action`, `history`.`at`, `history`.`actor`, `history`.`actor_kind`, `history`.`actor_issuer`, `history`.`actor_client`, `history`.`request_id`, `history`.`changes`, `history`.`personal`, `history`.`salt`, `history`.`personal_digest`, `history`.`value_salt`
  FROM `history`
  WHERE (`history`.`record_id` IN (?))
  ORDER BY `history`.`record_id`, `history`.`revision`;
UPDATE `history`
  SET `changes` = ?, `personal` = ?, `salt` = ?, `value_salt` = ?
  WHERE ((`history`.`record_id` = ?) AND (`history`.`revision` = ?));
SELECT max(`history`.`revision`)
  FROM `history`
  WHERE (`history`.`record_id` = ?)
  LIMIT ?;
INSERT INTO audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash, actor_kind, actor_issuer, actor_client)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO records_search (records_search)
  VALUES ('optimize');
PRAGMA wal_checkpoint(TRUNCATE);

-- search for a common word
SELECT ? AS place, one.*
  FROM (WITH RECURSIVE found (term) AS (SELECT (SELECT term
  FROM records_words
  WHERE term BETWEEN ? AND ?
  LIMIT 1)
  UNION ALL SELECT (SELECT term
  FROM records_words
  WHERE term BETWEEN found.term || '!' AND ?
  LIMIT 1)
  FROM found
  WHERE found.term IS NOT NULL) SELECT term
  FROM found
  WHERE term IS NOT NULL
  LIMIT ?) AS one;
SELECT rowid AS key
  FROM records_search
  WHERE records_search MATCH ? AND rowid BETWEEN ? AND ?
  ORDER BY rowid DESC
  LIMIT ?;
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`received_on` = ?))
  ORDER BY `records`.`received_on` DESC, `records`.`number` DESC
  LIMIT ?;

-- search for a common word, by title
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE (`records`.`register` = ?)
  ORDER BY `records`.`title_key` DESC, `records`.`number` DESC
  LIMIT ?;
SELECT records.pos, records.id, records.register, records.number, records.title, records.received_on, records.closed_on, records.status, records.responsible, records.kind, records.requester, records.area, records.channel, records.filing, records.role, records.medium, records.organisation, records.due_on, records.published, records.external_system, records.external_id, records.external_version, records.external_url, records.details, records.personal, records.created_at, records.updated_at, records.revision, records.number_key, records.organisation_key, records.external_given, records.title_key
  FROM `records`
  WHERE (records.pos IN (SELECT value
  FROM json_each(?)))
  ORDER BY `records`.`title_key` DESC, `records`.`number` DESC
  LIMIT ?;
SELECT rowid AS key
  FROM records_search
  WHERE records_search MATCH ? AND rowid BETWEEN ? AND ?
  ORDER BY rowid
  LIMIT ?;
SELECT `records`.`pos`, `records`.`number`, `records`.`title`
  FROM `records`
  WHERE ((`records`.`register` = ?) AND (`records`.`title_key`, `records`.`number`) < (?, ?))
  ORDER BY `records`.`title_key` DESC, `records`.`number` DESC
  LIMIT ?;

-- search for a common beginning
-- sends nothing else than what stands above.

-- count what a common word finds
SELECT COUNT(*)
  FROM `records`
  WHERE ((`records`.`register` = ?) AND records.pos IN (SELECT rowid & 4294967295
  FROM records_search
  WHERE records_search MATCH ? AND rowid BETWEEN ? AND ?));
