//! What should not have been there goes: out of the record, its history and the files, whatever else proves itself.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{Answer, App, Backend, Cluster, Directory, Process, SECRET, aufsicht};

const CANARY: &str = "Irrtum";

fn command(app: &App, arguments: &[&str]) -> (bool, String) {
    let directory = Directory::new();
    let mut command = aufsicht(&directory.0);
    command.args(arguments).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

/// Whether the text, or its words as the index has them, stand in the files.
fn rests(app: &App) -> bool {
    app.sql(if app.backend == Backend::Sqlite { "PRAGMA wal_checkpoint" } else { "CHECKPOINT" });
    app.file_holds(CANARY) || app.file_holds(&CANARY.to_lowercase())
}

fn figures(app: &App) -> Vec<String> {
    [
        "/v1/statistics/services?from=2016&to=2018",
        "/v1/statistics/counts?by=month,requester,area,responsible,status",
        "/v1/statistics/backlog?from=2016&to=2018",
        "/v1/statistics/durations?year=2017&by=requester",
        "/v1/statistics/published/2017",
    ]
    .map(|path| app.client.get(path).expect(200).text())
    .to_vec()
}

/// Sends a case that holds the canary wherever it can, under the same key each time.
fn send_case(app: &App) -> Answer {
    let body = json!({
        "title": format!("Anfrage von Erika {CANARY}"), "received_on": "2017-03-14", "closed_on": "2017-04-01", "area": "IT", "responsible": "RF",
        "outcome": format!("{CANARY} abgewiesen"), "notes": format!("{CANARY} 1"),
        "requester": {"type": "PRIVATE", "organisation": format!("Praxis Dr. {CANARY}"), "name": format!("Erika {CANARY}")},
        "external": {"system": "konsul", "id": format!("erika-{CANARY}"), "version": 1, "url": format!("https://konsul.example/{CANARY}")}
    });
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "erase")];
    app.client.send("POST", "/v1/cases", &headers, Some(body.to_string().as_bytes())).expect(201)
}

fn case(app: &App) -> String {
    send_case(app).json()["id"].as_str().unwrap().to_owned()
}

