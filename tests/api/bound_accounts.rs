//! Figures and days of other registers: a service account that is bound to one gets none of them, whatever it asks, and
//! changes none.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aufsicht::registers;
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use crate::disclosure::{answers, said};
use crate::document::{filled, operations};
use crate::on_both_databases;
use crate::personal_data_access::{all_scopes, logged_in};
use crate::protection::new_client;
use crate::support::{Answer, App, Client};

/// The one register that the account is bound to.
const OWN: &str = "memberships";
/// How many cases came in on a day long ago, and how many days each of them took.
const CLOSED: usize = 1217;
const DAYS: i64 = 7919;
/// How many came in on a day of 2017, and are open.
const OPEN: usize = 1223;
const VISITORS: i64 = 791_927;
const POSITIONS: i64 = 7879;
/// The days of the cases: when the first came in and were closed, when the others came in and are due.
const RECEIVED: [&str; 2] = ["1996-02-29", "2017-08-09"];
const CLOSED_ON: &str = "2017-11-04";
const DUE_ON: &str = "2018-03-27";

/// What tells of all registers together, or of none.
const CLOSED_TO_IT: [&str; 10] = [
    "/v1/reports/{year}",
    "/v1/staffing/{year}",
    "/v1/statistics/backlog",
    "/v1/statistics/channels",
    "/v1/statistics/durations",
    "/v1/statistics/published/{year}",
    "/v1/statistics/services",
    "/v1/statistics/staffing",
    "/v1/statistics/website",
    "/v1/website-figures/{year}",
];

/// What stands in no example of the API document, and in no answer about other registers than that of the cases.
fn secrets() -> BTreeSet<String> {
    let figures = [CLOSED as i64, DAYS, OPEN as i64, VISITORS, POSITIONS];
    let days = [RECEIVED[0], RECEIVED[1], CLOSED_ON, DUE_ON];
    // Calendars write days without hyphens.
    let days = days.iter().flat_map(|day| [day.to_string(), day.replace('-', "")]);
    figures.iter().map(i64::to_string).chain(days).collect()
}

/// Plants the cases, and figures besides of the year before the one of the document's examples.
fn plant(app: &App) {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(day(RECEIVED[0]) + TimeDelta::days(DAYS), day(CLOSED_ON));
    let of = json!({"area": "HEALTH", "channel": "LETTER", "responsible": "RF", "requester": {"type": "PRIVATE"}});
    let line = |number: usize| {
        let mut line = of.clone();
        line["title"] = json!(format!("Geheimsache {number}"));
        line["received_on"] = json!(RECEIVED[usize::from(number >= CLOSED)]);
        let (name, on) = if number < CLOSED { ("closed_on", CLOSED_ON) } else { ("due_on", DUE_ON) };
        line[name] = json!(on);
        line.to_string()
    };
    let lines: Vec<String> = (0..CLOSED + OPEN).map(line).collect();
    let headers = [("Content-Type", "application/x-ndjson")];
    let made = app.client.send("POST", "/v1/cases/batch", &headers, Some(lines.join("\n").as_bytes())).expect(207);
    assert_eq!(made.json()["summary"]["created"], json!(CLOSED + OPEN));
    app.client.put("/v1/website-figures/2016", &json!({"visitors": VISITORS, "page_views": VISITORS})).expect(201);
    app.client.put("/v1/staffing/2016", &json!({"positions_percent": POSITIONS})).expect(201);
    app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
}

/// What is secret and stands in an answer as a word of its own. How long the answer is says nothing.
fn found(answer: &Answer, secrets: &BTreeSet<String>) -> BTreeSet<String> {
    let text: String =
        said(answer).lines().filter(|line| !line.starts_with("content-length: ")).collect::<Vec<_>>().join("\n");
    found_in(&text, secrets)
}

fn found_in(text: &str, secrets: &BTreeSet<String>) -> BTreeSet<String> {
    // An id is one word, so that none of its parts is taken for a figure.
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !['-', '.'].contains(&letter));
    let words = words.map(|word| word.trim_matches(['-', '.']).trim_end_matches(".0").to_owned());
    words.filter(|word| secrets.contains(word)).collect()
}

/// What else can be asked, of the parameters that an operation has: each alone, and the widest choice of years.
fn questions(operation: &Value) -> Vec<String> {
    let has = |name: &str| {
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.any(|parameter| parameter["name"] == name && parameter["in"] == "query")
    };
    let all = [
        "register=cases",
        "year=2017",
        "year=1996",
        "by=year",
        "by=register",
        "by=responsible",
        "by=area",
        "by=month",
        "include_total=true",
        "limit=1000",
        "q=Geheimsache",
        "expand=cases",
        "measure=closed",
        "responsible=RF",
        "sort=title",
        "updated_since=2010-01-01T00:00:00Z",
        "atomic=true",
        "dry_run=true",
        "version=1",
    ];
    let mut known: Vec<String> =
        all.iter().filter(|pair| has(pair.split('=').next().unwrap())).map(|pair| format!("?{pair}")).collect();
    if has("from") && has("to") {
        known.push("?from=1996&to=2018".into());
        known.extend(has("register").then(|| "?from=1996&to=2018&register=cases".into()));
        known.extend(has("by").then(|| "?from=1996&to=2018&by=year,register".into()));
    }
    known.insert(0, String::new());
    known
}

