//! The API document, held against the service: every operation, every scope.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aufsicht::auth::Scope;
use serde_json::{Map, Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Client};

fn document() -> Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(crate::support::document);
    DOCUMENT.clone()
}

/// Every operation: path, method, what the document says of it, with its parameters in place.
pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| -> Vec<(String, String, Value)> {
        let item: &Map<String, Value> = item.as_object().unwrap();
        let resolved = |operation: &Value| {
            let mut operation = operation.clone();
            for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
                if let Some(reference) = parameter["$ref"].as_str() {
                    *parameter = document.pointer(&reference[1..]).unwrap().clone();
                }
            }
            operation
        };
        item.iter().map(|(method, operation)| (path.clone(), method.to_uppercase(), resolved(operation))).collect()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn the_committed_document_is_current() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json")).unwrap();
    let current =
        String::from_utf8(aufsicht::api::server::document_bytes(&crate::support::profile()).unwrap()).unwrap();
    assert!(committed == current, "run: cargo run -- openapi > openapi/openapi.json");
}

#[test]
fn every_operation_is_described_with_examples() {
    let document = document();
    let mut ids = BTreeSet::new();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        for text in ["summary", "description", "operationId"] {
            assert!(!operation[text].as_str().unwrap_or_default().is_empty(), "{name}: {text}");
        }
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: operationId is used twice");
        assert!(tags.contains(&&operation["tags"][0]), "{name}: tag");
        let mut bodies: Vec<&Value> = vec![&operation["requestBody"]];
        bodies.extend(operation["responses"].as_object().unwrap().values());
        for content in bodies.iter().filter_map(|body| body["content"].as_object()) {
            assert!(content.values().all(|media| !media["example"].is_null()), "{name}: a body has no example");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let described = parameter["$ref"].is_string() || parameter["description"].is_string();
            assert!(described, "{name}: {}", parameter["name"]);
        }
    }
}

#[test]
fn everything_that_is_made_changed_or_deleted_can_be_repeated_under_a_key() {
    let writes = |method: &str| ["POST", "PATCH", "DELETE"].contains(&method);
    for (path, _, operation) in operations(&document()).into_iter().filter(|(_, method, _)| writes(method)) {
        // A login makes nothing: each token stands for itself.
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let named = parameters.into_iter().any(|given| given["name"] == "Idempotency-Key");
        assert!(named || path == "/oauth/token", "{path}");
    }
}

