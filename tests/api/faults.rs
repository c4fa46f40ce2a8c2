//! What the service does when what it stands on fails: it answers in time, loses nothing, and heals by itself.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aufsicht::{Config, db};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Client, Cluster, Directory, Link, Process, Proxy, database, record_keys};

/// What a client waits before it calls the service hung. The service answers within 3 s; a busy machine may need more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settings with which a fault shows soon.
fn impatient(config: &mut Config) {
    config.connections.pool_timeout = Duration::from_millis(500);
    config.database.timeout = Duration::from_millis(500);
}

/// Waits for something that comes by itself.
pub fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Everything that needs the database is told 503 before the client loses its patience; what does not goes on.
#[track_caller]
fn refuses_in_time(app: &App, id: &str) {
    let client = app.client.within(PATIENCE);
    let new = json!({"title": "Während der Störung"}).to_string();
    let item = format!("/v1/cases/{id}");
    let json = ("Content-Type", "application/json");
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Option<&'a str>);
    let requests: [Case; 7] = [
        ("GET", "/v1/cases", &[], None),
        ("GET", &item, &[], None),
        ("GET", "/v1/statistics/services", &[], None),
        ("GET", "/health/ready", &[], None),
        ("GET", "/v1/cases?q=vorher", &[], None),
        ("POST", "/v1/cases", &[json], Some(&new)),
        ("PATCH", &item, &[json, ("If-Match", "*")], Some(&new)),
    ];
    std::thread::scope(|scope| {
        for (method, path, headers, body) in requests.iter().cycle().take(21) {
            let client = &client;
            scope.spawn(move || {
                let answer = client.send(method, path, headers, body.map(str::as_bytes));
                assert!(answer.header("retry-after").is_some(), "{method} {path}: {}", answer.text());
                answer.expect_problem(503, "unavailable");
            });
        }
    });
    client.get("/health/live").expect(200);
}

