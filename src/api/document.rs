//! The API document (OpenAPI 3.1), made from the endpoints.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::endpoint::{Content, Endpoint, ResponseSpec};
use super::problem::{PROBLEM_JSON, Problem};
use super::query::{Parameter, YEARS};
use crate::auth::{RULE, Scope};
use crate::error::{PROBLEMS, ProblemType};
use crate::json::{reference, to_value};
use crate::registers;

/// The document of these endpoints.
pub fn document(endpoints: &[Endpoint]) -> Value {
    let endpoints: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| !endpoint.undocumented).collect();
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    for endpoint in endpoints.iter().copied() {
        let path = paths.entry(&endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_ascii_lowercase()] = operation(endpoint, &endpoints);
        schemas.extend(endpoint.schemas.clone());
    }
    let mut parameters = header_parameters();
    parameters.extend(shared_parameters(&mut paths));
    let problems = Endpoint::get("", || async { "" }).schema::<Problem>().schema::<crate::error::Fault>();
    schemas.extend(problems.schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "aufsicht",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Register and statistics service of a data protection authority",
            "description": format!("{DESCRIPTION}\n\n{RULE}"),
            "contact": {"name": "Datenschutzbeauftragter des Kantons Luzern", "url": "https://datenschutz.lu.ch"},
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            "x-audience": "external-public"
        },
        "servers": [{"url": "/", "description": "This service"}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": scopes_text()
                },
                "oauth": {
                    "type": "oauth2",
                    "description": "The same tokens, for service accounts.",
                    "flows": {"clientCredentials": {
                        "tokenUrl": "/oauth/token",
                        "scopes": Scope::ALL.iter().map(|scope| (scope.as_str().to_owned(), scope.description().into())).collect::<Map<String, Value>>()
                    }}
                },
                "client": {"type": "http", "scheme": "basic", "description": "A service account's id and secret."}
            },
            "schemas": schemas,
            "headers": headers(),
            "parameters": parameters,
            "responses": problem_responses(&endpoints)
        }
    })
}

const DESCRIPTION: &str = "Registers the business cases, projects, audits, events and media requests of a data \
protection authority, the public bodies under its supervision, the public register of data collections and its other \
records, and computes the statistics of its yearly activity report from them.\n\n\
Dates are civil dates in Europe/Zurich (`YYYY-MM-DD`), instants are RFC 3339 in UTC. In answers, an absent property \
and null mean the same. Every refusal is a problem document (RFC 9457) that names every fault and says what to do. \
Unknown properties and parameters are refused by name.";

fn scopes_text() -> String {
    let list: Vec<String> = Scope::ALL.iter().map(|scope| format!("- `{scope}`: {}", scope.description())).collect();
    format!("An access token (JWT) with the scopes it needs:\n\n{}", list.join("\n"))
}

fn tags() -> Value {
    let mut tags: Vec<Value> = registers::ALL
        .iter()
        .map(|register| json!({"name": register.name, "description": format!("{}.", register.description)}))
        .collect();
    tags.push(json!({"name": "deadlines", "description": "What is due over all registers."}));
    tags.push(json!({
        "name": "changes",
        "description": "The change feed: what was created, changed and deleted in all registers, in the order in which it was kept."
    }));
    tags.push(json!({
        "name": "webhooks",
        "description": "Who is told of changes: events (CloudEvents 1.0) that name the change and carry no record, signed (Standard Webhooks)."
    }));
    tags.push(json!({"name": "statistics", "description": "Counts over the registers; never with personal data."}));
    tags.push(json!({"name": "access", "description": "Service accounts and their tokens."}));
    tags.push(json!({"name": "audit", "description": "The proof of what was written, and the log of what was read."}));
    tags.push(json!({"name": "operation", "description": "Health and documentation of the service."}));
    Value::Array(tags)
}

