//! A name for every part: objects and enumerations that stand within a schema, a parameter or a list become components,
//! so that generators need not make up names, which would shift with every addition.
//!
//! A part is named after its place: the lines of `Differences.items` are `DifferencesItem`. What has the values of a
//! component, such as the scopes of an account, is that component.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::json::reference;

/// The components, the original ones and those that parts were made into.
type Components = BTreeMap<String, Value>;

/// The place of a part: its name as a component, and the word for it there.
struct Place {
    name: String,
    word: String,
}

impl Place {
    fn of(owner: &str, word: &str) -> Place {
        let word = pascal(word);
        Place { name: format!("{owner}{word}"), word }
    }

    /// The place of an element of what stands here.
    fn element(&self) -> Place {
        Place { name: singular(&self.name), word: singular(&self.word) }
    }

    /// The place of a value of the map that stands here. Generators call the map itself as the place is called.
    fn value(&self) -> Place {
        Place { name: format!("{}Value", singular(&self.name)), word: singular(&self.word) }
    }

    fn parameter(mut self) -> Place {
        self.name += "Parameter";
        self
    }

    /// The component that has these values already. It must be called alike: the same codes can mean two things.
    fn same_values<'k>(&self, schema: &Value, known: &'k Components) -> Option<&'k str> {
        let is_same = |name: &str, other: &Value| other["enum"] == schema["enum"] && name.contains(&self.word);
        let mut same = known.iter().filter(|(name, other)| schema["enum"].is_array() && is_same(name, other));
        same.next().map(|(name, _)| name.as_str())
    }
}

/// Takes the parts of all components out of them, into components of their own.
pub fn name_parts(schemas: &mut Components) {
    let known = schemas.clone();
    for (name, mut schema) in known.clone() {
        let mut found = Components::new();
        within(&mut schema, &name, &known, &mut found);
        schemas.insert(name, schema);
        schemas.extend(found);
    }
}

/// Takes the enumerations out of parameters: of those that operations share, and of those that belong to one.
pub fn name_parameters(paths: &mut Map<String, Value>, shared: &mut Map<String, Value>, schemas: &mut Components) {
    let known = schemas.clone();
    for (name, parameter) in shared.iter_mut() {
        part(&mut parameter["schema"], &Place::of("", name).parameter(), &known, schemas);
    }
    let known = schemas.clone();
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let id = pascal(operation["operationId"].as_str().unwrap_or_default());
        let list = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in list.into_iter().flatten().filter(|parameter| parameter["schema"].is_object()) {
            let place = Place::of(&id, parameter["name"].as_str().unwrap_or_default()).parameter();
            part(&mut parameter["schema"], &place, &known, schemas);
        }
    }
}

/// Names the parts of a schema that has a name itself.
fn within(schema: &mut Value, name: &str, known: &Components, found: &mut Components) {
    for (property, value) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        part(value, &Place::of(name, property), known, found);
    }
    for ways in ["allOf", "oneOf"] {
        for way in schema.get_mut(ways).and_then(Value::as_array_mut).into_iter().flatten() {
            within(way, name, known, found);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(value) = schema.get_mut(key).filter(|value| value.is_object()) {
            part(value, &Place::of(name, "Item"), known, found);
        }
    }
}

/// Makes a component of what stands at a place, if it is an object or an enumeration, and of such parts of it.
fn part(schema: &mut Value, place: &Place, known: &Components, found: &mut Components) {
    let ways = schema.get_mut("oneOf").and_then(Value::as_array_mut);
    if let Some(way) = ways.and_then(|ways| ways.iter_mut().find(|way| way["type"] != "null" && way["$ref"].is_null()))
    {
        return part(way, place, known, found);
    }
    if schema.get("properties").is_none() && schema.get("enum").is_none() {
        for (key, place) in [("items", place.element()), ("additionalProperties", place.value())] {
            if let Some(value) = schema.get_mut(key).filter(|value| value.is_object()) {
                part(value, &place, known, found);
            }
        }
        return;
    }
    let (mut own, described) = apart(schema.take());
    // An object that can be null is so wherever it stands, as before it had a name.
    let is_nullable = own["enum"].is_array() && without_null(&mut own);
    within(&mut own, &place.name, known, found);
    let same = place.same_values(&own, known);
    let called = reference(same.unwrap_or(&place.name));
    *schema = if is_nullable { json!({"oneOf": [{"type": "null"}, called]}) } else { called };
    if let Some(map) = schema.as_object_mut() {
        map.extend(described);
    }
    if same.is_none() {
        found.insert(place.name.clone(), own);
    }
}

/// A schema, and what of it belongs to the place where it stands. An object's description describes the object.
fn apart(mut schema: Value) -> (Value, Map<String, Value>) {
    let is_object = schema.get("properties").is_some();
    let mut described = Map::new();
    if let Some(map) = schema.as_object_mut() {
        let keys: &[&str] = if is_object { &["default"] } else { &["description", "default"] };
        described.extend(keys.iter().filter_map(|key| map.shift_remove_entry(*key)));
    }
    (schema, described)
}

/// Takes null out of the values of an enumeration; true if it was one of them.
fn without_null(schema: &mut Value) -> bool {
    let Some(types) = schema["type"].as_array() else { return false };
    let rest: Vec<Value> = types.iter().filter(|of| *of != "null").cloned().collect();
    let was_null = rest.len() < types.len();
    schema["type"] = if let [one] = rest.as_slice() { one.clone() } else { Value::Array(rest) };
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
    was_null
}

/// `media_requests` as `MediaRequests`.
fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// `Lines` as `Line`, `Classes` as `Class`.
fn singular(name: &str) -> String {
    for (plural, one) in [("ies", "y"), ("sses", "ss"), ("s", "")] {
        if let Some(stem) = name.strip_suffix(plural).filter(|stem| !stem.ends_with('s')) {
            return format!("{stem}{one}");
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_after_their_places() {
        let list = json!({"type": "object", "properties": {"lines": {"type": "array", "items": {
            "type": "object", "description": "A line.", "properties": {
                "way": {"type": ["string", "null"], "enum": ["UP", "DOWN", null], "description": "Where to."},
                "scope": {"type": "string", "enum": ["a", "b"]}
            }
        }}}});
        let mut schemas = Components::from([("List".into(), list), ("Scope".into(), json!({"enum": ["a", "b"]}))]);
        name_parts(&mut schemas);
        let names: Vec<&str> = schemas.keys().map(String::as_str).collect();
        assert_eq!(names, ["List", "ListLine", "ListLineWay", "Scope"]);
        assert_eq!(schemas["List"]["properties"]["lines"]["items"], reference("ListLine"));
        assert_eq!(schemas["ListLine"]["properties"]["scope"], reference("Scope"));
        assert_eq!(schemas["ListLineWay"], json!({"type": "string", "enum": ["UP", "DOWN"]}));
        let way = &schemas["ListLine"]["properties"]["way"];
        assert_eq!(way["oneOf"], json!([{"type": "null"}, {"$ref": "#/components/schemas/ListLineWay"}]));
        assert_eq!(way["description"], "Where to.");
    }

    #[test]
    fn names_of_lists_name_one() {
        for (many, one) in [("Lines", "Line"), ("Classes", "Class"), ("Categories", "Category"), ("Class", "Class")] {
            assert_eq!(singular(many), one);
        }
    }
}