#[track_caller]
fn heals(app: &App) {
    eventually("the service does not heal", || {
        let read = app.client.get("/v1/cases").status;
        let write = app.client.post("/v1/cases", &json!({"title": "Danach"})).status;
        assert!([200, 503].contains(&read) && [201, 503].contains(&write), "{read} {write}");
        read == 200 && write == 201
    });
    // Connections that were lost while nobody used them are found out as well.
    eventually("some connections do not heal", || (0..12).all(|_| app.client.get("/v1/cases").status == 200));
    app.client.get("/health/ready").expect(200);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[test]
fn postgres_may_hang_or_be_cut_off() {
    let mut proxy = None;
    let app = App::start_with(Backend::Postgres, |config| {
        let (link, url) = Proxy::before(&config.database.url);
        proxy = Some(link);
        config.database.url = url;
        impatient(config);
    });
    let proxy = proxy.unwrap();
    let id = app.case("Vorher")["id"].as_str().unwrap().to_owned();
    for link in [Link::Hanging, Link::Cut] {
        proxy.set(link);
        refuses_in_time(&app, &id);
        refuses_in_time(&app, &id);
        proxy.set(Link::Whole);
        heals(&app);
    }
    // Cut for a moment only.
    proxy.set(Link::Cut);
    proxy.set(Link::Whole);
    heals(&app);
    // The way to the database goes before the service does.
    drop(app);
}

#[test]
fn postgres_may_be_stopped_and_frozen() {
    let cluster = Cluster::start();
    let url = cluster.create_database(None);
    let app = App::start_with(Backend::Postgres, |config| {
        config.database.url = url;
        impatient(config);
    });
    let id = app.case("Vorher")["id"].as_str().unwrap().to_owned();
    cluster.stop();
    refuses_in_time(&app, &id);
    cluster.start_again();
    heals(&app);
    let frozen = cluster.freeze();
    refuses_in_time(&app, &id);
    drop(frozen);
    heals(&app);
}

#[test]
fn a_pool_without_a_free_connection_refuses_in_time() {
    let app = App::start_with(Backend::Postgres, impatient);
    let id = app.case("Vorher")["id"].as_str().unwrap().to_owned();
    let mut other = app.db();
    other
        .batch_execute("BEGIN; LOCK TABLE records, cube, __diesel_schema_migrations IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    refuses_in_time(&app, &id);
    other.batch_execute("ROLLBACK").unwrap();
    heals(&app);
}

/// A process writes while the test, another process, holds the database's write lock.
#[test]
fn sqlite_may_be_locked_by_another_process() {
    let (url, _directory) = database(Backend::Sqlite);
    let settings = [("AUFSICHT_POOL_TIMEOUT", "500ms"), ("AUFSICHT_DATABASE_TIMEOUT", "500ms")];
    let process = Process::start(&url, &settings);
    let client = process.client.within(PATIENCE);
    client.post("/v1/cases", &json!({"title": "Vorher"})).expect(201);
    let mut other = db::connect(&Config::for_database(&url).unwrap().database).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    for _ in 0..3 {
        let refused = client.post("/v1/cases", &json!({"title": "Gesperrt"}));
        assert!(refused.header("retry-after").is_some());
        refused.expect_problem(503, "unavailable");
        assert_eq!(client.get("/v1/cases").expect(200).json()["items"].as_array().unwrap().len(), 1);
    }
    other.batch_execute("ROLLBACK").unwrap();
    client.post("/v1/cases", &json!({"title": "Danach"})).expect(201);
    assert_eq!(client.all("/v1/cases").len(), 2);
}

#[test]
fn a_panic_on_a_connection_harms_nobody_else() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let app = App::start(backend);
        app.case("Ein Fall");
        let database = db::Database::open(&app.config).unwrap();
        actix_web::rt::System::new().block_on(async {
            for _ in 0..6 {
                let read = database.read(|_| -> aufsicht::error::Result<()> { panic!("as it must") }).await;
                assert!(matches!(read, Err(aufsicht::Error::Internal(_))));
                let write = database.write(|_| -> aufsicht::error::Result<()> { panic!("as it must") }).await;
                assert!(matches!(write, Err(aufsicht::Error::Unavailable(_) | aufsicht::Error::Internal(_))));
                assert_eq!(database.read(db::pending).await.unwrap(), Vec::<String>::new());
                database.write(|_| Ok(())).await.unwrap();
            }
        });
        app.case("Noch einer");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// How often the service is killed: 20 times, or as often as AUFSICHT_KILL_ROUNDS says.
fn rounds() -> usize {
    std::env::var("AUFSICHT_KILL_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap())
}

/// Creates and changes records until the service is gone; the newest revision acknowledged of each.
fn write_until_killed(
    client: &Client,
    killed: &AtomicBool,
    acknowledged: &AtomicUsize,
    refused: &AtomicUsize,
) -> BTreeMap<String, i64> {
    let mut kept = BTreeMap::new();
    let json = [("Content-Type", "application/json"), ("If-Match", "*")];
    while !killed.load(Ordering::SeqCst) {
        let body = json!({"title": "Ein Fall", "area": "IT", "notes": "x"}).to_string();
        let Ok(created) = client.try_send("POST", "/v1/cases", &json[..1], Some(body.as_bytes())) else { break };
        if created.status == 503 {
            refused.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        let record = created.expect(201).json();
        let id = record["id"].as_str().unwrap().to_owned();
        kept.insert(id.clone(), 1);
        acknowledged.fetch_add(1, Ordering::SeqCst);
        let body = json!({"area": "POLICE", "notes": "y"}).to_string();
        let changed = client.try_send("PATCH", &format!("/v1/cases/{id}"), &json, Some(body.as_bytes()));
        let Ok(changed) = changed else { break };
        if changed.status != 503 {
            changed.expect(200);
            kept.insert(id, 2);
        }
    }
    kept
}

fn nothing_acknowledged_is_lost_by_kill(backend: Backend, has_keys: bool) {
    const WRITERS: usize = 8;
    let (url, _directory) = database(backend);
    let keys = has_keys.then(|| record_keys(&url));
    let settings = keys.as_deref().map(|keys| ("AUFSICHT_RECORD_KEYS_URL", keys));
    let mut kept: BTreeMap<String, i64> = BTreeMap::new();
    let refused = AtomicUsize::new(0);
    for round in 0..rounds() {
        let process = Process::start(&url, settings.as_slice());
        let client = process.client.clone();
        let (killed, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
        let of_round: BTreeMap<String, i64> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|_| {
                    let (client, killed) = (client.within(PATIENCE), &killed);
                    let (acknowledged, refused) = (&acknowledged, &refused);
                    scope.spawn(move || write_until_killed(&client, killed, acknowledged, refused))
                })
                .collect();
            // Not at the same moment of its life each time, but always in the middle of its work.
            let begun = Instant::now();
            while acknowledged.load(Ordering::SeqCst) < 5 + 7 * (round % 7) && begun.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(3));
            }
            process.kill();
            killed.store(true, Ordering::SeqCst);
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
        });
        kept.extend(of_round);
    }
    let app = App::start_with(backend, |config| {
        config.database.url.clone_from(&url);
        config.database.record_keys_url.clone_from(&keys);
    });
    let records = app.client.all("/v1/cases?limit=1000");
    assert!(records.iter().all(|record| record["notes"].is_string()), "each key was kept before its record");
    let found: BTreeMap<String, i64> = records
        .into_iter()
        .map(|record| (record["id"].as_str().unwrap().to_owned(), record["revision"].as_i64().unwrap()))
        .collect();
    assert!(!kept.is_empty());
    for (id, revision) in &kept {
        assert!(found.get(id).is_some_and(|held| held >= revision), "{id}: {revision} was acknowledged");
    }
    // What was on its way when the service was killed, or was refused on a busy machine, may be kept or not; but never
    // more than that.
    let refused = refused.into_inner();
    assert!(found.len() <= kept.len() + refused + WRITERS * rounds(), "{} of {}", found.len(), kept.len());
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_on_sqlite() {
    nothing_acknowledged_is_lost_by_kill(Backend::Sqlite, false);
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_with_record_keys_on_sqlite() {
    nothing_acknowledged_is_lost_by_kill(Backend::Sqlite, true);
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_with_record_keys_on_postgres() {
    nothing_acknowledged_is_lost_by_kill(Backend::Postgres, true);
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_on_postgres() {
    nothing_acknowledged_is_lost_by_kill(Backend::Postgres, false);
}

/// Writes until there is no room, sees that reads go on, makes room, and sees that all is well.
fn fills_up_and_heals(process: Process, url: &str, make_room: impl FnOnce(&Process)) {
    let client = process.client.within(Duration::from_secs(20));
    let big = json!({"title": "Ein grosser Fall", "notes": "x".repeat(8000)});
    let mut kept: Vec<String> = Vec::new();
    let refused = loop {
        assert!(kept.len() < 5000, "there is always room");
        let answer = client.post("/v1/cases", &big);
        if answer.status != 201 {
            break answer;
        }
        kept.push(answer.json()["id"].as_str().unwrap().to_owned());
    };
    assert!(refused.header("retry-after").is_some());
    refused.expect_problem(503, "unavailable");
    let path = "/v1/statistics/counts?by=register";
    for _ in 0..4 {
        assert!([201, 503].contains(&client.post("/v1/cases", &big).status));
        client.get(path).expect(200);
        client.get("/health/live").expect(200);
    }
    make_room(&process);
    eventually("writes do not heal", || match client.post("/v1/cases", &big).status {
        201 => true,
        status => {
            assert_eq!(status, 503);
            false
        }
    });
    for id in &kept {
        client.get(&format!("/v1/cases/{id}")).expect(200);
    }
    process.terminate();
    assert_eq!(process.wait(), Some(0));
    assert_eq!(crate::support::differences(&Config::for_database(url).unwrap()), Vec::<String>::new());
}

/// Fills up, and then writes now and then: each is refused, and readiness says so all the time, until there is room.
fn readiness_follows_what_is_kept(process: &Process, make_room: impl FnOnce(&Process)) {
    let client = process.client.within(Duration::from_secs(20));
    let write = || client.post("/v1/cases", &json!({"title": "Fall", "notes": "x".repeat(2000)})).status;
    for _ in 0..5000 {
        if write() != 201 {
            break;
        }
    }
    let mut refused = 0;
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(2800));
        refused = if write() == 503 { refused + 1 } else { 0 };
        if refused == 4 {
            break;
        }
    }
    assert_eq!(refused, 4, "there is always room");
    for _ in 0..25 {
        // On the same disk the access log is not written either.
        assert_eq!(client.get("/health/ready").expect(503).json()["failing"][0], "writes");
        std::thread::sleep(Duration::from_millis(100));
    }
    make_room(process);
    // Nobody writes where readiness says no.
    eventually("readiness does not come back", || client.get("/health/ready").status == 200);
    assert_eq!(write(), 201);
}

#[test]
fn sqlite_is_not_ready_while_its_disk_is_full() {
    let Some(disk) = Disk::mount("3m") else {
        eprintln!("{NO_DISK}");
        return;
    };
    let process = Process::start(&format!("sqlite:{}", disk.0.0.join("test.sqlite3").display()), &[]);
    readiness_follows_what_is_kept(&process, |_| disk.resize("64m"));
}

#[test]
fn sqlite_is_not_ready_while_its_files_may_not_grow() {
    let (url, _directory) = database(Backend::Sqlite);
    let process = Process::start(&url, &[]);
    process.limit_files("1000000:");
    readiness_follows_what_is_kept(&process, |process| process.limit_files("unlimited:"));
}

#[test]
fn postgres_is_not_ready_while_its_disk_is_full() {
    let Some(disk) = Disk::mount("16m") else {
        eprintln!("{NO_DISK}");
        return;
    };
    let cluster = Cluster::start();
    let url = cluster.create_database_in(&disk.0.0);
    let process = Process::start(&url, &[("AUFSICHT_ACCESS_LOG_URL", &cluster.create_database(None))]);
    readiness_follows_what_is_kept(&process, |_| disk.resize("128m"));
}

/// A small disk of its own, until this is dropped.
struct Disk(Directory);

impl Disk {
    fn mount(size: &str) -> Option<Disk> {
        let directory = Directory::new();
        let size = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&directory.0).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Disk(directory))
    }

    fn resize(&self, size: &str) {
        let size = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.0.0).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0.0).status();
    }
}

