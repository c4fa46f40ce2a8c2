//! The API document as OpenAPI 3.0, for generators that do not read 3.1 yet. It says the same in the older words.

use serde_json::{Map, Value, json};

use super::endpoint::{JSON, MERGE_PATCH};

/// Keywords whose values are data and no schema, and so stay as they are.
const DATA: [&str; 4] = ["example", "examples", "default", "enum"];

/// Keywords that say more of an object than that it is one.
const OBJECT: [&str; 5] = ["properties", "additionalProperties", "allOf", "oneOf", "anyOf"];

/// A document of OpenAPI 3.1 as one of 3.0.
pub fn converted(document: &Value) -> Value {
    let mut out = converted_value(document);
    out["openapi"] = json!("3.0.3");
    if let Some(info) = out["info"].as_object_mut() {
        info.remove("summary");
    }
    // The word for them before 3.1.
    if let Some(webhooks) = out.as_object_mut().and_then(|out| out.remove("webhooks")) {
        out["x-webhooks"] = webhooks;
    }
    if let Some(licence) = out["info"]["license"].as_object_mut() {
        licence.remove("identifier");
    }
    out
}

fn converted_value(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(converted_value).collect(),
        Value::Object(map) => Value::Object(converted_map(map)),
        other => other.clone(),
    }
}

fn converted_map(map: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in map {
        match (key.as_str(), value) {
            ("type", Value::Array(types)) => nullable_type(types, &mut out),
            ("oneOf", Value::Array(choices)) if choices.iter().any(is_null) => nullable_choice(choices, &mut out),
            // Next to a reference nothing else counts in 3.0.
            ("$ref", _) if map.len() > 1 => {
                out.insert("allOf".into(), json!([{"$ref": value}]));
            }
            ("propertyNames", Value::Object(_)) => {}
            // Few generators know merge patches; the service takes them as JSON alike.
            (MERGE_PATCH, _) => {
                out.insert(JSON.into(), converted_value(value));
            }
            ("requestBody", Value::Object(_)) => {
                out.insert(key.clone(), body(converted_value(value)));
            }
            // The same as saying nothing, but generators take it for less.
            ("type", Value::String(name)) if name == "object" && !OBJECT.iter().any(|word| map.contains_key(*word)) => {
                out.insert(key.clone(), value.clone());
                out.insert("additionalProperties".into(), json!(true));
            }
            (name, _) if DATA.contains(&name) => {
                out.insert(key.clone(), value.clone());
            }
            _ => {
                out.insert(key.clone(), converted_value(value));
            }
        }
    }
    out
}

/// A request body without examples that are no text: generators cannot use them, and warn of it.
fn body(mut body: Value) -> Value {
    for media in body["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(media) = media.as_object_mut() {
            media.retain(|key, value| key != "example" || value.is_string());
        }
    }
    body
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

fn nullable_type(types: &[Value], out: &mut Map<String, Value>) {
    if let Some(name) = types.iter().find(|name| *name != "null") {
        out.insert("type".into(), name.clone());
    }
    if types.iter().any(|name| name == "null") {
        out.insert("nullable".into(), json!(true));
    }
}

fn nullable_choice(choices: &[Value], out: &mut Map<String, Value>) {
    out.insert("nullable".into(), json!(true));
    let rest: Vec<&Value> = choices.iter().filter(|schema| !is_null(schema)).collect();
    match rest.as_slice() {
        [Value::Object(only)] if only.contains_key("$ref") => {
            let others = only.iter().filter(|(key, _)| *key != "$ref");
            out.extend(others.map(|(key, value)| (key.clone(), value.clone())));
            out.insert("allOf".into(), json!([{"$ref": only["$ref"]}]));
        }
        [Value::Object(only)] => out.extend(converted_map(only)),
        _ => {
            out.insert("oneOf".into(), rest.into_iter().map(converted_value).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_same_in_the_older_words() {
        let both = |new: Value, old: Value| assert_eq!(converted_value(&new), old);
        both(
            json!({"type": ["string", "null"], "maxLength": 3}),
            json!({"type": "string", "nullable": true, "maxLength": 3}),
        );
        both(
            json!({"oneOf": [{"type": "null"}, {"$ref": "#/a", "description": "b"}]}),
            json!({"nullable": true, "description": "b", "allOf": [{"$ref": "#/a"}]}),
        );
        both(json!({"$ref": "#/a", "description": "b"}), json!({"allOf": [{"$ref": "#/a"}], "description": "b"}));
        both(json!({"$ref": "#/a"}), json!({"$ref": "#/a"}));
        both(
            json!({"type": "object", "properties": {}, "propertyNames": {"minLength": 1}}),
            json!({"type": "object", "properties": {}}),
        );
        both(json!({"type": "object"}), json!({"type": "object", "additionalProperties": true}));
        both(
            json!({"requestBody": {"content": {"a": {"example": {}}, "b": {"example": "c"}}}}),
            json!({"requestBody": {"content": {"a": {}, "b": {"example": "c"}}}}),
        );
        both(
            json!({"content": {MERGE_PATCH: {"schema": {"$ref": "#/a"}}}}),
            json!({"content": {JSON: {"schema": {"$ref": "#/a"}}}}),
        );
        both(json!({"example": {"type": ["a", "null"]}}), json!({"example": {"type": ["a", "null"]}}));
    }
}
