//! What the tests stand on: a service of their own on a database of its own, on either backend.

mod client;
pub mod own;
mod postgres;
mod process;
mod proxy;
mod tls;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use aufsicht::auth::{Scope, Tokens};
use aufsicht::db::{self, Db};
use aufsicht::registers;
use aufsicht::seal::Keys;
use aufsicht::{Clock, Config, Service};
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

pub use client::{Answer, Client, faults};
pub use postgres::{Cluster, Pooler, program, shared, signal};
pub use process::{Process, Running, aufsicht, serve};
pub use proxy::{Link, Proxy};
pub use tls::{ConnectProxy, TlsServer};

pub const ALL_SCOPES: &str = "register:read register:write personal:read statistics:read statistics:publish \
    webhooks:manage access-log:read admin";
pub const SECRET: &str = "a secret that only these tests know, long enough";

/// What personal data is sealed with in the tests.
pub const SEAL_KEY: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";

/// The embedded profile.
pub fn profile() -> aufsicht::profile::Profile {
    aufsicht::profile::Profile::embedded().unwrap()
}

/// The rules by which bodies are checked on a day, as the embedded profile has them.
pub fn rules(today: chrono::NaiveDate) -> aufsicht::registers::Rules {
    profile().rules(today)
}

/// The API document as the embedded profile has it.
pub fn document() -> serde_json::Value {
    aufsicht::api::server::document(&profile())
}

/// The settings for a database, as far as all tests share them.
pub fn config(url: &str) -> Config {
    let mut config = Config::for_database(url).unwrap();
    config.tokens.secret = Some(SECRET.into());
    config.seal.key = Some(SEAL_KEY.into());
    config
}

/// A connection to the database of these settings, which may have no schema yet.
pub fn created(settings: &Config) -> Db {
    db::create(&settings.database.target().unwrap(), &settings.database).unwrap()
}

/// The same to its access log.
pub fn created_access_log(settings: &Config) -> Db {
    db::create(&settings.database.access_log().unwrap(), &settings.database).unwrap()
}

/// What `aufsicht verify` finds in the database of these settings; it is sealed with the tests' key unless they say
/// otherwise.
pub fn differences(settings: &Config) -> Vec<String> {
    let sealed = settings.seal.key.is_some() || settings.seal.key_file.is_some();
    let keys = if sealed { Keys::new(settings) } else { Keys::new(&config("sqlite:none")) }.unwrap();
    let mut log = created_access_log(settings);
    db::migrate_access_log(&mut log).unwrap();
    db::prepare_record_keys(&settings.database).unwrap();
    let now = Clock::system().now();
    aufsicht::admin::verify::verify(&mut db::connect(&settings.database).unwrap(), &mut log, &keys, now).unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A running service.
pub struct App {
    pub backend: Backend,
    pub config: Config,
    pub clock: Clock,
    /// With all scopes.
    pub client: Client,
    service: Option<Service>,
    is_tampered: AtomicBool,
    /// The folders of its files, which go with it.
    directories: Vec<Directory>,
}

/// A directory that goes with the test.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("aufsicht-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An empty database: its URL, and the directory it lies in.
pub fn database(backend: Backend) -> (String, Option<Directory>) {
    match backend {
        Backend::Sqlite => {
            let directory = Directory::new();
            (format!("sqlite:{}", directory.0.join("test.sqlite3").display()), Some(directory))
        }
        Backend::Postgres => (postgres::shared().create_database(None), None),
    }
}

/// The place of a database of record keys for the one of a URL.
pub fn record_keys(url: &str) -> String {
    match url.strip_suffix(".sqlite3") {
        Some(stem) => format!("{stem}.record-keys.sqlite3"),
        None => postgres::shared().create_database(None),
    }
}

/// Gives each record a key of its own.
pub fn with_record_keys(config: &mut Config) {
    config.database.record_keys_url = Some(record_keys(&config.database.url));
}

/// A database with the demonstration years: a copy of one that is filled once.
fn demo_database(backend: Backend) -> (String, Option<Directory>) {
    static SQLITE: OnceLock<Vec<u8>> = OnceLock::new();
    static POSTGRES: OnceLock<String> = OnceLock::new();
    let fill = |url: &str| {
        let config = config(url);
        let mut db = created(&config);
        registers::migrate(&mut db).unwrap();
        aufsicht::admin::demo::fill(&mut db, &rules(now().date_naive()), &Keys::new(&config).unwrap()).unwrap();
        if backend == Backend::Sqlite {
            db.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        }
    };
    match backend {
        Backend::Sqlite => {
            let filled = SQLITE.get_or_init(|| {
                let (url, _directory) = database(backend);
                fill(&url);
                std::fs::read(url.strip_prefix("sqlite:").unwrap()).unwrap()
            });
            let (url, directory) = database(backend);
            std::fs::write(url.strip_prefix("sqlite:").unwrap(), filled).unwrap();
            (url, directory)
        }
        Backend::Postgres => {
            let filled = POSTGRES.get_or_init(|| {
                let (url, _) = database(backend);
                fill(&url);
                url
            });
            (postgres::shared().create_database(Some(filled)), None)
        }
    }
}

/// The instant at which the tests' clock stands unless it is set.
pub fn now() -> DateTime<Utc> {
    "2019-01-15T08:00:00Z".parse().unwrap()
}

/// True if a text stands in a file of SQLite or in its write-ahead log.
pub fn files_hold(file: &str, text: &str) -> bool {
    [file.to_owned(), format!("{file}-wal")].iter().any(|file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(text)
    })
}

