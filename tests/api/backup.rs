//! The drill: back up under load, restore, prove, compare.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use aufsicht::{Config, db};
use diesel::RunQueryDsl;
use serde_json::json;

use crate::commands::aufsicht;
use crate::support::{App, Backend, Directory, database, program};

const CANARY: &str = "Kanarienvogel-9b1d";
const AGREE: &str = "Records, history, change feed, search, cube and audit trail agree.";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// The rows of every table, as text.
fn rows(url: &str) -> Vec<(String, Vec<String>)> {
    let settings = Config::for_database(url).unwrap().database;
    let mut db = db::connect_to(&settings.target().unwrap(), &settings).unwrap();
    let mut ask = |sql: &str| -> Vec<String> {
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut db).unwrap();
        rows.into_iter().map(|row| row.text).collect()
    };
    let sqlite = !url.starts_with("postgres");
    let tables = match sqlite {
        true => {
            "SELECT name AS text FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'records_search%' AND name <> 'leases' ORDER BY 1"
        }
        false => {
            "SELECT schemaname || '.' || tablename AS text FROM pg_tables WHERE schemaname IN ('public', 'access_log') AND tablename <> 'leases' ORDER BY 1"
        }
    };
    let mut all = Vec::new();
    for table in ask(tables) {
        let row = match sqlite {
            true => {
                let columns = format!("SELECT 'quote(\"' || name || '\")' AS text FROM pragma_table_info('{table}')");
                ask(&columns).join(" || ',' || ")
            }
            false => "t::text".into(),
        };
        all.push((table.clone(), ask(&format!("SELECT {row} AS text FROM {table} t ORDER BY 1"))));
    }
    all
}

/// Writes cases as fast as it can while `work` runs.
fn under_load<T>(app: &App, work: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let (stop, client) = (&stop, app.client.clone());
            scope.spawn(move || {
                for number in 0.. {
                    let case = json!({"title": format!("Last {writer}-{number}"), "received_on": "2018-05-04"});
                    client.post("/v1/cases", &case).expect(201);
                    if stop.load(Ordering::Relaxed) && number > 20 {
                        return;
                    }
                }
            });
        }
        let done = work();
        stop.store(true, Ordering::Relaxed);
        done
    })
}

/// A case with personal data, that somebody has looked at.
fn canary(app: &App) {
    let requester = json!({"type": "PRIVATE", "name": CANARY, "contact": CANARY});
    let case =
        app.create("cases", json!({"title": format!("Auskunft {CANARY}"), "requester": requester, "notes": CANARY}));
    app.client.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).expect(200);
}

fn run(directory: &Path, url: &str, arguments: &[&str]) -> Output {
    aufsicht(directory).args(arguments).env("DATABASE_URL", url).output().unwrap()
}

#[track_caller]
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

#[test]
fn a_backup_under_load_is_whole_encrypted_and_restorable() {
    let app = App::start(Backend::Sqlite);
    canary(&app);
    let place = Directory::new();
    let recipient = done(run(&place.0, "sqlite:unused.sqlite3", &["backup-key", "key"]));
    let url = app.config.database.url.as_str();
    let backup = |file| run(&place.0, url, &["backup", file, "--recipient", &recipient]);
    under_load(&app, || done(backup("under-load.backup")));
    done(backup("at-rest.backup"));
    let contains =
        |path: &Path| std::fs::read(path).unwrap().windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    let restored = |name: &str| {
        let url = format!("sqlite:{}", place.0.join(name).with_extension("sqlite3").display());
        assert!(!contains(&place.0.join(format!("{name}.backup"))));
        done(run(&place.0, &url, &["restore", &format!("{name}.backup"), "--identity", "key"]));
        assert!(contains(&place.0.join(format!("{name}.sqlite3"))), "the canary is in what is restored");
        assert_eq!(done(run(&place.0, &url, &["verify"])), AGREE);
        url
    };
    let (loaded, rested) = (restored("under-load"), restored("at-rest"));
    // What is restored has one row more: that it was.
    let mut expected = rows(&rested);
    let trail = expected.iter_mut().find(|(table, _)| table == "audit_trail").unwrap();
    assert!(trail.1.iter().any(|row| row.contains("'RESTORED'")));
    trail.1.retain(|row| !row.contains("'RESTORED'"));
    assert_eq!(expected, rows(url));
    let log = |url: &str| rows(&url.replace(".sqlite3", ".access-log.sqlite3"));
    assert_eq!(log(&rested), log(url));
    assert!(log(&rested).iter().any(|(table, rows)| table == "access_log" && !rows.is_empty()));
    // What was written later is not in it, and nothing of it is other than it was.
    for ((table, early), (_, late)) in rows(&loaded).into_iter().zip(rows(url)) {
        if ["records", "history", "changes", "audit_trail"].contains(&table.as_str()) {
            assert!(early.iter().all(|row| late.contains(row) || row.contains("'RESTORED'")), "{table}");
        }
    }
    // Nothing lies about that was needed on the way.
    let left = |directory: &Path| {
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
    };
    assert_eq!(left(&place.0).iter().filter(|name| name.to_string_lossy().starts_with('.')).count(), 0);
}

