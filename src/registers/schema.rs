//! The schemas of a register's records for the API document: what is read, what creates, what changes.
//!
//! They are put together from the schemas of the common properties and of the register's own, so that each property is
//! described once.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::json::{reference, to_value};
use crate::messages::Lang;
use crate::registers::common::{COMMON, Common};
use crate::registers::vocabulary::OWN_PROPERTY;
use crate::registers::{Register, Vocabulary};

/// The labels of an enumeration's values, in their order, as generators and pages take them.
pub const LABELS: &str = "x-enum-descriptions";

/// `MediaRequest` as `media_request`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// "a" or "an".
pub fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// A page of records.
fn page(record: &str) -> Value {
    let properties = json!({
        "items": {"type": "array", "items": reference(record), "maxItems": 1000},
        "next": {"type": "string", "description": "The cursor of the next page; absent on the last one."},
        "total": {
            "type": "integer", "format": "int64", "minimum": 0,
            "description": "How many there are in all; only with `include_total=true`."
        }
    });
    json!({"type": "object", "description": "A page of a list.", "required": ["items"], "properties": properties})
}

/// The schemas of a register.
pub fn schemas(register: &Register, vocabulary: &Vocabulary) -> Vec<(String, Value)> {
    let mut referenced: Vec<(String, RefOr<Schema>)> = Vec::new();
    Common::schemas(&mut referenced);
    (register.schemas)(&mut referenced);
    let mut all: Vec<(String, Value)> =
        referenced.into_iter().map(|(name, schema)| (name, without_null_parts(to_value(&schema)))).collect();
    for (name, schema) in &mut all {
        if let Some(property) = register.coded.iter().find(|property| property.schema == name) {
            let codes = vocabulary.codes(register.name, property.name);
            schema["enum"] = codes.iter().map(|code| Value::from(code.code.as_str())).collect();
            schema[LABELS] = codes.iter().map(|code| Value::from(code.label.get(Lang::En))).collect();
        }
    }
    let is_without_values = |schema: &Value| schema["enum"].as_array().is_some_and(Vec::is_empty);
    let without: Vec<String> =
        all.iter().filter(|(_, schema)| is_without_values(schema)).map(|(name, _)| name.clone()).collect();
    all.retain(|(name, _)| !without.contains(name));
    all.iter_mut().for_each(|(_, schema)| take_out_references(schema, &without));
    let record = register.record;
    let written = Properties::of(register, vocabulary);
    all.extend(shown(register, &written));
    let new = new_record(register, &written);
    all.push((format!("New{record}"), new.clone()));
    // System and id stand in the path; the body may repeat them.
    if let Some((_, external)) = all.iter().find(|(name, _)| name == "External") {
        let mut delivered = external.clone();
        delivered["description"] = json!("The version in the other system, which grows with every change there.");
        delivered["required"] = json!(["version"]);
        delivered["properties"]["version"] = without_null(delivered["properties"]["version"].clone());
        all.push(("ExternalDelivery".into(), delivered));
    }
    all.push((format!("{record}Delivery"), delivery(register, &written, &new)));
    all.push((format!("{record}Changes"), changes(written)));
    all.push((format!("{record}Page"), page(record)));
    all
}

/// Takes the properties out of an object's schema whose values are of one of these schemas.
fn take_out_references(schema: &mut Value, names: &[String]) {
    let is_of = |property: &Value| {
        let ways = property["oneOf"].as_array().into_iter().flatten().chain([property]);
        let mut referenced = ways.filter_map(|way| way["$ref"].as_str()?.rsplit('/').next());
        referenced.any(|name| names.iter().any(|out| out == name))
    };
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    properties.retain(|_, property| !is_of(property));
    let left: Vec<String> = properties.keys().cloned().collect();
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| left.iter().any(|left| name == left));
    }
}

/// The properties that a client can write, and the names of those that a new record must have.
struct Properties {
    schemas: Map<String, Value>,
    required: Vec<Value>,
}

impl Properties {
    /// The common ones under the register's names for them, its own, and the authority's.
    fn of(register: &Register, vocabulary: &Vocabulary) -> Properties {
        let (common, own) = (to_value(&Common::schema()), to_value(&(register.schema)()));
        let called = |name: &str| {
            COMMON.into_iter().find(|known| *known == name).and_then(|known| register.property_name(known))
        };
        let of_common = common["properties"].as_object().cloned().unwrap_or_default().into_iter();
        let of_own = own["properties"].as_object().cloned().unwrap_or_default();
        let of_common = of_common.filter_map(|(name, schema)| Some((called(&name)?.to_owned(), schema)));
        let mut schemas: Map<String, Value> = of_common.chain(of_own).collect();
        for property in register.coded {
            match vocabulary.codes(register.name, property.name) {
                [] => {
                    schemas.shift_remove(property.path);
                }
                codes => {
                    if let Some(default) = codes.iter().find(|code| code.is_default)
                        && let Some(schema) = schemas.get_mut(property.path)
                    {
                        *schema = with_default(schema.take(), &default.code);
                    }
                }
            }
        }
        schemas.extend(own_schema(register, vocabulary).map(|schema| (OWN_PROPERTY.to_owned(), schema)));
        let of_common = common["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut required: Vec<Value> = of_common.filter_map(called).map(Value::from).collect();
        required.extend(own["required"].as_array().cloned().unwrap_or_default());
        required.retain(|name| name.as_str().is_some_and(|name| schemas.contains_key(name)));
        Properties { schemas, required }
    }
}

/// A property that has a value where none is given.
fn with_default(mut schema: Value, default: &str) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.insert("description".into(), format!("`{default}` unless given.").into());
        map.insert("default".into(), default.into());
    }
    schema
}