/// Runs a command on the databases of these settings: whether it succeeded, and what it said.
pub fn command_on(settings: &Config, arguments: &[&str]) -> (bool, String) {
    let directory = Directory::new();
    let mut command = aufsicht(&directory.0);
    command.args(arguments).env("DATABASE_URL", &settings.database.url).env("AUFSICHT_JWT_SECRET", SECRET);
    if let Some(keys) = &settings.database.record_keys_url {
        command.env("AUFSICHT_RECORD_KEYS_URL", keys);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.success(), said)
}

impl App {
    /// A service on an empty database.
    pub fn start(backend: Backend) -> App {
        App::start_with(backend, |_| {})
    }

    /// A service with other settings.
    pub fn start_with(backend: Backend, configure: impl FnOnce(&mut Config)) -> App {
        App::start_on(backend, database(backend), configure)
    }

    /// A service on a database, with other settings.
    pub fn start_on(backend: Backend, at: (String, Option<Directory>), configure: impl FnOnce(&mut Config)) -> App {
        let (url, directory) = at;
        let mut config = config(&url);
        config.server.listen = "127.0.0.1:0".into();
        config.connections.reading = 4;
        configure(&mut config);
        let clock = Clock::fixed(now());
        let service = Service::start(config.clone(), clock.clone()).unwrap();
        let base = format!("http://{}", service.address());
        let client = Client::new(&base, Some(service.token(ALL_SCOPES).unwrap()));
        App {
            backend,
            config,
            clock,
            client,
            service: Some(service),
            is_tampered: AtomicBool::new(false),
            directories: directory.into_iter().collect(),
        }
    }

    /// A service with the demonstration years.
    pub fn start_with_demo(backend: Backend) -> App {
        App::start_with_demo_and(backend, |_| {})
    }

    /// The same with other settings.
    pub fn start_with_demo_and(backend: Backend, configure: impl FnOnce(&mut Config)) -> App {
        App::start_on(backend, demo_database(backend), configure)
    }

    /// The same, with a folder that goes with it.
    pub fn with_directory(mut self, directory: Directory) -> App {
        self.directories.push(directory);
        self
    }