fn operation(endpoint: &Endpoint, all: &[&Endpoint]) -> Value {
    let mut parameters: Vec<Value> = endpoint.path_parameters().into_iter().map(path_parameter).collect();
    parameters.extend(endpoint.query.iter().map(query_parameter));
    parameters.extend(endpoint.headers.iter().map(|name| json!({"$ref": format!("#/components/parameters/{name}")})));
    let mut responses: Map<String, Value> = Map::new();
    for answer in &endpoint.answers {
        let mut headers: Map<String, Value> = ["XRequestId", "APIVersion", "RateLimit"]
            .iter()
            .chain(&answer.headers)
            .map(|name| (header_name(name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})))
            .collect();
        headers.sort_keys();
        let mut response = json!({"description": answer.description, "headers": headers});
        if !answer.content.is_empty() {
            response["content"] = content(&answer.content);
        }
        let links = links(endpoint, answer, all);
        if !links.is_empty() {
            response["links"] = Value::Object(links);
        }
        responses.insert(answer.status.to_string(), response);
    }
    let mut by_status: BTreeMap<u16, Vec<&ProblemType>> = BTreeMap::new();
    for problem in endpoint.all_problems() {
        by_status.entry(problem.status).or_default().push(problem);
    }
    for (status, problems) in by_status {
        // Where a status has several types, the component of the status shows them all.
        let name = component(problems[0]);
        responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
    }
    let mut out = json!({
        "operationId": endpoint.id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": endpoint.description,
        "security": match endpoint.scope {
            Some(scope) if endpoint.open => json!([{}, {"bearer": []}, {"oauth": [scope.as_str()]}]),
            Some(scope) => json!([{"bearer": []}, {"oauth": [scope.as_str()]}]),
            None if endpoint.client_credentials => json!([{"client": []}]),
            None => json!([]),
        },
    });
    if let Some(scope) = endpoint.scope.filter(|_| endpoint.open) {
        let open = "Everybody sees what is published, without a token;";
        out["description"] = json!(format!("{}\n\n{open} all of it needs the scope `{scope}`.", endpoint.description));
    } else if let Some(scope) = endpoint.scope {
        // Scopes in `security` are for OAuth 2 schemes, which list them; a bearer scheme cannot.
        out["x-required-scope"] = json!(scope.as_str());
        out["description"] = json!(format!("{}\n\nNeeds the scope `{scope}`.", endpoint.description));
    }
    if !parameters.is_empty() {
        out["parameters"] = Value::Array(parameters);
    }
    if !endpoint.body.is_empty() {
        out["requestBody"] = json!({"required": true, "content": content(&endpoint.body)});
    }
    out["responses"] = Value::Object(responses);
    out
}

/// Returns the links of an answer: from what was created to everything that can be done with it, and from a page to the
/// next.
fn links(endpoint: &Endpoint, answer: &ResponseSpec, all: &[&Endpoint]) -> Map<String, Value> {
    let mut links = Map::new();
    let is_page = answer.content.iter().any(|content| content.example.get("items").is_some());
    let place = ["cursor", "after"].into_iter().find(|name| endpoint.query.iter().any(|known| known.name == *name));
    if let (true, Some(place)) = (is_page, place) {
        links.insert(
            "next_page".into(),
            json!({
                "operationId": endpoint.id, "description": "The next page",
                "parameters": {format!("query.{place}"): "$response.body#/next"}
            }),
        );
    }
    if answer.status != 201 || endpoint.method != Method::POST {
        return links;
    }
    for other in all {
        let below = other.path.strip_prefix(&endpoint.path).unwrap_or_default();
        let [parameter] = other.path_parameters()[..] else { continue };
        if !below.starts_with(&format!("/{{{parameter}}}")) {
            continue;
        }
        let same = answer.content.iter().any(|content| content.example.get(parameter).is_some());
        let property = if same { parameter } else { "id" };
        let mut given = json!({format!("path.{parameter}"): format!("$response.body#/{property}")});
        if other.headers.contains(&"IfMatch") && answer.headers.contains(&"ETag") {
            given["header.If-Match"] = json!("$response.header.ETag");
        }
        links.insert(
            other.id.clone(),
            json!({
                "operationId": other.id, "description": other.summary, "parameters": given
            }),
        );
    }
    links
}