/// Where an operation is asked: at a record of its own, or in the year of the example; a year can be the one before too.
fn places(app: &App, path: &str, method: &str, operation: &Value) -> Vec<String> {
    let real = filled(app, path, operation);
    match method == "GET" && path.contains("{year}") {
        true => vec![real.replace("/2017", "/2016"), real],
        false => vec![real],
    }
}

/// What an operation may answer to the account: as to anybody, but less; or that it is not for it.
#[track_caller]
fn assert_narrowed(answer: &Answer, is_plain: bool, is_foreign: bool) {
    let name = (&answer.request, answer.status);
    match (is_foreign, is_plain) {
        (true, _) => assert_eq!(answer.status, 403, "{name:?}: {}", answer.text()),
        // A value or a format that the operation does not have is refused first.
        (false, false) => assert!(answer.status < 500, "{name:?}: {}", answer.text()),
        (false, true) => {
            let right = [200, 201, 202, 204, 207, 304, 308, 403, 404].contains(&answer.status);
            assert!(right, "{name:?}: {}", answer.text());
        }
    }
}

/// The first of a stream of events.
fn events(app: &App, client: &Client) -> String {
    let mut stream = TcpStream::connect(app.service().address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let authorization = client.authorization();
    let head = "GET /v1/changes HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n";
    stream.write_all(format!("{head}{authorization}\r\n").as_bytes()).unwrap();
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told);
    String::from_utf8_lossy(&told).into_owned()
}

/// Asks an operation in every way, and says whether there was anything to be asked.
fn walk(
    app: &App,
    bound: &Client,
    (path, method, operation): &(String, String, Value),
    secrets: &BTreeSet<String>,
) -> usize {
    let tag = operation["tags"][0].as_str().unwrap();
    // Figures are of all registers: what is put of one year would stand in the others' place.
    let is_foreign = (registers::find(tag).is_some() && tag != OWN) || (tag == "statistics" && method != "GET");
    let places = places(app, path, method, operation);
    let questions = if is_foreign { vec![String::new()] } else { questions(operation) };
    let mut asked = 0;
    for (place, question) in places.iter().flat_map(|place| questions.iter().map(move |question| (place, question))) {
        for answer in answers(bound, method, &format!("{place}{question}"), operation) {
            assert_narrowed(&answer, question.is_empty(), is_foreign);
            assert_eq!(found(&answer, secrets), BTreeSet::new(), "{}: {}", answer.request, said(&answer));
            asked += 1;
        }
    }
    asked
}

/// The operations that tell everybody else of what is planted, by whether the account is refused there.
fn telling(app: &App, bound: &Client, secrets: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut refused, mut narrowed) = (BTreeSet::new(), BTreeSet::new());
    let unbound = app.named("RF");
    let of_no_register = |operation: &Value| registers::find(operation["tags"][0].as_str().unwrap()).is_none();
    for (path, method, operation) in operations(&crate::support::document()) {
        if method != "GET" || !of_no_register(&operation) {
            continue;
        }
        let questions = questions(&operation);
        let places = places(app, &path, &method, &operation);
        for asked in places.iter().flat_map(|place| questions.iter().map(move |question| format!("{place}{question}")))
        {
            if !found(&unbound.get(&asked), secrets).is_empty() {
                let told = if bound.get(&asked).status == 403 { &mut refused } else { &mut narrowed };
                told.insert(path.clone());
            }
        }
    }
    (refused, narrowed)
}

on_both_databases! {
    fn no_figure_of_another_register_reaches_a_bound_account(app) {
        plant(&app);
        // It bears the name of who is responsible for everything.
        let account = new_client(&app, json!({"name": "RF", "scopes": all_scopes(), "registers": [OWN]}));
        let bound = logged_in(&app, &app.client.base, &account);
        let secrets = secrets();
        let mut asked = 0;
        for operation in operations(&crate::support::document()) {
            // Not where accounts log in.
            if operation.2["security"][0].get("client").is_none() {
                asked += walk(&app, &bound, &operation, &secrets);
            }
        }
        assert!(asked > 400, "{asked}");
        // There is something to be hidden: what tells of all registers together is closed, what tells of each tells less.
        let (refused, narrowed) = telling(&app, &bound, &secrets);
        let narrowed: Vec<&str> = narrowed.iter().map(String::as_str).collect();
        assert_eq!(narrowed, ["/v1/deadlines", "/v1/deadlines.ics", "/v1/statistics/counts"]);
        for closed in CLOSED_TO_IT {
            assert!(refused.contains(closed), "{closed}: {refused:?}");
        }
        let all = events(&app, &app.client);
        assert!(all.contains("\"register\":\"cases\""), "{all}");
        let told = events(&app, &bound);
        assert!(told.starts_with("HTTP/1.1 200 ") && told.contains(&format!("\"register\":\"{OWN}\"")), "{told}");
        assert!(!told.contains("\"register\":\"cases\"") && found_in(&told, &secrets).is_empty(), "{told}");
    }
}
