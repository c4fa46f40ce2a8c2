//! Several instances on one PostgreSQL, and a replica that lags behind.

use std::collections::BTreeSet;
use std::time::Duration;

use aufsicht::Config;
use serde_json::{Value, json};

use crate::cursors::{copied, instance};
use crate::faults::eventually;
use crate::on_both_databases;
use crate::support::{App, Backend, Client, Cluster, Directory, Process, database};

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

// A copy of the database that never follows it: what a client has written it finds, changes, and goes on with.
on_both_databases! {
    fn nothing_is_refused_that_a_replica_does_not_have_yet(app) {
        app.case("Auf der Replik");
        let place = Directory::new();
        let copy = copied(&app, &place.0);
        let (_service, beside) = instance(&app, |config| config.connections.read_url = Some(copy));
        let created = beside.post("/v1/cases", &json!({"title": "Eben erst", "received_on": "2016-01-01"})).expect(201);
        let path = format!("/v1/cases/{}", created.json()["id"].as_str().unwrap());
        assert_eq!(beside.get(&format!("{path}/history")).expect(200).json()["items"].as_array().unwrap().len(), 1);
        beside.patch(&path, created.header("etag").unwrap(), &json!({"area": "IT"})).expect(200);
        assert_eq!(beside.get(&format!("{path}/history")).expect(200).json()["items"].as_array().unwrap().len(), 2);
        assert_eq!(beside.get("/v1/cases").expect(200).json()["items"].as_array().unwrap().len(), 1, "it does not lag");
    }
}

/// Puts a document that is not there, and another one in its place, and reads each.
fn put_and_read(client: &Client, path: &str, bodies: [Value; 2], read: impl Fn(&Value) -> &Value) {
    for (body, status) in bodies.iter().zip([201, 200]) {
        let answer = client.put(path, body).expect(status).json();
        assert_eq!(read(&client.get(path).expect(200).json()), read(&answer), "{path}");
    }
}

on_both_databases! {
    fn figures_of_a_year_are_read_as_they_were_entered_beside_a_replica_that_lags(app) {
        app.case("Auf der Replik");
        let place = Directory::new();
        let copy = copied(&app, &place.0);
        let (_service, beside) = instance(&app, |config| config.connections.read_url = Some(copy));
        let views = [1, 2].map(|number| json!({"visitors": number, "page_views": number, "downloads": []}));
        put_and_read(&beside, "/v1/website-figures/2019", views, |all| all);
        let staff = [100, 180].map(|percent| json!({"positions_percent": percent}));
        put_and_read(&beside, "/v1/staffing/2019", staff, |all| all);
        beside.get("/v1/statistics/published/2016").expect_problem(404, "not-found");
        let printed = [1, 2].map(|total| json!({"figures": {"inquiries.total": total}, "published_on": "2017-04-03"}));
        put_and_read(&beside, "/v1/statistics/published/2016", printed, |published| &published["version"]);
        let differing = beside.get("/v1/statistics/published/2016/differences").expect(200).json();
        assert_eq!(differing["version"], 2);
        beside.put("/v1/statistics/figures/2016", &json!({"figures": {}})).expect(201);
        let entered = beside.get("/v1/statistics/figures/2016").expect(200);
        assert_eq!((entered.json()["version"].as_i64(), entered.header("etag").is_some()), (Some(1), true));
    }
}

on_both_databases! {
    fn who_follows_the_changes_goes_on_beside_a_replica_that_lags(app) {
        app.case("Auf der Replik");
        let place = Directory::new();
        let copy = copied(&app, &place.0);
        let (_service, beside) = instance(&app, |config| config.connections.read_url = Some(copy));
        let page = |client: &Client, query: &str| {
            let page = client.get(&format!("/v1/changes?{query}")).expect(200).json();
            (page["items"].as_array().unwrap().len(), page["next"].as_str().unwrap().to_owned())
        };
        app.case("Noch nicht auf der Replik");
        let (all, end) = page(&app.client, "");
        assert_eq!((all, page(&beside, "").0), (2, 1), "it does not lag");
        // The end of the database is beyond that of the replica.
        assert_eq!(page(&beside, &format!("after={end}")), (0, end.clone()));
        assert_eq!(page(&beside, &format!("after={end}&wait=1")), (0, end.clone()));
        app.case("Danach");
        assert_eq!(page(&beside, &format!("after={end}")).0, 1);
        assert_eq!(crate::cursors::streamed(&beside, Some(&end), ""), 200);
    }
}
