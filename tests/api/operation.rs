//! How a service is watched and ended, and what is told of a write whose end nobody knows.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use aufsicht::config::Target;
use serde_json::{Value, json};

use crate::faults::eventually;
use crate::on_both_databases;
use crate::support::{
    ALL_SCOPES, App, Backend, Client, Cluster, Directory, Link, Process, Proxy, Running, SECRET, aufsicht, database,
    with_record_keys,
};

fn a_service_that_ends_takes_requests_for_a_while(backend: Backend) {
    let (url, _directory) = database(backend);
    let process = Process::start(&url, &[("AUFSICHT_DRAIN", "3s")]);
    let ready = process.client.get("/health/ready").expect(200);
    let all_well = json!({"status": "ok", "replica": "ok", "reads": "ok", "writes": "ok", "access_log": "ok", "record_keys": "ok"});
    assert_eq!((ready.json(), ready.header("connection")), (all_well, None));
    let client = process.client.clone();
    process.terminate();
    let begun = Instant::now();
    while client.get("/health/ready").status == 200 {
        assert!(begun.elapsed() < Duration::from_secs(3), "nobody is told");
    }
    let problem = client.get("/health/ready").expect_problem(503, "unavailable");
    assert_eq!(problem["failing"], json!(["draining"]));
    client.get("/health/live").expect(200);
    let kept = client.post("/v1/cases", &json!({"title": "Noch"})).expect(201);
    assert_eq!(kept.header("connection"), Some("close"));
    assert_eq!(process.wait(), Some(0));
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
    // A second signal means at once.
    let process = Process::start(&url, &[("AUFSICHT_DRAIN", "60s")]);
    process.terminate();
    std::thread::sleep(Duration::from_millis(300));
    process.terminate();
    assert_eq!(process.wait(), Some(0));
}

#[test]
fn a_hangup_has_keys_read_anew() {
    let (url, _database) = database(Backend::Sqlite);
    let directory = Directory::new();
    let file = directory.0.join("secrets");
    let written = std::time::SystemTime::now() - Duration::from_secs(3600);
    let write = |secret: &str| {
        std::fs::write(&file, secret).unwrap();
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(written).unwrap();
    };
    write(SECRET);
    let settings = [("AUFSICHT_JWT_SECRET", ""), ("AUFSICHT_JWT_SECRET_FILE", file.to_str().unwrap())];
    let process = Process::start(&url, &settings);
    process.client.get("/v1/cases").expect(200);
    // As old and as long as before: nobody sees that it is another one.
    write(&SECRET.replace('a', "b"));
    std::thread::sleep(Duration::from_millis(1200));
    process.client.get("/v1/cases").expect(200);
    process.hang_up();
    let begun = Instant::now();
    while process.client.get("/v1/cases").status != 401 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the secrets are not read anew");
    }
    process.client.get("/health/ready").expect(200);
}

#[test]
fn a_write_that_was_lost_at_its_commit_is_not_called_refused() {
    for is_passed_on in [true, false] {
        let mut proxy = None;
        let app = App::start_with(Backend::Postgres, |config| {
            let (link, url) = Proxy::before(&config.database.url);
            proxy = Some(link);
            config.database.url = url;
        });
        let proxy = proxy.unwrap();
        let body = json!({"title": "Einmal"}).to_string();
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
        let send = || app.client.send("POST", "/v1/cases", &headers, Some(body.as_bytes()));
        app.case("Vorher");
        proxy.set(Link::LosesCommit { is_passed_on });
        let answer = send();
        assert_eq!((answer.header("retry-after"), proxy.link()), (None, Link::Cut));
        let problem = answer.expect_problem(503, "outcome-unknown");
        assert!(problem["detail"].as_str().unwrap().contains("Idempotency-Key"), "{problem}");
        // What is refused before anything was sent is told as before.
        let refused = app.client.post("/v1/cases", &json!({"title": "Ohne Verbindung"}));
        assert!(refused.header("retry-after").is_some());
        refused.expect_problem(503, "unavailable");
        proxy.set(Link::Whole);
        let begun = Instant::now();
        let mut repeated = send();
        while repeated.status == 503 && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(100));
            repeated = send();
        }
        let replayed = repeated.expect(201).header("idempotency-replayed").is_some();
        assert_eq!(replayed, is_passed_on, "it was kept exactly if the commit arrived");
        assert_eq!(app.client.all("/v1/cases").iter().filter(|case| case["title"] == "Einmal").count(), 1);
        // The service goes before its way to the database does.
        drop(app);
    }
}

