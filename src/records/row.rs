//! Records: their rows, which documents are kept in and given back from.
//!
//! A *document* is the JSON object of everything that a client can write, checked and complete.

use crate::db::schema::records;
use crate::db::{Backend, StaticColumns, StoredTime, deferred_row, static_sql};
use crate::error::{Error, KeyNeed, Result};
use crate::json::flat;
use crate::json::read_stored;
use crate::records::Document;
use crate::records::personal;
use crate::records::said::{Said, said};
use crate::registers::ORGANISATIONS;
use crate::registers::{self, Dimension, Register, dimensions, validation};
use crate::seal::{self, Keys, RecordSeal, SealedPlace};
use crate::text as texts;
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Declares the row and its changes by the columns; the first never changes.
macro_rules! declare_row {
    ($id:ident: $id_type:ty, $($(#[$attribute:meta])* $column:ident: $type:ty,)*) => {
        /// A row of the table `records`.
        #[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
        #[diesel(table_name = records)]
        #[allow(missing_docs)]
        pub struct RecordRow {
            pub $id: $id_type,
            $($(#[$attribute])* pub $column: $type,)*
        }

        /// The columns that a change sets. SQLite writes each index that has one of them, be it set to what it was.
        #[derive(AsChangeset)]
        #[diesel(table_name = records)]
        pub struct ChangedColumns {
            $($column: Option<$type>,)*
        }

        impl RecordRow {
            /// The columns in which it differs from what it was.
            pub fn changed_from(&self, before: &RecordRow) -> ChangedColumns {
                ChangedColumns { $($column: (self.$column != before.$column).then(|| self.$column.clone()),)* }
            }
        }
    };
}

declare_row! {
    id: String,
    register: String,
    number: String,
    title: String,
    #[diesel(deserialize_as = StoredTime<NaiveDate>)]
    received_on: NaiveDate,
    #[diesel(deserialize_as = StoredTime<Option<NaiveDate>>)]
    closed_on: Option<NaiveDate>,
    status: String,
    responsible: Option<String>,
    kind: Option<String>,
    requester: Option<String>,
    area: Option<String>,
    channel: Option<String>,
    filing: Option<String>,
    role: Option<String>,
    medium: Option<String>,
    organisation: Option<String>,
    #[diesel(deserialize_as = StoredTime<Option<NaiveDate>>)]
    due_on: Option<NaiveDate>,
    published: bool,
    external_system: Option<String>,
    external_id: Option<String>,
    external_version: Option<i64>,
    external_url: Option<String>,
    details: String,
    personal: Option<String>,
    #[diesel(deserialize_as = StoredTime<NaiveDateTime>)]
    created_at: NaiveDateTime,
    #[diesel(deserialize_as = StoredTime<NaiveDateTime>)]
    updated_at: NaiveDateTime,
    revision: i64,
    /// The form of the number by which it is compared, where that is not the number itself.
    number_key: Option<String>,
    /// The form of the public body's name by which it is compared: of the body that a record names, or of the record's
    /// own name if it is a public body.
    organisation_key: Option<String>,
    /// The id in the other system as it was first given, where it is not what it is compared by.
    external_given: Option<String>,
    /// The form of the title that lists are in the order of.
    title_key: String,
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

/// An object of the parts that there are; none where there are none.
fn given<const N: usize>(parts: [(&str, Option<Value>); N]) -> Option<Value> {
    let parts = parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let object: Map<String, Value> = parts.collect();
    (!object.is_empty()).then_some(Value::Object(object))
}

fn missing(name: &str) -> Error {
    Error::Corrupt(format!("a checked document has no {name}"))
}

/// Takes the day received, the day closed and the status out of a document. In a register without them a record is received
/// when it is entered, and open until it is closed.
fn lifecycle(
    register: &Register,
    document: &mut Document,
    at: NaiveDateTime,
) -> Result<(NaiveDate, Option<NaiveDate>, String)> {
    let received = match register.property_name("received_on") {
        Some(name) => day(document, name).ok_or_else(|| missing(name))?,
        None => at.date(),
    };
    let closed = register.property_name("closed_on").and_then(|name| day(document, name));
    let status = match register.property_name("status") {
        Some(name) => text(document, name).ok_or_else(|| missing(name))?,
        None => if closed.is_some() { "CLOSED" } else { "OPEN" }.to_owned(),
    };
    Ok((received, closed, status))
}

/// The form of a public body's name by which it is compared: of the record's own name if it is a public body, or of the body
/// that it names.
fn organisation_key(register: &str, title: &str, organisation: Option<&str>) -> Option<String> {
    let named = if ORGANISATIONS.contains(&register) { Some(title) } else { organisation };
    named.map(texts::key)
}

impl RecordRow {
    /// The row that a document makes, its personal data sealed. `document` must have a number.
    pub fn new(
        register: &Register,
        id: String,
        mut document: Document,
        at: NaiveDateTime,
        seal: RecordSeal,
    ) -> Result<Self> {
        let personal = personal::take(&mut document);
        let sealed =
            (!personal.is_empty()).then(|| seal.seal(SealedPlace::Record(&id), flat(&personal))).transpose()?;
        Ok(RecordRow { personal: sealed, ..Self::without_personal_data(register, id, document, at)? })
    }

    /// The same of a document without personal data.
    pub fn without_personal_data(
        register: &Register,
        id: String,
        mut document: Document,
        at: NaiveDateTime,
    ) -> Result<Self> {
        let mut requester = object(&mut document, "requester");
        let mut external = object(&mut document, "external");
        let own = |name: &'static str| register.property_name(name).unwrap_or_default();
        let (received_on, closed_on, status) = lifecycle(register, &mut document, at)?;
        let number = text(&mut document, "number").ok_or_else(|| missing("number"))?;
        let title = text(&mut document, own("title")).ok_or_else(|| missing("title"))?;
        let organisation = text(&mut requester, "organisation").or_else(|| text(&mut document, own("organisation")));
        let organisation_key = organisation_key(register.name, &title, organisation.as_deref());
        let external_given = text(&mut external, "id");
        let external_id = external_given.as_deref().map(texts::id_key);
        Ok(RecordRow {
            id,
            register: register.name.to_owned(),
            number_key: Some(texts::key(&number)).filter(|key| *key != number),
            number,
            title_key: texts::sort_key(&title),
            title,
            received_on,
            closed_on,
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
        put("external", self.external());
        put("kind", text(&self.kind));
        if register.has(Dimension::Requester) {
            put("requester", self.requester(&mut personal));
        } else {
            put("organisation", text(&self.organisation));
        }
        put("area", text(&self.area));
        put("channel", text(&self.channel));
        put("filing", text(&self.filing));
        put("role", text(&self.role));
        put("medium", text(&self.medium));
        put("published", (!register.public.is_empty()).then_some(self.published.into()));
        let details: Map<String, Value> = read_stored(&self.details, "record")?;
        out.extend(details);
        Ok(out)
    }

    /// The key in the other system, if it has one.
    fn external(&self) -> Option<Value> {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let parts = [
            ("system", text(&self.external_system)),
            ("id", self.given_id().map(Value::from)),
            ("version", self.external_version.map(Value::from)),
            ("url", text(&self.external_url)),
        ];
        given(parts)
    }

    /// The one who asked, with what of it is personal data.
    fn requester(&self, personal: &mut Map<String, Value>) -> Option<Value> {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let parts = [
            ("type", text(&self.requester)),
            ("organisation", text(&self.organisation)),
            ("name", personal.shift_remove("requester.name")),
            ("contact", personal.shift_remove("requester.contact")),
        ];
        given(parts)
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
            title_key
        );
        all.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect()
    }

    /// The properties of personal data that it has, such as `requester.name`.
    pub fn personal_properties(&self) -> Result<Vec<String>> {
        let sealed = self.personal.as_deref();
        sealed.map_or(Ok(Vec::new()), |sealed| seal::properties(SealedPlace::Record(&self.id), sealed))
    }

    /// The key of the record's own that its personal data is sealed with, if it is.
    pub fn key(&self) -> Option<KeyNeed> {
        seal::key_of(SealedPlace::Record(&self.id), self.personal.as_deref()?)
    }

    /// The name of that key, unless it was destroyed.
    pub fn living_key(&self, keys: &Keys) -> Result<Option<String>> {
        match (self.key(), &self.personal) {
            (Some(KeyNeed::Opening { key, .. }), Some(sealed)) => {
                Ok((!keys.is_lost(SealedPlace::Record(&self.id), sealed)?).then_some(key))
            }
            _ => Ok(None),
        }
    }

    /// The id in the other system as it was first given.
    pub fn given_id(&self) -> Option<&str> {
        self.external_given.as_deref().or(self.external_id.as_deref())
    }

    /// Returns the form of the number by which it is compared.
    pub fn compared_number(&self) -> &str {
        self.number_key.as_deref().unwrap_or(&self.number)
    }

    /// The properties that only the record's register has.
    pub fn own_properties(&self) -> Value {
        serde_json::from_str(&self.details).unwrap_or_default()
    }

    /// The value in a dimension beside the cube, `""` where there is none.
    fn own_dimension(&self, name: &str) -> String {
        self.said().remove(name).and_then(|(value, _)| value).unwrap_or_default()
    }

    /// The values and numbers that it says beside its columns, by name.
    pub fn said(&self) -> Said {
        let Some(register) = registers::find(&self.register) else { return Said::new() };
        let details: Document = serde_json::from_str(&self.details).unwrap_or_default();
        said(register, &details)
    }

    /// The year received, which is the year that the record counts in.
    pub fn year(&self) -> i32 {
        self.received_on.year()
    }
}

// A new record. One that is there already is changed at once.
deferred_row!(
    RecordRow,
    0,
    records(
        id,
        register,
        number,
        title,
        received_on,
        closed_on,
        status,
        responsible,
        kind,
        requester,
        area,
        channel,
        filing,
        role,
        medium,
        organisation,
        due_on,
        external_system,
        external_id,
        external_version,
        external_url,
        details,
        personal,
        created_at,
        updated_at,
        revision,
        published,
        number_key,
        organisation_key,
        external_given,
        title_key
    )
);

/// The value of a column as it is counted.
trait DimensionColumn {
    /// The value, `""` where there is none.
    fn counted(&self) -> &str;
}

impl DimensionColumn for String {
    fn counted(&self) -> &str {
        self
    }
}

impl DimensionColumn for Option<String> {
    fn counted(&self) -> &str {
        self.as_deref().unwrap_or("")
    }
}

macro_rules! value_by_dimension {
    ($($(#[$doc:meta])* $dimension:ident $column:ident $presence:ident;)*) => {
        impl RecordRow {
            /// The value in a dimension, `""` where there is none.
            pub fn dimension(&self, dimension: Dimension) -> Cow<'_, str> {
                match dimension {
                    $(Dimension::$dimension => self.$column.counted().into(),)*
                    Dimension::Own(_) => self.own_dimension(dimension.own_name()).into(),
                }
            }
        }
    };
}

dimensions!(value_by_dimension);
