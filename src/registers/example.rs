//! Examples of records for the API document, in the words of the authority's vocabulary: they can be tried as they stand.

use serde_json::{Map, Value, json};

use super::Register;
use super::vocabulary::{Code, Vocabulary, accepted, set_default};

/// The year in which the examples are.
const YEAR: i32 = 2017;

/// A body that creates a plausible record.
pub fn new_record(register: &Register, vocabulary: &Vocabulary) -> Value {
    let mut example = (register.example)();
    let Some(body) = example.as_object_mut() else { return example };
    for property in register.coded {
        let codes = vocabulary.codes(register.name, property.name);
        for place in places(body, property.path) {
            let code = place.as_str().and_then(|value| like(codes, value));
            *place = code.map_or(Value::Null, |code| json!(code.code));
        }
    }
    clear_nulls(body);
    for property in register.coded {
        let chosen = places(body, property.path).into_iter().find_map(|place| place.as_str().map(str::to_owned));
        let mut codes = vocabulary.codes(register.name, property.name).iter();
        let Some(code) = codes.find(|code| Some(&code.code) == chosen.as_ref()) else { continue };
        for (other, needed) in &code.requires {
            let needed = accepted(vocabulary, register.name, other, needed);
            let other = register.coded.iter().find(|property| property.name == other);
            if let (Some(other), Some(needed)) = (other, needed.first()) {
                places(body, other.path).into_iter().for_each(|place| *place = json!(needed));
                set_default(body, other, needed);
            }
        }
    }
    let required = vocabulary.own_dimensions(register).filter(|own| own.required_from.is_some_and(|from| from <= YEAR));
    let own = required.filter_map(|own| Some((own.name().to_owned(), json!(like(&own.codes, "")?.code))));
    let own: Map<String, Value> = own.collect();
    if !own.is_empty() {
        body.insert("own".into(), Value::Object(own));
    }
    example
}

/// The code that an example's value is, or the one nearest to it: of the same meaning, or the first that demands nothing.
fn like<'v>(codes: &'v [Code], value: &str) -> Option<&'v Code> {
    let valid: Vec<&Code> = codes.iter().filter(|code| code.is_valid(YEAR)).collect();
    let mut same =
        valid.iter().filter(|code| code.code == value).chain(valid.iter().filter(|code| code.is == Some(value)));
    same.next().or_else(|| valid.iter().find(|code| code.requires.is_empty())).or(valid.first()).copied()
}

/// Takes out what has no value, in the body and in its parts.
fn clear_nulls(body: &mut Map<String, Value>) {
    body.retain(|_, value| !value.is_null());
    for value in body.values_mut() {
        match value {
            Value::Object(inner) => clear_nulls(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(clear_nulls),
            _ => {}
        }
    }
}

/// The places of a property in a record; a part of a list is one of each of its elements.
fn places<'b>(body: &'b mut Map<String, Value>, path: &str) -> Vec<&'b mut Value> {
    let (first, part) = path.split_once('.').map_or((path, None), |(first, part)| (first, Some(part)));
    match (body.get_mut(first), part) {
        (Some(value), None) => vec![value],
        (Some(Value::Object(inner)), Some(part)) => inner.get_mut(part).into_iter().collect(),
        (Some(Value::Array(items)), Some(part)) => items.iter_mut().filter_map(|item| item.get_mut(part)).collect(),
        _ => Vec::new(),
    }
}

/// An example of a record as it is shown.
pub fn record(register: &Register, vocabulary: &Vocabulary) -> Value {
    let mut out = json!({"id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123"});
    if let (Some(map), Value::Object(body)) = (out.as_object_mut(), new_record(register, vocabulary)) {
        map.extend(body);
        let held = map.get("held_on").cloned();
        if let Some(series) = register.series {
            map.insert("number".into(), json!(format!("{series}-0001")));
        }
        if let Some(name) = register.property_name("received_on") {
            map.entry(name).or_insert_with(|| held.unwrap_or(json!("2017-03-14")));
        }
        if let Some(name) = register.property_name("status") {
            map.entry(name).or_insert(json!("OPEN"));
        }
        map.insert("created_at".into(), json!("2017-03-14T09:30:00Z"));
        map.insert("updated_at".into(), json!("2017-03-14T09:30:00Z"));
        map.insert("revision".into(), json!(1));
    }
    if let Some(findings) = out.get_mut("findings").and_then(Value::as_array_mut) {
        findings.iter_mut().for_each(|finding| finding["id"] = json!("01932b6e-2222-7000-8000-000000000002"));
    }
    out
}

/// An example of a history.
pub fn history() -> Value {
    json!({"items": [{
        "revision": 2,
        "action": "UPDATED",
        "at": "2017-03-20T14:05:00Z",
        "actor": "gever",
        "actor_kind": "SERVICE_ACCOUNT",
        "actor_issuer": "aufsicht",
        "actor_client": "01932b6e-3333-7000-8000-000000000003",
        "request_id": "01932b6e-6f0a-7c3e-9d55-0a4f6f3b2c11",
        "changes": [
            {"property": "closed_on", "old": null, "new": "2017-03-20"},
            {"property": "status", "old": "OPEN", "new": "CLOSED"}
        ]
    }]})
}