/// The lines that `check` prints, and its code.
fn checked(directory: &Directory, settings: &[(&str, &str)], arguments: &[&str]) -> (Vec<String>, Option<i32>) {
    let mut command = aufsicht(&directory.0);
    command.arg("check").args(arguments).envs(settings.iter().copied());
    let output = command.output().unwrap();
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    (lines, output.status.code())
}

fn a_check_tells_all_and_changes_nothing(backend: Backend) {
    let (url, _database) = database(backend);
    let directory = Directory::new();
    let settings =
        [("DATABASE_URL", url.as_str()), ("AUFSICHT_JWT_SECRET", SECRET), ("AUFSICHT_ANCHOR_FILE", "anchors")];
    let states = |lines: &[String]| -> Vec<String> {
        lines.iter().map(|line| line.splitn(3, ": ").take(2).collect::<Vec<_>>().join(": ")).collect()
    };
    let (lines, code) = checked(&directory, &settings, &[]);
    assert_eq!(code, Some(1), "{lines:?}");
    let faults = [
        "ok: settings",
        "fault: database",
        "fault: access log",
        "ok: keys of records",
        "ok: tokens",
        "fault: seal",
        "ok: anchors",
        "ok: profile",
    ];
    assert_eq!(states(&lines), faults, "{lines:?}");
    assert!(lines[1].contains("aufsicht migrate"), "{lines:?}");
    assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), 0);
    if let Some(file) = url.strip_prefix("sqlite:") {
        assert!(!std::path::Path::new(file).exists());
    }
    assert!(aufsicht(&directory.0).arg("migrate").envs(settings).output().unwrap().status.success());
    let (lines, code) = checked(&directory, &settings, &["--backup-dir", "."]);
    assert!(lines.iter().all(|line| line.starts_with("ok: ")), "{lines:?}");
    assert_eq!((code, lines.len()), (Some(0), 9));
    assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), 0);
    // Another key than the one that the data is sealed with, a provider that is silent, a replica that is gone, no place for
    // backups, a layout that there is not.
    drop(Process::start(&url, &[]));
    let issuer = "http://127.0.0.1:1";
    let (mut wrong, other) = (settings.to_vec(), "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=");
    wrong.extend([
        ("AUFSICHT_SEAL_KEY", other),
        ("AUFSICHT_OIDC_ISSUER", issuer),
        ("DATABASE_READ_URL", "postgres://u:geheim@127.0.0.1:1/x"),
        ("AUFSICHT_PUBLIC_STATISTICS", "nowhere"),
    ]);
    let (lines, code) = checked(&directory, &wrong, &["--backup-dir", "missing"]);
    for (name, said) in [
        ("replica", "cannot connect"),
        ("OpenID provider", issuer),
        ("seal", "which AUFSICHT_SEAL_KEY does not have"),
        ("backups", "missing takes no files"),
        ("profile", "there is no layout nowhere"),
    ] {
        let line = lines.iter().find(|line| line.starts_with(&format!("fault: {name}: "))).expect(name);
        assert!(line.contains(said) && !line.contains("geheim"), "{line}");
    }
    assert_eq!((code, lines.len()), (Some(1), 11), "{lines:?}");
}

