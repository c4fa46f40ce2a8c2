//! Bodies and answers as endpoints declare them: in a media type, with the schema of the very type that is read or
//! written, and an example.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::formats::{Described, schemas_of};
use crate::json::{reference, to_value};

/// JSON, the usual media type.
pub const JSON: &str = "application/json";
/// JSON Merge Patch (RFC 7396).
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// A body or answer in one media type.
#[derive(Clone)]
pub struct Content {
    /// Such as `application/json`.
    pub media_type: &'static str,
    /// Its schema.
    pub schema: Value,
    /// An example.
    pub example: Value,
    /// The components that the schema refers to, by their names.
    pub components: BTreeMap<String, Value>,
}

impl Content {
    /// JSON of a type, whose schema is a component of the document.
    pub fn json<T: ToSchema>(example: Value) -> Self {
        Content { components: components::<T>(), ..Content::component(&T::name(), example) }
    }

    /// JSON of a page of values of a type; the page is a component of that name.
    pub fn page<T: ToSchema>(name: &str, example: Value) -> Self {
        Content::page_as::<T>(name, Page::<T>::schema(), example)
    }

    /// The same for a page that can tell how many there are in all.
    pub fn counted_page<T: ToSchema>(name: &str, example: Value) -> Self {
        Content::page_as::<T>(name, CountedPage::<T>::schema(), example)
    }

    fn page_as<T: ToSchema>(name: &str, page: RefOr<Schema>, example: Value) -> Self {
        let mut components = components::<T>();
        components.insert(name.to_owned(), joined(to_value(&page)));
        Content { components, ..Content::component(name, example) }
    }

    /// A value in a media type, as the example of its type.
    pub fn of<T: Serialize + ToSchema>(media_type: &'static str, example: &T) -> Self {
        Content { media_type, ..Content::json::<T>(to_value(example)) }
    }

    /// JSON of a component that is no type's, such as a record, whose schema is put together for each register.
    pub fn component(name: &str, example: Value) -> Self {
        Content { media_type: JSON, schema: reference(name), example, components: BTreeMap::new() }
    }

    /// A type that a format describes; its schema is a component of the document.
    pub fn described(media_type: &'static str, Described { schemas, example }: Described) -> Self {
        let name = schemas.first().map_or("", |(name, _)| name).to_owned();
        Content { media_type, components: by_name(schemas), ..Content::component(&name, example) }
    }

    /// Text of a media type, such as CSV.
    pub fn text(media_type: &'static str, example: &str) -> Self {
        let schema = json!({"type": "string"});
        Content { media_type, schema, example: json!(example), components: BTreeMap::new() }
    }

    /// Bytes of a media type, such as a spreadsheet.
    pub fn binary(media_type: &'static str, example: &str) -> Self {
        let schema = json!({"type": "string", "format": "binary"});
        Content { schema, ..Content::text(media_type, example) }
    }
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The items of the page.
    #[schema(max_items = 1000)]
    pub(super) items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) next: Option<String>,
}
/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct CountedPage<T> {
    /// The items of the page.
    #[schema(max_items = 1000)]
    pub(super) items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) next: Option<String>,
    /// The number of all items; only with `include_total=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub(super) total: Option<i64>,
}

/// The schema of a type and the schemas that it refers to, by their names.
pub fn components<T: ToSchema>() -> BTreeMap<String, Value> {
    by_name(schemas_of::<T>())
}

fn by_name(schemas: Vec<(String, RefOr<Schema>)>) -> BTreeMap<String, Value> {
    schemas.into_iter().map(|(name, schema)| (name, joined(to_value(&schema)))).collect()
}

/// A schema in which what utoipa writes apart is one again: the description of an inlined type and the properties of a
/// flattened one in `allOf`, and null beside an inlined object in `oneOf`. References stay apart.
fn joined(schema: Value) -> Value {
    let mut whole = match schema {
        Value::Object(map) => map.into_iter().map(|(key, part)| (key, joined(part))).collect::<Map<String, Value>>(),
        Value::Array(list) => return list.into_iter().map(joined).collect(),
        other => return other,
    };
    for (key, is_one) in [("allOf", are_parts as fn(&[Value]) -> bool), ("oneOf", is_object_or_null)] {
        let parts = whole.get(key).and_then(Value::as_array).filter(|parts| is_one(parts)).cloned();
        if let Some(parts) = parts {
            whole.shift_remove(key);
            whole = parts.into_iter().chain([Value::Object(whole)]).fold(Map::new(), join);
        }
    }
    Value::Object(whole)
}

/// True for the parts of one schema: none of them is a reference.
fn are_parts(parts: &[Value]) -> bool {
    parts.iter().all(|part| part["type"].is_string())
}

/// True for an object that stands here, and null.
fn is_object_or_null(ways: &[Value]) -> bool {
    ways.len() == 2 && ways.iter().all(|way| way["type"] == "null" || way["type"] == "object")
}

/// Adds a part to a schema. Of two types the first one holds, but null is another one.
fn join(mut schema: Map<String, Value>, part: Value) -> Map<String, Value> {
    let Value::Object(part) = part else { return schema };
    for (key, value) in part {
        match (schema.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) if key == "properties" => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) if key == "required" => known.extend(more),
            (Some(known), more) if key == "type" => {
                if more == "null" || *known == "null" {
                    *known = json!(["object", "null"]);
                }
            }
            (_, value) => {
                schema.insert(key, value);
            }
        }
    }
    schema
}
