//! Work and answers that are bounded, whatever is sent.

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, faults};

/// Parameters that are known nowhere.
fn strange(number: usize) -> String {
    (0..number).map(|number| format!("p{number}=")).collect::<Vec<_>>().join("&")
}

on_both_databases! {
    fn a_request_has_64_parameters_at_the_most(app) {
        for path in ["/health/live", "/v1/data-collections", "/v1/cases", "/v1/statistics/services"] {
            let told = app.client.get(&format!("{path}?{}", strange(64))).expect_problem(400, "invalid-parameter");
            assert_eq!(faults(&told).len(), 64, "{path}");
            for number in [65, 6_500] {
                let refused = app.client.get(&format!("{path}?{}", strange(number)));
                assert!(refused.body.len() < 1000, "{path}: {}", refused.body.len());
                let told = refused.expect_problem(400, "invalid-parameter");
                assert_eq!(told["errors"].as_array().unwrap().len(), 1, "{path}");
                assert_eq!(told["errors"][0]["code"], "too_many");
            }
        }
        // The same one many times, and known ones too.
        for query in [vec!["year=2017"; 65].join("&"), vec!["a=%ff"; 65].join("&")] {
            let told = app.client.get(&format!("/v1/cases?{query}")).expect_problem(400, "invalid-parameter");
            assert_eq!(told["errors"].as_array().unwrap().len(), 1);
        }
        let many = vec!["a"; 15_000].join(",");
        let told = app.client.get(&format!("/v1/cases?number={many}&organisation={many}")).expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&told), ["number", "organisation"]);
        let long = app.client.get(&format!("/health/live?{}=", "a".repeat(60_000)));
        assert!(long.body.len() < 2000, "{}", long.body.len());
    }
}

/// What is told of the faults of a case.
#[track_caller]
fn refused(app: &App, register: &str, body: &Value) -> Value {
    let answer = app.client.post(&format!("/v1/{register}"), body);
    assert!(answer.body.len() < 60_000, "{}", answer.body.len());
    answer.expect_problem(422, "validation-failed")
}

/// The faults of a problem: how many, and what the last one says.
fn end(problem: &Value) -> (usize, String) {
    let all = problem["errors"].as_array().unwrap();
    (all.len(), all.last().unwrap()["detail"].as_str().unwrap().to_owned())
}

on_both_databases! {
    fn of_many_faults_a_hundred_are_told(app) {
        let unknown: serde_json::Map<String, Value> = (0..2_000).map(|n| (format!("p{n}"), json!(1))).collect();
        let told = refused(&app, "cases", &Value::Object(unknown));
        assert_eq!(end(&told), (101, "and 1901 more".into()), "the title is missing too");

        let audit = |findings: Vec<Value>| json!({"title": "A", "received_on": "2017-03-14", "findings": findings});
        let told = refused(&app, "audits", &audit(vec![json!({"severity": "LOW", "finding": " "}); 150]));
        assert_eq!(end(&told).0, 101, "{told}");
        let told = refused(&app, "audits", &audit(vec![json!({"s": 1, "finding": 2}); 150]));
        assert_eq!(end(&told).0, 101);
        for faulty in [json!({"severity": 1}), json!(1), json!({"a": 1, "b": 2}), json!([[[[]]]])] {
            let told = refused(&app, "audits", &audit(vec![faulty; 10_000]));
            assert!(end(&told).0 <= 101, "{told}");
        }
        // The faulty ones come last: each reading of the body is a long one.
        let mut findings = vec![json!({"severity": "LOW", "finding": "A"}); 6_000];
        findings.extend(vec![json!({"severity": "X"}); 500]);
        let told = refused(&app, "audits", &audit(findings));
        assert!(end(&told).0 <= 101, "{told}");
        let same = vec![json!({"id": "01932b6e-1111-7000-8000-000000000001", "severity": "LOW", "finding": "A"}); 2_000];
        let told = refused(&app, "audits", &audit(same));
        assert!(end(&told).1.contains("more"), "{told}");
    }
}

on_both_databases! {
    fn long_names_of_what_is_faulty_are_not_sent_back(app) {
        let long = "n".repeat(100_000);
        refused(&app, "cases", &json!({long.clone(): 1}));
        refused(&app, "cases", &json!({long.clone(): vec!["\u{0}"; 15_000]}));
        refused(&app, "cases", &json!({"title": "A", long: {"a": {"b": vec![json!({"c": "\u{1}"}); 9_000]}}}));
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!({"requester": deep});
        }
        refused(&app, "cases", &json!({"title": "A", "requester": deep}));
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let headers = [("Content-Type", "application/json")];
        app.client.send("POST", "/v1/cases", &headers, Some(deep.as_bytes())).expect_problem(400, "malformed-request");
    }
}

