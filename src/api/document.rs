//! The API document (OpenAPI 3.1), made from the endpoints.

mod events;
mod overview;
mod parameters;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::changes::RegisterName;
use super::content::components;
use super::endpoint::{Content, Endpoint, ResponseSpec};
use super::problem::{PROBLEM_JSON, Problem};
use crate::auth::Scope;
use crate::error::{PROBLEMS, ProblemType};
use crate::json::{reference, to_value};
use crate::messages::Labels;
use crate::profile::Profile;
use crate::registers;
use crate::statistics::layout::Layouts;
use parameters::{header_parameters, path_parameter, query_parameter, shared_parameters};
use parts::{name_parameters, name_parts};

/// The document of these endpoints.
pub fn document(endpoints: &[Endpoint], profile: &Profile) -> Value {
    let mut endpoints: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| !endpoint.undocumented).collect();
    endpoints.sort_by_key(|endpoint| place(endpoint));
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    for endpoint in endpoints.iter().copied() {
        let path = paths.entry(&endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_ascii_lowercase()] = operation(endpoint, &endpoints, &profile.layouts);
        schemas.extend(endpoint.schemas.clone());
    }
    schemas.extend(components::<Problem>());
    schemas.extend(events::schemas());
    schemas.extend(components::<Scope>());
    schemas.extend(components::<RegisterName>());
    if let Some(labels) = schemas.get_mut("Labels") {
        *labels = to_value(&Labels::schema_in(&profile.authority.languages));
    }
    name_parts(&mut schemas);
    let mut parameters = header_parameters();
    parameters.extend(shared_parameters(&mut paths));
    name_parameters(&mut paths, &mut parameters, &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": overview::info(&profile.authority),
        "servers": [{"url": "/", "description": "This service"}],
        "tags": overview::tags(),
        "x-tagGroups": overview::tag_groups(),
        "paths": paths,
        "webhooks": events::webhooks(profile.authority.event_types()),
        "components": {
            "securitySchemes": overview::security_schemes(),
            "schemas": schemas,
            "headers": headers(),
            "parameters": parameters,
            "responses": problem_responses(&endpoints)
        }
    })
}

/// The place of an operation among those of its tag: first what everybody needs, list, create, read, change; then what
/// systems need, and what is taken as a whole. The order in which the service tries its paths is another one.
fn place(endpoint: &Endpoint) -> (usize, usize, usize) {
    const BELOW: [&str; 6] = ["", "/{id}", "/{id}/history", "/external/{system}/{external_id}", "/batch", "/export"];
    const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
    let Some(register) = registers::ALL.iter().position(|register| register.name == endpoint.tag) else {
        return (registers::ALL.len(), 0, 0);
    };
    let below = endpoint.path.strip_prefix("/v1/").and_then(|path| path.strip_prefix(&*endpoint.tag));
    let place = BELOW.iter().position(|known| below == Some(known)).unwrap_or(BELOW.len());
    (register, place, METHODS.iter().position(|known| *known == endpoint.method).unwrap_or(METHODS.len()))
}

fn operation(endpoint: &Endpoint, all: &[&Endpoint], layouts: &Layouts) -> Value {
    let in_path = endpoint.path_parameters().into_iter().map(|name| path_parameter(name, layouts));
    let mut parameters: Vec<Value> = in_path.collect();
    parameters.extend(endpoint.query.iter().map(|parameter| query_parameter(parameter, layouts)));
    parameters.extend(endpoint.headers.iter().map(|name| json!({"$ref": format!("#/components/parameters/{name}")})));
    let mut out = json!({
        "operationId": endpoint.id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": endpoint.description,
        "security": security(endpoint),
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
    out["responses"] = Value::Object(responses(endpoint, all));
    out
}

/// Returns the ways in which a caller can say who they are.
fn security(endpoint: &Endpoint) -> Value {
    match endpoint.scope {
        Some(scope) if endpoint.open => json!([{}, {"bearer": []}, {"oauth": [scope.as_str()]}]),
        Some(scope) => json!([{"bearer": []}, {"oauth": [scope.as_str()]}]),
        // Its id and secret can stand in the body too.
        None if endpoint.client_credentials => json!([{"client": []}, {}]),
        None => json!([]),
    }
}

/// Adds the login at an external provider to a document: its tokens are taken wherever a bearer is.
pub fn offer_provider(document: &mut Value, issuer: &str) {
    let issuer = issuer.trim_end_matches('/');
    document["components"]["securitySchemes"]["provider"] = json!({
        "type": "openIdConnect",
        "openIdConnectUrl": format!("{issuer}/.well-known/openid-configuration"),
        "description": "The tokens of the authority's OpenID provider, where its people log in."
    });
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let Some(ways) = operation["security"].as_array_mut() else { continue };
        if ways.iter().any(|way| way.get("bearer").is_some()) {
            ways.push(json!({"provider": []}));
        }
    }
}

/// The answers of an endpoint by their status: those that succeed, then the problems.
fn responses(endpoint: &Endpoint, all: &[&Endpoint]) -> Map<String, Value> {
    let succeeding = endpoint.answers.iter().map(|answer| (answer.status.to_string(), response(endpoint, answer, all)));
    let mut responses: Map<String, Value> = succeeding.collect();
    let mut by_status: BTreeMap<u16, Vec<&ProblemType>> = BTreeMap::new();
    for problem in endpoint.all_problems() {
        by_status.entry(problem.status).or_default().push(problem);
    }
    for (status, problems) in by_status {
        // Where a status has several types, the component of the status shows them all.
        let name = component(problems[0]);
        responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
    }
    responses
}

/// An answer that succeeds, with its headers, content and links.
fn response(endpoint: &Endpoint, answer: &ResponseSpec, all: &[&Endpoint]) -> Value {
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
    response
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

fn content(list: &[Content]) -> Value {
    let entries = list
        .iter()
        .map(|content| (content.media_type.to_owned(), json!({"schema": content.schema, "example": content.example})));
    Value::Object(entries.collect())
}

/// The key in another system that the document's examples have.
pub const EXAMPLE_KEY: (&str, &str) = ("gever", "G-2017-4711");

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

/// The titles of all problems of a status; the usual one comes first in the table.
fn titles(status: u16) -> String {
    let titles = PROBLEMS.iter().filter(|problem| problem.status == status).map(|problem| problem.title);
    titles.collect::<Vec<_>>().join("; or: ")
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
                "description": titles(problem.status),
                "headers": headers,
                "content": {PROBLEM_JSON: {"schema": reference("Problem"), "examples": {}}}
            })
        });
        entry["content"][PROBLEM_JSON]["examples"][problem.slug] =
            json!({"summary": problem.title, "value": to_value(&Problem::example(problem))});
    }
    Value::Object(out)
}
