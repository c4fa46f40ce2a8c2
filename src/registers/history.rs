//! What happened to a record: every change with who, when and what, also after the record is gone.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::record::{self, Columns, Document, instant};
use super::{Register, personal};
use crate::audit::trail;
use crate::db::schema::history;
use crate::db::{Db, Later, catch_up, insert, later};
use crate::error::{Error, Result};
use crate::seal::{Keys, Place};

record::vocabulary! {
    /// What was done to a record.
    Action { Created = "CREATED", Updated = "UPDATED", Deleted = "DELETED" }
}

impl Action {
    fn as_str(self) -> &'static str {
        Self::VALUES[self as usize]
    }
}

/// Who changes something, when, and in which request.
#[derive(Clone, Debug)]
pub struct Act {
    /// The token's subject.
    pub actor: String,
    /// The request id.
    pub request_id: String,
    /// When.
    pub at: NaiveDateTime,
    /// What personal data is sealed with.
    pub keys: Keys,
    /// The registers that who acts is bound to; none for all of them.
    pub registers: Option<Vec<String>>,
}

impl Act {
    /// Whether who acts may learn what the register holds.
    pub fn may(&self, register: &str) -> bool {
        self.registers.as_ref().is_none_or(|registers| registers.iter().any(|name| name == register))
    }
}

/// The change of one property.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PropertyChange {
    /// The property; a dot leads into an object.
    #[schema(example = "requester.type")]
    pub property: String,
    /// What it said before; null when it was not there.
    #[serde(default)]
    pub old: Value,
    /// What it says now; null when it is not there any more.
    #[serde(default)]
    pub new: Value,
}

/// One entry of a record's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// The revision that the change made.
    pub revision: i64,
    /// What was done.
    #[schema(value_type = Action)]
    pub action: String,
    /// When, in UTC.
    #[schema(format = "date-time", example = "2017-03-14T09:30:00Z")]
    pub at: String,
    /// Who: the subject of the access token.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// The properties that changed; personal data only with the scope `personal:read`.
    pub changes: Vec<PropertyChange>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = history)]
struct HistoryRow {
    record_id: String,
    revision: i64,
    register: String,
    action: String,
    at: NaiveDateTime,
    actor: String,
    request_id: String,
    changes: String,
    personal: Option<String>,
    salt: Option<String>,
    personal_digest: Option<String>,
}

impl Later for HistoryRow {
    const RANK: u8 = 2;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        const INTO: &str = "history (record_id, revision, register, action, at, actor, request_id, \
                changes, personal, salt, personal_digest)";
        insert(db, INTO, rows, |values, row| {
            let values = values.bind::<Text, _>(&row.record_id).bind::<BigInt, _>(row.revision);
            let values = values.bind::<Text, _>(&row.register).bind::<Text, _>(&row.action);
            let values = values.bind::<Timestamp, _>(row.at).bind::<Text, _>(&row.actor);
            let values = values.bind::<Text, _>(&row.request_id).bind::<Text, _>(&row.changes);
            let values = values.bind::<Nullable<Text>, _>(&row.personal).bind::<Nullable<Text>, _>(&row.salt);
            values.bind::<Nullable<Text>, _>(&row.personal_digest)
        })
    }
}

/// The counter of the change feed.
const FEED: &str = "changes";

/// An entry of the change feed.
struct ChangeRow {
    seq: i64,
    record_id: String,
    revision: i64,
    register: String,
    number: String,
    action: String,
    at: NaiveDateTime,
}

impl Later for ChangeRow {
    const RANK: u8 = 3;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        const INTO: &str = "changes (seq, record_id, revision, register, number, action, at)";
        insert(db, INTO, rows, |values, row| {
            let values = values.bind::<BigInt, _>(row.seq).bind::<Text, _>(&row.record_id);
            let values = values.bind::<BigInt, _>(row.revision).bind::<Text, _>(&row.register);
            let values = values.bind::<Text, _>(&row.number).bind::<Text, _>(&row.action);
            values.bind::<Timestamp, _>(row.at)
        })
    }
}

