//! What happened to a record: every change with who, when and what, also after the record is gone.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::record::{self, Columns, Document, instant};
use super::{Register, erasable, personal};
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

/// The change of one property as it is kept. The digest of its values is made with a salt of its own, so that they can be
/// erased: then the digest stands here, nobody finds by trying what it was made of, and all the rest is proved as before.
#[derive(Serialize, Deserialize)]
struct KeptChange {
    property: String,
    #[serde(default)]
    old: Value,
    #[serde(default)]
    new: Value,
    /// Its salt, where that does not follow from the salt of the row any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    /// Its digest, where its values were erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

impl KeptChange {
    fn salt(&self, of_row: Option<&str>) -> String {
        self.salt.clone().unwrap_or_else(|| trail::digest(&[of_row.unwrap_or_default(), &self.property]))
    }

    fn digest(&self, of_row: Option<&str>) -> String {
        let made =
            || trail::digest(&[&self.salt(of_row), &self.property, &self.old.to_string(), &self.new.to_string()]);
        self.digest.clone().unwrap_or_else(made)
    }

    /// Whether there is nothing in it that could be erased.
    fn is_neutral(&self) -> bool {
        [&self.old, &self.new].into_iter().all(|value| erasable::neutral(value) == *value)
    }
}

/// A change of a record as it is kept.
#[derive(Queryable, Selectable)]
#[diesel(table_name = history)]
pub struct HistoryRow {
    /// The record.
    pub record_id: String,
    /// The revision that it made.
    pub revision: i64,
    /// The record's register.
    pub register: String,
    /// What was done.
    pub action: String,
    /// When, in UTC.
    pub at: NaiveDateTime,
    actor: String,
    request_id: String,
    changes: String,
    personal: Option<String>,
    salt: Option<String>,
    personal_digest: Option<String>,
    value_salt: Option<String>,
}

impl Later for HistoryRow {
    const RANK: u8 = 2;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        const INTO: &str = "history (record_id, revision, register, action, at, actor, request_id, \
                changes, personal, salt, personal_digest, value_salt)";
        insert(db, INTO, rows, |values, row| {
            let values = values.bind::<Text, _>(&row.record_id).bind::<BigInt, _>(row.revision);
            let values = values.bind::<Text, _>(&row.register).bind::<Text, _>(&row.action);
            let values = values.bind::<Timestamp, _>(row.at).bind::<Text, _>(&row.actor);
            let values = values.bind::<Text, _>(&row.request_id).bind::<Text, _>(&row.changes);
            let values = values.bind::<Nullable<Text>, _>(&row.personal).bind::<Nullable<Text>, _>(&row.salt);
            values.bind::<Nullable<Text>, _>(&row.personal_digest).bind::<Nullable<Text>, _>(&row.value_salt)
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
    pub fn digest(&self) -> Result<String> {
        let salt = self.value_salt.as_deref();
        let values: Vec<String> = self.kept()?.iter().map(|change| change.digest(salt)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        Ok(trail::digest(&[
            &self.record_id,
            &self.revision.to_string(),
            &self.register,
            &self.action,
            &trail::digested(self.at),
            &self.actor,
            &self.request_id,
            &trail::digest(&values),
            self.personal_digest.as_deref().unwrap_or(""),
        ]))
    }

    fn kept(&self) -> Result<Vec<KeptChange>> {
        reading(&self.changes)
    }

    /// Where it is not what was written and may not have been erased either; `erased` says up to which revisions what was.
    /// What does not open was altered.
    pub fn fault(&self, keys: &Keys, erased: &Erased) -> Result<Option<String>> {
        let revision = self.revision;
        let until = |property: &str| erased.get(property).copied().unwrap_or_default();
        if self.personal.is_some() && until(PERSONAL) >= revision {
            return Ok(Some(format!("revision {revision} has personal data that was erased")));
        }
        if self.personal_digest.is_some() && self.salt.is_none() && until(PERSONAL) < revision {
            return Ok(Some(format!("the personal data of revision {revision} is gone, and no erasure took it")));
        }
        for change in self.kept()? {
            let until = until(&change.property);
            if change.digest.is_some() && until < revision {
                return Ok(Some(format!("{} of revision {revision} is gone, and no erasure took it", change.property)));
            }
            if !change.is_neutral() && (change.digest.is_some() || until >= revision) {
                return Ok(Some(format!("revision {revision} has {} that was erased", change.property)));
            }
        }
        Ok((!self.is_sound(keys)?).then(|| format!("the personal data of revision {revision} was altered")))
    }

    /// Whether the personal data, where it is there, is what its digest says.
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
    pub fn changes(&self, keys: Option<&Keys>) -> Result<Vec<PropertyChange>> {
        let mut changes = reading(&self.changes)?;
        if let Some(keys) = keys {
            changes.extend(self.personal_changes(keys)?);
        }
        Ok(changes)
    }
}

fn written<C: Serialize>(changes: &[C]) -> Result<String> {
    serde_json::to_string(changes).map_err(|error| Error::Internal(error.to_string()))
}

fn reading<C: DeserializeOwned>(json: &str) -> Result<Vec<C>> {
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
        value_salt: (!open.is_empty()).then(|| uuid::Uuid::new_v4().simple().to_string()),
    };
    let row = row.with_personal_data(&personal, &by.keys)?;
    let entry = trail::Entry {
        kind: trail::Kind::Record,
        action: &row.action,
        subject: &row.record_id,
        revision: Some(row.revision),
        digest: row.digest()?,
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

/// All changes of records, record by record and in their order.
pub fn all_of(db: &mut Db, ids: &[String]) -> Result<Vec<HistoryRow>> {
    let of_records = history::table.filter(history::record_id.eq_any(ids));
    Ok(of_records.order((history::record_id, history::revision)).select(HistoryRow::as_select()).load(db)?)
}

/// What an erasure of personal data is called beside the names of other properties.
pub const PERSONAL: &str = "";

/// Up to which revision which properties of a record were erased; [`PERSONAL`] stands for its personal data.
pub type Erased = BTreeMap<String, i64>;

/// The name under which the erasure of a property is told.
pub fn erased_as(property: &str) -> &str {
    if personal::is_personal(property) { PERSONAL } else { property }
}

/// The action of the audit trail that tells of an erasure; [`erasure_of`] reads it.
pub fn erasure(property: &str) -> String {
    if property == PERSONAL { "ERASED".to_owned() } else { format!("ERASED {property}") }
}

/// What an action of the audit trail says was erased.
pub fn erasure_of(action: &str) -> Option<&str> {
    let rest = action.strip_prefix("ERASED")?;
    if rest.is_empty() { Some(PERSONAL) } else { rest.strip_prefix(' ') }
}

/// What the audit trail holds of an erasure: in which record what was erased, up to which revision.
pub fn erasure_digest(id: &str, property: &str, revision: i64) -> String {
    trail::digest(&[id, property, &revision.to_string()])
}

/// The last revision of a record that is or was there.
pub fn last_revision(db: &mut Db, id: &str) -> Result<i64> {
    let last = history::table.filter(history::record_id.eq(id)).select(diesel::dsl::max(history::revision));
    Ok(last.first::<Option<i64>>(db)?.unwrap_or_default())
}

/// What was found in a record's history: properties, each with the number of revisions that tell of it.
#[derive(Debug, Default)]
pub struct Found {
    /// What was erased.
    pub taken: BTreeMap<String, usize>,
    /// What could be erased too.
    pub left: BTreeMap<String, usize>,
}

/// Takes personal data and its salts out of a record's history, and the values of these properties.
pub fn erase(db: &mut Db, register: &Register, id: &str, wanted: &[String]) -> Result<Found> {
    catch_up(db)?;
    let mut found = Found::default();
    for mut row in all_of(db, &[id.to_owned()])? {
        let taken = found.taken.values().sum::<usize>();
        if let Some(sealed) = row.personal.take() {
            row.salt = None;
            for property in crate::seal::properties(Place::Change(id, row.revision), &sealed)? {
                *found.taken.entry(property).or_default() += 1;
            }
        }
        row.erase_values(register, wanted, &mut found)?;
        if found.taken.values().sum::<usize>() > taken {
            let HistoryRow { changes, personal, salt, value_salt, .. } = &row;
            diesel::update(history::table.find((id, row.revision)))
                .set((
                    history::changes.eq(changes),
                    history::personal.eq(personal),
                    history::salt.eq(salt),
                    history::value_salt.eq(value_salt),
                ))
                .execute(db)?;
        }
    }
    Ok(found)
}

impl HistoryRow {
    /// Whether a property's values were erased.
    pub fn has_erased(&self, property: &str) -> bool {
        self.kept().is_ok_and(|kept| kept.iter().any(|change| change.property == property && change.digest.is_some()))
    }

    /// Takes the values of properties out; each other one keeps the salt that its digest is made with.
    fn erase_values(&mut self, register: &Register, wanted: &[String], found: &mut Found) -> Result<()> {
        let mut kept = self.kept()?;
        let mut is_changed = false;
        for change in &mut kept {
            if change.is_neutral() || !erasable::is_erasable(register, &change.property) {
                continue;
            }
            let told = match erasable::is_wanted(wanted, &change.property) {
                true => &mut found.taken,
                false => &mut found.left,
            };
            *told.entry(change.property.clone()).or_default() += 1;
            if erasable::is_wanted(wanted, &change.property) {
                change.digest = Some(change.digest(self.value_salt.as_deref()));
                (change.old, change.new) = (erasable::neutral(&change.old), erasable::neutral(&change.new));
                is_changed = true;
            }
        }
        if is_changed {
            for change in &mut kept {
                let salt = change.salt(self.value_salt.as_deref());
                change.salt = change.digest.is_none().then_some(salt);
            }
            self.value_salt = None;
            self.changes = written(&kept)?;
        }
        Ok(())
    }
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
pub fn document(flat: impl IntoIterator<Item = (String, Value)>) -> Document {
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

/// Replays the history of a record. `at_each` is told the state before and after each change.
pub fn replay(
    rows: &[HistoryRow],
    keys: &Keys,
    mut at_each: impl FnMut(&HistoryRow, &Flat, &Flat),
) -> Result<Replayed> {
    let mut state = Flat::new();
    let mut revision = 0;
    let mut exists = false;
    for row in rows {
        revision += 1;
        if row.revision != revision {
            return Ok(Err(format!("revision {revision} is missing in the history")));
        }
        let before = state.clone();
        let changes = match row.changes(Some(keys)) {
            Err(Error::Internal(difference)) => return Ok(Err(difference)),
            changes => changes?,
        };
        for change in changes {
            if state.get(&change.property).unwrap_or(&Value::Null) != &change.old {
                return Ok(Err(format!("revision {revision} changes {} from what it was not", change.property)));
            }
            if change.new.is_null() {
                state.remove(&change.property);
            } else {
                state.insert(change.property, change.new);
            }
        }
        at_each(row, &before, &state);
        exists = row.action != Action::Deleted.as_str();
    }
    Ok(Ok((revision, exists.then_some(state))))
}

/// A document with dots between the parts of an object.
pub type Flat = BTreeMap<String, Value>;
