//! Writes that wait for their turn share a transaction, and what they ask for is looked up once for all of them: each is
//! answered as if it had been alone.

use std::collections::BTreeMap;
use std::time::Duration;

use aufsicht::Config;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::{App, Backend, Link, Proxy};

/// A request that writes: its method, path, `If-Match` and body.
type Write = (&'static str, String, Option<&'static str>, Value);

fn create(body: Value) -> Write {
    ("POST", "/v1/cases".into(), None, body)
}

/// Lets writes wait for as long as it takes to send them all.
fn waits(config: &mut Config) {
    config.database.timeout = Duration::from_secs(60);
    config.connections.pool_timeout = Duration::from_secs(60);
}

fn patient(backend: Backend) -> App {
    App::start_with(backend, waits)
}

/// The number of writes that wait.
fn waiting(app: &App) -> usize {
    let metrics = app.client.get("/metrics").expect(200).text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("aufsicht_writes_waiting ")).unwrap();
    line.parse().unwrap()
}

/// Sends writes while nobody can write, lets them go on when all wait, and returns their statuses in the order in which they
/// were sent. They come after one that waits alone, so that they share a transaction.
fn at_once(app: &App, writes: &[Write], let_go: impl FnOnce()) -> Vec<u16> {
    let mut held = app.db();
    held.batch_execute(match app.backend {
        Backend::Sqlite => "BEGIN IMMEDIATE",
        Backend::Postgres => "BEGIN; LOCK TABLE counters IN ACCESS EXCLUSIVE MODE",
    })
    .unwrap();
    let wait_for = |count: usize| {
        while waiting(app) < count {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    std::thread::scope(|threads| {
        threads.spawn(|| app.create("cases", json!({"title": "Die erste"})));
        let mut sent = Vec::new();
        for (number, (method, path, tag, body)) in writes.iter().enumerate() {
            wait_for(number + 1);
            let headers: Vec<(&str, &str)> =
                [("Content-Type", "application/json")].into_iter().chain(tag.map(|tag| ("If-Match", tag))).collect();
            sent.push(threads.spawn(move || {
                let body = (*method != "DELETE").then(|| body.to_string());
                app.client.send(method, path, &headers, body.as_ref().map(String::as_bytes)).status
            }));
        }
        wait_for(writes.len() + 1);
        let_go();
        held.batch_execute("ROLLBACK").unwrap();
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    })
}

crate::on_both_databases! {
    fn a_write_sees_what_those_before_it_wrote(app = patient) {
        let numbered = |number: &str| create(json!({"title": "Anfrage", "number": number}));
        let named = |title: &str, body: &str| {
            create(json!({"title": title, "requester": {"type": "MUNICIPALITY", "organisation": body}}))
        };
        let delivered = |version: i64| {
            let body = json!({"title": format!("Stand {version}"), "received_on": "2019-01-02",
                "external": {"system": "konsul", "id": "4711", "version": version}});
            ("PUT", "/v1/cases/external/konsul/4711".to_owned(), None, body)
        };
        let undelivered = |version: i64| {
            ("DELETE", format!("/v1/cases/external/konsul/4711?version={version}"), None, Value::Null)
        };
        let body = || ("POST", "/v1/organisations".to_owned(), None, json!({"name": "Gemeinde Aesch", "type": "MUNICIPALITY"}));
        let changed = app.create("cases", json!({"title": "Vorher"}));
        let path = format!("/v1/cases/{}", changed["id"].as_str().unwrap());
        let renamed = |title: &str, tag| ("PATCH", path.clone(), Some(tag), json!({"title": title}));
        let writes = [
            numbered("2018-0500"), numbered("2018-0500"), numbered("2018-0501"),
            named("vor der Gemeinde", "Gemeinde Aesch"), body(), named("nach der Gemeinde", "Gemeinde Aesch"), body(),
            delivered(2), delivered(1), delivered(3), undelivered(2), undelivered(4), delivered(4), delivered(5),
            renamed("zuerst", "\"1\""), renamed("zu spät", "\"1\""), renamed("danach", "\"2\""),
            ("DELETE", path.clone(), Some("\"3\""), Value::Null), renamed("zu spät", "\"3\""),
            // A number that was given up is free.
            numbered("2018-0500"), numbered(changed["number"].as_str().unwrap()),
        ];
        let statuses = at_once(&app, &writes, || {});
        assert_eq!(statuses[..3], [201, 409, 201], "numbers");
        assert_eq!(statuses[3..7], [201, 201, 201, 201], "a public body");
        assert_eq!(statuses[7..14], [201, 409, 200, 409, 204, 409, 201], "deliveries");
        assert_eq!(statuses[14..19], [200, 412, 200, 204, 404], "changes");
        assert_eq!(statuses[19..], [409, 201], "numbers again");
        // What was entered before the body is linked to it, what came after it to both of that name is not.
        assert_eq!(app.client.all("/v1/cases?q=Gemeinde").len(), 2);
        assert_eq!(links(&app), 2);
        assert_eq!(app.client.get("/v1/cases/external/konsul/4711").expect(200).json()["title"], "Stand 5");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

crate::on_both_databases! {
    fn a_series_goes_on_without_a_gap_whatever_is_refused(app = patient) {
        let writes: Vec<Write> = (0..40)
            .map(|number| match number % 4 {
                // The fourth number of the series is taken by who names it, and again in vain.
                0 if number < 8 => create(json!({"title": "genannt", "number": "2019-0004"})),
                3 => create(json!({"title": "verweigert", "relations": [{"record": "2010-0001", "type": "FOLLOWS"}]})),
                _ => create(json!({"title": "gezählt"})),
            })
            .collect();
        let statuses = at_once(&app, &writes, || {});
        let mut counted = BTreeMap::new();
        for status in statuses {
            *counted.entry(status).or_insert(0) += 1;
        }
        assert_eq!(counted, BTreeMap::from([(201, 29), (409, 1), (422, 10)]));
        let mut numbers: Vec<String> = app.client.all("/v1/cases").iter().map(|case| case["number"].as_str().unwrap().into()).collect();
        numbers.sort();
        let all: Vec<String> = (1..=30).map(|number| format!("2019-{number:04}")).collect();
        assert_eq!(numbers, all);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// The number of links to public bodies.
fn links(app: &App) -> i64 {
    let count = "SELECT CAST(count(*) AS TEXT) AS text FROM record_links WHERE property = 'organisation'";
    app.text(count, count).parse().unwrap()
}

/// The ways to the server and back are fewer than the writes that share a transaction.
#[test]
fn a_group_goes_to_the_server_less_often_than_it_has_writes() {
    let mut proxy = None;
    let app = App::start_with(Backend::Postgres, |config| {
        let (link, url) = Proxy::before(&config.database.url);
        proxy = Some(link);
        config.database.url = url;
        waits(config);
    });
    let proxy = proxy.unwrap();
    proxy.set(Link::Slow(Duration::from_micros(100)));
    app.create("organisations", json!({"name": "Gemeinde Aesch", "type": "MUNICIPALITY"}));
    let anew = |number: usize| {
        create(json!({"title": format!("Anfrage {number}"),
            "requester": {"type": "MUNICIPALITY", "organisation": "Gemeinde Aesch"}}))
    };
    let taken = |count: usize| {
        let writes: Vec<Write> = (0..count).map(anew).collect();
        let mut before = Vec::new();
        let statuses = at_once(&app, &writes, || before = proxy.round_trips());
        assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
        // On the connection that writes: all others had less to ask.
        let after = proxy.round_trips();
        after.iter().zip(before).map(|(after, before)| after - before).max().unwrap()
    };
    // Statements are prepared the first time.
    taken(40);
    let ways = taken(40);
    println!("round trips of 40 writes and the one before them: {ways}");
    // They are in one transaction, or the first in one of its own: some 8 each.
    assert!(ways < 20, "{ways}");
    // The way to the database goes after the service.
    drop(app);
}