/// Only root can mount. On SQLite the limit of files below tries what a disk without room does in any case.
const NO_DISK: &str = "NOT TRIED: a tmpfs cannot be mounted here; run the tests as root to try a full disk";

#[test]
fn sqlite_heals_when_a_full_disk_gets_room() {
    let Some(disk) = Disk::mount("3m") else {
        eprintln!("{NO_DISK}");
        return;
    };
    let url = format!("sqlite:{}", disk.0.0.join("test.sqlite3").display());
    fills_up_and_heals(Process::start(&url, &[]), &url, |_| disk.resize("64m"));
}

#[test]
fn postgres_heals_when_a_full_disk_gets_room() {
    let Some(disk) = Disk::mount("16m") else {
        eprintln!("{NO_DISK}");
        return;
    };
    // The server ends before its disk is taken away.
    let cluster = Cluster::start();
    let url = cluster.create_database_in(&disk.0.0);
    fills_up_and_heals(Process::start(&url, &[]), &url, |_| disk.resize("128m"));
}

#[test]
fn sqlite_heals_when_a_file_may_grow_again() {
    let (url, _directory) = database(Backend::Sqlite);
    let process = Process::start(&url, &[]);
    process.limit_files("1000000:");
    fills_up_and_heals(process, &url, |process| process.limit_files("unlimited:"));
}

