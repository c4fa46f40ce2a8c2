//! Whoever freezes or vanishes while it writes stops nobody else for long, and a server that hangs is left for the one that was
//! made the primary in its place.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;

use crate::support::Client;
use crate::support::{Cluster, Directory, Pooler, Process, aufsicht, signal};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The number of transactions that hold the lock of writers and do nothing.
fn idle_holders(connection: &mut PgConnection) -> i64 {
    let holders = "SELECT count(*) AS number FROM pg_locks JOIN pg_stat_activity USING (pid) \
        WHERE locktype = 'advisory' AND granted AND state LIKE 'idle in%'";
    diesel::sql_query(holders).get_result::<Found>(connection).unwrap().number
}

/// The fate of the writes of some clients.
#[derive(Default)]
struct Tally {
    /// The fault that is tried, in a word.
    fault: &'static str,
    sent: usize,
    refused: usize,
    /// The titles of those that were acknowledged.
    acknowledged: Vec<String>,
    /// The longest time in which none was.
    silence: Duration,
}

impl Tally {
    /// Holds what was acknowledged against what is there, and says the counts: none is lost, and none is there twice.
    fn assert_kept(&self, client: &Client) {
        let mut kept: BTreeMap<String, usize> = BTreeMap::new();
        for case in client.all(&format!("/v1/cases?q={}&limit=1000", self.fault)) {
            *kept.entry(case["title"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let lost = self.acknowledged.iter().filter(|title| !kept.contains_key(*title)).count();
        let doubled = kept.values().filter(|number| **number > 1).count();
        let (acknowledged, kept, silence) = (self.acknowledged.len(), kept.len(), self.silence.as_secs_f64());
        println!(
            "{}: no write for {silence:.1} s; {} sent, {acknowledged} acknowledged, {} refused, {kept} kept, {lost} lost, {doubled} doubled",
            self.fault, self.sent, self.refused
        );
        assert!(acknowledged > 0 && (lost, doubled) == (0, 0), "{lost} lost, {doubled} doubled");
    }
}

/// Writes until the work is done, as four clients at once: each under a title and a key of its own, once.
fn under_load<T>(client: &Client, fault: &'static str, work: impl FnOnce() -> T) -> (T, Tally) {
    let (is_over, tally) = (AtomicBool::new(false), Mutex::new((Tally { fault, ..Tally::default() }, Instant::now())));
    let done = std::thread::scope(|scope| {
        for writer in 0..4 {
            let (client, is_over, tally) = (client.within(Duration::from_secs(60)), &is_over, &tally);
            scope.spawn(move || {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let title = format!("Last {fault} {writer} {number}");
                    let answer = client.try_post("/v1/cases", &json!({"title": title}));
                    let mut tally = tally.lock().unwrap();
                    let (tally, last) = &mut *tally;
                    tally.sent += 1;
                    if answer.is_some_and(|answer| answer.status == 201) {
                        tally.silence = tally.silence.max(last.elapsed());
                        *last = Instant::now();
                        tally.acknowledged.push(title);
                    } else {
                        tally.refused += 1;
                    }
                }
            });
        }
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        done
    });
    (done, tally.into_inner().unwrap().0)
}

/// How long it takes until a write is kept.
fn until_a_write_is_kept(client: &Client, limit: Duration) -> Duration {
    let begun = Instant::now();
    while client.try_post("/v1/cases", &json!({"title": "Danach"})).is_none_or(|answer| answer.status != 201) {
        assert!(begun.elapsed() < limit, "no write is kept after {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    begun.elapsed()
}

#[test]
fn an_instance_that_freezes_in_a_transaction_does_not_stop_the_others() {
    let cluster = Cluster::start();
    let url = cluster.create_database(None);
    let (frozen, other) = (Process::start(&url, &[]), Process::start(&url, &[]));
    let mut watching = PgConnection::establish(&url).unwrap();
    let (took, kept) = under_load(&frozen.client, "frozen", || {
        let begun = Instant::now();
        loop {
            signal("STOP", &[frozen.id()]);
            // What it had sent before may end the transaction a moment later.
            let mut holds = || idle_holders(&mut watching) > 0;
            if holds() {
                std::thread::sleep(Duration::from_millis(100));
                if holds() {
                    break;
                }
            }
            signal("CONT", &[frozen.id()]);
            assert!(begun.elapsed() < Duration::from_secs(60), "the instance was never seen in a transaction");
            std::thread::sleep(Duration::from_millis(20));
        }
        let took = until_a_write_is_kept(&other.client, Duration::from_secs(30));
        signal("CONT", &[frozen.id()]);
        until_a_write_is_kept(&frozen.client, Duration::from_secs(30));
        took
    });
    // The lease of a transaction is three seconds; the rest is patience for a loaded machine.
    assert!(took < Duration::from_secs(10), "{took:?}");
    println!("the other instance waited {:.1} s", took.as_secs_f64());
    kept.assert_kept(&other.client);
    let config = aufsicht::Config::for_database(&url).unwrap();
    drop((frozen, other));
    assert_eq!(crate::support::differences(&config), Vec::<String>::new());
}

#[test]
fn a_primary_that_hangs_is_left_for_the_one_that_took_its_place() {
    let primary = Cluster::start();
    let url = primary.create_database(None);
    let database = url.rsplit('/').next().unwrap().to_owned();
    let standby = primary.standby();
    let process = Process::start(&primary.url_with(&standby, &database), &[("AUFSICHT_DATABASE_TIMEOUT", "1s")]);
    process.client.post("/v1/cases", &json!({"title": "Vorher"})).expect(201);
    primary.let_standby_acknowledge();
    let ((hanging, took), tally) = under_load(&process.client, "hanging", || {
        std::thread::sleep(Duration::from_millis(500));
        let hanging = primary.freeze();
        let refused = process.client.within(Duration::from_secs(30)).post("/v1/cases", &json!({"title": "Hängt"}));
        assert_eq!(refused.status, 503, "{}", refused.text());
        standby.promote();
        let took = until_a_write_is_kept(&process.client.within(Duration::from_secs(30)), Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(500));
        (hanging, took)
    });
    assert!(took < Duration::from_secs(20), "{took:?}");
    let begun = Instant::now();
    while !(0..8).all(|_| process.client.within(Duration::from_secs(30)).get("/v1/cases").status == 200) {
        assert!(begun.elapsed() < Duration::from_secs(30), "reads do not come back");
    }
    println!("reads came back {:.1} s after the writes", begun.elapsed().as_secs_f64());
    tally.assert_kept(&process.client);
    process.client.get("/health/live").expect(200);
    process.kill();
    drop(hanging);
}

/// A minute is what nobody waits for any more; whoever runs it starts it anew then.
#[test]
fn who_has_kept_no_write_for_a_minute_is_not_alive() {
    let cluster = Cluster::start();
    let process = Process::start(&cluster.create_database(None), &[("AUFSICHT_DATABASE_TIMEOUT", "1s")]);
    let client = process.client.within(Duration::from_secs(30));
    client.post("/v1/cases", &json!({"title": "Vorher"})).expect(201);
    let (hanging, begun) = (cluster.freeze(), Instant::now());
    let told = loop {
        client.post("/v1/cases", &json!({"title": "Hängt"})).expect(503);
        let answer = client.get("/health/live");
        if answer.status != 200 {
            break answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "it says that it lives");
        std::thread::sleep(Duration::from_millis(500));
    };
    assert!(begun.elapsed() > Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(told.status, 503, "{}", told.text());
    drop(hanging);
    until_a_write_is_kept(&client, Duration::from_secs(60));
    client.get("/health/live").expect(200);
}

/// Its operator fences the primary, which stays where it is, and promotes the standby.
#[test]
fn a_primary_that_is_fenced_is_not_written_to() {
    let primary = Cluster::start();
    let database = primary.create_database(None).rsplit('/').next().unwrap().to_owned();
    let standby = primary.standby();
    let process = Process::start(&primary.url_with(&standby, &database), &[]);
    let of_primary = Process::start(&primary.url(&database), &[]);
    of_primary.client.post("/v1/cases", &json!({"title": "Vorher"})).expect(201);
    let ((), tally) = under_load(&process.client, "fenced", || {
        std::thread::sleep(Duration::from_millis(500));
        primary.set("default_transaction_read_only = on");
        std::thread::sleep(Duration::from_millis(500));
        standby.catch_up_with(&primary);
        standby.promote();
        until_a_write_is_kept(&process.client, Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(500));
    });
    of_primary.client.post("/v1/cases", &json!({"title": "Danach"})).expect(503);
    of_primary.client.get("/v1/cases").expect(200);
    tally.assert_kept(&Process::start(&standby.url(&database), &[]).client);
    // Reads follow to where the writes go.
    tally.assert_kept(&process.client);
}

/// Under load: the server is started anew at once, and its primary is killed for a standby that has all that was acknowledged.
#[test]
fn what_was_acknowledged_outlives_the_server() {
    let primary = Cluster::start();
    let database = primary.create_database(None).rsplit('/').next().unwrap().to_owned();
    let standby = primary.standby();
    let url = primary.url_with(&standby, &database);
    let process = Process::start(&url, &[]);
    process.client.post("/v1/cases", &json!({"title": "Vorher"})).expect(201);
    let pause = || std::thread::sleep(Duration::from_millis(500));
    let ((), restarted) = under_load(&process.client, "restarted", || {
        pause();
        primary.stop();
        primary.start_again();
        until_a_write_is_kept(&process.client, Duration::from_secs(30));
        pause();
    });
    restarted.assert_kept(&process.client);
    primary.let_standby_acknowledge();
    let ((), killed) = under_load(&process.client, "killed", || {
        pause();
        primary.kill();
        standby.promote();
        until_a_write_is_kept(&process.client, Duration::from_secs(30));
        pause();
    });
    killed.assert_kept(&process.client);
    drop(process);
    let config = aufsicht::Config::for_database(&url).unwrap();
    assert_eq!(crate::support::differences(&config), Vec::<String>::new());
}

#[test]
fn a_pooler_that_shares_connections_is_refused_and_nobody_else_is_harmed() {
    let cluster = Cluster::start();
    let database = cluster.create_database(None).rsplit('/').next().unwrap().to_owned();
    let Some(pooler) = Pooler::start(&cluster, "transaction") else { return };
    let (url, directory) = (pooler.url(&database), Directory::new());
    for command in ["serve", "migrate"] {
        let done = aufsicht(&directory.0).arg(command).env("DATABASE_URL", &url).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && said.contains("pool_mode = session"), "{command}: {said}");
    }
    let mut other = PgConnection::establish(&url).unwrap();
    diesel::connection::SimpleConnection::batch_execute(&mut other, "CREATE TABLE of_another_program (number INTEGER)")
        .unwrap();
    // Nothing of theirs holds a lock at the server itself.
    Process::start(&cluster.url(&database), &[]).client.post("/v1/cases", &json!({"title": "Direkt"})).expect(201);
}

/// The commands that go to the data.
const COMMANDS: [&str; 15] = [
    "serve",
    "migrate",
    "check",
    "export --register cases",
    "report 2017 --output report.html",
    "client list",
    "client add --name script --scope statistics:read",
    "seal rotate",
    "anonymise --closed-before 2018-01-01 --dry-run",
    "subject erase --record 00000000-0000-7000-8000-000000000000",
    "subject report --record 00000000-0000-7000-8000-000000000000 --purpose Auskunft",
    "import --register cases --dry-run list.csv",
    "restored",
    "verify",
    "anchor",
];

/// The commands that go to other places, and the settings that lead there.
const OTHER_PLACES: [(&str, &str); 10] = [
    ("serve", "DATABASE_READ_URL"),
    ("check", "DATABASE_READ_URL"),
    ("serve", "AUFSICHT_ACCESS_LOG_URL"),
    ("migrate", "AUFSICHT_ACCESS_LOG_URL"),
    ("check", "AUFSICHT_ACCESS_LOG_URL"),
    ("anchor", "AUFSICHT_ACCESS_LOG_URL"),
    ("serve", "AUFSICHT_RECORD_KEYS_URL"),
    ("migrate", "AUFSICHT_RECORD_KEYS_URL"),
    ("check", "AUFSICHT_RECORD_KEYS_URL"),
    ("seal rotate", "AUFSICHT_RECORD_KEYS_URL"),
];

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

/// The settings of the connections that a pooler hands out to somebody else: as the server has them.
fn assert_unharmed(url: &str, by: &str) {
    let mut other = PgConnection::establish(url).unwrap();
    for (name, expected) in [
        ("lock_timeout", "0"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("search_path", "\"$user\", public"),
        ("default_transaction_read_only", "off"),
        ("default_transaction_isolation", "read committed"),
    ] {
        let asked = diesel::sql_query(format!("SELECT current_setting('{name}') AS value"));
        let found = asked.get_result::<Setting>(&mut other).unwrap().value;
        assert_eq!(found, expected, "{name} after {by}");
    }
}

/// Each way in looks at each place before it sets anything there.
#[test]
fn each_way_to_a_pooler_that_shares_connections_is_refused() {
    let cluster = Cluster::start();
    let url = cluster.create_database(None);
    let database = url.rsplit('/').next().unwrap();
    let keys = cluster.create_database(None);
    let Some(pooler) = Pooler::start(&cluster, "transaction") else { return };
    let (pooled, directory) = (pooler.url(database), Directory::new());
    std::fs::write(directory.0.join("list.csv"), "Titel\nFall\n").unwrap();
    let run = |command: &str, settings: &[(&str, &str)]| {
        let mut run = aufsicht(&directory.0);
        run.args(command.split(' ')).env("AUFSICHT_JWT_SECRET", crate::support::SECRET);
        run.env("AUFSICHT_LISTEN", "127.0.0.1:0").env("AUFSICHT_RECORD_KEYS_URL", &keys);
        let done = run.envs(settings.iter().copied()).output().unwrap();
        (done.status.success(), [done.stdout, done.stderr].map(|said| String::from_utf8(said).unwrap()).concat())
    };
    let (migrated, said) = run("migrate", &[("DATABASE_URL", &url)]);
    assert!(migrated, "{said}");
    let refused = |command: &str, settings: &[(&str, &str)]| {
        let (done, said) = run(command, settings);
        assert!(!done && said.contains("pool_mode = session"), "{command} {settings:?}: {said}");
        assert!(
            said.contains(&format!("/{}", pooled.rsplit('@').next().unwrap().split_once('/').unwrap().1)),
            "{said}"
        );
        assert_unharmed(&pooled, command);
    };
    for command in COMMANDS {
        refused(command, &[("DATABASE_URL", &pooled)]);
    }
    for (command, setting) in OTHER_PLACES {
        refused(command, &[("DATABASE_URL", &url), (setting, &pooled)]);
    }
}

#[test]
fn a_pooler_that_works_by_session_serves() {
    let cluster = Cluster::start();
    let database = cluster.create_database(None).rsplit('/').next().unwrap().to_owned();
    let Some(pooler) = Pooler::start(&cluster, "session") else { return };
    let process = Process::start(&pooler.url(&database), &[]);
    for number in 0..20 {
        process.client.post("/v1/cases", &json!({"title": format!("Fall {number}")})).expect(201);
    }
    assert_eq!(process.client.all("/v1/cases").len(), 20);
}

/// The rights in `docs/operations.md` are all that the service needs of an account that changes no schema.
#[test]
fn an_account_without_rights_on_the_schema_serves() {
    let cluster = Cluster::start();
    let url = cluster.create_database(None);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md")).unwrap();
    let grants = |number| page.split("```sql\n").nth(number).unwrap().split("```").next().unwrap();
    let keys = cluster.create_database(None);
    let [of_service, keys_of_service] = [&url, &keys].map(|url| url.replace("postgres@", "aufsicht_service@"));
    let directory = Directory::new();
    let command = |name: &str, url: &str| {
        let mut command = aufsicht(&directory.0);
        command.arg(name).env("DATABASE_URL", url).env("AUFSICHT_RECORD_KEYS_URL", &keys).output().unwrap()
    };
    let as_owner = |url: &str, sql: &str| {
        let mut owner = PgConnection::establish(url).unwrap();
        diesel::connection::SimpleConnection::batch_execute(&mut owner, sql).unwrap();
    };
    as_owner(&url, "CREATE ROLE aufsicht_service LOGIN");
    let unready = aufsicht(&directory.0).args(["serve", "--no-migrate"]).env("DATABASE_URL", &url).output().unwrap();
    assert!(!unready.status.success());
    assert!(command("migrate", &url).status.success());
    as_owner(&url, grants(1));
    as_owner(&keys, grants(2));
    let settings = [("AUFSICHT_NO_MIGRATE", "true"), ("AUFSICHT_RECORD_KEYS_URL", &keys_of_service)];
    let process = Process::start(&of_service, &settings);
    let created =
        process.client.post("/v1/cases", &json!({"title": "Fall", "requester": {"type": "PRIVATE", "name": "Muster"}}));
    let id = created.expect(201).json()["id"].as_str().unwrap().to_owned();
    process.client.get(&format!("/v1/cases/{id}")).expect(200);
    process.client.patch(&format!("/v1/cases/{id}"), "*", &json!({"area": "IT"})).expect(200);
    process.client.get("/v1/statistics/services?from=2012&to=2017").expect(200);
    process.client.delete(&format!("/v1/cases/{id}"), "*").expect(204);
    assert!(!command("migrate", &of_service).status.success(), "it may change no schema");
}

/// Somebody else has the turn to write, under a name.
fn turn_of(url: &str, name: &str) -> PgConnection {
    let mut other = PgConnection::establish(&format!("{url}?application_name={name}")).unwrap();
    let turn = "BEGIN; SELECT pg_advisory_xact_lock(4873216509 # CAST(hashtext(current_schema()) AS BIGINT))";
    diesel::connection::SimpleConnection::batch_execute(&mut other, turn).unwrap();
    other
}

#[test]
fn a_start_waits_for_longer_than_a_lease_and_says_for_whom() {
    let cluster = Cluster::start();
    let url = cluster.create_database(None);
    let directory = Directory::new();
    let other = turn_of(&url, "auswertung");
    for command in ["migrate", "serve"] {
        let begun = Instant::now();
        let mut run = aufsicht(&directory.0);
        run.arg(command).env("DATABASE_URL", &url).env("AUFSICHT_LISTEN", "127.0.0.1:0");
        let refused = run.env("AUFSICHT_JWT_SECRET", crate::support::SECRET).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && begun.elapsed() > Duration::from_secs(4), "{command}: {said}");
        let lines = ["waiting for a lock that the process ", "due to lock timeout: the process "];
        assert!(lines.iter().all(|line| said.contains(line)), "{command}: {said}");
        assert_eq!(said.matches("(auswertung)").count(), 2, "{command}: {said}");
    }
    let lets_go = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(3300));
        drop(other);
    });
    Process::start(&url, &[]).client.post("/v1/cases", &json!({"title": "Danach"})).expect(201);
    lets_go.join().unwrap();
}

/// One database may have the data of two services in two schemas: one of them has no access log until it names a place for it,
/// for what the one discloses is not the other's to see.
#[test]
fn two_schemas_of_a_database_do_not_share_an_access_log() {
    let cluster = Cluster::start();
    let url = cluster.create_database(None);
    let mut owner = PgConnection::establish(&url).unwrap();
    let schemas = "CREATE SCHEMA lu; CREATE SCHEMA zg; CREATE SCHEMA zg_log";
    diesel::connection::SimpleConnection::batch_execute(&mut owner, schemas).unwrap();
    let within = |schema: &str| format!("{url}?options=-csearch_path%3D{schema}");
    let [lu, zg, log] = ["lu", "zg", "zg_log"].map(within);
    let directory = Directory::new();
    let one = Process::start(&lu, &[]);
    one.client.post("/v1/cases", &json!({"title": "Fall"})).expect(201);
    for name in ["serve", "migrate", "check"] {
        let refused = aufsicht(&directory.0).arg(name).env("DATABASE_URL", &zg).output().unwrap();
        let said = [refused.stdout, refused.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(!refused.status.success(), "{name}: {said}");
        assert!(said.contains("AUFSICHT_ACCESS_LOG_URL") && said.contains("the schema lu"), "{name}: {said}");
    }
    let other = Process::start(&zg, &[("AUFSICHT_ACCESS_LOG_URL", &log)]);
    let body = json!({"title": "Fall", "requester": {"type": "PRIVATE", "name": "Muster"}});
    other.client.post("/v1/cases", &body).expect(201);
    let seen = |process: &Process| process.client.all("/v1/access-log").len();
    assert_eq!((seen(&one), seen(&other)), (0, 1));
}

/// A database may have another isolation as its default: the writers choose their own.
#[test]
fn another_default_isolation_refuses_no_write() {
    let cluster = Cluster::start();
    for isolation in ["repeatable read", "serializable"] {
        let url = cluster.create_database(None);
        let mut owner = PgConnection::establish(&url).unwrap();
        let name = url.rsplit('/').next().unwrap();
        let changed = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'");
        diesel::connection::SimpleConnection::batch_execute(&mut owner, &changed).unwrap();
        let instances = [Process::start(&url, &[]), Process::start(&url, &[])];
        std::thread::scope(|threads| {
            for client in instances.iter().flat_map(|instance| [&instance.client, &instance.client]) {
                threads.spawn(move || {
                    for _ in 0..40 {
                        client.post("/v1/cases", &json!({"title": "Fall"})).expect(201);
                    }
                });
            }
        });
        assert_eq!(instances[0].client.all("/v1/cases?limit=1000").len(), 160, "{isolation}");
    }
}

/// The server was started anew while nobody asked: whoever comes first afterwards notices nothing.
#[test]
fn the_first_requests_after_a_restart_of_the_server_are_served() {
    let cluster = Cluster::start();
    let process = Process::start(&cluster.create_database(None), &[]);
    let write = |title: &str| process.client.post("/v1/cases", &json!({"title": title, "notes": "Notiz"}));
    let made = write("Vorher").expect(201).json();
    for _ in 0..3 {
        cluster.stop();
        cluster.start_again();
        write("Danach").expect(201);
        process.client.get(&format!("/v1/cases/{}", made["id"].as_str().unwrap())).expect(200);
        process.client.get("/v1/cases").expect(200);
    }
}