/// Takes the parameters that several operations have out of them, into components, and returns these.
fn shared_parameters(paths: &mut Map<String, Value>) -> Map<String, Value> {
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

fn content(list: &[Content]) -> Value {
    let entries = list
        .iter()
        .map(|content| (content.media_type.to_owned(), json!({"schema": content.schema, "example": content.example})));
    Value::Object(entries.collect())
}

/// The key in another system that the document's examples have.
pub const EXAMPLE_KEY: (&str, &str) = ("konsul", "LU-2017-4711");

fn path_parameter(name: &str) -> Value {
    let (description, schema, example) = match name {
        "id" => (
            "Id of the record",
            json!({"type": "string", "format": "uuid"}),
            json!("01932b6e-1111-7000-8000-000000000001"),
        ),
        "year" => {
            ("A year", json!({"type": "integer", "minimum": *YEARS.start(), "maximum": *YEARS.end()}), json!(2017))
        }
        "code" => {
            ("Code of a line of the table", json!({"type": "string", "maxLength": 100}), json!("inquiries.area.it"))
        }
        "system" => {
            ("The other system", json!({"type": "string", "minLength": 1, "maxLength": 50}), json!(EXAMPLE_KEY.0))
        }
        "external_id" => (
            "The record's id there, percent-encoded",
            json!({"type": "string", "minLength": 1, "maxLength": 200}),
            json!(EXAMPLE_KEY.1),
        ),
        "client_id" => (
            "Id of the service account",
            json!({"type": "string", "format": "uuid"}),
            json!("01932b6e-3333-7000-8000-000000000003"),
        ),
        "webhook_id" => (
            "Id of the webhook",
            json!({"type": "string", "format": "uuid"}),
            json!("01932b6e-4444-7000-8000-000000000004"),
        ),
        "delivery_id" => (
            "Id of the delivery",
            json!({"type": "string", "format": "uuid"}),
            json!("01932b6e-5555-7000-8000-000000000005"),
        ),
        "slug" => ("Name of the problem type", json!({"type": "string", "maxLength": 100}), json!("not-found")),
        _ => ("", json!({"type": "string"}), Value::Null),
    };
    let mut out = json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema});
    if !example.is_null() {
        out["example"] = example;
    }
    out
}

fn query_parameter(parameter: &Parameter) -> Value {
    let mut out = json!({"name": parameter.name, "in": "query", "description": parameter.description});
    if parameter.many {
        out["schema"] = json!({"type": "array", "items": parameter.schema, "minItems": 1, "maxItems": 100});
        out["style"] = json!("form");
        out["explode"] = json!(false);
    } else {
        out["schema"] = parameter.schema.clone();
    }
    match &parameter.example {
        Value::Null => {}
        example if parameter.many => out["example"] = json!([example]),
        example => out["example"] = example.clone(),
    }
    out
}

fn header_name(component: &'static str) -> &'static str {
    match component {
        "XRequestId" => "X-Request-Id",
        "APIVersion" => "API-Version",
        "RetryAfter" => "Retry-After",
        "ContentDisposition" => "Content-Disposition",
        "IdempotencyReplayed" => "Idempotency-Replayed",
        "WWWAuthenticate" => "WWW-Authenticate",
        name => name,
    }
}

fn headers() -> Value {
    let header = |description: &str, example: &str| json!({"description": description, "schema": {"type": "string"}, "example": example});
    json!({
        "XRequestId": header("The request's id, which the service's log has too", "01932b6e-6f0a-7c3e-9d55-0a4f6f3b2c11"),
        "APIVersion": header("The version of this document", env!("CARGO_PKG_VERSION")),
        "RateLimit": header("How many more requests may come now, and in how many seconds it will be otherwise", "\"requests\";r=999;t=1"),
        "ETag": header("Entity tag, for `If-Match` and `If-None-Match`", "\"1\""),
        "Location": header("Where the new record is", "/v1/cases/01932b6e-1111-7000-8000-000000000001"),
        "Link": header("The next page (RFC 8288); absent on the last one", "</v1/cases?cursor=abc>; rel=\"next\""),
        "ContentDisposition": header("A name for the file", "attachment; filename=\"cases-2017-12-31.csv\""),
        "IdempotencyReplayed": header("`true` when this is the first answer again", "true"),
        "RetryAfter": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}, "example": 2},
        "WWWAuthenticate": header("How to authenticate (RFC 6750)", "Bearer realm=\"aufsicht\"")
    })
}