#[test]
fn a_backup_never_overwrites_anything_and_says_what_is_wrong() {
    let app = App::start(Backend::Sqlite);
    app.case("Videoüberwachung");
    let place = Directory::new();
    let url = app.config.database.url.as_str();
    let recipient = done(run(&place.0, url, &["backup-key", "key"]));
    let other = done(run(&place.0, url, &["backup-key", "other"]));
    done(run(&place.0, url, &["backup", "a.backup", "--recipient", &recipient, "--recipient", &other]));
    done(run(&place.0, url, &["backup", "b.backup", "--recipient", &recipient]));
    let whole = std::fs::read(place.0.join("a.backup")).unwrap();
    std::fs::write(place.0.join("cut.backup"), &whole[..whole.len() - 5000]).unwrap();
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    std::fs::write(place.0.join("altered.backup"), altered).unwrap();
    let refused = |url: &str, arguments: &[&str], said: &str| {
        let output = run(&place.0, url, arguments);
        let stderr = text(&output.stderr);
        assert!(!output.status.success() && stderr.contains(said) && stderr.trim().lines().count() == 1, "{stderr}");
    };
    refused(url, &["backup", "a.backup", "--recipient", &recipient], "is there already");
    refused(url, &["backup-key", "key"], "exists");
    refused(url, &["backup", "c.backup", "--recipient", "age1x"], "is not an age recipient");
    refused("sqlite:none.sqlite3", &["backup", "c.backup", "--recipient", &recipient], "there is no database");
    refused(url, &["restore", "a.backup", "--identity", "key"], "is there already");
    let new = "sqlite:new.sqlite3";
    refused(new, &["restore", "b.backup", "--identity", "other"], "No matching keys");
    refused(new, &["restore", "b.backup", "--identity", "b.backup"], "b.backup");
    refused(new, &["restore", "cut.backup", "--identity", "key"], "cut.backup");
    refused(new, &["restore", "altered.backup", "--identity", "key"], "altered.backup");
    refused(new, &["restore", "key", "--identity", "key"], "key");
    refused("postgres://u@127.0.0.1:1/x", &["backup", "c.backup", "--recipient", &recipient], "pg_dump");
    assert!(!place.0.join("new.sqlite3").exists() && !place.0.join("c.backup").exists());
    done(run(&place.0, new, &["restore", "a.backup", "--identity", "other"]));
}

#[test]
fn postgres_is_backed_up_and_restored_with_its_own_tools() {
    let app = App::start(Backend::Postgres);
    canary(&app);
    let place = Directory::new();
    let dump = |file: &str| {
        let mut command = program("pg_dump");
        command.args(["--format=custom", "--file", file, &app.config.database.url]).current_dir(&place.0);
        done(command.output().unwrap());
    };
    under_load(&app, || dump("under-load.dump"));
    dump("at-rest.dump");
    let restored = |file: &str| {
        let (url, _) = database(Backend::Postgres);
        let mut command = program("pg_restore");
        command.args(["--no-owner", "--exit-on-error", "--dbname", &url, file]).current_dir(&place.0);
        done(command.output().unwrap());
        assert_eq!(done(run(&place.0, &url, &["verify"])), AGREE);
        url
    };
    restored("under-load.dump");
    assert_eq!(rows(&restored("at-rest.dump")), rows(&app.config.database.url));
}