on_both_databases! {
    fn texts_are_erased_from_a_record_its_history_and_the_files(app) {
        let hook = app.client.post("/v1/webhooks", &json!({"url": "https://receiver.invalid/hook"})).expect(201).json();
        let id = case(&app);
        let path = format!("/v1/cases/{id}");
        // Corrected as far as anybody could.
        let corrected = json!({"title": "Anfrage", "outcome": null, "requester": {"organisation": null}, "external": {"id": "4711", "url": null}});
        app.client.patch(&path, "*", &corrected).expect(200);
        app.client.patch(&path, "*", &json!({"title": format!("Anfrage, früher {CANARY}")})).expect(200);
        app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
        let before = figures(&app);
        assert!(rests(&app));

        let (done, told) = command(&app, &["subject", "erase", "--record", &id]);
        assert!(done && told.contains("Erased: notes (2 revisions), requester.name (2 revisions)."), "{told}");
        let left = "Left: external.id (2 revisions), external.url (2 revisions), outcome (2 revisions), requester.organisation (2 revisions), title (3 revisions); to erase them too, give --properties external.id,external.url,outcome,requester.organisation,title";
        assert!(told.contains(left), "{told}");
        assert!(rests(&app));
        assert_eq!(app.differences(), Vec::<String>::new());

        let (done, told) = command(&app, &["subject", "erase", "--record", &id, "--properties", "title,outcome,organisation,external"]);
        assert!(done && told.contains("Erased: external.id (3 revisions), external.url (2 revisions)") && told.contains("title (4 revisions)"), "{told}");
        assert!(!told.contains("Left: "), "{told}");
        let record = app.client.get(&path).expect(200).json();
        assert_eq!((&record["title"], record.get("external"), &record["requester"]), (&json!("Gelöscht"), None, &json!({"type": "PRIVATE"})));
        assert_eq!((&record["received_on"], &record["area"], &record["responsible"]), (&json!("2017-03-14"), &json!("IT"), &json!("RF")));
        let history = app.client.all(&format!("{path}/history"));
        assert_eq!(history[0]["changes"].as_array().unwrap().iter().find(|change| change["property"] == "title").unwrap()["new"], "Gelöscht");
        for asked in [path.clone(), format!("{path}/history"), "/v1/changes".into(), "/v1/cases?q=irrtum".into(), format!("/v1/webhooks/{}/deliveries", hook["id"].as_str().unwrap())] {
            assert!(!app.client.get(&asked).expect(200).text().contains(CANARY), "{asked}");
        }
        assert_eq!(app.client.all("/v1/cases?q=irrtum").len(), 0);
        // The request that made it is answered as before, without what it said.
        assert!(!rests(&app), "what was erased is gone from the files: {told}");
        for table in ["idempotency", "deliveries", "history", "changes", "audit_trail"] {
            let rows = format!("SELECT count(*) AS text FROM {table}");
            let all = app.text(&rows.replace("count(*)", "CAST(count(*) AS TEXT)"), &rows.replace("count(*)", "CAST(count(*) AS TEXT)"));
            assert_ne!(all, "0", "{table} is looked at");
        }
        assert_eq!(figures(&app), before);
        let trail = app.client.all(&format!("/v1/audit-trail?kind=ERASURE&subject={id}"));
        let told: Vec<&str> = trail.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(told, ["ERASED", "ERASED external.id", "ERASED external.url", "ERASED outcome", "ERASED requester.organisation", "ERASED title"]);
        assert_eq!(app.differences(), Vec::<String>::new());
        // The record lives on: it gets another title, and that can be erased again.
        app.client.patch(&path, "*", &json!({"title": "Anfrage", "outcome": "erledigt"})).expect(200);
        assert_eq!(app.differences(), Vec::<String>::new());
        let (done, told) = command(&app, &["subject", "erase", "--record", &id, "--properties", "title"]);
        assert!(done && told.contains("Erased: title (2 revisions)"), "{told}");
        assert_eq!(command(&app, &["subject", "erase", "--record", &id, "--properties", "title"]).1.lines().next(), Some("There was nothing to erase."));
    }
}

on_both_databases! {
    fn a_repeated_request_is_answered_without_what_was_erased(app) {
        let id = case(&app);
        command(&app, &["subject", "erase", "--record", &id, "--properties", "title,outcome,organisation,external"]);
        let again = send_case(&app);
        assert_eq!((again.json()["id"].as_str(), again.header("idempotency-replayed")), (Some(id.as_str()), Some("true")));
        assert!(!again.text().contains(CANARY), "{}", again.text());
    }
}