fn header_parameters() -> Map<String, Value> {
    let parameter = |name: &str, required: bool, description: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": required, "description": description,
            "schema": {"type": "string"}, "example": example
        })
    };
    let all = [
        (
            "IfMatch",
            parameter("If-Match", true, "The `ETag` of the record as last read, so that no change is lost", "\"1\""),
        ),
        (
            "IfMatchOptional",
            parameter("If-Match", false, "The `ETag` of the record as last read, for those who know it", "\"1\""),
        ),
        (
            "IdempotencyKey",
            parameter(
                "Idempotency-Key",
                false,
                "A key for this request: sent again with the same key within a day, it is not done again, and the first answer is given again",
                "0b6f7d0e-1f0e-4d43-9d2c-6a1f1c8f4a11",
            ),
        ),
        (
            "LastEventId",
            parameter(
                "Last-Event-ID",
                false,
                "The cursor of the last event received, when a stream is taken up again",
                "",
            ),
        ),
        (
            "AccessPurpose",
            parameter(
                "X-Access-Purpose",
                false,
                "What personal data is needed for; stands in the access log",
                "Auskunft an die betroffene Person",
            ),
        ),
        (
            "IfNoneMatch",
            parameter(
                "If-None-Match",
                false,
                "The `ETag` of what is known already: 304 when nothing has changed",
                "\"1\"",
            ),
        ),
        ("AcceptLanguage", parameter("Accept-Language", false, "Language of the labels: de, fr, it or en", "de-CH")),
    ];
    all.into_iter().map(|(name, parameter)| (name.to_owned(), parameter)).collect()
}

/// The name of the response component for a problem's status.
fn component(problem: &ProblemType) -> &'static str {
    match problem.status {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        406 => "NotAcceptable",
        408 => "RequestTimeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "ContentTooLarge",
        415 => "UnsupportedMediaType",
        422 => "UnprocessableContent",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    }
}

/// A response for each status that an endpoint can fail with.
fn problem_responses(endpoints: &[&Endpoint]) -> Value {
    let sent: BTreeSet<u16> =
        endpoints.iter().flat_map(|endpoint| endpoint.all_problems()).map(|problem| problem.status).collect();
    let mut out: Map<String, Value> = Map::new();
    for problem in PROBLEMS.iter().filter(|problem| sent.contains(&problem.status)) {
        let entry = out.entry(component(problem)).or_insert_with(|| {
            let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}});
            let more: &[(&str, &'static str)] = match problem.status {
                401 | 403 => &[("WWW-Authenticate", "WWWAuthenticate")],
                429 | 503 => &[("Retry-After", "RetryAfter")],
                _ => &[],
            };
            for (name, component) in more {
                headers[name] = json!({"$ref": format!("#/components/headers/{component}")});
            }
            json!({
                "description": problem.title,
                "headers": headers,
                "content": {PROBLEM_JSON: {"schema": reference("Problem"), "examples": {}}}
            })
        });
        entry["content"][PROBLEM_JSON]["examples"][problem.slug] =
            json!({"summary": problem.title, "value": to_value(&Problem::example(problem))});
    }
    Value::Object(out)
}