impl HistoryRow {
    /// With the personal data that changed, sealed, and a digest of it whose salt goes when the data is erased: then
    /// nobody can find out by trying what it was. The salt is sealed too, for the same reason.
    fn with_personal_data(mut self, changes: &[PropertyChange], keys: &Keys) -> Result<Self> {
        if changes.is_empty() {
            return Ok(self);
        }
        let salt = uuid::Uuid::new_v4().simple().to_string();
        self.personal_digest = Some(trail::digest(&[&salt, &written(changes)?]));
        let values = changes.iter().map(|change| (change.property.clone(), json!([change.old, change.new])));
        self.personal = Some(keys.seal(Place::Change(&self.record_id, self.revision), values)?);
        let salt = [("salt".to_owned(), Value::from(salt))];
        self.salt = Some(keys.seal(Place::Salt(&self.record_id, self.revision), salt)?);
        Ok(self)
    }

    /// What the audit trail holds of the change.
    fn digest(&self) -> String {
        let at = self.at.and_utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        trail::digest(&[
            &self.record_id,
            &self.revision.to_string(),
            &self.register,
            &self.action,
            &at,
            &self.actor,
            &self.request_id,
            &self.changes,
            self.personal_digest.as_deref().unwrap_or(""),
        ])
    }

    /// Whether the personal data, where it has not been erased, is what its digest says. What does not open was altered.
    fn is_sound(&self, keys: &Keys) -> Result<bool> {
        let Some(digest) = &self.personal_digest else { return Ok(self.personal.is_none() && self.salt.is_none()) };
        let Some(sealed) = &self.salt else { return Ok(self.personal.is_none()) };
        let opened = keys.open(Place::Salt(&self.record_id, self.revision), sealed);
        let (salt, personal) = match (opened, self.personal_changes(keys)) {
            (Ok(salt), Ok(personal)) => (salt, personal),
            (Err(error @ Error::Configuration(_)), _) | (_, Err(error @ Error::Configuration(_))) => return Err(error),
            _ => return Ok(false),
        };
        let salt = salt.get("salt").and_then(Value::as_str).unwrap_or_default();
        Ok(trail::digest(&[salt, &written(&personal)?]) == *digest)
    }

    fn personal_changes(&self, keys: &Keys) -> Result<Vec<PropertyChange>> {
        let Some(sealed) = &self.personal else { return Ok(Vec::new()) };
        let opened = keys.open(Place::Change(&self.record_id, self.revision), sealed)?;
        let change = |(property, mut pair): (String, Value)| {
            let (old, new) = (pair[0].take(), pair[1].take());
            PropertyChange { property, old, new }
        };
        Ok(opened.into_iter().map(change).collect())
    }

    /// All that changed; without keys, without personal data.
    fn changes(&self, keys: Option<&Keys>) -> Result<Vec<PropertyChange>> {
        let mut changes = reading(&self.changes)?;
        if let Some(keys) = keys {
            changes.extend(self.personal_changes(keys)?);
        }
        Ok(changes)
    }
}

fn written(changes: &[PropertyChange]) -> Result<String> {
    serde_json::to_string(changes).map_err(|error| Error::Internal(error.to_string()))
}

fn reading(json: &str) -> Result<Vec<PropertyChange>> {
    serde_json::from_str(json).map_err(|error| Error::Internal(format!("unreadable history: {error}")))
}

/// What a change concerns.
pub struct Subject<'a> {
    /// The record's register.
    pub register: &'a Register,
    /// The record's id.
    pub id: &'a str,
    /// The record's number.
    pub number: &'a str,
    /// The revision that the change makes.
    pub revision: i64,
}