on_both_databases! {
    fn a_batch_tells_a_few_faults_of_each_line(app) {
        let unknown: serde_json::Map<String, Value> = (0..100).map(|n| (format!("p{n}"), json!(1))).collect();
        let line = Value::Object(unknown).to_string();
        let send = |lines: usize| {
            let body = vec![line.as_str(); lines].join("\n");
            let headers = [("Content-Type", "application/x-ndjson")];
            app.client.send("POST", "/v1/cases/batch", &headers, Some(body.as_bytes())).expect(207)
        };
        let answer = send(10_000);
        assert!(answer.body.len() < 10 << 20, "{} bytes", answer.body.len());
        let results = answer.json()["results"].take();
        let told = |line: usize| results[line]["problem"]["errors"].as_array().unwrap().len();
        assert_eq!((results.as_array().unwrap().len(), told(0), told(99), told(100), told(9_999)), (10_000, 11, 11, 2, 2));
        // No more than in proportion.
        let (few, many) = (send(1_000).body.len(), send(2_000).body.len());
        assert!(many < 2 * few, "{few} {many}");
    }
}

/// Makes records in one batch, each as it says; their ids.
fn batch(app: &App, register: &str, lines: &[Value]) -> Vec<String> {
    let body: Vec<String> = lines.iter().map(Value::to_string).collect();
    let headers = [("Content-Type", "application/x-ndjson")];
    let path = format!("/v1/{register}/batch");
    let told = app.client.send("POST", &path, &headers, Some(body.join("\n").as_bytes())).expect(207).json();
    assert_eq!(told["summary"]["created"], json!(lines.len()), "{told}");
    let results = told["results"].as_array().unwrap();
    results.iter().map(|result| result["id"].as_str().unwrap().to_owned()).collect()
}

/// How many records `expand` shows with one, and the addresses where the rest is.
fn expanded(record: &Value, list: &str) -> (usize, Vec<String>) {
    let rest = record["rest"][list].as_array().into_iter().flatten();
    (record[list].as_array().unwrap().len(), rest.map(|address| address.as_str().unwrap().to_owned()).collect())
}

on_both_databases! {
    fn expand_shows_a_hundred_of_a_record_and_two_thousand_of_a_page(app) {
        let projects = batch(&app, "projects", &vec![json!({"title": "Projekt", "role": "LEAD"}); 30]);
        let relations = |to: &[String]| -> Value { to.iter().map(|id| json!({"type": "BELONGS_TO", "record": id})).collect() };
        // All of them lead to each of the first 29 projects, and a hundred to the last.
        let of = |number: usize| json!({"title": format!("Anfrage {number}"), "relations": relations(&projects[..if number < 100 { 30 } else { 29 }])});
        let cases = batch(&app, "cases", &(0..110).map(of).collect::<Vec<_>>());
        let get = |path: &str| app.client.get(path).expect(200).json();

        let shown = get(&format!("/v1/projects/{}?expand=cases", projects[0]));
        let (number, rest) = expanded(&shown, "cases");
        assert_eq!((number, rest.as_slice()), (100, [format!("/v1/cases?relations={}", projects[0])].as_slice()));
        // Where the rest is there are all, and they say how many.
        assert_eq!(get(&format!("{}&include_total=true", rest[0]))["total"], 110);
        let all: Vec<Value> = app.client.all(&rest[0]).iter().map(|case| case["id"].clone()).collect();
        assert!(cases.iter().all(|id| all.contains(&json!(id))));
        let first: Vec<&str> = shown["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap()).collect();
        assert_eq!(first, cases[..100], "the first by number");
        // What is shown whole has no rest.
        let whole = get(&format!("/v1/projects/{}?expand=cases", projects[29]));
        assert_eq!((expanded(&whole, "cases"), whole.get("rest")), ((100, vec![]), None));

        let answer = app.client.get("/v1/projects?expand=cases&limit=30").expect(200);
        let page = answer.json();
        let lists: Vec<(usize, Vec<String>)> = page["items"].as_array().unwrap().iter().map(|project| expanded(project, "cases")).collect();
        let total: usize = lists.iter().map(|(number, _)| number).sum();
        assert_eq!((lists.len(), total), (30, 30 * (2000 / 30)));
        assert!(lists.iter().all(|(_, rest)| rest.len() == 1));
        for (item, (_, rest)) in page["items"].as_array().unwrap().iter().zip(&lists) {
            assert_eq!(rest[0], format!("/v1/cases?relations={}", item["id"].as_str().unwrap()));
        }
        let few = get("/v1/projects?expand=cases&limit=2");
        assert_eq!(few["items"].as_array().unwrap().iter().map(|project| expanded(project, "cases").0).collect::<Vec<_>>(), [100, 100]);
        // Of two registers at once no more in all.
        let of = |case: &String| (0..30).map(|_| json!({"subject": "Beschwerde", "filed_on": "2017-08-21", "instance": "Kantonsgericht", "case": case})).collect::<Vec<_>>();
        batch(&app, "proceedings", &cases[..100].iter().flat_map(of).collect::<Vec<_>>());
        let page = get("/v1/cases?expand=cases,proceedings&limit=100&sort=number");
        let lists = page["items"].as_array().unwrap().iter().map(|case| (expanded(case, "cases").0, expanded(case, "proceedings")));
        let lists: Vec<(usize, (usize, Vec<String>))> = lists.collect();
        assert_eq!(lists.iter().map(|(cases, (proceedings, _))| cases + proceedings).sum::<usize>(), 100 * (2000 / 200));
        assert!(lists.iter().zip(&cases).all(|((_, (_, rest)), id)| *rest == [format!("/v1/proceedings?case={id}")]));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}