fn sheds_what_is_too_much(backend: Backend) {
    const CONNECTIONS: usize = 512;
    let (url, _directory) = database(backend);
    let process = Process::start(&url, &[("AUFSICHT_POOL_TIMEOUT", "5ms")]);
    let (served, shed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let (client, served, shed) = (process.client.within(Duration::from_secs(120)), &served, &shed);
            let work = move || {
                for turn in 0..3 {
                    let answer = if (number + turn) % 2 == 0 {
                        client.post("/v1/cases", &json!({"title": "Andrang"}))
                    } else {
                        client.get("/v1/cases?limit=5")
                    };
                    match answer.status {
                        200 | 201 => served.fetch_add(1, Ordering::SeqCst),
                        429 | 503 => shed.fetch_add(1, Ordering::SeqCst),
                        status => panic!("{status}: {}", answer.text()),
                    };
                }
            };
            std::thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, work).unwrap();
        }
    });
    let (served, shed) = (served.into_inner(), shed.into_inner());
    assert!(served > 0 && shed > 0, "{served} served, {shed} shed");
    eventually("the service does not recover", || {
        process.client.post("/v1/cases", &json!({"title": "Danach"})).status == 201
            && (0..8).all(|_| process.client.get("/v1/cases").status == 200)
    });
    process.kill();
    assert_eq!(crate::support::differences(&Config::for_database(&url).unwrap()), Vec::<String>::new());
}

#[test]
fn sheds_what_is_too_much_on_sqlite() {
    sheds_what_is_too_much(Backend::Sqlite);
}

#[test]
fn sheds_what_is_too_much_on_postgres() {
    sheds_what_is_too_much(Backend::Postgres);
}