on_both_databases! {
    fn findings_and_deleted_records_lose_their_texts_too(app) {
        let audit = app.create("audits", json!({
            "title": "Kontrolle", "received_on": "2017-05-02", "organisation": "Amt für Migration", "subject": format!("Zugriffe von {CANARY}"),
            "findings": [{"severity": "HIGH", "finding": format!("{CANARY} hat noch Zugriff"), "recommendation": "Entziehen", "due_on": "2017-12-31"}]
        }));
        let path = format!("/v1/audits/{}", audit["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"subject": "Zugriffe"})).expect(200);
        let gone = app.create("projects", json!({"title": format!("Projekt {CANARY}"), "role": "LEAD", "received_on": "2016-05-05"}));
        let gone_path = format!("/v1/projects/{}", gone["id"].as_str().unwrap());
        app.client.delete(&gone_path, "*").expect(204);
        let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
        let (done, told) = command(&app, &["subject", "erase", "--record", &id(&audit), "--properties", "findings,subject"]);
        assert!(done && told.contains("findings (2 revisions)") && told.contains("Left: organisation (1 revision), title (1 revision)"), "{told}");
        let finding = app.client.get(&path).expect(200).json()["findings"][0].clone();
        assert_eq!((&finding["finding"], &finding["recommendation"], &finding["severity"], &finding["due_on"]), (&json!("Gelöscht"), &json!("Gelöscht"), &json!("HIGH"), &json!("2017-12-31")));
        assert_eq!(app.differences(), Vec::<String>::new());
        let (done, told) = command(&app, &["subject", "erase", "--record", &id(&gone), "--properties", "title"]);
        assert!(done && told.contains("Erased: title (2 revisions)"), "{told}");
        for path in [&path, &gone_path] {
            assert!(!app.client.get(&format!("{path}/history")).expect(200).text().contains(CANARY));
        }
        assert!(!rests(&app), "{told}");
    }
}

// Old matters lose the texts that are named with their personal data.
on_both_databases! {
    fn old_matters_lose_the_texts_that_are_named(app) {
        case(&app);
        let open = app.create("cases", json!({"title": "Offen", "received_on": "2017-03-14", "outcome": "Noch nichts"}));
        let (done, told) = command(&app, &["anonymise", "--closed-before", "2018-01-01", "--properties", "title,outcome,organisation,external"]);
        assert!(done && told.starts_with("Erased the personal data of 1 records closed before 2018-01-01.\nErased: external.id"), "{told}");
        assert!(!rests(&app), "{told}");
        assert_eq!(app.client.get(&format!("/v1/cases/{}", open["id"].as_str().unwrap())).expect(200).json()["outcome"], "Noch nichts");
    }
}

// The word in the place of what was erased is of the language that the authority works in first, and is no text that is erased again.
on_both_databases! {
    fn the_word_for_what_was_erased_is_in_the_language_of_the_authority(app) {
        let id = case(&app);
        let path = format!("/v1/cases/{id}");
        let directory = Directory::new();
        assert!(aufsicht(&directory.0).args(["profile", "init", "."]).output().unwrap().status.success());
        let file = directory.0.join("authority.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("languages = [", "languages = [\"en\", ").replace(", \"en\"]", "]")).unwrap();
        let english = directory.0.to_str().unwrap();
        let erase = |more: &[&str]| command(&app, &[&["subject", "erase", "--record", &id, "--properties", "title"], more].concat());
        let (done, told) = erase(&["--profile-dir", english]);
        assert!(done && told.contains("title (2 revisions)"), "{told}");
        assert_eq!(app.client.get(&path).expect(200).json()["title"], "Erased");
        assert_eq!(erase(&[]).1.lines().next(), Some("There was nothing to erase."));
        assert_eq!(app.client.get(&path).expect(200).json()["title"], "Erased");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// A record whose title is to be erased, on a server of its own.
struct Matter {
    process: Process,
    url: String,
    id: String,
}

impl Matter {
    fn on(cluster: &Cluster, settings: &[(&str, &str)]) -> Matter {
        let url = cluster.create_database(None);
        let process = Process::start(&url, settings);
        let body = json!({
            "title": format!("Anfrage von Erika {CANARY}"), "received_on": "2017-03-14", "notes": format!("{CANARY} 1"),
            "requester": {"type": "PRIVATE", "name": format!("Erika {CANARY}")}
        });
        let id = process.client.post("/v1/cases", &body).expect(201).json()["id"].as_str().unwrap().to_owned();
        Matter { process, url, id }
    }

    /// Whether all is done, and what is said.
    fn erase(&self, url: &str, properties: &[&str], settings: &[(&str, &str)]) -> (bool, String) {
        let directory = Directory::new();
        let mut command = aufsicht(&directory.0);
        command.args(["subject", "erase", "--record", &self.id]).args(properties).env("DATABASE_URL", url);
        let output = command.env("AUFSICHT_JWT_SECRET", SECRET).envs(settings.iter().copied()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
        let title = self.process.client.get(&format!("/v1/cases/{}", self.id)).expect(200).json();
        assert!(!title.to_string().contains(&format!("{CANARY} 1")), "{said}");
        (output.status.success(), said)
    }

    fn file_of_records(&self) -> String {
        text(&self.url, "SELECT CAST(pg_relation_filenode('records') AS TEXT) AS text")
    }

    /// Whether the server's files of the database hold what is erased.
    fn rests_on(&self, cluster: &Cluster) -> bool {
        let number = "SELECT CAST(oid AS TEXT) AS text FROM pg_database WHERE datname = current_database()";
        let number = text(&self.url, number);
        PgConnection::establish(&self.url).unwrap().batch_execute("CHECKPOINT").unwrap();
        cluster.holds(&number, CANARY)
    }
}

#[derive(diesel::QueryableByName)]
struct Said {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

fn text(url: &str, sql: &str) -> String {
    let mut connection = PgConnection::establish(url).unwrap();
    diesel::sql_query(sql).get_result::<Said>(&mut connection).unwrap().text
}

const REMEDY: &str =
    "finish it with an account that owns the tables: VACUUM (FULL, ANALYZE) records, records_search, history";

const TITLE: [&str; 2] = ["--properties", "title"];

#[test]
fn what_a_prepared_transaction_keeps_is_said_and_the_remedy_finishes_it() {
    let cluster = Cluster::start();
    cluster.set("max_prepared_transactions = 4");
    cluster.stop();
    cluster.start_again();
    let matter = Matter::on(&cluster, &[]);
    let mut other = PgConnection::establish(&matter.url).unwrap();
    other.batch_execute("BEGIN; CREATE TABLE of_another (number INTEGER); PREPARE TRANSACTION 'sleeper'").unwrap();
    let (done, said) = matter.erase(&matter.url, &TITLE, &[]);
    assert!(!done && said.contains("Erased: notes") && said.contains("title (2 revisions)"), "{said}");
    assert!(said.contains("the prepared transaction sleeper still sees what was there before"), "{said}");
    assert!(said.contains(REMEDY) && said.contains("reads and writes stop for about 1 s"), "{said}");
    assert!(matter.rests_on(&cluster));
    other.batch_execute("ROLLBACK PREPARED 'sleeper'").unwrap();
    let remedy = said.split("owns the tables: ").nth(1).unwrap().lines().next().unwrap();
    remedy.split("; ").for_each(|statement| other.batch_execute(statement).unwrap());
    assert!(!matter.rests_on(&cluster));
}

/// A standby that is gone has looked for others; its slot keeps what they saw.
#[test]
fn what_a_slot_keeps_is_said() {
    let cluster = Cluster::start();
    let mut server = PgConnection::establish(&cluster.url("postgres")).unwrap();
    server.batch_execute("SELECT pg_create_physical_replication_slot('gone')").unwrap();
    let standby = cluster.standby();
    for setting in ["primary_slot_name = 'gone'", "wal_receiver_status_interval = 1", "hot_standby_feedback = on"] {
        standby.set(setting);
    }
    let slot = "SELECT coalesce(CAST(xmin AS TEXT), '') AS text FROM pg_replication_slots";
    crate::faults::eventually("the standby tells nothing", || !text(&cluster.url("postgres"), slot).is_empty());
    drop(standby);
    let matter = Matter::on(&cluster, &[]);
    let (done, said) = matter.erase(&matter.url, &TITLE, &[]);
    assert!(!done && said.contains("the replication slot gone still sees what was there before"), "{said}");
    assert!(matter.rests_on(&cluster));
}

#[test]
fn what_an_account_may_not_write_anew_is_said() {
    let cluster = Cluster::start();
    let matter = Matter::on(&cluster, &[]);
    let rights = "CREATE ROLE service LOGIN; GRANT USAGE ON SCHEMA public TO service; \
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO service; \
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO service";
    PgConnection::establish(&matter.url).unwrap().batch_execute(rights).unwrap();
    let (done, said) = matter.erase(&matter.url.replace("postgres@", "service@"), &TITLE, &[]);
    assert!(!done && said.contains("this account may not write the table records anew"), "{said}");
    assert!(said.contains("this account may not write the table pg_catalog.pg_statistic anew"), "{said}");
    assert!(matter.rests_on(&cluster));
}

/// Somebody has the table open, and goes on.
#[test]
fn what_somebody_has_open_is_said() {
    let cluster = Cluster::start();
    let matter = Matter::on(&cluster, &[]);
    let mut reader = PgConnection::establish(&format!("{}?application_name=auswertung", matter.url)).unwrap();
    reader.batch_execute("BEGIN; LOCK TABLE records IN ACCESS SHARE MODE").unwrap();
    let (done, said) = matter.erase(&matter.url, &TITLE, &[]);
    assert!(!done && said.contains("Erased: notes") && said.contains(REMEDY), "{said}");
    assert!(said.contains("the table records is in use by the process ") && said.contains("(auswertung)"), "{said}");
    drop(reader);
    let matter = Matter::on(&cluster, &[]);
    let (done, said) = matter.erase(&matter.url, &TITLE, &[]);
    assert!(done && !said.contains("the files of the database itself"), "{said}");
    assert!(!matter.rests_on(&cluster));
}

/// Nobody can read what destroyed keys have sealed: nobody waits until it is out of the files.
#[test]
fn what_destroyed_keys_have_sealed_stops_nobody() {
    let cluster = Cluster::start();
    let keys = cluster.create_database(None);
    let settings = [("AUFSICHT_RECORD_KEYS_URL", keys.as_str())];
    let matter = Matter::on(&cluster, &settings);
    let mut reader = PgConnection::establish(&matter.url).unwrap();
    reader.batch_execute("BEGIN; LOCK TABLE records, history IN ACCESS SHARE MODE").unwrap();
    let before = matter.file_of_records();
    let (done, said) = matter.erase(&matter.url, &[], &settings);
    assert!(done && said.contains("Erased: notes") && said.contains("Destroyed: 1 key now"), "{said}");
    assert!(!said.contains("reads and writes stop") && !said.contains("the files of the database itself"), "{said}");
    assert_eq!(matter.file_of_records(), before);
    // A title is sealed with no key.
    let (done, said) = matter.erase(&matter.url, &["--properties", "title"], &settings);
    assert!(!done && said.contains("reads and writes stop") && said.contains("the table records is in use"), "{said}");
    drop(reader);
    // A record that was there before it had a key.
    let matter = Matter::on(&cluster, &[]);
    let before = matter.file_of_records();
    let (done, said) = matter.erase(&matter.url, &[], &settings);
    assert!(done && said.contains("Erased: notes"), "{said}");
    assert_ne!(matter.file_of_records(), before);
}

#[test]
fn a_log_that_somebody_reads_on_is_said() {
    let app = App::start(Backend::Sqlite);
    let id = case(&app);
    let mut reader = app.db_as_it_is();
    reader.batch_execute("BEGIN; SELECT count(*) FROM records").unwrap();
    let (done, told) = command(&app, &["subject", "erase", "--record", &id, "--properties", "title"]);
    assert!(!done && told.contains("Erased: notes") && told.contains("PRAGMA wal_checkpoint(TRUNCATE)"), "{told}");
    assert!(told.contains("somebody reads for longer than a while"), "{told}");
    reader.batch_execute("COMMIT").unwrap();
}

#[test]
fn what_the_figures_follow_from_cannot_be_erased() {
    let app = App::start(Backend::Sqlite);
    let id = case(&app);
    for property in ["received_on", "area", "requester.type", "number", "nonsense"] {
        let (done, told) = command(&app, &["subject", "erase", "--record", &id, "--properties", property]);
        assert!(!done && told.contains(&format!("{property} is no text that can be erased")), "{told}");
    }
    assert!(app.client.get(&format!("/v1/cases/{id}")).expect(200).text().contains(CANARY));
}
