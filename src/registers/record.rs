//! Records: the properties that all of them have, and the conversion between JSON bodies and rows.
//!
//! Between the two stands the *document*: the JSON object of everything that a client can write, checked and complete.
//! A patch is merged into it, history compares it, and a row is made from it and gives it back.

use super::references::ORGANISATIONS;
use super::validation::{self};
use super::{Dimension, Register, personal};
use crate::clock::instant;
use crate::db::schema::records;
use crate::db::{Backend, StaticColumns, static_sql};
use crate::error::{Error, Fault, Result};
use crate::faults::Faults;
use crate::json::flat;
use crate::seal::{self, Keys, SealedPlace};
use crate::text as texts;
use crate::vocabulary::vocabulary;
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use utoipa::ToSchema;
use validator::Validate;
vocabulary! {
    /// The status of a record: `CLOSED` exactly when `closed_on` is set.
    Status { Open = "OPEN", InProgress = "IN_PROGRESS", Suspended = "SUSPENDED", Closed = "CLOSED" }
}
/// The key of a record in another system, such as the document management system.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// The other system, for example `konsul`.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 50), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 50)]
    system: Option<String>,
    /// The record's id there.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 200), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 200)]
    id: Option<String>,
    /// The version there; it grows with every change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 0))]
    #[schema(minimum = 0)]
    version: Option<i64>,
    /// The address at which a person finds the record in the other system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    url: Option<String>,
}
/// The properties that a client can write in every register.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Business number, unique over all registers. When absent, the year received and a running number: `2017-0123`.
    #[serde(default)]
    #[validate(length(min = 1, max = 50), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 50)]
    pub number: Option<String>,
    /// The subject of the record, in words that name nobody.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// The day it was received (Europe/Zurich). Today when absent from a record that is entered by itself; one that comes
    /// from another system or from a file must say it.
    #[serde(default, deserialize_with = "validation::date")]
    pub received_on: Option<NaiveDate>,
    /// The day it was closed. Setting it closes the record, taking it away opens it again.
    #[serde(default, deserialize_with = "validation::date")]
    pub closed_on: Option<NaiveDate>,
    /// `OPEN` unless given; `CLOSED` demands `closed_on`.
    #[serde(default)]
    pub status: Option<Status>,
    /// The day on which the next step is due.
    #[serde(default, deserialize_with = "validation::date")]
    pub due_on: Option<NaiveDate>,
    /// The person at the authority who is responsible.
    #[serde(default)]
    #[validate(length(min = 1, max = 100), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 100)]
    pub responsible: Option<String>,
    /// Notes. Personal data: seen only with the scope `personal:read`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20_000))]
    #[schema(min_length = 1, max_length = 20_000)]
    pub notes: Option<String>,
    /// The key in another system.
    #[serde(default)]
    #[validate(nested)]
    pub external: Option<External>,
}
/// The names of [`Common`]'s properties.
pub const COMMON: [&str; 9] =
    ["number", "title", "received_on", "closed_on", "status", "due_on", "responsible", "notes", "external"];
