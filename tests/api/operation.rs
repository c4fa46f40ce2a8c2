//! How a service is watched and ended, and what is told of a write whose end nobody knows.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{App, Backend, Directory, Link, Process, Proxy, SECRET, aufsicht, database};

fn a_service_that_ends_takes_requests_for_a_while(backend: Backend) {
    let (url, _directory) = database(backend);
    let process = Process::start(&url, &[("AUFSICHT_DRAIN", "3s")]);
    let ready = process.client.get("/health/ready").expect(200);
    let all_well = json!({"status": "ok", "replica": "ok", "reads": "ok", "writes": "ok", "access_log": "ok"});
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
    assert_eq!((code, lines.len()), (Some(0), 8));
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
        ("seal", "which AUFSICHT_SEAL_KEY_FILE does not have"),
        ("backups", "missing takes no files"),
        ("profile", "there is no layout nowhere"),
    ] {
        let line = lines.iter().find(|line| line.starts_with(&format!("fault: {name}: "))).expect(name);
        assert!(line.contains(said) && !line.contains("geheim"), "{line}");
    }
    assert_eq!((code, lines.len()), (Some(1), 10), "{lines:?}");
}

crate::on_each! { a_service_that_ends_takes_requests_for_a_while a_check_tells_all_and_changes_nothing }