/// Overwrites where a page of a file says what is in it, behind its header, as a disk does that goes bad.
fn damage(file: &Path, page: u64, (size, header): (u64, u64)) {
    use std::os::unix::fs::FileExt;
    let opened = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    opened.write_all_at(&[0xa5; 16], page * size + header).unwrap();
}

/// The page of SQLite that a table or an index begins with, from 0, and the size of pages.
fn root(url: &str, name: &str) -> (u64, u64) {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Root {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        page: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        size: i64,
    }
    let mut db = SqliteConnection::establish(url.strip_prefix("sqlite:").unwrap()).unwrap();
    let found = diesel::sql_query(format!(
        "SELECT rootpage - 1 AS page, page_size AS size FROM sqlite_master, pragma_page_size WHERE name = '{name}'"
    ));
    let Root { page, size } = found.get_result(&mut db).unwrap();
    (page.try_into().unwrap(), size.try_into().unwrap())
}

#[test]
fn a_damaged_file_is_found_and_not_backed_up() {
    let place = Directory::new();
    let recipient = done(run(&place.0, "sqlite:unused.sqlite3", &["backup-key", "key"]));
    for name in ["records", "history", "audit_trail", "records_by_received"] {
        let mut app = App::start(Backend::Sqlite);
        (0..5).for_each(|_| drop(app.case("Anfrage")));
        app.tampered();
        app.stop();
        let url = app.config.database.url.clone();
        let file = Path::new(url.strip_prefix("sqlite:").unwrap());
        done(run(&place.0, &url, &["verify"]));
        let (page, size) = root(&url, name);
        damage(file, page, (size, 8));
        let verified = run(&place.0, &url, &["verify"]);
        let said = text(&verified.stdout) + &text(&verified.stderr);
        assert!(!verified.status.success() && said.contains("damaged"), "{name}: {said}");
        let copy = format!("{name}.backup");
        let backed_up = run(&place.0, &url, &["backup", &copy, "--recipient", &recipient]);
        assert!(
            !backed_up.status.success() && text(&backed_up.stderr).contains("damaged"),
            "{name}: {}",
            text(&backed_up.stderr)
        );
        assert!(!place.0.join(&copy).exists(), "{name}");
    }
}

#[test]
fn a_damaged_index_of_postgres_is_found_where_amcheck_is_there() {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Text)]
        file: String,
    }
    let cluster = crate::support::Cluster::start();
    let url = cluster.create_database(None);
    let place = Directory::new();
    done(run(&place.0, &url, &["migrate"]));
    let process = crate::support::Process::start(&url, &[]);
    (0..5).for_each(|_| drop(process.client.post("/v1/cases", &serde_json::json!({"title": "Fall"})).expect(201)));
    drop(process);
    let mut owner = PgConnection::establish(&url).unwrap();
    owner.batch_execute("CREATE EXTENSION amcheck; CHECKPOINT").unwrap();
    let path = "SELECT pg_relation_filepath('records_by_received') AS file";
    let file = diesel::sql_query(path).get_result::<Found>(&mut owner).unwrap().file;
    drop(owner);
    assert_eq!(done(run(&place.0, &url, &["verify"])), AGREE);
    cluster.stop();
    let number = file.split('/').nth(1).unwrap();
    let found =
        cluster.files(number).into_iter().find(|path| path.ends_with(file.rsplit('/').next().unwrap())).unwrap();
    damage(&found, 1, (8192, 24));
    cluster.start_again();
    let verified = run(&place.0, &url, &["verify"]);
    let said = text(&verified.stdout) + &text(&verified.stderr);
    assert!(!verified.status.success() && said.contains("damaged"), "{said}");
}