impl Common {
    /// The rules between the common properties. `received` is the day received where none is given.
    fn complete(&mut self, register: &Register, today: NaiveDate, received: Option<NaiveDate>, faults: &mut Faults) {
        self.received_on = self.received_on.or(received);
        if self.received_on.is_none() && register.property_name("received_on").is_some() {
            faults.add("/received_on", "required", "is required");
        }
        if register.may_lie_ahead {
            validation::planned(self.received_on, "/received_on", faults);
        } else {
            validation::past(self.received_on, "/received_on", today, faults);
        }
        validation::past(self.closed_on, "/closed_on", today, faults);
        validation::planned(self.due_on, "/due_on", faults);
        let begin = register.property_name("received_on").unwrap_or("received_on");
        let end = register.property_name("closed_on").unwrap_or("closed_on");
        if self.closed_on.zip(self.received_on).is_some_and(|(closed, received)| closed < received) {
            faults.add("/closed_on", "before_received", format!("must not be before {begin}"));
        }
        match (self.status, self.closed_on) {
            (None, Some(_)) => self.status = Some(Status::Closed),
            (None, None) => self.status = Some(Status::Open),
            (Some(Status::Closed), None) => {
                faults.add("/closed_on", "required", "is required when the status is CLOSED");
            }
            (Some(status), Some(_)) if status != Status::Closed => {
                faults.add("/status", "contradiction", format!("must be CLOSED when {end} is set"));
            }
            _ => {}
        }
    }
}
/// A record's document: everything that a client can write, checked and complete.
pub type Document = Map<String, Value>;
/// Reads and checks a body that creates a record; all faults come at once.
pub fn read(register: &Register, body: Value, today: NaiveDate) -> Result<Document> {
    check(register, body, today, Some(today))
}
/// Reads and checks a body that another system delivers. Where it does not say the day received, the document has the
/// earliest that there can be: the record that is there knows better (see [`read_again`]), and a new one is not made of it.
pub fn read_delivered(register: &Register, body: Value, today: NaiveDate) -> Result<Document> {
    check(register, body, today, Some(validation::EARLIEST))
}
/// True if a body gives the day on which the record was received, or if the register does not ask for it.
pub fn says_day(register: &Register, body: &Value) -> bool {
    let given = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    register.property_name("received_on").is_none_or(|day| {
        let follows = |(one, other): &(&str, &str)| (*one == day && given(other)) || (*other == day && given(one));
        given(day) || register.linked.iter().any(follows)
    })
}
/// The fault of a body that does not.
pub fn no_day(register: &Register) -> Fault {
    let name = register.property_name("received_on").unwrap_or("received_on");
    Fault::at(
        format!("/{name}"),
        "required",
        "is required: what comes from elsewhere is never taken for received today",
    )
}
/// The same for a record that is there and was received on this day.
pub fn read_again(register: &Register, body: Value, today: NaiveDate, received: NaiveDate) -> Result<Document> {
    check(register, body, today, Some(received))
}
/// Gives a document the id in the other system as it was first given, if it has another spelling of the same.
pub fn retain_external_spelling(document: &mut Document, held: &RecordRow) {
    let Some(external) = document.get_mut("external") else { return };
    let same_system = external.get("system").and_then(Value::as_str) == held.external_system.as_deref();
    let id = external.get("id").and_then(Value::as_str).map(texts::id_key);
    if let (true, Some(given)) = (same_system && id == held.external_id, held.given_id()) {
        external["id"] = given.into();
    }
}
/// Gives the elements of lists for which the body has no id the ids that the elements at their places have already, so
/// that the same body twice is no change.
pub fn retain_element_ids(document: &mut Document, body: &Value, held: &Document) {
    for (key, value) in document.iter_mut() {
        let (Value::Array(items), Some(Value::Array(before))) = (value, held.get(key)) else { continue };
        let given = |index: usize| body.get(key)?.get(index)?.get("id")?.as_str();
        let taken: Vec<String> = (0..items.len()).filter_map(|index| given(index).map(str::to_owned)).collect();
        for (index, item) in items.iter_mut().enumerate() {
            let id = before.get(index).and_then(|item| item.get("id")?.as_str());
            if let (None, Some(id)) = (given(index), id)
                && !taken.iter().any(|other| other == id)
                && item.get("id").is_some()
            {
                item["id"] = id.into();
            }
        }
    }
}
fn check(register: &Register, mut body: Value, today: NaiveDate, received: Option<NaiveDate>) -> Result<Document> {
    let mut faults = Faults::default();
    texts::normalise(&mut body, &mut faults);
    let Value::Object(mut body) = body else {
        faults.add("", "invalid_type", "must be a JSON object");
        return Err(faults.into_result().err().unwrap_or(Error::Validation(vec![])));
    };
    // Absent and null mean the same.
    body.retain(|_, value| !value.is_null());
    let (common, own) = part(register, body);
    let mut document = Document::new();
    let mut of_common = Faults::default();
    if let Some(mut common) = validation::read::<Common>(common, &mut of_common) {
        let own = (register.settle)(own, &mut common, today, &mut faults);
        common.complete(register, today, received, &mut of_common);
        if let (None, None, Some(received)) = (common.due_on, common.closed_on, common.received_on) {
            common.due_on = (register.term)(&own, received);
        }
        if let Value::Object(map) = serde_json::to_value(common).map_err(unreadable)? {
            let called = |(name, value): (String, Value)| {
                let name =
                    COMMON.into_iter().find(|known| *known == name).and_then(|known| register.property_name(known))?;
                Some((name.to_owned(), value))
            };
            document.extend(map.into_iter().filter_map(called).chain(own).filter(|(_, value)| !value.is_null()));
        }
    }
    faults.take_in(of_common, |name| {
        COMMON.into_iter().find(|known| *known == name).and_then(|known| register.property_name(known))
    });
    faults.into_result()?;
    Ok(document)
}
/// The common properties of a body under their usual names, and the register's own.
pub fn part(register: &Register, body: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut common, mut own) = (Map::new(), Map::new());
    for (key, value) in body {
        match COMMON.into_iter().find(|usual| register.property_name(usual) == Some(key.as_str())) {
            Some(usual) => common.insert(usual.to_owned(), value),
            None => own.insert(key, value),
        };
    }
    (common, own)
}
/// Applies a merge patch (RFC 7396) to a document. A change of one of two linked properties lets the other follow.
fn merge(register: &Register, mut document: Document, patch: &Value) -> Value {
    let given_alone = |one: &str, other: &str| patch.get(one).filter(|_| patch.get(other).is_none());
    let lifecycle = register.property_name("status").zip(register.property_name("closed_on"));
    for (one, other) in register.linked.iter().copied().chain(lifecycle) {
        for (given, follows) in [(one, other), (other, one)] {
            let differs = |value: &Value| document.get(given).unwrap_or(&Value::Null) != value;
            if given_alone(given, follows).is_some_and(differs) {
                document.remove(follows);
            }
        }
    }
    let mut target = Value::Object(document);
    merge_value(&mut target, patch);
    target
}
fn merge_value(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(map) = target {
        for (key, value) in changes {
            if value.is_null() {
                map.shift_remove(key);
            } else {
                merge_value(map.entry(key).or_insert(Value::Null), value);
            }
        }
    }
}
/// A row of the table `records`.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = records, treat_none_as_null = true)]
#[allow(missing_docs)]
pub struct RecordRow {
    pub id: String,
    pub register: String,
    pub number: String,
    pub title: String,
    pub received_on: NaiveDate,
    pub closed_on: Option<NaiveDate>,
    pub status: String,
    pub responsible: Option<String>,
    pub kind: Option<String>,
    pub requester: Option<String>,
    pub area: Option<String>,
    pub channel: Option<String>,
    pub filing: Option<String>,
    pub role: Option<String>,
    pub medium: Option<String>,
    pub organisation: Option<String>,
    pub due_on: Option<NaiveDate>,
    pub published: bool,
    pub external_system: Option<String>,
    pub external_id: Option<String>,
    pub external_version: Option<i64>,
    pub external_url: Option<String>,
    pub details: String,
    pub personal: Option<String>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub revision: i64,
    /// The form of the number by which it is compared, where that is not the number itself.
    pub number_key: Option<String>,
    /// The form of the public body's name by which it is compared: of the body that a record names, or of the record's
    /// own name if it is a public body.
    pub organisation_key: Option<String>,
    /// The id in the other system as it was first given, where it is not what it is compared by.
    pub external_given: Option<String>,
}
/// The part of a record that a caller may see.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Everything, with the keys to personal data.
    Whole(&'a Keys),
    /// Everything but personal data.
    Impersonal,
    /// The properties of a published record that everybody may see.
    Public,
    /// The identity and the revision of a record, for callers who may write and not read.
    Identity,
}
impl<'a> View<'a> {
    /// The keys to personal data, where it is shown.
    pub fn keys(self) -> Option<&'a Keys> {
        match self {
            View::Whole(keys) => Some(keys),
            View::Impersonal | View::Public | View::Identity => None,
        }
    }
}
/// A stored record: its row and the row's place.
#[derive(Clone, Debug, PartialEq, Queryable)]
pub struct StoredRecord {
    /// The row's key inside the database.
    pub pos: i64,
    /// The content of the row.
    #[diesel(embed)]
    pub row: RecordRow,
}
impl Selectable<Backend> for StoredRecord {
    type SelectExpression = StaticColumns<(records::pos, <RecordRow as Selectable<Backend>>::SelectExpression)>;