/// Appends a change to the history and to the change feed.
pub fn append(db: &mut Db, of: &Subject, action: Action, before: &Document, after: &Document, by: &Act) -> Result<()> {
    let all = record::differences(before, after).into_iter().map(|(property, old, new)| PropertyChange {
        property,
        old,
        new,
    });
    let (personal, open): (Vec<_>, Vec<_>) = all.partition(|change| personal::is_personal(&change.property));
    let row = HistoryRow {
        record_id: of.id.to_owned(),
        revision: of.revision,
        register: of.register.name.to_owned(),
        action: action.as_str().to_owned(),
        at: by.at,
        actor: by.actor.clone(),
        request_id: by.request_id.clone(),
        changes: written(&open)?,
        personal: None,
        salt: None,
        personal_digest: None,
    };
    let row = row.with_personal_data(&personal, &by.keys)?;
    let entry = trail::Entry {
        kind: trail::Kind::Record,
        action: &row.action,
        subject: &row.record_id,
        revision: Some(row.revision),
        digest: row.digest(),
    };
    trail::append(db, &entry, by)?;
    let entry = ChangeRow {
        seq: super::numbers::next(db, FEED)?,
        record_id: row.record_id.clone(),
        revision: row.revision,
        register: row.register.clone(),
        number: of.number.to_owned(),
        action: row.action.clone(),
        at: row.at,
    };
    later(row);
    later(entry);
    Ok(())
}

/// The place of the last entry of the change feed; 0 before the first.
pub fn end_of_feed(db: &mut Db) -> Result<i64> {
    super::numbers::current(db, FEED)
}

/// Entries of a record's history after a revision, oldest first; personal data to who has the keys. Fails when there
/// has never been such a record.
pub fn list(
    db: &mut Db,
    register: &Register,
    id: &str,
    after: i64,
    limit: i64,
    keys: Option<&Keys>,
) -> Result<Vec<Entry>> {
    let of_record = history::table.filter(history::record_id.eq(id)).filter(history::register.eq(register.name));
    let rows: Vec<HistoryRow> = of_record
        .filter(history::revision.gt(after))
        .order(history::revision)
        .limit(limit)
        .select(HistoryRow::as_select())
        .load(db)?;
    if rows.is_empty() && after == 0 {
        return Err(register.not_found(id));
    }
    rows.into_iter()
        .map(|row| {
            let mut changes = row.changes(keys)?;
            changes.sort_by(|a, b| a.property.cmp(&b.property));
            let HistoryRow { revision, action, actor, request_id, .. } = row;
            Ok(Entry { revision, action, at: instant(row.at), actor, request_id, changes })
        })
        .collect()
}

/// The digests of changes for the audit trail, by record and revision; an empty one where the personal data was altered.
pub fn digests(db: &mut Db, of: &[(String, i64)], keys: &Keys) -> Result<BTreeMap<(String, i64), String>> {
    let ids: Vec<&str> = of.iter().map(|(id, _)| id.as_str()).collect();
    let revisions: Vec<i64> = of.iter().map(|(_, revision)| *revision).collect();
    let rows: Vec<HistoryRow> = history::table
        .filter(history::record_id.eq_any(ids))
        .filter(history::revision.eq_any(revisions))
        .select(HistoryRow::as_select())
        .load(db)?;
    let entry = |row: HistoryRow| {
        let digest = if row.is_sound(keys)? { row.digest() } else { String::new() };
        Ok(((row.record_id, row.revision), digest))
    };
    rows.into_iter().map(entry).collect()
}

/// Takes the personal data and its salts out of a record's history; false when there is none.
pub fn erase(db: &mut Db, id: &str) -> Result<bool> {
    catch_up(db)?;
    let of_record = history::table.filter(history::record_id.eq(id)).filter(history::personal.is_not_null());
    let nothing: Option<String> = None;
    let erased =
        diesel::update(of_record).set((history::personal.eq(&nothing), history::salt.eq(&nothing))).execute(db)?;
    Ok(erased > 0)
}

/// Who made a revision of a record.
pub fn actor(db: &mut Db, id: &str, revision: i64) -> Result<Option<String>> {
    catch_up(db)?;
    Ok(history::table.find((id, revision)).select(history::actor).first(db).optional()?)
}

/// What a revision of a record changed, personal data aside.
pub fn open_changes(db: &mut Db, id: &str, revision: i64) -> Result<Vec<PropertyChange>> {
    catch_up(db)?;
    reading(&history::table.find((id, revision)).select(history::changes).first::<String>(db)?)
}

