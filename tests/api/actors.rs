//! Identities that are called alike are told apart wherever it stands who did or saw something.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::cmi::{Cmi, once};
use crate::issuers::{Signer, claims};
use crate::on_both_databases;
use crate::personal_data_access::logged_in;
use crate::protection::new_client;
use crate::support::{App, Backend, Client, Directory, SECRET, aufsicht};

const PROVIDER: &str = "https://provider.example";
const SCOPES: &str = "register:read register:write personal:read";

/// Kind, issuer and service account.
type Who = (Value, Value, Value);

/// A service that takes the tokens of a provider, and the provider.
struct Place {
    app: App,
    provider: Signer,
    directory: Directory,
}

impl Place {
    fn new(backend: Backend) -> Place {
        let (directory, provider) = (Directory::new(), Signer::new(Algorithm::EdDSA, "external"));
        let file = directory.0.join("jwks.json");
        std::fs::write(&file, json!({"keys": [provider.jwk]}).to_string()).unwrap();
        let app = App::start_with(backend, |config| {
            config.provider.issuer = Some(PROVIDER.into());
            config.provider.jwks = Some(file.display().to_string());
        });
        Place { app, provider, directory }
    }

    /// The bearer of a token of the provider.
    fn user(&self, name: &str) -> Client {
        self.app.client.with_token(self.provider.sign(&self.claims(PROVIDER, name)))
    }

    /// The bearer of a token that was signed with the service's own secret.
    fn bearer(&self, name: &str) -> Client {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &self.claims("aufsicht", name), &key);
        self.app.client.with_token(token.unwrap())
    }

    fn claims(&self, issuer: &str, name: &str) -> Value {
        let mut claims = claims(issuer, "aufsicht");
        (claims["sub"], claims["scope"]) = (json!(name), json!(SCOPES));
        claims
    }

    /// A new service account, logged in, and its id.
    fn account(&self, name: &str) -> (Client, String) {
        let scopes: Vec<&str> = SCOPES.split(' ').collect();
        let account = new_client(&self.app, json!({"name": name, "scopes": scopes}));
        (logged_in(&self.app, &self.app.client.base, &account), account.0)
    }

    fn command(&self, arguments: &[&str]) {
        let mut command = aufsicht(&self.directory.0);
        command.args(arguments).env("DATABASE_URL", &self.app.config.database.url);
        let done = command.env("AUFSICHT_JWT_SECRET", SECRET).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

fn told(entry: &Value, client: &str) -> Who {
    (entry["actor_kind"].clone(), entry["actor_issuer"].clone(), entry[client].clone())
}

fn who(kind: &str, issuer: Option<&str>, client: Option<&str>) -> Who {
    (json!(kind), json!(issuer), json!(client))
}

/// Two service accounts, a subject of the provider, the bearer of a token of our own and the operator have one name.
fn those_who_are_called_alike_are_told_apart(backend: Backend) {
    let place = Place::new(backend);
    let app = &place.app;
    let ((one, first), (other, second)) = (place.account("operator"), place.account("operator"));
    let all = [
        (one, who("SERVICE_ACCOUNT", Some("aufsicht"), Some(&first))),
        (other, who("SERVICE_ACCOUNT", Some("aufsicht"), Some(&second))),
        (place.user("operator"), who("USER", Some(PROVIDER), None)),
        (place.bearer("operator"), who("TOKEN", Some("aufsicht"), None)),
    ];
    let case = app.create("cases", json!({"title": "Anfrage", "notes": "Notiz"}));
    let id = case["id"].as_str().unwrap();
    let path = format!("/v1/cases/{id}");
    for (number, (client, _)) in all.iter().enumerate() {
        client.patch(&path, "*", &json!({"title": format!("Anfrage {number}")})).expect(200);
    }
    let mut expected: Vec<Who> = all.iter().map(|(_, who)| who.clone()).collect();
    let history = app.client.all(&format!("{path}/history"));
    assert!(history[1..].iter().all(|entry| entry["actor"] == "operator"));
    assert_eq!(history[1..].iter().map(|entry| told(entry, "actor_client")).collect::<Vec<_>>(), expected);
    // Each was shown the notes by the answer to its patch. (The command has the time of today: no reason to forget them.)
    let log = || app.client.all("/v1/access-log?subject=operator");
    let seen = |log: Vec<Value>| log.iter().map(|entry| told(entry, "client")).collect::<Vec<_>>();
    assert_eq!(seen(log()), expected);

    place.command(&["subject", "report", "--record", id, "--purpose", "Auskunft"]);
    place.command(&["subject", "erase", "--record", id]);
    expected.push(who("OPERATOR", None, None));
    let trail = app.client.all(&format!("/v1/audit-trail?subject={id}&actor=operator"));
    let mut by: Vec<Who> = trail.iter().map(|entry| told(entry, "actor_client")).collect();
    by.dedup(); // An erasure is told of each thing that it took.
    assert_eq!(by, expected);
    let by_command = log();
    assert_eq!(seen(by_command.clone()), expected);
    assert!(trail[4].get("actor_issuer").is_none() && by_command[4].get("actor_issuer").is_none(), "absent, not null");
}

/// A key of a repeated request belongs to an identity: not to whoever is called like its account, or by that one's id.
fn a_key_is_good_for_one_identity_only(backend: Backend) {
    let place = Place::new(backend);
    let (account, id) = place.account("RF");
    let all =
        [account, place.user("RF"), place.bearer("RF"), place.user(&id), place.bearer(&id), place.account("RF").0];
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "same")];
    let send =
        |client: &Client| client.send("POST", "/v1/cases", &headers, Some(b"{\"title\":\"Anfrage\"}")).expect(201);
    let made = |client: &Client| send(client).json()["id"].as_str().unwrap().to_owned();
    let first: Vec<String> = all.iter().map(made).collect();
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), all.len());
    for (client, id) in all.iter().zip(&first) {
        let again = send(client);
        assert_eq!(
            (again.json()["id"].as_str(), again.header("idempotency-replayed")),
            (Some(id.as_str()), Some("true"))
        );
    }
}