    fn construct_selection() -> Self::SelectExpression {
        static SQL: LazyLock<String> =
            LazyLock::new(|| static_sql((records::pos, <RecordRow as Selectable<Backend>>::construct_selection())));
        StaticColumns::new(&SQL)
    }
}
fn text(map: &mut Map<String, Value>, key: &str) -> Option<String> {
    match map.shift_remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
fn day(map: &mut Map<String, Value>, key: &str) -> Option<NaiveDate> {
    text(map, key).and_then(|text| validation::parse_date(&text))
}
fn object(map: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match map.shift_remove(key) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    }
}
fn unreadable(error: serde_json::Error) -> Error {
    Error::Corrupt(format!("unreadable JSON: {error}"))
}
impl RecordRow {
    /// The row that a document makes, its personal data sealed. `document` must have a number.
    pub fn new(
        register: &Register,
        id: String,
        mut document: Document,
        at: NaiveDateTime,
        keys: &Keys,
    ) -> Result<Self> {
        let personal = personal::take(&mut document);
        let sealed =
            (!personal.is_empty()).then(|| keys.seal(SealedPlace::Record(&id), flat(&personal))).transpose()?;
        Ok(RecordRow { personal: sealed, ..Self::without_personal_data(register, id, document, at)? })
    }

    /// The same of a document without personal data.
    pub fn without_personal_data(
        register: &Register,
        id: String,
        mut document: Document,
        at: NaiveDateTime,
    ) -> Result<Self> {
        let missing = |what: &str| Error::Corrupt(format!("a checked document has no {what}"));
        let mut requester = object(&mut document, "requester");
        let mut external = object(&mut document, "external");
        let own = |name: &'static str| register.property_name(name).unwrap_or_default();
        let received = match register.property_name("received_on") {
            Some(name) => day(&mut document, name).ok_or_else(|| missing(name))?,
            None => at.date(),
        };
        let closed = register.property_name("closed_on").and_then(|name| day(&mut document, name));
        let status = match register.property_name("status") {
            Some(name) => text(&mut document, name).ok_or_else(|| missing(name))?,
            None => if closed.is_some() { "CLOSED" } else { "OPEN" }.to_owned(),
        };
        let number = text(&mut document, "number").ok_or_else(|| missing("number"))?;
        let title = text(&mut document, own("title")).ok_or_else(|| missing("title"))?;
        let organisation = text(&mut requester, "organisation").or_else(|| text(&mut document, own("organisation")));
        let named = if ORGANISATIONS.contains(&register.name) { Some(&title) } else { organisation.as_ref() };
        let organisation_key = named.map(|name| texts::key(name));
        let external_given = text(&mut external, "id");
        let external_id = external_given.as_deref().map(texts::id_key);
        Ok(RecordRow {
            id,
            register: register.name.to_owned(),
            number_key: Some(texts::key(&number)).filter(|key| *key != number),
            number,
            title,
            received_on: received,
            closed_on: closed,
            status,
            responsible: text(&mut document, "responsible"),
            kind: text(&mut document, own("kind")),
            requester: text(&mut requester, "type"),
            area: text(&mut document, "area"),
            channel: text(&mut document, "channel"),
            filing: text(&mut document, "filing"),
            role: text(&mut document, "role"),
            medium: text(&mut document, "medium"),
            organisation,
            organisation_key,
            due_on: day(&mut document, "due_on"),
            published: document.shift_remove("published") == Some(Value::Bool(true)),
            external_system: text(&mut external, "system"),
            external_given: external_given.filter(|given| Some(given) != external_id.as_ref()),
            external_id,
            external_version: external.get("version").and_then(Value::as_i64),
            external_url: text(&mut external, "url"),
            personal: None,
            details: Value::Object(document).to_string(),
            created_at: at,
            updated_at: at,
            revision: 1,
        })
    }

