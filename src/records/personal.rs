//! The properties of a record that are personal data, and the ways to take them out of a document and put them back.

use serde_json::{Map, Value, json};

use crate::records::Document;

/// The places of personal data in a document: the property, and the part of it where it is an object.
const PERSONAL: [(&str, Option<&str>); 3] =
    [("notes", None), ("requester", Some("name")), ("requester", Some("contact"))];

/// The parts of a document that are personal data, taken out of it.
pub fn take(document: &mut Document) -> Map<String, Value> {
    let mut personal = Map::new();
    for (property, part) in PERSONAL {
        match part {
            None => personal.extend(document.shift_remove(property).map(|value| (property.to_owned(), value))),
            Some(part) => {
                let Some(Value::Object(inner)) = document.get_mut(property) else { continue };
                if let Some(value) = inner.shift_remove(part)
                    && let Value::Object(target) = personal.entry(property).or_insert_with(|| json!({}))
                {
                    target.insert(part.to_owned(), value);
                }
            }
        }
        // What is left empty would tell that something is hidden.
        if document.get(property).and_then(Value::as_object).is_some_and(Map::is_empty) {
            document.shift_remove(property);
        }
    }
    personal
}

/// True if a document has personal data.
pub fn is_in(document: &Document) -> bool {
    PERSONAL.iter().any(|(property, part)| {
        let value = document.get(*property);
        part.map_or(value, |part| value?.get(part)).is_some()
    })
}

/// The properties of a body that are personal data, as pointers.
pub fn pointers(body: &Value) -> Vec<String> {
    PERSONAL
        .iter()
        .map(|(property, part)| part.map_or(format!("/{property}"), |part| format!("/{property}/{part}")))
        .filter(|pointer| body.pointer(pointer).is_some())
        .collect()
}

/// True if a property, as [`flat`](crate::json::flat) names it, is personal data.
pub fn is_personal(property: &str) -> bool {
    PERSONAL.iter().any(|(name, part)| match part {
        None => *name == property,
        Some(part) => property.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) == Some(part),
    })
}

/// Puts personal data back into a document that it was taken out of.
pub fn put_back(document: &mut Document, personal: Map<String, Value>) {
    for (property, value) in personal {
        match (value, document.get_mut(&property)) {
            (Value::Object(parts), Some(Value::Object(present))) => present.extend(parts),
            (value, _) => {
                document.insert(property, value);
            }
        }
    }
}
