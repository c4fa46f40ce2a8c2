//! Other authorities, whose profiles, records and tables stand in `docs/profiles`: each of their tables comes out to the figure.

use serde_json::{Value, json};

use crate::document::{operations, send};
use crate::identity::encoded;
use crate::on_each;
use crate::support::{App, Backend};

const PROFILES: [&str; 4] = ["schwyz-obwalden-nidwalden", "federal", "two-languages", "municipalities"];

fn folder(profile: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profiles").join(profile)
}

fn expected(profile: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder(profile).join("expected.json")).unwrap()).unwrap()
}

/// The service of an authority with the records and entered figures of its example, after the last of its years.
fn authority(backend: Backend, profile: &str) -> App {
    let mut app = App::start_with(backend, |config| config.profile.directory = Some(folder(profile)));
    let year = expected(profile)["to"].as_i64().unwrap() + 2;
    app.clock.set(format!("{year}-02-01T08:00:00Z").parse().unwrap());
    app.renew();
    for register in ["organisations", "cases", "events"] {
        let file = folder(profile).join(format!("records/{register}.ndjson"));
        let Ok(lines) = std::fs::read_to_string(file) else { continue };
        for line in lines.lines() {
            app.create(register, serde_json::from_str(line).unwrap());
        }
    }
    for file in std::fs::read_dir(folder(profile).join("figures")).into_iter().flatten() {
        let path = file.unwrap().path();
        let body: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let year = path.file_stem().unwrap().to_str().unwrap();
        app.client.put(&format!("/v1/statistics/figures/{year}"), &body).expect(201);
    }
    app
}

/// The differences of the tables from what they must come out to.
fn wrong(app: &App, expected: &Value) -> Vec<String> {
    let (from, to) = (&expected["from"], &expected["to"]);
    let mut wrong = Vec::new();
    for (name, lines) in expected["tables"].as_object().unwrap() {
        let path = format!("/v1/statistics/tables/{name}?from={from}&to={to}");
        let table = app.client.get(&path).expect(200).json();
        let codes: Vec<&str> =
            table["lines"].as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap()).collect();
        assert_eq!(codes, lines.as_object().unwrap().keys().collect::<Vec<_>>(), "{name}");
        for line in table["lines"].as_array().unwrap() {
            let right = &lines[line["code"].as_str().unwrap()];
            if line["values"] != *right {
                wrong.push(format!("{name} {}: {} instead of {right}", line["code"], line["values"]));
            }
        }
        if table["warnings"] != json!([]) {
            wrong.push(format!("{name}: {}", table["warnings"]));
        }
    }
    wrong
}

fn comes_out_to_the_figure(backend: Backend, profile: &str) {
    let app = authority(backend, profile);
    let expected = expected(profile);
    assert_eq!(wrong(&app, &expected), Vec::<String>::new(), "{profile}, live");
    let layout = expected["layout"].as_str().unwrap();
    for year in expected["from"].as_i64().unwrap()..=expected["to"].as_i64().unwrap() {
        app.client
            .put(&format!("/v1/statistics/published/{year}?layout={layout}"), &json!({"from_live": true}))
            .expect(201);
    }
    assert_eq!(wrong(&app, &expected), Vec::<String>::new(), "{profile}, published");
    let report = app.client.get(&format!("/v1/reports/{}", expected["to"])).expect(200).text();
    assert!(!report.contains("NUMBER"), "{report}");
    assert_eq!(app.differences(), Vec::<String>::new());
}

fn a_joint_authority_counts_by_canton(backend: Backend) {
    comes_out_to_the_figure(backend, PROFILES[0]);
}

fn a_federal_authority_counts_business_years(backend: Backend) {
    comes_out_to_the_figure(backend, PROFILES[1]);
}

fn an_authority_works_in_two_languages(backend: Backend) {
    comes_out_to_the_figure(backend, PROFILES[2]);
}

