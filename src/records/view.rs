//! Records as clients see them, written straight from their rows.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::clock::instant;
use crate::error;
use crate::records::row::RecordRow;
use crate::registers::{Dimension, Register};
use crate::seal::Keys;

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

impl RecordRow {
    /// Returns the record as a client is shown it: the document, the id and when it was made and changed; only the part
    /// that the caller may see.
    pub fn answer(&self, register: &Register, view: View) -> error::Result<Map<String, Value>> {
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
}

/// A record as it is shown: the same as [`RecordRow::answer`], without a document in between where that is possible.
pub struct RecordView<'a> {
    /// The record.
    pub columns: &'a RecordRow,
    /// Its register.
    pub register: &'a Register,
    /// The part of the record that is shown.
    pub view: View<'a>,
}

#[derive(Serialize)]
struct ExternalView<'a> {
    system: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct RequesterView<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<&'a str>,
}

/// The properties without a column, in their order, each value as it is kept: it goes out as it is.
struct Details<'a>(Vec<(PropertyName<'a>, &'a RawValue)>);

#[derive(Serialize, Deserialize)]
struct PropertyName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Details<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DetailsVisitor)
    }
}

struct DetailsVisitor;

impl<'de> Visitor<'de> for DetailsVisitor {
    type Value = Details<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::with_capacity(access.size_hint().unwrap_or_default());
        while let Some(property) = access.next_entry()? {
            all.push(property);
        }
        Ok(Details(all))
    }
}

impl Serialize for RecordView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (row, register) = (self.columns, self.register);
        let in_part = matches!(self.view, View::Public | View::Identity);
        if in_part || (self.view.keys().is_some() && row.personal.is_some()) {
            return row.answer(register, self.view).map_err(S::Error::custom)?.serialize(serializer);
        }
        let details: Details = serde_json::from_str(&row.details).map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &row.id)?;
        map.serialize_entry("number", &row.number)?;
        put(&mut map, register.property_name("title"), Some(&row.title))?;
        put(&mut map, register.property_name("received_on"), Some(row.received_on))?;
        put(&mut map, register.property_name("closed_on"), row.closed_on)?;
        put(&mut map, register.property_name("status"), Some(&row.status))?;
        put(&mut map, register.property_name("due_on"), row.due_on)?;
        put(&mut map, Some("responsible"), row.responsible.as_deref())?;
        put(&mut map, Some("external"), external(row))?;
        put(&mut map, register.property_name("kind"), row.kind.as_deref())?;
        if register.has(Dimension::Requester) {
            put(&mut map, Some("requester"), requester(row))?;
        } else {
            put(&mut map, register.property_name("organisation"), row.organisation.as_deref())?;
        }
        put(&mut map, Some("area"), row.area.as_deref())?;
        put(&mut map, Some("channel"), row.channel.as_deref())?;
        put(&mut map, Some("filing"), row.filing.as_deref())?;
        put(&mut map, Some("role"), row.role.as_deref())?;
        put(&mut map, Some("medium"), row.medium.as_deref())?;
        put(&mut map, Some("published"), (!register.public.is_empty()).then_some(row.published))?;
        for (name, value) in &details.0 {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("created_at", &instant(row.created_at))?;
        map.serialize_entry("updated_at", &instant(row.updated_at))?;
        map.serialize_entry("revision", &row.revision)?;
        map.end()
    }
}

/// A property, if the register and the record have it.
fn put<M: SerializeMap>(map: &mut M, name: Option<&str>, value: Option<impl Serialize>) -> Result<(), M::Error> {
    name.zip(value).map_or(Ok(()), |(name, value)| map.serialize_entry(name, &value))
}

fn external(row: &RecordRow) -> Option<ExternalView<'_>> {
    let (system, id) = (row.external_system.as_deref()?, row.given_id()?);
    Some(ExternalView { system, id, version: row.external_version, url: row.external_url.as_deref() })
}

fn requester(row: &RecordRow) -> Option<RequesterView<'_>> {
    let (kind, organisation) = (row.requester.as_deref(), row.organisation.as_deref());
    (kind.is_some() || organisation.is_some()).then_some(RequesterView { kind, organisation })
}

#[cfg(test)]
mod tests {
    use crate::records::document;
    use crate::records::view::*;
    use crate::registers::ALL;

    #[test]
    fn says_the_same_as_the_document() {
        let rules =
            crate::profile::Profile::embedded().unwrap().rules(chrono::NaiveDate::from_ymd_opt(2019, 1, 15).unwrap());
        let mut config = crate::Config::for_database("sqlite:x").unwrap();
        config.seal.key = Some("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=".into());
        let keys = Keys::new(&config).unwrap();
        let external =
            serde_json::json!({"system": "gever", "id": "1", "version": 3, "url": "https://gever.example/1"});
        for register in ALL {
            for with_key in [false, true] {
                let mut body = (register.example)();
                body["number"] = "2017-0001".into();
                body["notes"] = "persönlich".into();
                if with_key {
                    body["external"] = external.clone();
                }
                let document = document::read(register, body, &rules).unwrap();
                let columns = RecordRow::new(
                    register,
                    "id".into(),
                    document,
                    chrono::NaiveDateTime::MIN,
                    keys.of_record(&crate::seal::SealingKey::FIRST),
                )
                .unwrap();
                for view in [View::Whole(&keys), View::Impersonal, View::Public, View::Identity] {
                    let shown = RecordView { columns: &columns, register, view };
                    let document = columns.answer(register, view).unwrap();
                    assert_eq!(serde_json::to_string(&shown).unwrap(), serde_json::to_string(&document).unwrap());
                }
            }
        }
    }
}