/// The lines of a log of JSON.
fn lines(file: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

#[test]
fn the_log_tells_each_event_in_a_line_and_sums_up_an_outage() {
    let directory = Directory::new();
    let command = |line: &str| {
        let mut command = aufsicht(&directory.0);
        command.arg(line).env("AUFSICHT_JWT_SECRET", SECRET).env("AUFSICHT_LOG_FORMAT", "json");
        command
    };
    assert!(command("migrate").output().unwrap().status.success());
    let log = directory.0.join("log");
    let mut serving = command("serve");
    serving.env("AUFSICHT_LISTEN", "127.0.0.1:0").stderr(std::fs::File::create(&log).unwrap());
    let mut running = Running(serving.stdout(std::process::Stdio::piped()).spawn().unwrap());
    let mut printed = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut printed).unwrap();
    let base = printed.split("listens on ").nth(1).unwrap().split("/ ").next().unwrap();
    let mut token = command("token");
    let token = token.args(["--scope", ALL_SCOPES, "--subject", "Erika Muster"]).output().unwrap().stdout;
    let client = Client::new(base, Some(String::from_utf8(token).unwrap().trim().to_owned()));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let headers = [("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")), ("X-Request-Id", "of-a-test".into())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    client.send("GET", "/v1/cases?q=geheim", &headers, None).expect(200);
    client.with_token("x.y.z").get("/v1/cases").expect(401);
    let account = "01932b6e-6f0a-7c3e-9d55-0a4f6f3b2c11";
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    for id in [account, "hunter2"] {
        let login = format!("grant_type=client_credentials&client_id={id}&client_secret=geheim");
        client.anonymous().send("POST", "/oauth/token", &form, Some(login.as_bytes())).expect(401);
    }
    let told = lines(&log);
    let of = |event: &str| told.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let request = of("request").into_iter().find(|line| line["request"] == "of-a-test").unwrap();
    for (name, value) in [
        ("method", json!("GET")),
        ("route", json!("/v1/cases")),
        ("status", json!(200)),
        ("subject", json!("Erika Muster")),
        ("actor_kind", json!("TOKEN")),
        ("address", json!("127.0.0.1")),
        ("trace", json!(trace)),
        ("parent", json!("00f067aa0ba902b7")),
        ("level", json!("INFO")),
    ] {
        assert_eq!(request[name], value, "{name}: {request}");
    }
    assert!(request["duration_us"].is_u64() && request["time"].as_str().unwrap().ends_with('Z'), "{request}");
    let failed = of("login_failed");
    let accounts: Vec<&Value> = failed.iter().map(|line| &line["account"]).collect();
    assert_eq!(accounts, [&Value::Null, &json!(account), &Value::Null]);
    assert!(failed.iter().all(|line| line["address"] == "127.0.0.1" && line["level"] == "WARN"), "{failed:?}");
    std::fs::rename(directory.0.join("aufsicht.sqlite3"), directory.0.join("away")).unwrap();
    for _ in 0..100 {
        client.post("/v1/cases", &json!({"title": "Störung"})).expect(503);
    }
    let told = lines(&log);
    assert!(!std::fs::read_to_string(&log).unwrap().contains("geheim") && !format!("{told:?}").contains("hunter2"));
    let errors: Vec<&Value> = told.iter().filter(|line| line["level"] == "ERROR").collect();
    assert!((1..20).contains(&errors.len()), "{} lines: {errors:?}", errors.len());
    assert_eq!(told.iter().filter(|line| line["status"] == 503).count(), 100, "each request has its line");
}

