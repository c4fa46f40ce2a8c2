//! What survives when a process is killed or several work on one database: tried with real processes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aufsicht::access::{Scope, Tokens};
use aufsicht::{Clock, Config};
use serde_json::{Value, json};

use crate::support::{Backend, Client, Directory, SECRET, database};
use crate::support::{Running, aufsicht, serve};
use crate::webhooks::Receiver;

/// A database that outlives the services on it.
struct Ground {
    directory: Directory,
    url: String,
    config: Config,
    token: String,
    _database: Option<Directory>,
}

impl Ground {
    fn new(backend: Backend) -> Ground {
        let (url, database) = database(backend);
        let mut config = Config::for_database(&url).unwrap();
        config.jwt_secret = Some(SECRET.into());
        let hour = Duration::from_secs(3600);
        let token = Tokens::new(&config).unwrap().issue("tester", Scope::ALL, hour, Clock::system().now()).unwrap();
        Ground { directory: Directory::new(), url, config, token, _database: database }
    }

    /// Starts a process.
    fn serve(&self) -> (Running, Client) {
        let mut command = aufsicht(&self.directory.0);
        command.arg("serve").env("DATABASE_URL", &self.url).env("AUFSICHT_JWT_SECRET", SECRET);
        command.env("AUFSICHT_LISTEN", "127.0.0.1:0").env("AUFSICHT_WEBHOOK_PRIVATE", "true");
        let (running, printed) = serve(&mut command, "listens on");
        let base = printed.split("listens on ").nth(1).unwrap().split("/ ").next().unwrap().to_owned();
        (running, Client::new(&base, Some(self.token.clone())))
    }

    /// What `aufsicht verify` finds.
    fn differences(&self) -> Vec<String> {
        crate::support::differences(&mut aufsicht::db::connect(&self.config).unwrap())
    }

    /// How many records there are, asked of the database and not of a service.
    fn count(&self) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let mut db = aufsicht::db::connect(&self.config).unwrap();
        let sql = diesel::sql_query("SELECT count(*) AS count FROM records");
        let count: Count = diesel::RunQueryDsl::get_result(sql, &mut db).unwrap();
        count.count
    }
}

macro_rules! on_each {
    ($($name:ident)*) => { $(mod $name {
        #[test]
        fn sqlite() { super::$name(super::Backend::Sqlite) }
        #[test]
        fn postgres() { super::$name(super::Backend::Postgres) }
    })* };
}
on_each! {
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
    let ((_one, first), (_two, second)) = (ground.serve(), ground.serve());
    let told = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let client = if writer % 2 == 0 { first.clone() } else { second.clone() };
                scope.spawn(move || {
                    for round in 0..15 {
                        let key = format!("/v1/cases/external/k/{}", (writer + round) % 12);
                        let body = json!({"title": format!("{writer} {round}"), "external": {"version": 1}});
                        let status = client.put(&key, &body).status;
                        assert!([200, 201].contains(&status), "{status}");
                    }
                })
            })
            .collect();
        let told = follow(&second, || writers.iter().all(|writer| writer.is_finished()));
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        told
    });
    // The order is that of the history: what one process tells while others write, another tells afterwards too.
    let heard: Vec<(String, i64)> = told.iter().map(name_of).collect();
    assert_eq!(heard, follow(&first, || true).iter().map(name_of).collect::<Vec<_>>());
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
    let (mut running, client) = ground.serve();
    let body = json!({"title": "Anfrage"}).to_string();
    // The request goes out, and nobody reads what comes back: as soon as it is kept, the process is killed.
    let mut stream = TcpStream::connect(client.base.strip_prefix("http://").unwrap()).unwrap();
    let token = &ground.token;
    let length = body.len();
    write!(stream, "POST /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let started = Instant::now();
    while ground.count() == 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "the record is not kept");
    }
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    drop(stream);

    let (_again, client) = ground.serve();
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k1")];
    let send = || client.send("POST", "/v1/cases", &headers, Some(body.as_bytes())).expect(201);
    let (first, second) = (send(), send());
    assert_eq!(first.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.json(), second.json());
    assert_eq!(client.all("/v1/cases").len(), 1);
    assert_eq!(follow(&client, || true).len(), 1);
    assert_eq!(ground.differences(), Vec::<String>::new());
}

fn nothing_is_lost_when_the_one_that_delivers_is_killed(backend: Backend) {
    let ground = Ground::new(backend);
    let receiver = Receiver::start("slow");
    let (mut running, client) = ground.serve();
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
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    let before = receiver.all().len();
    assert!(before < 18, "it was killed too late");

    // Another process takes over when the right of the one that has gone runs out.
    let (_again, client) = ground.serve();
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
