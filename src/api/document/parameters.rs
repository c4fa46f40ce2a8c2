//! The parameters of the API document, and those that several operations share.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::EXAMPLE_KEY;
use crate::api::query::{Parameter, YEARS};
use crate::statistics::layout::Layouts;

/// Returns the description, the schema and the example of a path's parameter. Tables and lines are the first that the
/// authority has, so that the examples can be tried out as they stand.
fn path_value(name: &str, layouts: &Layouts) -> (&'static str, Value, Value) {
    let main = layouts.get(None).and_then(|layout| layout.main_table());
    let uuid = |description, example: &str| (description, json!({"type": "string", "format": "uuid"}), json!(example));
    match name {
        "id" => uuid("Id of the record", "01932b6e-1111-7000-8000-000000000001"),
        "year" => {
            ("A year", json!({"type": "integer", "minimum": *YEARS.start(), "maximum": *YEARS.end()}), json!(2017))
        }
        "table" => {
            let schema = json!({"type": "string", "maxLength": 100});
            ("Name of a table of the layout", schema, json!(main.map(|table| &table.name)))
        }
        "code" => {
            let mut lines = main.into_iter().flat_map(|table| &table.lines).filter(|line| !line.is_heading());
            let schema = json!({"type": "string", "maxLength": 100});
            ("Code of a line of the table", schema, json!(lines.next().map(|line| &line.code)))
        }
        "identifier" => ("Register and property", json!({"type": "string", "maxLength": 200}), json!("cases.area")),
        "system" => {
            ("The other system", json!({"type": "string", "minLength": 1, "maxLength": 50}), json!(EXAMPLE_KEY.0))
        }
        "external_id" => (
            "The record's id there, percent-encoded",
            json!({"type": "string", "minLength": 1, "maxLength": 200}),
            json!(EXAMPLE_KEY.1),
        ),
        "client_id" => uuid("Id of the service account", "01932b6e-3333-7000-8000-000000000003"),
        "webhook_id" => uuid("Id of the webhook", "01932b6e-4444-7000-8000-000000000004"),
        "feed_id" => uuid("Id of the calendar feed", "01932b6e-6666-7000-8000-000000000006"),
        "feed_secret" => {
            ("Secret of the calendar feed", json!({"type": "string", "maxLength": 100}), json!("shown-once"))
        }
        "delivery_id" => uuid("Id of the delivery", "01932b6e-5555-7000-8000-000000000005"),
        "slug" => ("Name of the problem type", json!({"type": "string", "maxLength": 100}), json!("not-found")),
        "fault_code" => ("Code of a fault", json!({"type": "string", "maxLength": 100}), json!("out_of_range")),
        _ => ("", json!({"type": "string"}), Value::Null),
    }
}

pub fn path_parameter(name: &str, layouts: &Layouts) -> Value {
    let (description, schema, example) = path_value(name, layouts);
    let mut out = json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema});
    if !example.is_null() {
        out["example"] = example;
    }
    out
}

pub fn query_parameter(parameter: &Parameter, layouts: &Layouts) -> Value {
    let mut out = json!({"name": parameter.name, "in": "query", "description": parameter.description});
    if parameter.many {
        out["schema"] = json!({"type": "array", "items": parameter.schema, "minItems": 1, "maxItems": 100});
        out["style"] = json!("form");
        out["explode"] = json!(false);
    } else {
        out["schema"] = parameter.schema.clone();
    }
    let example = match &*parameter.name {
        "layout" => json!(layouts.get(None).map(|layout| &layout.name)),
        _ => parameter.example.clone(),
    };
    if !example.is_null() {
        out["example"] = if parameter.many { json!([example]) } else { example };
    }
    out
}

/// The header parameters: the name of the component, the header, true if it must be there, its description. Those that
/// need not be there have no example: Swagger UI would send it by itself, and a purpose that nobody stated would stand in
/// the access log.
const HEADERS: [(&str, &str, bool, &str); 7] = [
    ("IfMatch", "If-Match", true, "The `ETag` of the record as last read, so that no change is lost"),
    ("IfMatchOptional", "If-Match", false, "The `ETag` of the record as last read, for those who know it: `\"1\"`"),
    (
        "IdempotencyKey",
        "Idempotency-Key",
        false,
        "A key for this request, such as a UUID: sent again with the same key within a day, it is not done again, and the \
         first answer is given again",
    ),
    ("LastEventId", "Last-Event-ID", false, "The cursor of the last event received, when a stream is taken up again"),
    ("AccessPurpose", "X-Access-Purpose", false, "What personal data is needed for; stands in the access log"),
    (
        "IfNoneMatch",
        "If-None-Match",
        false,
        "The `ETag` of what is known already, such as `\"1\"`: 304 when nothing has changed",
    ),
    (
        "AcceptLanguage",
        "Accept-Language",
        false,
        "Languages of the labels, as for the parameter `lang`, such as `de-CH`",
    ),
];

pub fn header_parameters() -> Map<String, Value> {
    let parameter = |(component, name, required, description): (&str, &str, bool, &str)| {
        let mut parameter = json!({
            "name": name, "in": "header", "required": required, "description": description, "schema": {"type": "string"}
        });
        if required {
            parameter["example"] = json!("\"1\"");
        }
        (component.to_owned(), parameter)
    };
    HEADERS.into_iter().map(parameter).collect()
}

/// Takes the parameters that several operations have out of them, into components, and returns these.
pub fn shared_parameters(paths: &mut Map<String, Value>) -> Map<String, Value> {
    let mut uses: BTreeMap<String, Vec<(Value, usize)>> = BTreeMap::new();
    for parameter in inline_parameters(paths) {
        let forms = uses.entry(component_name(parameter)).or_default();
        match forms.iter_mut().find(|(form, _)| form == parameter) {
            Some((_, times)) => *times += 1,
            None => forms.push((parameter.clone(), 1)),
        }
    }
    let most = |forms: Vec<(Value, usize)>| forms.into_iter().filter(|form| form.1 > 1).max_by_key(|form| form.1);
    let shared: Map<String, Value> =
        uses.into_iter().filter_map(|(name, forms)| Some((name, most(forms)?.0))).collect();
    for parameter in inline_parameters(paths) {
        let name = component_name(parameter);
        if shared.get(&name) == Some(parameter) {
            *parameter = json!({"$ref": format!("#/components/parameters/{name}")});
        }
    }
    shared
}

fn inline_parameters(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    let lists = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
    lists.flatten().filter(|parameter| parameter["name"].is_string())
}

/// The name of a parameter among the components: `limit` is `Limit`, `id` in a path is `PathId`.
fn component_name(parameter: &Value) -> String {
    let words = parameter["name"].as_str().unwrap_or_default().split(['_', '-']).map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    let name: String = words.collect();
    if parameter["in"] == "path" { format!("Path{name}") } else { name }
}