/// When a record was created, and as what document.
pub fn first(db: &mut Db, register: &Register, id: &str, keys: &Keys) -> Result<(NaiveDateTime, Document)> {
    catch_up(db)?;
    let row: HistoryRow = history::table
        .find((id, 1))
        .filter(history::register.eq(register.name))
        .select(HistoryRow::as_select())
        .first(db)
        .optional()?
        .ok_or_else(|| register.not_found(id))?;
    let changes = row.changes(Some(keys))?;
    Ok((row.at, document(changes.into_iter().map(|change| (change.property, change.new)))))
}

/// The record that a revision made, without its personal data; `None` when it deleted it.
pub fn at_revision(db: &mut Db, register: &Register, id: &str, revision: i64) -> Result<Option<Columns>> {
    let rows: Vec<HistoryRow> = history::table
        .filter(history::record_id.eq(id))
        .filter(history::revision.le(revision))
        .order(history::revision)
        .select(HistoryRow::as_select())
        .load(db)?;
    let Some(last) = rows.last().filter(|row| row.action != Action::Deleted.as_str()) else { return Ok(None) };
    let at = last.at;
    let mut state = Flat::new();
    for row in &rows {
        state.extend(row.changes(None)?.into_iter().map(|change| (change.property, change.new)));
    }
    state.retain(|_, value| !value.is_null());
    Ok(Some(Columns::without_personal_data(register, id.to_owned(), document(state), at)?))
}

/// A document from properties with dots between the parts of an object.
fn document(flat: impl IntoIterator<Item = (String, Value)>) -> Document {
    let mut document = Document::new();
    for (property, value) in flat {
        match property.split_once('.') {
            None => {
                document.insert(property, value);
            }
            Some((name, part)) => {
                let inner = document.entry(name).or_insert_with(|| Value::Object(Document::new()));
                if let Value::Object(inner) = inner {
                    inner.insert(part.to_owned(), value);
                }
            }
        }
    }
    document
}

/// Where the history of a record ends: the revision, and the state with dots between the parts of an object; none when
/// the record was deleted. `Err` says what does not fit together.
pub type Replayed = std::result::Result<(i64, Option<Flat>), String>;

/// Replays the histories of records; one that has none ends before its first revision.
pub fn replay(db: &mut Db, ids: &[&str], keys: &Keys) -> Result<BTreeMap<String, Replayed>> {
    let rows: Vec<HistoryRow> = history::table
        .filter(history::record_id.eq_any(ids))
        .order((history::record_id, history::revision))
        .select(HistoryRow::as_select())
        .load(db)?;
    let mut all: BTreeMap<String, Replayed> = ids.iter().map(|id| (id.to_string(), Ok((0, None)))).collect();
    for of_record in rows.chunk_by(|one, other| one.record_id == other.record_id) {
        let replayed = match replay_one(of_record, keys) {
            Err(Error::Internal(difference)) => Err(difference),
            replayed => replayed?,
        };
        all.extend(of_record.first().map(|row| (row.record_id.clone(), replayed)));
    }
    Ok(all)
}

fn replay_one(rows: &[HistoryRow], keys: &Keys) -> Result<Replayed> {
    let mut state = Flat::new();
    let mut revision = 0;
    let mut exists = false;
    for row in rows {
        revision += 1;
        if row.revision != revision {
            return Ok(Err(format!("revision {revision} is missing in the history")));
        }
        for change in row.changes(Some(keys))? {
            if state.get(&change.property).unwrap_or(&Value::Null) != &change.old {
                return Ok(Err(format!("revision {revision} changes {} from what it was not", change.property)));
            }
            if change.new.is_null() {
                state.remove(&change.property);
            } else {
                state.insert(change.property, change.new);
            }
        }
        exists = row.action != Action::Deleted.as_str();
    }
    Ok(Ok((revision, exists.then_some(state))))
}

/// A document with dots between the parts of an object.
pub type Flat = BTreeMap<String, Value>;
