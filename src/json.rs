//! JSON as it is read and written: no property twice in an object, integers as JSON Schema knows them.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// A JSON value in which no object names a property twice: of two values one would be lost without a word.
struct StrictJson(Value);

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(StrictJsonVisitor)
    }
}

struct StrictJsonVisitor;

const TWICE: &str = "a property is given twice";

impl<'de> Visitor<'de> for StrictJsonVisitor {
    type Value = StrictJson;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<StrictJson, E> {
        Ok(StrictJson(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<StrictJson, E> {
        Ok(StrictJson(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<StrictJson, E> {
        Ok(StrictJson(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<StrictJson, E> {
        Ok(StrictJson(value.into()))
    }

    /// A number without a fraction is an integer, however it is written: `7.0`, `1e0`, `-0` (JSON Schema, and RFC 8259 on
    /// which of them are exact).
    fn visit_f64<E>(self, value: f64) -> std::result::Result<StrictJson, E> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let is_whole = value.fract() == 0.0 && value.abs() <= EXACT;
        Ok(StrictJson(if is_whole { (value as i64).into() } else { value.into() }))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<StrictJson, E> {
        Ok(StrictJson(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> std::result::Result<StrictJson, A::Error> {
        let mut items = Vec::new();
        while let Some(StrictJson(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(StrictJson(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<StrictJson, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(serde::de::Error::custom(TWICE));
            }
            map.insert(key, access.next_value::<StrictJson>()?.0);
        }
        Ok(StrictJson(Value::Object(map)))
    }
}

/// A text without the byte order mark that some systems put before it.
pub fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads JSON in which no object names a property twice.
pub fn parse_json(text: &[u8]) -> Result<Value> {
    let read = serde_json::from_slice::<StrictJson>(text).map(|read| read.0);
    read.map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => TWICE,
            serde_json::error::Category::Eof => "the JSON ends too early",
            _ => "the body is not well-formed JSON in UTF-8",
        };
        Error::Malformed(format!("{what} (line {}, column {})", error.line(), error.column()))
    })
}

/// JSON bytes of a value.
pub fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::Internal(format!("cannot write JSON: {error}")))
}

/// A reference to a schema among the components.
pub fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// A schema as JSON.
pub fn to_value(schema: &impl Serialize) -> Value {
    serde_json::to_value(schema).unwrap_or(Value::Null)
}

/// The properties with dots between the parts of an object: `requester.type`.
pub fn flat(document: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for (key, value) in document {
        match value {
            Value::Object(inner) => {
                out.extend(inner.iter().map(|(part, value)| (format!("{key}.{part}"), value.clone())));
            }
            value => {
                out.insert(key.clone(), value.clone());
            }
        }
    }
    out
}

/// Reads JSON that the database keeps; `what` names it in the error.
pub fn read_stored<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    read_borrowed(text, what)
}

/// The same, with texts that stay where they are.
pub fn read_borrowed<'t, T: Deserialize<'t>>(text: &'t str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("unreadable {what}: {error}")))
}
