//! Several instances on one PostgreSQL, and a replica that lags behind.

use std::collections::BTreeSet;
use std::time::Duration;

use aufsicht::Config;
use serde_json::{Value, json};

use crate::faults::eventually;
use crate::support::{App, Backend, Client, Cluster, Process, database};

/// What a client reads at one instance, it changes at the other.
fn hand_over(from: &Client, to: &Client, number: usize) {
    let body = json!({"title": format!("Fall {number}"), "received_on": "2017-03-14", "area": "IT"});
    let created = from.post("/v1/cases", &body).expect(201);
    let path = format!("/v1/cases/{}", created.json()["id"].as_str().unwrap());
    let read = to.get(&path).expect(200);
    assert_eq!(read.header("etag"), created.header("etag"));
    let tag = read.header("etag").unwrap().to_owned();
    to.patch(&path, &tag, &json!({"area": "POLICE"})).expect(200);
    // The other one knows at once that it has changed.
    from.patch(&path, &tag, &json!({"area": "HEALTH"})).expect_problem(412, "stale-revision");
    assert_eq!(from.get(&path).expect(200).json()["area"], "POLICE");
}

#[test]
fn two_instances_serve_one_database() {
    const EACH: usize = 40;
    let (url, _) = database(Backend::Postgres);
    let instances = [Process::start(&url, &[]), Process::start(&url, &[])];
    let [one, other] = [&instances[0].client, &instances[1].client];
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (from, to) = if thread % 2 == 0 { (one, other) } else { (other, one) };
            scope.spawn(move || (0..EACH).for_each(|number| hand_over(from, to, number)));
        }
    });
    let all = one.all("/v1/cases?limit=1000");
    let numbers: BTreeSet<String> = all.iter().map(|record| record["number"].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<String> = (1..=6 * EACH).map(|number| format!("2017-{number:04}")).collect();
    assert_eq!((all.len(), numbers), (expected.len(), expected));
    // Both count the same, and neither keeps a table beyond a change at the other.
    let path = "/v1/statistics/counts?by=area&register=cases&from=2017&to=2017";
    let before = one.get(path).expect(200);
    assert_eq!(before.json(), other.get(path).expect(200).json());
    let known = [("If-None-Match", before.header("etag").unwrap())];
    one.send("GET", path, &known, None).expect(304);
    other.post("/v1/cases", &json!({"title": "Neu", "received_on": "2017-01-01", "area": "POLICE"})).expect(201);
    let after = one.send("GET", path, &known, None).expect(200).json();
    let policed = |table: &Value| table.to_string().contains(&(6 * EACH + 1).to_string());
    assert!(policed(&after) && !policed(&before.json()), "{after}");
    let changes = one.get("/v1/changes?limit=1000").expect(200).json()["items"].as_array().unwrap().clone();
    let sequence: BTreeSet<&str> = changes.iter().map(|change| change["cursor"].as_str().unwrap()).collect();
    assert_eq!((changes.len(), sequence.len()), (2 * 6 * EACH + 1, 2 * 6 * EACH + 1));
    assert_eq!(crate::support::differences(&Config::for_database(&url).unwrap()), Vec::<String>::new());
}

#[test]
fn a_replica_that_is_lost_is_no_outage() {
    let primary = Cluster::start();
    let url = primary.create_database(None);
    let standby = primary.standby();
    let of_standby = standby.url(url.rsplit('/').next().unwrap());
    let app = App::start_with(Backend::Postgres, |config| {
        config.database.url = url;
        config.database.timeout = Duration::from_secs(1);
        config.connections.read_url = Some(of_standby);
    });
    app.case("Vorher");
    let lists = || (0..12).all(|_| app.client.get("/v1/cases").status == 200);
    let replica = || app.client.get("/health/ready").expect(200).json()["replica"].clone();
    eventually("the replica does not follow", || app.client.all("/v1/cases").len() == 1);
    assert_eq!(replica(), "ok");
    assert!(lists());
    standby.stop();
    // Not one read is lost with it.
    assert!(lists());
    assert_eq!(replica(), "lost");
    // An instance that starts now knows it, too.
    let later = App::start_with(Backend::Postgres, |config| *config = app.config.clone());
    assert_eq!(later.client.get("/health/ready").expect(200).json()["replica"], "lost");
    assert_eq!(later.client.all("/v1/cases").len(), 1);
    drop(later);
    app.case("Ohne Replik");
    assert_eq!(app.client.all("/v1/cases").len(), 2);
    standby.start_again();
    eventually("the replica is not asked again", || lists() && replica() == "ok");
}

/// A replica that was copied once and then never again: the worst that lagging can be.
fn with_replica(backend: Backend) {
    let replica = App::start(backend);
    replica.case("Auf der Replik");
    let app =
        App::start_with(backend, |config| config.connections.read_url = Some(replica.config.database.url.clone()));
    let titles =
        |path: &str| -> Vec<Value> { app.client.all(path).into_iter().map(|record| record["title"].clone()).collect() };
    // Lists and statistics come from the replica ...
    assert_eq!(titles("/v1/cases"), ["Auf der Replik"]);
    let created = app.client.post("/v1/cases", &json!({"title": "Eben erst", "received_on": "2016-01-01"})).expect(201);
    assert_eq!(titles("/v1/cases"), ["Auf der Replik"]);
    let counts = app.client.get("/v1/statistics/counts?by=year&register=cases").expect(200).text();
    assert!(counts.contains("2017") && !counts.contains("2016"), "{counts}");
    // ... but whoever has written reads what was written, and goes on with it.
    let path = format!("/v1/cases/{}", created.json()["id"].as_str().unwrap());
    let read = app.client.get(&path).expect(200);
    assert_eq!(read.header("etag"), created.header("etag"));
    app.client.send("GET", &path, &[("If-None-Match", read.header("etag").unwrap())], None).expect(304);
    app.client.patch(&path, read.header("etag").unwrap(), &json!({"area": "IT"})).expect(200);
    assert_eq!(app.client.get(&path).expect(200).json()["revision"], 2);
    let delivery = json!({"title": "Geliefert", "received_on": "2017-03-14", "external": {"version": 1}});
    app.client.put("/v1/cases/external/konsul/7", &delivery).expect(201);
    app.client.get("/v1/cases/external/konsul/7").expect(200);
    // Nothing was written to the replica.
    assert_eq!(replica.client.all("/v1/cases").len(), 1);
}

#[test]
fn reads_its_own_writes_beside_a_replica_that_lags_on_sqlite() {
    with_replica(Backend::Sqlite);
}

#[test]
fn reads_its_own_writes_beside_a_replica_that_lags_on_postgres() {
    with_replica(Backend::Postgres);
}