    pub fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }

    /// A client with only these scopes.
    pub fn with_scopes(&self, scopes: &str) -> Client {
        self.client.with_token(self.service().token(scopes).unwrap())
    }

    /// A client of somebody with all scopes, by a token that is valid at the time of the clock.
    pub fn named(&self, subject: &str) -> Client {
        let tokens = Tokens::new(&self.config).unwrap();
        let token = tokens.issue(subject, Scope::ALL, Duration::from_secs(3600), self.clock.now());
        self.client.with_token(token.unwrap())
    }

    /// Gives the client a token that is valid at the time that the clock was set to.
    pub fn renew(&mut self) {
        self.client = self.client.with_token(self.service().token(ALL_SCOPES).unwrap());
    }

    /// A connection to the database behind the service, whatever its schema is.
    pub fn db_as_it_is(&self) -> Db {
        created(&self.config)
    }

    /// A connection to the database behind the service.
    pub fn db(&self) -> Db {
        db::connect(&self.config.database).unwrap()
    }

    /// Takes migrations back, the newest first, by the names of their folders.
    pub fn take_back(&self, migrations: &[&str]) {
        let folder = match self.backend {
            Backend::Sqlite => "sqlite",
            Backend::Postgres => "postgres",
        };
        let mut db = self.db_as_it_is();
        for name in migrations {
            let file = format!("{}/migrations/{folder}/{name}/down.sql", env!("CARGO_MANIFEST_DIR"));
            db.batch_execute(&std::fs::read_to_string(file).unwrap()).unwrap();
            let version = name.split('_').next().unwrap().replace('-', "");
            let forget = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
            db.batch_execute(&forget).unwrap();
        }
    }

    /// Runs SQL on the database behind the service.
    pub fn sql(&self, sql: &str) {
        self.db().batch_execute(sql).unwrap();
    }

    /// The column `text` of the one row that a query gives, in the words of each database.
    pub fn text(&self, sqlite: &str, postgres: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Text {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let sql = if self.backend == Backend::Sqlite { sqlite } else { postgres };
        let row: Text = diesel::RunQueryDsl::get_result(diesel::sql_query(sql), &mut self.db()).unwrap();
        row.text
    }

    /// Creates a record and returns it.
    #[track_caller]
    pub fn create(&self, register: &str, body: Value) -> Value {
        self.client.post(&format!("/v1/{register}"), &body).expect(201).json()
    }

    /// Creates a case.
    #[track_caller]
    pub fn case(&self, title: &str) -> Value {
        self.create("cases", json!({"title": title, "received_on": "2017-03-14"}))
    }

    /// Whether a text stands in the files of the database, the write-ahead log of SQLite included.
    pub fn file_holds(&self, text: &str) -> bool {
        let Some(file) = self.config.database.url.strip_prefix("sqlite:") else {
            let number = "SELECT CAST(oid AS TEXT) AS text FROM pg_database WHERE datname = current_database()";
            return postgres::shared().holds(&self.text("", number), text);
        };
        files_hold(file, text)
    }

    /// What `aufsicht verify` finds.
    pub fn differences(&self) -> Vec<String> {
        differences(&self.config)
    }

    /// The database was altered on purpose: what `aufsicht verify` finds at the end is the test's own business.
    pub fn tampered(&self) {
        self.is_tampered.store(true, Ordering::SeqCst);
    }

    /// Stops the service; the database stays.
    pub fn stop(&mut self) {
        if let Some(service) = self.service.take() {
            let _ = service.stop();
        }
    }

    /// A connection to the database of the access log.
    pub fn log(&self) -> Db {
        db::connect_to(&self.config.database.access_log().unwrap(), &self.config.database).unwrap()
    }

    /// A connection to the database of record keys.
    pub fn record_keys(&self) -> Db {
        let target = self.config.database.record_keys().unwrap().unwrap();
        db::connect_to(&target, &self.config.database).unwrap()
    }

    /// Runs a command on its databases: whether it succeeded, and what it said.
    pub fn command(&self, arguments: &[&str]) -> (bool, String) {
        command_on(&self.config, arguments)
    }

    /// The keys to its personal data.
    pub fn keys(&self) -> Keys {
        Keys::new(&self.config).unwrap()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.stop();
        // Whatever a test does through the service or a command leaves a database that proves itself.
        if !std::thread::panicking() && !self.is_tampered.load(Ordering::SeqCst) {
            assert_eq!(self.differences(), Vec::<String>::new(), "aufsicht verify, at the end of the test");
        }
    }
}

/// Tests that start their services themselves, on each of the databases.
#[macro_export]
macro_rules! on_each {
    ($($name:ident)*) => { $(mod $name {
        #[test]
        fn sqlite() { super::$name(super::Backend::Sqlite) }
        #[test]
        fn postgres() { super::$name(super::Backend::Postgres) }
    })* };
}

/// Declares a test for each database: `app` is a service on an empty database, and `app = ...` says otherwise.
#[macro_export]
macro_rules! on_both_databases {
    ($(#[$meta:meta])* fn $name:ident($app:ident) $body:block) => {
        $crate::on_both_databases! { $(#[$meta])* fn $name($app = $crate::support::App::start) $body }
    };
    ($(#[$meta:meta])* fn $name:ident($app:ident = $start:expr) $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn run(backend: $crate::support::Backend) {
                #[allow(unused_mut)]
                let mut $app = $start(backend);
                $body
            }

            #[test]
            fn sqlite() {
                run($crate::support::Backend::Sqlite);
            }

            #[test]
            fn postgres() {
                run($crate::support::Backend::Postgres);
            }
        }
    };
}