    /// The document that the row was made from; without keys, without its personal data.
    pub fn document(&self, register: &Register, keys: Option<&Keys>) -> Result<Document> {
        let mut out = Document::new();
        let mut put = |key: &'static str, value: Option<Value>| {
            if let Some((value, name)) = value.zip(register.property_name(key)) {
                out.insert(name.to_owned(), value);
            }
        };
        let day = |date: Option<NaiveDate>| date.map(|date| Value::String(date.to_string()));
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let mut personal = match (&self.personal, keys) {
            (Some(sealed), Some(keys)) => keys.open(SealedPlace::Record(&self.id), sealed)?,
            _ => Map::new(),
        };
        put("number", Some(self.number.clone().into()));
        put("title", Some(self.title.clone().into()));
        put("received_on", day(Some(self.received_on)));
        put("closed_on", day(self.closed_on));
        put("status", Some(self.status.clone().into()));
        put("due_on", day(self.due_on));
        put("responsible", text(&self.responsible));
        put("notes", personal.shift_remove("notes"));
        let mut external = Map::new();
        external.extend(text(&self.external_system).map(|v| ("system".to_owned(), v)));
        external.extend(self.given_id().map(|v| ("id".to_owned(), v.into())));
        external.extend(self.external_version.map(|v| ("version".to_owned(), v.into())));
        external.extend(text(&self.external_url).map(|v| ("url".to_owned(), v)));
        put("external", (!external.is_empty()).then_some(Value::Object(external)));
        put("kind", text(&self.kind));
        if register.has(Dimension::Requester) {
            let mut requester = Map::new();
            requester.extend(text(&self.requester).map(|v| ("type".to_owned(), v)));
            requester.extend(text(&self.organisation).map(|v| ("organisation".to_owned(), v)));
            for part in ["name", "contact"] {
                requester.extend(personal.shift_remove(&format!("requester.{part}")).map(|v| (part.to_owned(), v)));
            }
            put("requester", (!requester.is_empty()).then_some(Value::Object(requester)));
        } else {
            put("organisation", text(&self.organisation));
        }
        put("area", text(&self.area));
        put("channel", text(&self.channel));
        put("filing", text(&self.filing));
        put("role", text(&self.role));
        put("medium", text(&self.medium));
        put("published", (!register.public.is_empty()).then_some(self.published.into()));
        let details: Map<String, Value> = serde_json::from_str(&self.details).map_err(unreadable)?;
        out.extend(details);
        Ok(out)
    }

    /// Returns the record as a client is shown it: the document, the id and when it was made and changed; only the part
    /// that the caller may see.
    pub fn answer(&self, register: &Register, view: View) -> Result<Map<String, Value>> {
        let mut document = self.document(register, view.keys())?;
        match view {
            View::Public => document.retain(|name, _| register.public.contains(&name.as_str())),
            View::Identity => document.retain(|name, _| name == "number"),
            View::Whole(_) | View::Impersonal => {}
        }
        let mut out = Map::with_capacity(document.len() + 4);
        out.insert("id".into(), self.id.clone().into());
        out.append(&mut document);
        if !matches!(view, View::Identity) {
            out.insert("created_at".into(), instant(self.created_at).into());
            out.insert("updated_at".into(), instant(self.updated_at).into());
        }
        out.insert("revision".into(), self.revision.into());
        Ok(out)
    }

    /// The columns that say something else than those of another row, apart from what is sealed and from the details.
    pub fn differing(&self, other: &RecordRow) -> Vec<&'static str> {
        macro_rules! differing {
            ($($column:ident)*) => {
                [$((stringify!($column), self.$column != other.$column)),*]
            };
        }
        let all = differing!(
            id register number title received_on closed_on status responsible kind requester area channel filing role
            medium organisation due_on published external_system external_id external_version external_url created_at
            updated_at revision number_key organisation_key external_given
        );
        all.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect()
    }

    /// The properties of personal data that it has, such as `requester.name`.
    pub fn personal_properties(&self) -> Result<Vec<String>> {
        let sealed = self.personal.as_deref();
        sealed.map_or(Ok(Vec::new()), |sealed| seal::properties(SealedPlace::Record(&self.id), sealed))
    }

    /// The id in the other system as it was first given.
    pub fn given_id(&self) -> Option<&str> {
        self.external_given.as_deref().or(self.external_id.as_deref())
    }

    /// Returns the form of the number by which it is compared.
    pub fn compared_number(&self) -> &str {
        self.number_key.as_deref().unwrap_or(&self.number)
    }

    /// The value in a dimension, `""` where there is none.
    pub fn dimension(&self, dimension: Dimension) -> &str {
        let value = match dimension {
            Dimension::Register => return &self.register,
            Dimension::Status => return &self.status,
            Dimension::Kind => &self.kind,
            Dimension::Requester => &self.requester,
            Dimension::Area => &self.area,
            Dimension::Channel => &self.channel,
            Dimension::Filing => &self.filing,
            Dimension::Role => &self.role,
            Dimension::Medium => &self.medium,
            Dimension::Responsible => &self.responsible,
        };
        value.as_deref().unwrap_or("")
    }

    /// The year received, which is the year that the record counts in.
    pub fn year(&self) -> i32 {
        self.received_on.year()
    }
}
/// The places where two documents differ, with the value before and after; an object is compared part by part.
pub fn differences(before: &Document, after: &Document) -> Vec<(String, Value, Value)> {
    let flat_before = flat(before);
    let flat_after = flat(after);
    let keys: BTreeMap<&String, ()> = flat_before.keys().chain(flat_after.keys()).map(|key| (key, ())).collect();
    let of = |map: &BTreeMap<String, Value>, key: &String| map.get(key).cloned().unwrap_or(Value::Null);
    keys.into_keys()
        .map(|key| (key.clone(), of(&flat_before, key), of(&flat_after, key)))
        .filter(|(_, old, new)| old != new)
        .collect()
}
/// The document that a patch makes of the one held. What the caller may not see stays as it is.
pub fn patched(
    register: &Register,
    mut held: Document,
    patch: &Value,
    sees_personal_data: bool,
    today: NaiveDate,
) -> Result<Document> {
    let hidden = if sees_personal_data { Map::new() } else { personal::take(&mut held) };
    // Today is when a new record was received; a record that is there does not lose its date.
    let mut document = check(register, merge(register, held, patch), today, None)?;
    personal::put_back(&mut document, hidden);
    Ok(document)
}