/// The schema of what is the authority's own; `None` where there is nothing of it.
fn own_schema(register: &Register, vocabulary: &Vocabulary) -> Option<Value> {
    let dimensions = vocabulary.own_dimensions(register).map(|dimension| {
        let codes: Vec<&str> = dimension.codes.iter().map(|code| code.code.as_str()).collect();
        let label = dimension.label.get(Lang::En);
        let labels: Vec<&str> = dimension.codes.iter().map(|code| code.label.get(Lang::En)).collect();
        let schema = json!({"type": ["string", "null"], "enum": codes, LABELS: labels, "description": label});
        (dimension.name().to_owned(), schema)
    });
    let numbers = vocabulary.own_numbers(register).map(|number| {
        let unit = number.unit.as_ref().map_or_else(String::new, |unit| format!(", in {unit}"));
        let kind = if number.decimals == 0 { "integer" } else { "number" };
        let mut schema =
            json!({"type": [kind, "null"], "description": format!("{}{unit}", number.label.get(Lang::En))});
        for (key, bound) in [("minimum", number.min), ("maximum", number.max)] {
            if let (Some(map), Some(bound)) = (schema.as_object_mut(), bound) {
                map.insert(key.into(), bound.into());
            }
        }
        (number.name().to_owned(), schema)
    });
    let properties: Map<String, Value> = dimensions.chain(numbers).collect();
    (!properties.is_empty()).then(|| {
        json!({
            "type": ["object", "null"], "description": "What is the authority's own.", "additionalProperties": false,
            "properties": properties
        })
    })
}

fn object(description: String, required: Vec<Value>, properties: Map<String, Value>) -> Value {
    json!({"type": "object", "description": description, "required": required, "properties": properties})
}

/// The schemas of a record as it is shown: as the answer to a write, and as it is read.
fn shown(register: &Register, written: &Properties) -> [(String, Value); 2] {
    let instant = |of: &str| json!({"type": "string", "format": "date-time", "description": of});
    let mut shown = Map::new();
    shown.insert("id".into(), json!({"type": "string", "format": "uuid", "description": "Id (UUIDv7)."}));
    let properties = written.schemas.iter();
    shown.extend(properties.map(|(name, schema)| (name.clone(), without_default(without_null(schema.clone())))));
    if let Some(own) = shown.get_mut(OWN_PROPERTY) {
        own["additionalProperties"] = json!({
            "type": ["string", "number"], "description": "What earlier records carry and the profile names no longer."
        });
    }
    shown.insert("created_at".into(), instant("When it was entered, in UTC."));
    shown.insert("updated_at".into(), instant("When it was changed last, in UTC."));
    let revision = json!({
        "type": "integer", "format": "int64", "minimum": 1,
        "description": "Grows by one with every change; the `ETag` is made from it."
    });
    shown.insert("revision".into(), revision);
    shown.extend(expanded(register));
    let identity = ["id", "number", "revision"].map(Value::from).to_vec();
    let answer = format!(
        "{}, as the answer to a write shows it: without `register:read` its id, number and revision only.",
        register.description
    );
    let answer = object(answer, identity, shown.clone());
    let read = object(format!("{}.", register.description), always_shown(register, &written.required), shown);
    [(format!("Written{}", register.record), answer), (register.record.to_owned(), read)]
}

/// The lists of records that refer to one, and of the addresses of their rests.
fn expanded(register: &Register) -> Map<String, Value> {
    let mut lists = Map::new();
    for referring in register.referring() {
        let list = json!({
            "type": "array", "items": reference(referring.record),
            "maxItems": 100,
            "description": format!("The first records of {} that refer to it; only with `expand`.", referring.name)
        });
        lists.insert(referring.name.replace('-', "_"), list);
    }
    if register.referring().next().is_some() {
        let rest = json!({
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string", "format": "uri-reference"}},
            "description": "For each list of `expand` that was cut short: the addresses of the whole lists, one for each \
                property that refers to it."
        });
        lists.insert(REST.into(), rest);
    }
    lists
}