fn what_is_measured_tells_where_it_hurts(backend: Backend) {
    let directory = Directory::new();
    let anchors = directory.0.join("anchors");
    let app = App::start_with(backend, |config| {
        config.audit.anchor_file = Some(anchors.clone());
        config.audit.siem_file = Some(directory.0.join("siem"));
        with_record_keys(config);
    });
    let id = app.create("cases", json!({"title": "Fall", "notes": "vertraulich"}))["id"].clone();
    app.client.get(&format!("/v1/cases/{}", id.as_str().unwrap())).expect(200);
    let hook = json!({"url": "https://receiver.invalid/x", "registers": ["cases"]});
    app.client.post("/v1/webhooks", &hook).expect(201);
    app.case("Für den Empfänger");
    let measured = |text: &str, name: &str| -> Option<f64> {
        let line =
            text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])))?;
        line.rsplit(' ').next()?.parse().ok()
    };
    let all = || app.client.get("/metrics").expect(200).text();
    eventually("the delivery does not fail", || measured(&all(), "aufsicht_webhook_deliveries_failing") == Some(1.0));
    eventually("there is no anchor", || measured(&all(), "aufsicht_anchor_age_seconds").is_some());
    eventually("the file lacks entries", || measured(&all(), "aufsicht_siem_entries_waiting") == Some(0.0));
    let text = all();
    for name in [
        "aufsicht_writer_group_size_count",
        "aufsicht_writer_turn_seconds_count",
        "aufsicht_writer_commit_seconds_count",
        "aufsicht_writer_connections_total",
        "aufsicht_access_log_writer_commit_seconds_count",
        "aufsicht_access_log_pool_connections",
        "aufsicht_record_keys_pool_connections",
        "aufsicht_record_keys_reachable",
        "aufsicht_record_keys_writer_commit_seconds_count",
        "aufsicht_record_keys_operation_seconds_count{operation=\"write\",result=\"done\"}",
        "aufsicht_record_keys_operation_seconds_count{operation=\"read\",result=\"done\"}",
        "aufsicht_webhook_deliveries_waiting",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
        "aufsicht_request_duration_seconds_bucket{le=\"30.0\",method=\"POST\",route=\"/v1/cases\",status=\"201\"}",
    ] {
        assert!(measured(&text, name).is_some_and(|value| value > 0.0), "{name}: {text}");
    }
    for name in ["aufsicht_writes_waiting", "aufsicht_writer_groups_failed_total", "aufsicht_write_silence_seconds"] {
        assert_eq!(measured(&text, name), Some(0.0), "{name}: {text}");
    }
    assert_eq!(text.matches("# EOF\n").count(), 1);
    let families: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert_eq!(families.iter().collect::<std::collections::BTreeSet<_>>().len(), families.len(), "{families:?}");
    // The alerts and the board ask for nothing that is not there.
    let elsewhere = ["aufsicht_replica_lag_seconds", "aufsicht_replica_lost", "aufsicht_backup_age_seconds"];
    let asked = [include_str!("../../docs/deploy/alerts.yml"), include_str!("../../docs/deploy/grafana.json")].concat();
    let words = asked.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    let names: Vec<&str> = words.filter(|word| word.starts_with("aufsicht_") || word.starts_with("process_")).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names.into_iter().filter(|name| !elsewhere.contains(name)) {
        assert!(measured(&text, name).is_some(), "{name}");
    }
    // Everybody learns whether it works, and nothing of what comes in.
    let open = app.client.anonymous().get("/metrics").expect(200).text();
    assert!(open.contains("aufsicht_anchor_age_seconds") && !open.contains("process_"), "{open}");
    assert_eq!(measured(&open, "aufsicht_record_keys_reachable"), Some(1.0));
    for name in
        ["writer", "requests", "webhook", "records", "record_keys_operation", "record_keys_writer", "writes_waiting"]
    {
        assert!(!open.contains(&format!("aufsicht_{name}")), "{name}: {open}");
    }
    if backend == Backend::Sqlite {
        assert_eq!(measured(&text, "aufsicht_backup_age_seconds"), None);
        let run = |line: &[&str]| {
            let output =
                aufsicht(&directory.0).args(line).env("DATABASE_URL", &app.config.database.url).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let recipient = run(&["backup-key", "key"]);
        run(&["backup", "a.backup", "--recipient", &recipient]);
        assert!(measured(&all(), "aufsicht_backup_age_seconds").is_some());
    }
}

/// A command that makes its database, and what it tells of statements from such a time on.
fn told_from(time: &str, backend: Backend) -> String {
    let (url, _database) = database(backend);
    let directory = Directory::new();
    let mut command = aufsicht(&directory.0);
    let output =
        command.arg("migrate").envs([("DATABASE_URL", url.as_str()), ("AUFSICHT_SLOW_STATEMENT", time)]).output();
    String::from_utf8(output.unwrap().stderr).unwrap()
}

fn a_statement_is_slow_from_the_time_that_is_set(backend: Backend) {
    assert!(told_from("1ms", backend).contains("slow statement "));
    assert!(!told_from("1h", backend).contains("slow statement"));
}

crate::on_each! {
    a_statement_is_slow_from_the_time_that_is_set
    a_service_that_ends_takes_requests_for_a_while
    a_check_tells_all_and_changes_nothing
    what_is_measured_tells_where_it_hurts
}

