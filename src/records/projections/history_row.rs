//! A change of a record as it is kept: its digest, whether it is what was written, and what of it can be erased.
//!
//! The digest covers each value by a digest of its own, made with a salt. So a value can be erased, and its salt with it:
//! its digest stays, nobody finds by trying what it was made of, and all the rest is proved as before. Personal data is
//! sealed, and has one digest for all of it.

use crate::json::{read_borrowed, read_stored};
use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::context::OperationContext;
use crate::db::schema::history;
use crate::db::{Db, deferred_row};
use crate::digest;
use crate::error::{Error, KeyNeed, Result};
use crate::identity;
use crate::messages::Lang;
use crate::records::erasable::{self, ErasedTexts};
use crate::records::personal;
use crate::registers::Register;
use crate::seal::{self, Keys, RecordSeal, SealedPlace, SealingKey};
use crate::vocabulary::vocabulary;
use utoipa::ToSchema;

/// The change of one property as it is kept. The digest of its values is made with a salt of its own, so that they can be
/// erased: then the digest stands here, nobody finds by trying what it was made of, and all the rest is proved as before.
#[derive(Serialize, Deserialize)]
struct StoredChange {
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

impl StoredChange {
    fn salt(&self, of_row: Option<&str>) -> String {
        self.salt.clone().unwrap_or_else(|| digest::of(&[of_row.unwrap_or_default(), &self.property]))
    }

    fn digest(&self, of_row: Option<&str>) -> String {
        let made = || digest::of(&[&self.salt(of_row), &self.property, &self.old.to_string(), &self.new.to_string()]);
        self.digest.clone().unwrap_or_else(made)
    }

    /// True if the change has nothing that could be erased.
    fn is_neutral(&self) -> bool {
        [&self.old, &self.new]
            .into_iter()
            .all(|value| erasable::neutral_of(&self.property, value, Lang::default()) == *value)
    }
}

/// The same without a look at the values: the text of which their digest is made.
#[derive(Deserialize)]
struct ChangeText<'t> {
    #[serde(borrow)]
    property: Cow<'t, str>,
    #[serde(borrow, default)]
    old: Option<&'t RawValue>,
    #[serde(borrow, default)]
    new: Option<&'t RawValue>,
    #[serde(default)]
    salt: Option<String>,
    #[serde(default)]
    digest: Option<String>,
}

impl ChangeText<'_> {
    fn digest(self, of_row: Option<&str>) -> String {
        let salt = || digest::of(&[of_row.unwrap_or_default(), &self.property]);
        let [old, new] = [self.old, self.new].map(|value| value.map_or("null", RawValue::get));
        let made = || digest::of(&[&self.salt.clone().unwrap_or_else(salt), &self.property, old, new]);
        self.digest.clone().unwrap_or_else(made)
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
    /// The action of the change.
    pub action: String,
    /// The instant at which it was published, in UTC.
    pub at: NaiveDateTime,
    /// The actor's name.
    pub actor: String,
    /// The kind of the actor.
    pub actor_kind: String,
    /// The issuer that vouched for the actor, if one did.
    pub actor_issuer: Option<String>,
    /// The service account, if the actor was one.
    pub actor_client: Option<String>,
    /// In which request.
    pub request_id: String,
    changes: String,
    personal: Option<String>,
    salt: Option<String>,
    personal_digest: Option<String>,
    value_salt: Option<String>,
}

deferred_row!(
    HistoryRow,
    2,
    history(
        record_id,
        revision,
        register,
        action,
        at,
        actor,
        request_id,
        changes,
        personal,
        salt,
        personal_digest,
        value_salt,
        actor_kind,
        actor_issuer,
        actor_client
    )
);

impl HistoryRow {
    /// Makes the row of a change that somebody makes to a record, with all properties that change.
    pub fn new(
        of: &RecordChange,
        action: Action,
        changes: impl Iterator<Item = PropertyChange>,
        by: &OperationContext,
    ) -> Result<HistoryRow> {
        let (personal, open): (Vec<_>, Vec<_>) = changes.partition(|change| personal::is_personal(&change.property));
        let row = HistoryRow {
            record_id: of.id.to_owned(),
            revision: of.revision,
            register: of.register.name.to_owned(),
            action: action.as_str().to_owned(),
            at: by.at,
            actor: by.actor.name.clone(),
            actor_kind: by.actor.kind.as_str().to_owned(),
            actor_issuer: by.actor.issuer.clone(),
            actor_client: by.actor.client.clone(),
            request_id: by.request_id.clone(),
            changes: written(&open)?,
            personal: None,
            salt: None,
            personal_digest: None,
            value_salt: (!open.is_empty()).then(|| uuid::Uuid::new_v4().simple().to_string()),
        };
        row.with_personal_data(&personal, by.keys.of_record(of.key))
    }