/// The names of the properties that a record always has. A published one is shown to everybody with less.
fn always_shown(register: &Register, required: &[Value]) -> Vec<Value> {
    let mut always: Vec<Value> = ["id", "created_at", "updated_at", "revision"].map(Value::from).to_vec();
    if register.public.is_empty() {
        let own = ["number", "received_on", "status"].into_iter().filter_map(|name| register.property_name(name));
        always.extend(own.map(Value::from));
        always.extend(required.iter().cloned());
    } else {
        let is_public = |name: &&Value| name.as_str().is_some_and(|name| register.public.contains(&name));
        always.extend(required.iter().filter(is_public).cloned());
    }
    always
}

/// The schema of a body that creates a record.
fn new_record(register: &Register, written: &Properties) -> Value {
    let nullable = |(name, schema): (&String, &Value)| {
        let needed = written.required.iter().any(|required| required == name);
        (name.clone(), if needed { without_null(schema.clone()) } else { with_null(schema.clone()) })
    };
    let properties = written.schemas.iter().map(nullable).collect();
    let description = format!("What creates a record of the register {}.", register.name);
    let mut new = object(description, written.required.clone(), properties);
    new["additionalProperties"] = json!(false);
    new
}

/// The schema of a record as another system delivers it: a new one with its key there.
fn delivery(register: &Register, written: &Properties, new: &Value) -> Value {
    let mut delivery = object(
        format!("A record of the register {} as another system delivers it: the whole of it.", register.name),
        written.required.iter().cloned().chain([json!("external")]).collect(),
        new["properties"].as_object().cloned().unwrap_or_default(),
    );
    delivery["properties"]["external"] = reference("ExternalDelivery");
    delivery["additionalProperties"] = json!(false);
    delivery
}

/// The schema of a patch.
fn changes(written: Properties) -> Value {
    let nullable = |(name, schema): (String, Value)| (name, without_default(with_null(schema)));
    let properties = written.schemas.into_iter().map(nullable).collect();
    let description = "Changes of a record as a JSON Merge Patch (RFC 7396): null takes away.".into();
    let mut changes = object(description, vec![], properties);
    changes["additionalProperties"] = json!(false);
    changes.as_object_mut().map(|map| map.shift_remove("required"));
    changes
}

/// Takes null out of what a schema allows.
fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array() {
        let rest: Vec<Value> = types.iter().filter(|t| *t != "null").cloned().collect();
        schema["type"] = if let [one] = rest.as_slice() { one.clone() } else { Value::Array(rest) };
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        let rest: Vec<Value> = ways.iter().filter(|way| way["type"] != "null").cloned().collect();
        if let [Value::Object(one)] = rest.as_slice() {
            let one = one.clone();
            if let Some(map) = schema.as_object_mut() {
                map.shift_remove("oneOf");
                map.extend(one);
            }
        }
    }
    schema
}

/// The same for the properties of an object.
fn without_null_parts(mut schema: Value) -> Value {
    let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties.iter_mut() {
            if required.iter().any(|r| r == name) {
                *property = without_null(property.take());
            }
        }
    }
    schema
}

/// Adds null to what a schema allows.
fn with_null(mut schema: Value) -> Value {
    match &schema["type"] {
        Value::String(one) => schema["type"] = json!([one, "null"]),
        Value::Null if schema["oneOf"].is_null() => {
            let mut rest = schema.take();
            let mut outer = Map::new();
            if let Some(map) = rest.as_object_mut() {
                for key in ["description", "default"] {
                    outer.extend(map.shift_remove(key).map(|value| (key.to_owned(), value)));
                }
            }
            outer.insert("oneOf".into(), json!([{"type": "null"}, rest]));
            return Value::Object(outer);
        }
        _ => {}
    }
    schema
}

/// In an answer nothing is left to a default, and in a patch what is absent stays.
fn without_default(mut schema: Value) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.shift_remove("default");
    }
    schema
}

/// The properties of one of a register's schemas, such as `Case` or `NewCase`, with dots where they are parts of an
/// object, each with its schema.
pub fn leaves(register: &Register, vocabulary: &Vocabulary, of: &str) -> Vec<(String, Value)> {
    let schemas: Map<String, Value> = schemas(register, vocabulary).into_iter().collect();
    let resolved = |property: &Value| -> Value {
        let ways = property["oneOf"].as_array().into_iter().flatten().find(|way| way["$ref"].is_string());
        let name = ways.unwrap_or(property)["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        name.and_then(|name| schemas.get(name)).unwrap_or(property).clone()
    };
    let properties = schemas.get(of).and_then(|schema| schema["properties"].as_object());
    let mut all = Vec::new();
    for (name, property) in properties.into_iter().flatten() {
        let property = resolved(property);
        match property["properties"].as_object() {
            Some(parts) => {
                all.extend(parts.iter().map(|(part, schema)| (format!("{name}.{part}"), resolved(schema))));
            }
            None => all.push((name.clone(), property)),
        }
    }
    all
}

/// The property that tells where the rest is of lists that `expand` cut short.
pub const REST: &str = "rest";
