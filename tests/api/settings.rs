//! Where the settings come from, and what a service and a command do without a database.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{App, Backend, Directory, Process, SECRET, aufsicht, database, serve};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The files of a directory, with their modes.
fn files(directory: &Path) -> Vec<(String, u32)> {
    let mode = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        (entry.file_name().into_string().unwrap(), mode)
    };
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(mode).collect();
    files.sort();
    files
}

/// What a command says that is refused.
#[track_caller]
fn refusal(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let told = text(&stderr);
    assert!(!status.success() && told.trim().lines().count() == 1, "{told}");
    told
}

#[test]
fn a_database_that_is_missing_is_a_fault_and_is_not_made() {
    let directory = Directory::new();
    std::fs::write(directory.0.join("list.csv"), "Titel;Eingang;Anfragende\nA;14.3.2017;Gemeinde\n").unwrap();
    std::fs::write(directory.0.join("cmi.toml"), "").unwrap();
    let lines: [&[&str]; 12] = [
        &["verify"],
        &["anchor"],
        &["report", "2017", "-o", "r.pdf"],
        &["export", "--register", "cases"],
        &["import", "--register", "cases", "list.csv"],
        &["client", "list"],
        &["seal", "rotate"],
        &["anonymise", "--closed-before", "2010-01-01"],
        &["subject", "report", "--record", "x", "--purpose", "Auskunft"],
        &["backup", "b", "--recipient", "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"],
        &["restored"],
        &["serve"],
    ];
    for line in lines {
        let told = refusal(aufsicht(&directory.0).args(line).env("AUFSICHT_JWT_SECRET", SECRET));
        assert!(told.contains("there is no database aufsicht."), "{line:?}: {told}");
        assert_eq!(files(&directory.0).len(), 2, "{line:?}");
    }
    // A log of disclosures that is gone is not begun anew either.
    assert!(aufsicht(&directory.0).arg("migrate").stdout(Stdio::null()).status().unwrap().success());
    std::fs::remove_file(directory.0.join("aufsicht.access-log.sqlite3")).unwrap();
    for line in [&["serve"][..], &["verify"], &["anchor"]] {
        let told = refusal(aufsicht(&directory.0).args(line).env("AUFSICHT_JWT_SECRET", SECRET));
        assert!(told.contains("there is no database aufsicht.access-log.sqlite3"), "{line:?}: {told}");
    }
    // Who only tries it needs no command before; a token is for a service that has been started.
    let trial = Directory::new();
    let token = ["token", "--scope", "register:read", "--subject", "x"];
    let told = refusal(aufsicht(&trial.0).args(token));
    assert!(told.contains("no service has been started in this folder") && files(&trial.0).is_empty(), "{told}");
    let mut command = aufsicht(&trial.0);
    command.arg("serve").env("AUFSICHT_LISTEN", "127.0.0.1:0").env_remove("AUFSICHT_SEAL_KEY");
    serve(&mut command, "listens on");
    assert!(trial.0.join("aufsicht.sqlite3").exists());
    assert!(aufsicht(&trial.0).args(token).stdout(Stdio::null()).status().unwrap().success());
}