/// Inquiries stand on the map of the profile's shapes beside their table; what must not be shown is not shown there either.
fn inquiries_by_municipality_stand_on_a_map(backend: Backend) {
    comes_out_to_the_figure(backend, PROFILES[3]);
    let app = authority(backend, PROFILES[3]);
    let section = |client: &crate::support::Client, lang: &str| {
        let page = client.get(&format!("/v1/reports/2023?lang={lang}")).expect(200).text();
        page.split("<section id=\"municipalities\">").nth(1).unwrap().split("</section>").next().unwrap().to_owned()
    };
    // By number where the public body has one, else by name, which the shape of the island has alone.
    let whole = "Oberdorf 7, Mitteldorf 12, Unterdorf 2, Bergen 3, Seefeld 6, Waldau 0, Inselwil 1.";
    let shown = section(&app.client, "de");
    assert_eq!(shown.matches(&format!("-description\">{whole}</desc>")).count(), 2, "wide and narrow: {shown}");
    assert!(shown.contains("Auf der Karte fehlt 1 Gemeinde mit Anfragen.") && !shown.contains("-hidden)"), "{shown}");
    assert!(shown.contains("1–3</text>") && shown.contains("10–12</text>"), "{shown}");
    assert!(section(&app.client, "fr").contains("Sur la carte, il manque 1 commune"));
    // The numbers that the table hides the map hides too.
    let figures = section(&app.with_scopes("statistics:read"), "de");
    let told = "Oberdorf 7, Mitteldorf 12, Unterdorf X, Bergen X, Seefeld 6, Waldau 0, Inselwil X.";
    assert_eq!(figures.matches(told).count(), 2, "{figures}");
    assert_eq!(figures.matches("fill=\"url(#").count(), 2 * (3 + 1), "three areas and the legend, twice: {figures}");
    for (format, start) in [("pdf", &b"%PDF-1.7"[..]), ("docx", b"PK")] {
        let answer = app.client.get(&format!("/v1/reports/2023?format={format}")).expect(200);
        assert!(answer.body.starts_with(start), "{format}");
    }
}

/// What an authority does not list nobody must say, and what no value stands for is not counted as none.
fn registers_without_values_are_kept_and_counted(backend: Backend) {
    let app = authority(backend, PROFILES[1]);
    app.create("events", json!({"title": "Kurs", "held_on": "2021-04-01", "participants": 12}));
    let finding = json!({"finding": "Zugriffe bleiben bestehen."});
    app.create("audits", json!({"title": "Kontrolle", "received_on": "2021-04-01", "findings": [finding]}));
    app.create("publications", json!({"title": "Merkblatt", "published_on": "2021-04-01"}));
    let new = json!({"title": "Kurs", "held_on": "2021-04-01", "kind": "TRAINING"});
    let problem = app.client.post("/v1/events", &new).expect_problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["detail"], "takes no value");
    let year = &app.client.get("/v1/statistics/activities?from=2021&to=2021").expect(200).json()["items"][0];
    assert_eq!((&year["audits"], &year["findings"]), (&json!(1), &json!(1)));
    assert!(["trainings", "lectures", "participants_known"].iter().all(|name| year.get(name).is_none()), "{year}");
    let document = app.client.get("/openapi.json").expect(200).json();
    let schemas = &document["components"]["schemas"];
    let has = |schema: &str, list: &str, name: &str| match &schemas[schema][list] {
        Value::Array(names) => names.iter().any(|known| known == name),
        of => of.get(name).is_some(),
    };
    assert!(!has("Finding", "properties", "severity") && !has("Finding", "required", "severity"), "{schemas:#}");
    assert!(!has("NewEvent", "required", "kind") && !has("Activity", "required", "trainings"));
    assert!(has("NewOrganisation", "required", "type"), "a list that it has is to be used");
    assert_eq!(app.differences(), Vec::<String>::new());
}

/// The parameters of an operation that have examples, the shared ones as they stand in the components.
fn examples(document: &Value, operation: &Value) -> Vec<Value> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let resolved = parameters.map(|parameter| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap().clone(),
        None => parameter.clone(),
    });
    resolved.filter(|parameter| !parameter["example"].is_null()).collect()
}

fn text(example: &Value) -> String {
    match example {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn what_the_document_shows_can_be_tried_as_it_stands(backend: Backend) {
    let mut tried = Vec::new();
    for profile in std::iter::once(None).chain(PROFILES.map(Some)) {
        let app = App::start_with(backend, |config| config.profile.directory = profile.map(folder));
        let document = app.client.get("/openapi.json").expect(200).json();
        for (path, method, operation) in operations(&document) {
            let examples = examples(&document, &operation);
            let mut real = path.clone();
            for parameter in examples.iter().filter(|parameter| parameter["in"] == "path") {
                let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
                real = real.replace(&name, &encoded(&text(&parameter["example"])));
            }
            let named = format!("{profile:?} {method} {real}");
            let status = send(&app.client, &real, &method, &operation);
            tried.push((named.clone(), status));
            for parameter in examples.iter().filter(|parameter| parameter["in"] == "query" && method == "GET") {
                let query =
                    format!("{}={}", parameter["name"].as_str().unwrap(), encoded(&text(&parameter["example"])));
                tried.push((
                    format!("{named}?{query}"),
                    send(&app.client, &format!("{real}?{query}"), &method, &operation),
                ));
            }
        }
    }
    // The records and accounts that examples name are not there.
    tried.retain(|(_, status)| [400, 415, 422, 500].contains(status));
    assert_eq!(tried, []);
}

on_each! { a_joint_authority_counts_by_canton a_federal_authority_counts_business_years an_authority_works_in_two_languages inquiries_by_municipality_stand_on_a_map what_the_document_shows_can_be_tried_as_it_stands registers_without_values_are_kept_and_counted }