/// Connections that come while the service cannot take any wait for it: none is turned away.
#[test]
fn a_rush_of_connections_waits_for_the_service() {
    const CONNECTIONS: usize = 512;
    let (url, _directory) = database(Backend::Sqlite);
    let process = Process::start(&url, &[]);
    let address = process.client.base.strip_prefix("http://").unwrap().parse().unwrap();
    process.suspend();
    let asked = format!("GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let rush: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|number| {
            let connected = TcpStream::connect_timeout(&address, Duration::from_secs(5));
            let mut stream = connected.unwrap_or_else(|error| panic!("connection {number}: {error}"));
            stream.write_all(asked.as_bytes()).unwrap();
            stream
        })
        .collect();
    process.resume();
    for (number, mut stream) in rush.into_iter().enumerate() {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("connection {number}: {error}"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "connection {number}: {answer}");
    }
}

/// The service is asked to end while eight writes wait for the lock, one client waits for news and others hang: what
/// is in flight is answered, and then it ends by itself.
fn ends_when_all_is_answered(backend: Backend) {
    let (url, _directory) = database(backend);
    let settings =
        [("AUFSICHT_POOL_TIMEOUT", "20s"), ("AUFSICHT_DATABASE_TIMEOUT", "20s"), ("AUFSICHT_SHUTDOWN_TIMEOUT", "8s")];
    let process = Process::start(&url, &settings);
    let client = &process.client;
    let address = client.base.strip_prefix("http://").unwrap();
    let hung: Vec<TcpStream> =
        ["", "GET /v1/ca", "POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"ti"]
            .into_iter()
            .map(|sent| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(sent.as_bytes()).unwrap();
                stream
            })
            .collect();
    let mut other = db::connect(&Config::for_database(&url).unwrap().database).unwrap();
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let (in_flight, feed) = db::exclusively(&mut other, |_| {
            let feed = scope.spawn(|| client.get("/v1/changes?wait=30").status);
            let write = || scope.spawn(|| client.post("/v1/cases", &json!({"title": "Unterwegs"})).status);
            let in_flight: Vec<_> = (0..8).map(|_| write()).collect();
            eventually("the writes do not arrive", || {
                client.get("/metrics").text().contains("aufsicht_writes_waiting 8\n")
            });
            process.terminate();
            eventually("the service goes on accepting", || TcpStream::connect(address).is_err());
            Ok((in_flight, feed))
        })
        .unwrap();
        in_flight.into_iter().chain([feed]).map(|request| request.join().unwrap()).collect()
    });
    assert_eq!(answers, [vec![201; 8], vec![200]].concat());
    assert_eq!(process.wait(), Some(0));
    for mut stream in hung {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        // Told or cut off, but not left to wait.
        let ended = stream.read_to_end(&mut rest).map_err(|error| error.kind());
        assert!(!matches!(ended, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{ended:?}");
    }
    assert_eq!(crate::support::differences(&Config::for_database(&url).unwrap()), Vec::<String>::new());
}

#[test]
fn ends_when_all_is_answered_on_sqlite() {
    ends_when_all_is_answered(Backend::Sqlite);
}

#[test]
fn ends_when_all_is_answered_on_postgres() {
    ends_when_all_is_answered(Backend::Postgres);
}

on_both_databases! {
    fn metrics_tell_what_the_database_failed_and_who_may_know_how_many_records_there_are(app) {
        app.case("Ein Fall");
        app.create("audits", json!({"title": "Kontrolle"}));
        app.create("organisations", json!({"name": "Horw", "type": "MUNICIPALITY"}));
        let open = app.client.anonymous().get("/metrics").expect(200).text();
        assert!(!open.contains("aufsicht_records") && open.contains("aufsicht_database_errors_total 0\n"), "{open}");
        assert!(open.ends_with("# EOF\n"), "{open}");
        let told = app.with_scopes("statistics:read").get("/metrics").expect(200).text();
        for (register, number) in [("cases", 1), ("audits", 1), ("organisations", 1), ("projects", 0)] {
            assert!(told.contains(&format!("aufsicht_records{{register=\"{register}\"}} {number}\n")), "{told}");
        }
        assert!(told.ends_with("# EOF\n"), "{told}");
        app.sql("ALTER TABLE records RENAME TO elsewhere");
        app.client.get("/v1/cases").expect_problem(500, "internal");
        app.sql("ALTER TABLE elsewhere RENAME TO records");
        assert!(app.client.get("/metrics").text().contains("aufsicht_database_errors_total 1\n"));
    }
}

on_both_databases! {
    fn readiness_tells_the_truth(app) {
        app.client.get("/health/ready").expect(200);
        app.tampered();
        app.sql("DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)");
        app.client.get("/health/ready").expect_problem(503, "unavailable");
        let live: Value = app.client.get("/health/live").expect(200).json();
        assert_eq!(live["status"], "ok");
    }
}