#[test]
fn what_is_written_only_its_user_can_read() {
    let directory = Directory::new();
    let run = |line: &str| {
        let binary = env!("CARGO_BIN_EXE_aufsicht");
        let mut command = Command::new("sh");
        command.args(["-c", &format!("umask 0; exec {binary} {line}")]).current_dir(&directory.0).env_clear();
        let output = command.env("AUFSICHT_SEAL_KEY", crate::support::SEAL_KEY).output().unwrap();
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    run("migrate");
    let recipient = run("backup-key backup.key");
    run(&format!("backup a.backup --recipient {recipient}"));
    run("export --register cases -o cases.csv");
    run("report 2017 -o report.html");
    run("restore a.backup --identity backup.key --database-url sqlite:restored.sqlite3");
    let mut command = aufsicht(&directory.0);
    command.args(["serve"]).env("AUFSICHT_LISTEN", "127.0.0.1:0").env("AUFSICHT_JWT_SECRET", SECRET);
    let (_running, _) = serve(command.env("AUFSICHT_ANCHOR_FILE", "anchors"), "listens on");
    let begun = Instant::now();
    while !directory.0.join("anchors").exists() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let found = files(&directory.0);
    for name in ["aufsicht.sqlite3-wal", "aufsicht.access-log.sqlite3", "restored.sqlite3", "backup.key", "anchors"] {
        assert!(found.iter().any(|(file, _)| file == name), "{name}: {found:?}");
    }
    assert!(found.iter().all(|(_, mode)| *mode == 0o600), "{found:?}");
}

#[test]
fn a_url_comes_from_a_file() {
    let directory = Directory::new();
    let path = |name: &str| directory.0.join(name).display().to_string();
    std::fs::write(path("url"), "sqlite:here.sqlite3\n").unwrap();
    std::fs::write(path("log"), "sqlite:log.sqlite3\r\n").unwrap();
    std::fs::write(path("bad"), "postgres://u:gehe%im@h/x\n").unwrap();
    std::fs::write(path("empty"), "\n").unwrap();
    let run = |line: &[&str], settings: &[(&str, &str)]| {
        let mut command = aufsicht(&directory.0);
        command.args(line).envs(settings.iter().copied());
        command
    };
    let files_of_both = [("DATABASE_URL_FILE", "url"), ("AUFSICHT_ACCESS_LOG_URL_FILE", "log")];
    assert!(run(&["migrate"], &files_of_both).stdout(Stdio::null()).status().unwrap().success());
    assert!(directory.0.join("here.sqlite3").exists() && directory.0.join("log.sqlite3").exists());
    assert!(run(&["verify"], &files_of_both).stdout(Stdio::null()).status().unwrap().success());
    for (setting, file, said) in [
        ("DATABASE_URL_FILE", "bad", "DATABASE_URL_FILE: a % stands for itself only as %25"),
        ("DATABASE_URL_FILE", "empty", "DATABASE_URL_FILE: empty is empty"),
        ("DATABASE_URL_FILE", "missing", "DATABASE_URL_FILE: cannot read missing"),
        ("AUFSICHT_ACCESS_LOG_URL_FILE", "bad", "AUFSICHT_ACCESS_LOG_URL_FILE: a % stands"),
        ("DATABASE_READ_URL_FILE", "bad", "DATABASE_READ_URL_FILE: a % stands"),
        ("AUFSICHT_JWT_SECRET_FILE", "empty", "AUFSICHT_JWT_SECRET_FILE: empty is empty"),
    ] {
        let told = refusal(&mut run(&["serve"], &[(setting, file)]));
        assert!(told.contains(said) && !told.contains("gehe"), "{told}");
    }
    let told = refusal(&mut run(&["verify"], &[("DATABASE_PASSWORD_FILE", "url"), ("DATABASE_HOST", "of-a-platform")]));
    assert!(told.contains("there is no setting DATABASE_PASSWORD_FILE; did you mean DATABASE_"), "{told}");
    let twice = [("DATABASE_URL_FILE", "url"), ("DATABASE_URL", "sqlite:x.sqlite3")];
    assert!(refusal(&mut run(&["verify"], &twice)).contains("set DATABASE_URL or DATABASE_URL_FILE, not both"));
    // A variable that is empty is not set.
    let unset = [
        ("DATABASE_URL", ""),
        ("DATABASE_READ_URL", ""),
        ("AUFSICHT_TRUSTED_PROXIES", ""),
        ("AUFSICHT_JWT_SECRET", ""),
        ("AUFSICHT_SETTINGS", ""),
    ];
    let mut command = run(&["serve"], &[&unset[..], &files_of_both].concat());
    serve(command.env("AUFSICHT_LISTEN", "127.0.0.1:0"), "Development mode");
}

#[test]
fn settings_come_from_a_file_and_the_environment_and_flags_weigh_more() {
    let directory = Directory::new();
    let write = |text: &str| std::fs::write(directory.0.join("aufsicht.toml"), text).unwrap();
    let run = |line: &[&str]| {
        let mut command = aufsicht(&directory.0);
        command.args(line).env("AUFSICHT_SETTINGS", "aufsicht.toml");
        command
    };
    write(
        "database_url = \"sqlite:of-file.sqlite3\"\nread_connections = 3\nno_migrate = false\ncors_origins = [\"https://a.example\", \"https://b.example\"]\naufsicht_workers = 1\ntrusted_proxies = []\njwt_secret = \"\"\n",
    );
    let migrated = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    migrated(&mut run(&["migrate"]));
    migrated(run(&["migrate"]).env("DATABASE_URL", "sqlite:of-variable.sqlite3"));
    migrated(run(&["migrate", "--database-url", "sqlite:of-flag.sqlite3"]).env("DATABASE_URL", "sqlite:none.sqlite3"));
    migrated(&mut run(&["--database-url", "sqlite:of-flag-before.sqlite3", "migrate"]));
    // What weighs more also takes the place of the file that the settings name, and the other way round.
    write("database_url_file = \"missing\"\n");
    migrated(run(&["migrate"]).env("DATABASE_URL", "sqlite:beside.sqlite3"));
    for name in ["of-file", "of-variable", "of-flag", "of-flag-before", "beside"] {
        assert!(directory.0.join(format!("{name}.sqlite3")).exists(), "{name}");
    }
    assert!(!directory.0.join("none.sqlite3").exists() && !directory.0.join("aufsicht.sqlite3").exists());
    for (written, said) in [
        ("\nlistn = \"x\"\n", "aufsicht.toml:2: there is no setting listn; did you mean listen?"),
        ("datbase_url = \"x\"\n", "aufsicht.toml:1: there is no setting datbase_url; did you mean database_url?"),
        (
            "aufsicht_listn = \"x\"\n",
            "aufsicht.toml:1: there is no setting aufsicht_listn; did you mean aufsicht_listen?",
        ),
        ("settings = \"x\"\n", "aufsicht.toml:1: there is no setting settings"),
        ("workers = 999\n", "aufsicht.toml:1: workers: 999 is not in 1..=256"),
        ("\n\nrate_limit = \"viele\"\n", "aufsicht.toml:3: rate_limit: "),
        ("trusted_proxies = [\"10.0.0.0/33\"]\n", "trusted_proxies: \"10.0.0.0/33\" is neither an address such as"),
        ("listen = [\"a\"]\n", "aufsicht.toml:1: listen is neither a text nor a number"),
        ("listen = \"a\"\naufsicht_listen = \"b\"\n", "aufsicht.toml:2: aufsicht_listen is set twice"),
        ("seal_key = \"a\"\nseal_key_file = \"b\"\n", "aufsicht.toml:2: set seal_key or seal_key_file, not both"),
        ("listen = \n", "aufsicht.toml:1: "),
    ] {
        write(written);
        let told = refusal(&mut run(&["verify"]));
        assert!(told.contains(said), "{written:?}: {told}");
    }
    let told = refusal(aufsicht(&directory.0).args(["--settings", "none.toml", "verify"]));
    assert!(told.contains("AUFSICHT_SETTINGS: cannot read none.toml"), "{told}");
}

#[test]
fn a_file_that_is_removed_while_the_service_runs_is_written_no_more() {
    let (url, directory) = database(Backend::Sqlite);
    let directory = directory.unwrap();
    let process = Process::start(&url, &[]);
    process.client.post("/v1/cases", &json!({"title": "Vorher"})).expect(201);
    let file = directory.0.join("test.sqlite3");
    std::fs::rename(&file, directory.0.join("away")).unwrap();
    process.client.post("/v1/cases", &json!({"title": "Verloren"})).expect_problem(503, "unavailable");
    std::thread::sleep(Duration::from_millis(1100));
    process.client.get("/v1/cases").expect_problem(503, "unavailable");
    process.client.get("/health/ready").expect(503);
    assert!(!file.exists(), "nobody makes another one");
    std::fs::copy(directory.0.join("away"), &file).unwrap();
    process.client.post("/v1/cases", &json!({"title": "Anderswo"})).expect_problem(503, "unavailable");
    process.kill();
    // A service that is started anew goes on with what it finds.
    Process::start(&url, &[]).client.post("/v1/cases", &json!({"title": "Danach"})).expect(201);
}

fn a_schema_that_became_newer_is_written_no_more(backend: Backend) {
    use diesel::connection::SimpleConnection;
    let app = App::start(backend);
    app.client.post("/v1/cases", &json!({"title": "Vorher"})).expect(201);
    let newer = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99991231000000', '2026-01-01')";
    app.db().batch_execute(newer).unwrap();
    app.client.post("/v1/cases", &json!({"title": "Nachher"})).expect_problem(503, "unavailable");
    assert_eq!(app.client.all("/v1/cases").len(), 1, "reads go on, and nothing was written");
    let directory = Directory::new();
    for line in [&["export", "--register", "cases"][..], &["client", "list"], &["seal", "rotate"], &["verify"]] {
        let told = refusal(aufsicht(&directory.0).args(line).env("DATABASE_URL", &app.config.database.url));
        assert!(told.contains("99991231000000") && told.contains("newer aufsicht"), "{told}");
    }
    app.db_as_it_is().batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = '99991231000000'").unwrap();
    app.client.post("/v1/cases", &json!({"title": "Wieder"})).expect(201);
}

crate::on_each! { a_schema_that_became_newer_is_written_no_more }