    /// With the personal data that changed, sealed, and a digest of it whose salt goes when the data is erased: then
    /// nobody can find out by trying what it was. The salt is sealed too, for the same reason.
    fn with_personal_data(mut self, changes: &[PropertyChange], seal: RecordSeal) -> Result<Self> {
        if changes.is_empty() {
            return Ok(self);
        }
        let salt = uuid::Uuid::new_v4().simple().to_string();
        self.personal_digest = Some(digest::of(&[&salt, &written(changes)?]));
        let values = changes.iter().map(|change| (change.property.clone(), json!([change.old, change.new])));
        self.personal = Some(seal.seal(SealedPlace::Change(&self.record_id, self.revision), values)?);
        let salt = [("salt".to_owned(), Value::from(salt))];
        self.salt = Some(seal.seal(SealedPlace::Salt(&self.record_id, self.revision), salt)?);
        Ok(self)
    }

    /// Returns the digest of the change that the audit trail holds.
    pub fn digest(&self) -> Result<String> {
        let salt = self.value_salt.as_deref();
        let changes: Vec<ChangeText> = read_borrowed(&self.changes, "history")?;
        let values: Vec<String> = changes.into_iter().map(|change| change.digest(salt)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let (revision, at, values) = (self.revision.to_string(), digest::instant(self.at), digest::of(&values));
        let identity = identity::digest(&self.actor_kind, &[&self.actor_issuer, &self.actor_client]);
        let mut parts: Vec<&str> = vec![&self.record_id, &revision, &self.register, &self.action, &at];
        let personal = self.personal_digest.as_deref().unwrap_or_default();
        parts.extend([self.actor.as_str(), &self.request_id, &values, personal, &identity]);
        Ok(digest::of(&parts))
    }

    fn stored_changes(&self) -> Result<Vec<StoredChange>> {
        read_stored(&self.changes, "history")
    }

    /// Returns a sentence on the first thing that is not what was written and may not have been erased either; `None`
    /// if there is none. `erased` says up to which revision each property was erased. Data that does not open was
    /// altered.
    pub fn fault(&self, keys: &Keys, erased: &Erased) -> Result<Option<String>> {
        let revision = self.revision;
        let until = |property: &str| erased.get(property).copied().unwrap_or_default();
        if self.is_lost(keys)? {
            return Ok(Some(format!(
                "the personal data of revision {revision} was erased after this was copied; `aufsicht restored` finishes that"
            )));
        }
        if self.personal.is_some() && until(PERSONAL) >= revision {
            return Ok(Some(format!("revision {revision} has personal data that was erased")));
        }
        if self.personal_digest.is_some() && self.salt.is_none() && until(PERSONAL) < revision {
            return Ok(Some(format!("the personal data of revision {revision} is gone, and no erasure took it")));
        }
        for change in self.stored_changes()? {
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

    /// True if the key of its personal data was destroyed.
    fn is_lost(&self, keys: &Keys) -> Result<bool> {
        let sealed = self.personal.as_deref();
        sealed.map_or(Ok(false), |sealed| keys.is_lost(SealedPlace::Change(&self.record_id, self.revision), sealed))
    }

    /// The key of the record's own that its personal data is sealed with, if it is.
    pub fn key(&self) -> Option<KeyNeed> {
        seal::key_of(SealedPlace::Change(&self.record_id, self.revision), self.personal.as_deref()?)
    }

    /// True if there is personal data in it that is sealed with no key of the record's own.
    pub fn has_no_key(&self) -> bool {
        self.personal.is_some() && self.key().is_none()
    }

    /// True if the personal data, where it is there, matches its digest.
    fn is_sound(&self, keys: &Keys) -> Result<bool> {
        let Some(digest) = &self.personal_digest else { return Ok(self.personal.is_none() && self.salt.is_none()) };
        let Some(sealed) = &self.salt else { return Ok(self.personal.is_none()) };
        let opened = keys.open(SealedPlace::Salt(&self.record_id, self.revision), sealed);
        let (salt, personal) = match (opened, self.personal_changes(keys)) {
            (Ok(salt), Ok(personal)) => (salt, personal),
            (Err(error @ (Error::Configuration(_) | Error::KeysNeeded(_))), _)
            | (_, Err(error @ (Error::Configuration(_) | Error::KeysNeeded(_)))) => return Err(error),
            _ => return Ok(false),
        };
        let salt = salt.get("salt").and_then(Value::as_str).unwrap_or_default();
        Ok(digest::of(&[salt, &written(&personal)?]) == *digest)
    }

    fn personal_changes(&self, keys: &Keys) -> Result<Vec<PropertyChange>> {
        let Some(sealed) = &self.personal else { return Ok(Vec::new()) };
        let opened = keys.open(SealedPlace::Change(&self.record_id, self.revision), sealed)?;
        let change = |(property, mut pair): (String, Value)| {
            let (old, new) = (pair[0].take(), pair[1].take());
            PropertyChange { property, old, new }
        };
        Ok(opened.into_iter().map(change).collect())
    }

    /// All that changed; without keys, without personal data.
    pub fn changes(&self, keys: Option<&Keys>) -> Result<Vec<PropertyChange>> {
        let mut changes: Vec<PropertyChange> = read_stored(&self.changes, "history")?;
        if let Some(keys) = keys {
            changes.extend(self.personal_changes(keys)?);
        }
        Ok(changes)
    }
}

fn written<C: Serialize>(changes: &[C]) -> Result<String> {
    serde_json::to_string(changes).map_err(|error| Error::Internal(error.to_string()))
}

/// The name of an erasure of personal data, beside the names of other properties.
pub const PERSONAL: &str = "";

/// The name of the erasure of a tombstone, beside the names of properties.
pub const KEY: &str = "key";

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

/// Returns the name of the erased property from an action of the audit trail; `None` if the action is no erasure.
pub fn erasure_of(action: &str) -> Option<&str> {
    let rest = action.strip_prefix("ERASED")?;
    if rest.is_empty() { Some(PERSONAL) } else { rest.strip_prefix(' ') }
}

/// Returns the digest of an erasure that the audit trail holds: of the record's id, the property that was erased, and
/// the last revision up to which it was.
pub fn erasure_digest(id: &str, property: &str, revision: i64) -> String {
    digest::of(&[id, property, &revision.to_string()])
}

/// The last revision of a record that is or was there.
pub fn last_revision(db: &mut Db, id: &str) -> Result<i64> {
    let last = history::table.filter(history::record_id.eq(id)).select(diesel::dsl::max(history::revision));
    Ok(last.first::<Option<i64>>(db)?.unwrap_or_default())
}

/// The findings in a record's history: properties, each with the number of revisions that tell of it.
#[derive(Debug, Default)]
pub struct ErasureFindings {
    /// The properties that were erased.
    pub taken: BTreeMap<String, usize>,
    /// The properties that could be erased too.
    pub left: BTreeMap<String, usize>,
    /// True if the key of a deleted matter in another system was forgotten, which kept it from coming back.
    pub is_key_forgotten: bool,
    /// True if something was taken that no key of the record's own had sealed.
    pub is_open: bool,
}

impl HistoryRow {
    /// True if a property's values were erased.
    pub fn has_erased(&self, property: &str) -> bool {
        self.stored_changes()
            .is_ok_and(|kept| kept.iter().any(|change| change.property == property && change.digest.is_some()))
    }

    /// Takes the personal data out, and the values of these properties; whether there was any of it.
    pub fn erase(&mut self, register: &Register, wanted: ErasedTexts, found: &mut ErasureFindings) -> Result<bool> {
        found.is_open |= self.has_no_key();
        let sealed = self.personal.take();
        if let Some(sealed) = &sealed {
            self.salt = None;
            for property in seal::properties(SealedPlace::Change(&self.record_id, self.revision), sealed)? {
                *found.taken.entry(property).or_default() += 1;
            }
        }
        let takes_values = self.erase_values(register, wanted, found)?;
        found.is_open |= takes_values;
        Ok(takes_values || sealed.is_some())
    }

    /// Keeps what is left of it.
    pub fn save_erased(&self, db: &mut Db) -> Result<()> {
        diesel::update(history::table.find((&self.record_id, self.revision)))
            .set((
                history::changes.eq(&self.changes),
                history::personal.eq(&self.personal),
                history::salt.eq(&self.salt),
                history::value_salt.eq(&self.value_salt),
            ))
            .execute(db)?;
        Ok(())
    }

    /// Takes the values of properties out; each other one keeps the salt that its digest is made with.
    fn erase_values(&mut self, register: &Register, wanted: ErasedTexts, found: &mut ErasureFindings) -> Result<bool> {
        let mut kept = self.stored_changes()?;
        let mut is_changed = false;
        for change in &mut kept {
            if change.is_neutral() || !erasable::is_erasable(register, &change.property) {
                continue;
            }
            let told = match wanted.names(&change.property) {
                true => &mut found.taken,
                false => &mut found.left,
            };
            *told.entry(change.property.clone()).or_default() += 1;
            if wanted.names(&change.property) {
                change.digest = Some(change.digest(self.value_salt.as_deref()));
                let neutral = |value: &Value| erasable::neutral_of(&change.property, value, wanted.lang);
                (change.old, change.new) = (neutral(&change.old), neutral(&change.new));
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
        Ok(is_changed)
    }
}

vocabulary! {
    /// The action that was done to a record.
    Action { Created = "CREATED", Updated = "UPDATED", Deleted = "DELETED" }
}

impl Action {
    /// As it stands in JSON.
    pub fn as_str(self) -> &'static str {
        Self::VALUES[self as usize]
    }
}

/// The change of one property.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PropertyChange {
    /// The property; a dot leads into an object.
    #[schema(example = "requester.type")]
    pub property: String,
    /// The value before; null if the property was not there.
    #[serde(default)]
    pub old: Value,
    /// The value now; null if the property is not there any more.
    #[serde(default)]
    pub new: Value,
}

/// The record and the revision that a change concerns.
pub struct RecordChange<'a> {
    /// The record's register.
    pub register: &'a Register,
    /// The record's id.
    pub id: &'a str,
    /// The record's number.
    pub number: &'a str,
    /// The revision that the change makes.
    pub revision: i64,
    /// The key of the record's own.
    pub key: &'a SealingKey,
}
