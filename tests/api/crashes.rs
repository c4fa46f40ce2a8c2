//! What survives when a process is killed or several work on one database: tried with real processes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aufsicht::{Config, db};
use serde_json::{Value, json};

use crate::support::{Backend, Client, Directory, Process, database};
use crate::webhooks::Receiver;

/// A database that outlives the processes on it.
struct Ground {
    url: String,
    config: Config,
    _database: Option<Directory>,
}

impl Ground {
    fn new(backend: Backend) -> Ground {
        let (url, database) = database(backend);
        Ground { config: Config::for_database(&url).unwrap(), url, _database: database }
    }

    fn serve(&self) -> Process {
        Process::start(&self.url, &[("AUFSICHT_WEBHOOK_PRIVATE", "true")])
    }

    /// What `aufsicht verify` finds.
    fn differences(&self) -> Vec<String> {
        crate::support::differences(&self.config)
    }

    /// How many records there are, asked of the database and not of a process.
    fn count(&self) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let sql = diesel::sql_query("SELECT count(*) AS count FROM records");
        let count: Count =
            diesel::RunQueryDsl::get_result(sql, &mut db::connect(&self.config.database).unwrap()).unwrap();
        count.count
    }
}

crate::on_each! {
    a_reader_of_the_feed_misses_nothing_while_two_processes_write
    a_request_whose_answer_was_lost_is_done_once
    nothing_is_lost_when_the_one_that_delivers_is_killed
}

fn name_of(change: &Value) -> (String, i64) {
    (change["id"].as_str().unwrap().to_owned(), change["revision"].as_i64().unwrap())
}

/// Reads the feed until all writers have ended and it has given everything.
fn follow(client: &Client, mut done: impl FnMut() -> bool) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    let mut after = String::new();
    loop {
        let last = done();
        let page = client.get(&format!("/v1/changes?limit=1000{after}")).expect(200).json();
        told.extend(page["items"].as_array().unwrap().clone());
        after = format!("&after={}", page["next"].as_str().unwrap());
        if last {
            return told;
        }
    }
}

fn a_reader_of_the_feed_misses_nothing_while_two_processes_write(backend: Backend) {
    let ground = Ground::new(backend);
    let processes = [ground.serve(), ground.serve()];
    let [first, second] = [&processes[0].client, &processes[1].client];
    let told = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let client = if writer % 2 == 0 { first } else { second };
                scope.spawn(move || {
                    for round in 0..15 {
                        let key = format!("/v1/cases/external/k/{}", (writer + round) % 12);
                        let body = json!({"title": format!("{writer} {round}"), "received_on": "2017-03-14", "external": {"version": 1}});
                        let status = client.put(&key, &body).status;
                        assert!([200, 201].contains(&status), "{status}");
                    }
                })
            })
            .collect();
        let told = follow(second, || writers.iter().all(|writer| writer.is_finished()));
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        told
    });
    // The order is that of the history: what one process tells while others write, another tells afterwards too.
    let heard: Vec<(String, i64)> = told.iter().map(name_of).collect();
    assert_eq!(heard, follow(first, || true).iter().map(name_of).collect::<Vec<_>>());
    let mut revisions: BTreeMap<&str, i64> = BTreeMap::new();
    for (id, revision) in &heard {
        let last = revisions.entry(id).or_default();
        *last += 1;
        assert_eq!(revision, last);
    }
    let records = first.all("/v1/cases?limit=1000");
    assert_eq!(records.len(), 12);
    for record in records {
        let id = record["id"].as_str().unwrap();
        assert_eq!(Some(revisions[id]), record["revision"].as_i64());
        let history = first.all(&format!("/v1/cases/{id}/history"));
        assert_eq!(history.len() as i64, revisions[id]);
    }
    assert_eq!(ground.differences(), Vec::<String>::new());
}

fn a_request_whose_answer_was_lost_is_done_once(backend: Backend) {
    let ground = Ground::new(backend);
    let process = ground.serve();
    let body = json!({"title": "Anfrage"}).to_string();
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k1")];
    // As soon as it is kept the process is killed; what came back, if anything, is lost.
    let (client, sent) = (process.client.clone(), body.clone());
    let sending =
        std::thread::spawn(move || drop(client.try_send("POST", "/v1/cases", &headers, Some(sent.as_bytes()))));
    let started = Instant::now();
    while ground.count() == 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "the record is not kept");
    }
    process.kill();
    sending.join().unwrap();

    let again = ground.serve();
    let client = &again.client;
    let send = || client.send("POST", "/v1/cases", &headers, Some(body.as_bytes())).expect(201);
    let (first, second) = (send(), send());
    assert_eq!(first.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.json(), second.json());
    assert_eq!(client.all("/v1/cases").len(), 1);
    assert_eq!(follow(client, || true).len(), 1);
    assert_eq!(ground.differences(), Vec::<String>::new());
}

fn nothing_is_lost_when_the_one_that_delivers_is_killed(backend: Backend) {
    let ground = Ground::new(backend);
    let receiver = Receiver::start("slow");
    let process = ground.serve();
    let client = &process.client;
    client.post("/v1/webhooks", &json!({"url": receiver.url()})).expect(201);
    let cases: Vec<String> = (0..6)
        .map(|n| client.post("/v1/cases", &json!({"title": format!("Fall {n}")})).expect(201).json())
        .map(|case| format!("/v1/cases/{}", case["id"].as_str().unwrap()))
        .collect();
    for case in &cases {
        for area in ["IT", "POLICE"] {
            client.patch(case, "*", &json!({"area": area})).expect(200);
        }
    }
    receiver.wait(3);
    process.kill();
    let before = receiver.all().len();
    assert!(before < 18, "it was killed too late");

    // Another process takes over when the right of the one that has gone runs out.
    let again = ground.serve();
    let client = &again.client;
    let webhook = client.get("/v1/webhooks").json()["items"][0]["id"].as_str().unwrap().to_owned();
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let log = client.all(&format!("/v1/webhooks/{webhook}/deliveries"));
        if log.len() == 18 && log.iter().all(|delivery| delivery["state"] == "DELIVERED") {
            break;
        }
        assert!(Instant::now() < until, "{log:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut ids: BTreeMap<(String, i64), BTreeSet<String>> = BTreeMap::new();
    let mut order: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for event in receiver.all() {
        let (id, revision) = name_of(&event.json()["data"]);
        ids.entry((id.clone(), revision)).or_default().insert(event.headers["webhook-id"].clone());
        order.entry(id).or_default().push(revision);
    }
    assert_eq!(ids.len(), 18, "each change arrives");
    assert!(ids.values().all(|same| same.len() == 1), "what comes twice has the same id");
    for revisions in order.values() {
        assert!(revisions.is_sorted(), "{revisions:?}");
    }
}