// What Prometheus asked for before OpenMetrics, and other programs still do.
on_both_databases! {
    fn the_metrics_come_in_the_older_text_format_too(app) {
        app.case("Anfrage");
        let ask = |accept: &str| app.client.send("GET", "/metrics", &[("Accept", accept)], None).expect(200);
        let is_open = |accept: &str| ask(accept).header("content-type").unwrap().starts_with("application/openmetrics-text");
        assert!(is_open("*/*") && is_open("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"));
        let older = ask("text/plain");
        assert_eq!(older.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let text = older.text();
        let kinds: BTreeMap<&str, &str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
        assert_eq!((kinds["aufsicht_requests_total"], kinds["aufsicht_build_info"]), ("counter", "gauge"));
        for line in text.lines() {
            let sample = line.split(['{', ' ']).next().unwrap();
            let is_described = |ending: &str| sample.strip_suffix(ending).is_some_and(|name| kinds.get(name) == Some(&"histogram"));
            let known = kinds.contains_key(sample) || ["_bucket", "_sum", "_count"].into_iter().any(is_described);
            assert!(known || line.starts_with("# TYPE ") || line.starts_with("# HELP "), "{line}");
        }
        app.client.send("GET", "/metrics", &[("Accept", "application/json")], None).expect_problem(406, "not-acceptable");
    }
}

/// A service whose access log is away: nobody is shown personal data, and the balancer is told.
fn readiness_without_the_access_log(app: &App, away: impl FnOnce(), back: impl FnOnce()) {
    let case = app.create("cases", json!({"title": "Anfrage", "notes": "Notiz"}));
    let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let ready = || app.client.get("/health/ready");
    assert_eq!(ready().expect(200).json()["access_log"], "ok");
    away();
    eventually("it stays ready", || ready().status == 503);
    assert_eq!(ready().expect_problem(503, "unavailable")["failing"], json!(["access_log"]));
    app.client.get(&path).expect_problem(503, "unavailable");
    back();
    eventually("it does not become ready again", || ready().status == 200);
    app.client.get(&path).expect(200);
}

#[test]
fn readiness_says_that_the_access_log_is_away_on_sqlite() {
    let app = App::start(Backend::Sqlite);
    let Target::Sqlite(file) = app.config.database.access_log().unwrap() else { panic!("no file") };
    let elsewhere = format!("{file}.away");
    let away = || std::fs::rename(&file, &elsewhere).unwrap();
    readiness_without_the_access_log(&app, away, || std::fs::rename(&elsewhere, &file).unwrap());
}

#[test]
fn readiness_says_that_the_access_log_is_away_on_postgres() {
    let cluster = Cluster::start();
    let app = App::start_with(Backend::Postgres, |config| {
        config.database.timeout = Duration::from_secs(1);
        config.database.access_log_url = Some(cluster.create_database(None));
    });
    readiness_without_the_access_log(&app, || cluster.stop(), || cluster.start_again());
}

#[test]
fn whoever_started_it_is_told_that_it_is_ready_and_that_it_ends() {
    let directory = Directory::new();
    let socket = directory.0.join("notify");
    let told = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    told.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let hear = || {
        let mut said = [0; 100];
        let length = told.recv(&mut said).unwrap();
        String::from_utf8_lossy(&said[..length]).into_owned()
    };
    let (url, _database) = database(Backend::Sqlite);
    let process = Process::start(&url, &[("NOTIFY_SOCKET", socket.to_str().unwrap())]);
    assert_eq!(hear(), "READY=1");
    process.terminate();
    assert_eq!(hear(), "STOPPING=1");
}

on_both_databases! {
    fn a_spreadsheet_without_a_folder_for_it_is_refused_with_its_reason(app) {
        app.case("Anfrage");
        let settings = [("TMPDIR", "/nowhere/at/all"), ("AUFSICHT_SEAL_KEY", crate::support::SEAL_KEY)];
        let process = Process::start(&app.config.database.url, &settings);
        process.client.get("/v1/cases/export?format=xlsx").expect_problem(503, "unavailable");
        process.client.get("/v1/cases/export?format=csv").expect(200);
    }
}