/// A connector acts of itself, whatever accounts bear its name; an import is a command.
fn connectors_and_commands_are_no_accounts(backend: Backend) {
    let place = Place::new(backend);
    let (app, cmi) = (&place.app, Cmi::start());
    cmi.put("g1", 1, json!({"Themenbereich": "Informatik", "Gesuchsteller": "Gemeinde"}));
    assert!(once(app, &cmi, &place.directory).0);
    let (account, id) = place.account("konsul");
    let path = "/v1/cases/external/konsul/g1";
    let case = app.client.get(path).expect(200).json();
    let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    account.patch(&path, "*", &json!({"title": "Anders"})).expect(200);
    let history = app.client.all(&format!("{path}/history"));
    assert!(history.iter().all(|entry| entry["actor"] == "konsul"), "{history:?}");
    let [by_run, by_account] = [&history[0], &history[1]].map(|entry| told(entry, "actor_client"));
    assert_eq!(by_run, who("SYSTEM", None, None));
    assert_eq!(by_account, who("SERVICE_ACCOUNT", Some("aufsicht"), Some(&id)));

    // What an account changed that is called like the import is not the import's to take back.
    let list = |area: &str| format!("Geschäftsnummer;Titel;Eingang;Bereich\r\n2016-0007;Video;14.3.2016;{area}\r\n");
    std::fs::write(place.directory.0.join("liste.csv"), list("Bildung")).unwrap();
    place.command(&["import", "--register", "cases", "liste.csv"]);
    let case = app.client.get("/v1/cases?number=2016-0007").expect(200).json()["items"][0].clone();
    let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    assert_eq!(told(&app.client.all(&format!("{path}/history"))[0], "actor_client"), who("OPERATOR", None, None));
    place.account("import").0.patch(&path, "*", &json!({"area": "IT"})).expect(200);
    std::fs::write(place.directory.0.join("liste.csv"), list("Polizei")).unwrap();
    let mut import = aufsicht(&place.directory.0);
    import.args(["import", "--register", "cases", "liste.csv"]).env("DATABASE_URL", &app.config.database.url);
    assert!(!import.output().unwrap().status.success());
    assert_eq!(app.client.get(&path).expect(200).json()["area"], "IT");
}

crate::on_each! {
    those_who_are_called_alike_are_told_apart
    a_key_is_good_for_one_identity_only
    connectors_and_commands_are_no_accounts
}

/// Takes the rules of the databases away that keep these tables from being changed.
fn without_rules(app: &App) {
    app.tampered();
    let (trail, log) = match app.backend {
        Backend::Sqlite => ("DROP TRIGGER audit_trail_no_update", "DROP TRIGGER access_log_no_update"),
        Backend::Postgres => {
            ("DROP TRIGGER audit_trail_no_change ON audit_trail", "DROP TRIGGER access_log_no_change ON access_log")
        }
    };
    app.sql(trail);
    app.log().batch_execute(log).unwrap();
}

fn proof(app: &App) -> Value {
    app.client.get("/v1/audit-trail/verification").expect(200).json()
}

on_both_databases! {
    fn another_kind_or_issuer_is_found(app) {
        let scopes: Vec<&str> = SCOPES.split(' ').collect();
        let account = new_client(&app, json!({"name": "RF", "scopes": scopes}));
        let client = logged_in(&app, &app.client.base, &account);
        let case = client.post("/v1/cases", &json!({"title": "Anfrage", "notes": "Notiz"})).expect(201).json();
        client.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).expect(200);
        without_rules(&app);
        let right = |column: &str| match column {
            "actor_kind" => "'SERVICE_ACCOUNT'".to_owned(),
            "actor_issuer" => "'aufsicht'".to_owned(),
            _ => format!("'{}'", account.0),
        };
        let run = |table: &str, sql: &str| match table {
            "access_log" => app.log().batch_execute(sql).unwrap(),
            _ => app.sql(sql),
        };
        for (table, client) in [("history", "actor_client"), ("audit_trail", "actor_client"), ("access_log", "client")] {
            let forged = [("actor_kind", "'USER'"), ("actor_issuer", "'https://provider.example'"), ("actor_issuer", "NULL"), (client, "'x'"), (client, "NULL")];
            for (column, value) in forged {
                let set = |value: &str| run(table, &format!("UPDATE {table} SET {column} = {value} WHERE {client} IS NOT NULL OR actor_kind = 'SERVICE_ACCOUNT'"));
                set(value);
                assert_eq!(proof(&app)["sound"], json!(false), "{table}: {column} = {value}");
                set(&right(column));
                assert_eq!(proof(&app)["differences"], json!([]), "{table}: {column}");
            }
        }
        for table in ["history", "audit_trail"] {
            for other in ["'ADMIN'", "NULL"] {
                let other = format!("UPDATE {table} SET actor_kind = {other}");
                assert!(app.db().batch_execute(&other).is_err(), "there is no such kind");
            }
        }
    }
}