/// Every schema within the document, with its place.
fn schemas<'d>(value: &'d Value, place: &str, is_named: bool, found: &mut Vec<(String, &'d Value, bool)>) {
    match value {
        Value::Object(map) => {
            if !place.contains("/example") {
                found.push((place.to_owned(), value, is_named));
            }
            for (key, value) in map {
                let place = format!("{place}/{key}");
                schemas(value, &place, place == format!("#/components/schemas/{key}"), found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| schemas(item, &format!("{place}/{at}"), false, found));
        }
        _ => {}
    }
}

#[test]
fn every_object_and_every_enumeration_has_a_name() {
    let mut found = Vec::new();
    let document = document();
    schemas(&document, "#", false, &mut found);
    // What belongs to a schema has a type; a list of properties can have one of that name.
    let is_part = |schema: &Value| {
        (schema["properties"].is_object() || schema["enum"].is_array())
            && !schema["type"].is_object()
            && schema["type"] != Value::Null
    };
    let parts = found.iter().filter(|(_, schema, is_named)| !is_named && is_part(schema));
    // A part of a whole that has a name stands within it.
    let nameless: Vec<&String> = parts.map(|(place, ..)| place).filter(|place| !place.contains("/allOf/")).collect();
    assert_eq!(nameless, Vec::<&String>::new());
    assert!(found.iter().filter(|(_, schema, is_named)| *is_named && is_part(schema)).count() > 200);
}

#[test]
fn what_stands_in_the_lists_of_codes_can_be_opened() {
    let schemas = &document()["components"]["schemas"];
    assert!(schemas["ProblemType"]["enum"].as_array().unwrap().contains(&json!("/problems/missing-scope")));
    assert!(schemas["FaultCode"]["enum"].as_array().unwrap().contains(&json!("out_of_range")));
    let area = &schemas["Area"];
    assert_eq!(area["x-enum-descriptions"].as_array().unwrap().len(), area["enum"].as_array().unwrap().len());
    let app = App::start(Backend::Sqlite);
    for problem in schemas["ProblemType"]["enum"].as_array().unwrap() {
        app.client.anonymous().get(problem.as_str().unwrap()).expect(200);
    }
    for code in schemas["FaultCode"]["enum"].as_array().unwrap() {
        let explained = app.client.anonymous().get(&format!("/problems/codes/{}", code.as_str().unwrap())).expect(200);
        assert_eq!(&explained.json()["code"], code);
    }
    app.client.anonymous().get("/problems/codes/none").expect_problem(404, "not-found");
}

#[test]
fn operations_stand_in_the_order_in_which_they_are_needed() {
    let document = document();
    let all = operations(&document).into_iter().filter(|(_, _, operation)| operation["tags"][0] == "cases");
    let ids: Vec<String> = all.map(|(_, _, operation)| operation["operationId"].as_str().unwrap().into()).collect();
    assert_eq!(ids[..6], ["list_cases", "create_case", "get_case", "update_case", "delete_case", "list_case_history"]);
    assert_eq!(ids.last().unwrap(), "export_cases");
}

#[test]
fn nothing_is_sent_by_itself_that_nobody_has_said() {
    for (name, parameter) in document()["components"]["parameters"].as_object().unwrap() {
        let is_optional_header = parameter["in"] == "header" && parameter["required"] == false;
        assert!(!is_optional_header || parameter["example"].is_null(), "{name}");
    }
}

#[test]
fn the_event_that_is_described_is_the_one_that_is_sent() {
    let document = document();
    let event = &document["webhooks"]["change"]["post"]["requestBody"]["content"]["application/cloudevents+json"];
    assert_eq!(event["schema"]["$ref"], "#/components/schemas/ChangeEvent");
    let schema = &document["components"]["schemas"]["ChangeEvent"]["properties"];
    let names = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(names(schema), names(&event["example"]));
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                map.values().for_each(|value| walk(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[test]
fn every_link_leads_to_parameters_that_are_there() {
    let document = document();
    let all = operations(&document);
    let mut links = 0;
    for (path, method, operation) in &all {
        let answers = operation["responses"].as_object().unwrap().values();
        for link in answers.filter_map(|answer| answer["links"].as_object()).flat_map(Map::values) {
            links += 1;
            let target = all.iter().find(|(_, _, target)| target["operationId"] == link["operationId"]);
            let (_, _, target) = target.unwrap_or_else(|| panic!("{method} {path}: {link}"));
            let there = |name: &str| {
                let parameters = target["parameters"].as_array().unwrap();
                parameters
                    .iter()
                    .any(|p| format!("{}.{}", p["in"].as_str().unwrap(), p["name"].as_str().unwrap()) == name)
            };
            assert!(link["parameters"].as_object().unwrap().keys().all(|name| there(name)), "{method} {path}: {link}");
        }
    }
    assert!(links > 30, "{links}");
}

#[test]
fn no_name_stands_for_two_schemas() {
    let mut known: std::collections::BTreeMap<String, Value> = Default::default();
    for endpoint in aufsicht::api::server::endpoints(&crate::support::profile()) {
        for (name, schema) in endpoint.schemas {
            let other = known.insert(name.clone(), schema.clone());
            assert!(other.is_none_or(|other| other == schema), "{name}");
        }
    }
}

#[test]
fn the_vocabulary_stands_as_it_is_sent() {
    let schemas = &document()["components"]["schemas"];
    for (name, values) in [
        ("Status", json!(["OPEN", "IN_PROGRESS", "SUSPENDED", "CLOSED"])),
        ("Area", json!(["IT", "POLICE", "EDUCATION", "SOCIAL", "PRIVATE", "HEALTH", "OTHER"])),
        ("Basis", json!(["PUBLISHED", "LIVE", "ENTERED", "NONE"])),
    ] {
        assert_eq!(schemas[name]["enum"], values);
    }
}

/// The path with its parameters filled in as their examples say; `{id}` and `{external_id}` name a record that is there.
pub fn filled(app: &App, path: &str, operation: &Value) -> String {
    let (template, mut path) = (path, path.to_owned());
    let register = path.split('/').nth(2).unwrap_or_default().to_owned();
    if path.contains("{id}") {
        let body = (aufsicht::registers::find(&register).unwrap().example)();
        let record = app.create(&register, body);
        path = path.replace("{id}", record["id"].as_str().unwrap());
    }
    if path.contains("{webhook_id}") {
        let new = json!({"url": "https://receiver.invalid/hook"});
        let webhook = app.client.post("/v1/webhooks", &new).expect(201).json();
        path = path.replace("{webhook_id}", webhook["id"].as_str().unwrap());
    }
    if let Some((log, _)) = path.clone().split_once("/{delivery_id}") {
        app.case("Anfrage");
        let delivery = std::iter::repeat_with(|| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            app.client.get(log).expect(200).json()["items"][0]["id"].as_str().map(str::to_owned)
        });
        path = path.replace("{delivery_id}", &delivery.take(200).find_map(|id| id).unwrap());
    }
    if path.contains("{feed_id}") {
        let feed = app.client.post("/v1/calendar-feeds", &json!({})).expect(201).json();
        let secret = feed["address"].as_str().unwrap().rsplit('/').nth(1).unwrap();
        path = path.replace("{feed_id}", feed["id"].as_str().unwrap()).replace("{feed_secret}", secret);
    }
    if path.contains("{client_id}") {
        let new = json!({"name": "a script", "scopes": ["statistics:read"]});
        let client = app.client.post("/v1/clients", &new).expect(201).json();
        path = path.replace("{client_id}", client["client_id"].as_str().unwrap());
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path") {
        let example = &parameter["example"];
        let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        path = path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &text);
    }
    // What can be put is put first, so that it is there to be read.
    let document = document();
    for known in [template, template.rsplit_once('/').unwrap().0] {
        let put = &document["paths"][known]["put"];
        if put.is_object() {
            let real = &path[..path.len() - (template.len() - known.len())];
            let answer = app.client.put(real, &put["requestBody"]["content"]["application/json"]["example"]);
            assert!([200, 201].contains(&answer.status), "{real}: {}", answer.text());
        }
    }
    path
}

/// The body of an operation as its example says, and its media type.
pub fn example(operation: &Value) -> Option<(String, String)> {
    let content = operation["requestBody"]["content"].as_object()?;
    let (media_type, content) = content.iter().next()?;
    let example = &content["example"];
    let text = match (media_type.as_str(), example.as_str()) {
        ("application/x-www-form-urlencoded", _) => {
            let pairs = example.as_object().unwrap().iter();
            pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect::<Vec<_>>().join("&")
        }
        (_, Some(text)) => text.to_owned(),
        _ => example.to_string(),
    };
    Some((media_type.clone(), text))
}

/// Sends an operation as its example says, on a record of its own.
pub fn send(client: &Client, path: &str, method: &str, operation: &Value) -> u16 {
    let body = example(operation);
    let mut headers = vec![("If-Match", "*")];
    headers.extend(body.iter().map(|(media_type, _)| ("Content-Type", media_type.as_str())));
    client.send(method, path, &headers, body.as_ref().map(|(_, text)| text.as_bytes())).status
}

on_both_databases! {
    fn every_operation_needs_the_scope_that_the_document_names(app) {
        let mut scoped = 0;
        for (path, method, operation) in operations(&document()) {
            let name = format!("{method} {path}");
            let real = filled(&app, &path, &operation);
            let status = |client: &Client| {
                let status = send(client, &real, &method, &operation);
                assert!(operation["responses"][status.to_string()].is_object(), "{name} sends {status}, undocumented");
                status
            };
            let anonymous = status(&app.client.anonymous());
            if operation["security"][0].get("client").is_some() {
                assert_eq!(anonymous, 401, "{name}");
                continue;
            }
            let Some(needed) = operation["x-required-scope"].as_str() else {
                assert!((200..400).contains(&anonymous), "{name}: {anonymous}");
                continue;
            };
            scoped += 1;
            assert_eq!(operation["security"], json!([{"bearer": []}, {"oauth": [needed]}]), "{name}");
            assert_eq!(anonymous, 401, "{name}");
            // The one that succeeds comes last, for it may take the record away.
            let (right, wrong): (Vec<&Scope>, Vec<&Scope>) = Scope::ALL.iter().partition(|scope| scope.as_str() == needed);
            for scope in wrong.into_iter().chain(right) {
                let status = status(&app.with_scopes(scope.as_str()));
                if scope.as_str() == needed {
                    assert!((200..300).contains(&status), "{name} with {scope}: {status}");
                } else {
                    assert_eq!(status, 403, "{name} with {scope}");
                }
            }
        }
        assert!(scoped >= 36, "{scoped}");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn the_document_and_swagger_ui_come_from_the_service_itself(app) {
        let anonymous = app.client.anonymous();
        let served = anonymous.get("/openapi.json").expect(200);
        assert_eq!(served.json(), document());
        assert_eq!(served.json()["openapi"], "3.1.0");
        let older = anonymous.get("/openapi-3.0.json").expect(200).json();
        assert_eq!(older["openapi"], "3.0.3");
        let places = |document: &Value| {
            operations(document).into_iter().map(|(path, method, _)| method + " " + &path).collect::<Vec<_>>()
        };
        assert_eq!(places(&older), places(&document()));
        assert!(!older.to_string().contains("\"null\"") && older["webhooks"].is_null(), "a word of 3.1 is left");
        let start = anonymous.get("/").expect(200);
        assert_eq!(start.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(start.text().contains("href=\"/swagger-ui/\"") && !start.text().contains("href=\"/statistics?"));
        for lang in ["de", "fr", "it", "en"] {
            let page = anonymous.get(&format!("/?lang={lang}")).expect(200).text();
            let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
            let links: Vec<String> = links.filter(|link| link.starts_with('/')).collect();
            assert!(links.len() > 10 && page.contains(&format!("<html lang=\"{lang}\">")), "{page}");
            links.iter().for_each(|link| drop(anonymous.get(link).expect(200)));
        }
        // A person who goes astray is told so on a page, a program in a problem document, and nobody in a page of the API.
        let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("Accept-Language", "fr")];
        let lost = anonymous.send("GET", "/nix", &browser, None).expect(404);
        assert_eq!(lost.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(lost.text().contains("<h1>Cette page n’existe pas.</h1>") && lost.text().contains("<html lang=\"fr\">"));
        let wrong = anonymous.send("GET", "/data-collections?lang=xx&limit=0", &browser, None).expect(400).text();
        assert!(wrong.contains("L’indication «\u{a0}limit\u{a0}» de l’adresse") && wrong.contains("<html lang=\"fr\">"), "{wrong}");
        assert!(!wrong.contains("must be"), "{wrong}");
        let near = anonymous.get("/v1/case").expect_problem(404, "not-found")["detail"].as_str().unwrap().to_owned();
        assert!(near.starts_with("There is no such address; did you mean /v1/cases? Check"), "{near}");
        anonymous.get("/nix").expect_problem(404, "not-found");
        anonymous.send("GET", "/v1/nix", &browser, None).expect_problem(404, "not-found");
        assert_eq!(anonymous.get("/swagger-ui").expect(308).header("location"), Some("swagger-ui/"));
        let page = anonymous.get("/swagger-ui/").expect(200);
        assert!(page.text().contains("<title>aufsicht: the API</title>"));
        let again = [("If-None-Match", page.header("etag").unwrap())];
        anonymous.send("GET", "/swagger-ui/", &again, None).expect(304);
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
        for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "index.css"] {
            let file = anonymous.get(&format!("/swagger-ui/{file}")).expect(200);
            assert!(file.body.len() > 100);
        }
        let settings = anonymous.get("/swagger-ui/swagger-initializer.js").expect(200);
        for said in ["../openapi.json", "\"docExpansion\": \"none\"", "\"filter\": true"] {
            assert!(settings.text().contains(said), "{said}: {}", settings.text());
        }
        anonymous.get("/swagger-ui/../../Cargo.toml").expect_problem(404, "not-found");
    }
}

/// The media types that an operation answers with when it succeeds.
fn media_types(operation: &Value) -> Vec<String> {
    let answers = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
    answers.flat_map(|(_, answer)| answer["content"].as_object().into_iter().flat_map(Map::keys).cloned()).collect()
}

on_both_databases! {
    fn every_operation_gives_what_is_accepted_or_says_what_it_could(app) {
        for (path, _, operation) in operations(&document()).into_iter().filter(|(_, method, _)| method == "GET") {
            let path = filled(&app, &path, &operation);
            let ask = |accept: &str| app.client.send("GET", &path, &[("Accept", accept)], None);
            // A stream of events does not end; it has a test of its own.
            for media in media_types(&operation).into_iter().filter(|media| media != "text/event-stream") {
                let family = media.split('/').next().unwrap();
                let mut accepts = vec![media.clone(), format!("*/*;q=0, {media}")];
                if media_types(&operation).iter().find(|other| other.starts_with(family)) == Some(&media) {
                    accepts.push(format!("{family}/*;q=0.1, image/png"));
                }
                for accept in accepts {
                    let given = ask(&accept).expect(200);
                    assert!(given.header("content-type").unwrap().starts_with(&media), "{path}: {accept}");
                }
            }
            ask("*/*").expect(200);
            ask("").expect(200);
            for none in ["image/png", "*/*;q=0", "application/*+json"] {
                let problem = ask(none).expect_problem(406, "not-acceptable");
                assert!(problem["detail"].as_str().unwrap().contains(&media_types(&operation)[0]), "{path}: {problem}");
            }
        }
    }
}

on_both_databases! {
    fn every_path_answers_every_method(app) {
        let document = document();
        for path in document["paths"].as_object().unwrap().keys() {
            let real = path
                .replace("{id}", "01932b6e-1111-7000-8000-000000000001")
                .replace("{slug}", "not-found")
                .replace("{system}", "gever")
                .replace("{external_id}", "1")
                .replace("{client_id}", "1")
                .replace("{webhook_id}", "1")
                .replace("{delivery_id}", "1")
                .replace("{feed_id}", "1")
                .replace("{feed_secret}", "1")
                .replace("{code}", "cases.total")
                .replace("{year}", "2017");
            let documented: BTreeSet<String> =
                document["paths"][path].as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
            let allowed = app.client.send("OPTIONS", &real, &[], None).expect(204);
            let allowed: BTreeSet<String> = allowed.header("allow").unwrap().split(", ").map(str::to_owned).collect();
            let mut right = documented.clone();
            if right.contains("GET") {
                right.insert("HEAD".into());
            }
            right.insert("OPTIONS".into());
            assert_eq!(allowed, right, "{path}");
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
                if !documented.contains(method) {
                    let refused = app.client.send(method, &real, &[], None);
                    assert_eq!(refused.header("allow").map(|allow| allow.split(", ").count()), Some(right.len()), "{method} {real}");
                    refused.expect_problem(405, "method-not-allowed");
                }
            }
        }
        app.client.get("/v1/nonsense").expect_problem(404, "not-found");
        let head = app.client.send("HEAD", "/v1/cases", &[], None).expect(200);
        assert_eq!((head.body.len(), head.header("content-type")), (0, Some("application/json")));
    }
}

#[test]
fn browsers_may_call_from_the_origins_allowed() {
    let app = App::start_with(Backend::Sqlite, |config| config.server.cors_origins = vec!["https://lu.example".into()]);
    let from = |origin: &str, method: &str| app.client.send(method, "/v1/cases", &[("Origin", origin)], None);
    let allowed = from("https://lu.example", "GET").expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://lu.example"));
    assert!(allowed.header("access-control-expose-headers").unwrap().contains("ETag"));
    assert!(allowed.header("vary").unwrap().contains("Origin"));
    let preflight = from("https://lu.example", "OPTIONS").expect(204);
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("If-Match"));
    // A page that asks for a wrong address learns that there is nothing, not that it may not ask.
    let ask = |origin: &str, more: &[(&str, &str)]| {
        let headers = [&[("Origin", origin), ("Access-Control-Request-Method", "POST")], more].concat();
        app.client.send("OPTIONS", "/v1/casez", &headers, None)
    };
    let preflight = ask("https://lu.example", &[("Access-Control-Request-Headers", "traceparent")]).expect(204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://lu.example"));
    ask("https://evil.example", &[]).expect_problem(404, "not-found");
    let missing = app.client.send("POST", "/v1/casez", &[("Origin", "https://lu.example")], Some(b"{}"));
    assert_eq!(missing.header("access-control-allow-origin"), Some("https://lu.example"));
    missing.expect_problem(404, "not-found");
    assert_eq!(from("https://evil.example", "GET").expect(200).header("access-control-allow-origin"), None);
}

on_both_databases! {
    fn answers_are_compressed_where_the_client_takes_it(app) {
        let whole = app.client.send("GET", "/openapi.json", &[("Accept-Encoding", "identity")], None).expect(200).body.len();
        for (encoding, part) in [("gzip", 5), ("br", 9), ("zstd", 9)] {
            let answer = app.client.send("GET", "/openapi.json", &[("Accept-Encoding", encoding)], None).expect(200);
            assert_eq!(answer.header("content-encoding"), Some(encoding));
            // As small as in one piece, though it goes out in several; how long the document is, is another matter.
            assert!(answer.body.len() * part < whole, "{encoding}: {} of {whole}", answer.body.len());
        }
    }
}

on_both_databases! {
    fn every_answer_has_its_headers(app) {
        for path in ["/v1/cases", "/nonsense", "/health/live", "/openapi.json", "/swagger-ui/"] {
            let answer = app.client.send("GET", path, &[("X-Request-Id", "abc-1.2_3")], None);
            assert_eq!(answer.header("x-request-id"), Some("abc-1.2_3"), "{path}");
            assert_eq!(answer.header("api-version"), document()["info"]["version"].as_str(), "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
            let kept = match path {
                "/openapi.json" => "public, max-age=300",
                "/swagger-ui/" => "public, max-age=86400",
                _ => "no-store",
            };
            assert_eq!(answer.header("cache-control"), Some(kept), "{path}");
            // Two tokens never share a cached view, nor do two languages or formats.
            for name in ["Authorization", "Accept", "Accept-Language", "Origin"] {
                assert!(answer.header("vary").unwrap().split(", ").any(|given| given == name), "{path}: {name}");
            }
            assert!(answer.header("content-security-policy").is_some(), "{path}");
            assert!(answer.header("server").is_none(), "{path}");
        }
        for mad in ["", "a b", "ä", &"x".repeat(129)] {
            let answer = app.client.send("GET", "/health/live", &[("X-Request-Id", mad)], None);
            assert_eq!(answer.header("x-request-id").unwrap().len(), 36, "{mad}");
        }
        for slug in aufsicht::error::PROBLEMS {
            let explained = app.client.anonymous().get(&format!("/problems/{}", slug.slug)).expect(200).json();
            assert_eq!(explained["status"], json!(slug.status));
            let page = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
            let page = app.client.anonymous().send("GET", &format!("/problems/{}", slug.slug), &page, None).expect(200);
            assert!(page.text().contains(&format!("<h1>{}</h1>", slug.title)), "{}", page.text());
        }
    }
}

/// A client that says which answer it has already is told that it is unchanged, and that stands in the document.
#[test]
fn what_can_be_known_already_can_be_unchanged() {
    let document = crate::support::document();
    let mut told = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let Some(parameters) = operation["parameters"].as_array() else { continue };
            if parameters.iter().any(|one| one.to_string().contains("IfNoneMatch")) {
                assert!(operation["responses"]["304"].is_object(), "{method} {path}");
                told += 1;
            }
        }
    }
    assert!(told > 20, "{told}");
}
