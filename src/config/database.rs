//! The databases, and the connections to them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::duration::duration;
use super::secret_file;
use super::target::Target;
use crate::error::{Error, Result};

/// The database where none is named.
pub const DATABASE: &str = "sqlite:aufsicht.sqlite3";

/// The databases, and the time that one may take.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME
    #[arg(
        id = "DATABASE_URL",
        long = "database-url",
        env = "DATABASE_URL",
        default_value = DATABASE,
        hide_env_values = true,
        global = true
    )]
    pub url: String,

    /// File with that URL, instead of the setting above
    #[arg(id = "DATABASE_URL_FILE", long = "database-url-file", env = "DATABASE_URL_FILE", global = true)]
    pub url_file: Option<PathBuf>,

    /// Database that disclosures of personal data are recorded in (default: beside the SQLite file, or the schema
    /// access_log)
    #[arg(long, env = "AUFSICHT_ACCESS_LOG_URL", hide_env_values = true, global = true)]
    pub access_log_url: Option<String>,

    /// File with that URL, instead of the setting above
    #[arg(long, env = "AUFSICHT_ACCESS_LOG_URL_FILE", global = true)]
    pub access_log_url_file: Option<PathBuf>,

    /// Database of keys, one for each record with personal data, which an erasure destroys: then no older copy of the data can
    /// be read either. Without it personal data is sealed with the key to all of it
    #[arg(long, env = "AUFSICHT_RECORD_KEYS_URL", hide_env_values = true, global = true)]
    pub record_keys_url: Option<String>,

    /// File with that URL, instead of the setting above
    #[arg(long, env = "AUFSICHT_RECORD_KEYS_URL_FILE", global = true)]
    pub record_keys_url_file: Option<PathBuf>,

    /// Changes no schema at the start: the service only sees whether the databases are up to date, and `aufsicht migrate`
    /// brings them there, with another account
    #[arg(id = "NO_MIGRATE", long = "no-migrate", env = "AUFSICHT_NO_MIGRATE", value_parser = clap::builder::BoolishValueParser::new(), global = true)]
    pub no_migrate: bool,

    /// Longest time that a statement of a request may take or wait for a lock, e.g. 2s
    #[arg(id = "DATABASE_TIMEOUT", long = "database-timeout", env = "AUFSICHT_DATABASE_TIMEOUT", default_value = "2s", value_parser = duration, global = true)]
    pub timeout: Duration,

    /// Time from which a statement stands in the log as slow, e.g. 500ms; without the values that it was sent with
    #[arg(id = "SLOW_STATEMENT", long = "slow-statement", env = "AUFSICHT_SLOW_STATEMENT", default_value = "500ms", value_parser = duration, global = true)]
    pub slow_statement: Duration,
}

/// The connections that a service reads with, and the wait for one.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Connections to the database")]
pub struct ConnectionSettings {
    /// Replica for reading lists and statistics (default: the database itself)
    #[arg(
        id = "DATABASE_READ_URL",
        long = "database-read-url",
        env = "DATABASE_READ_URL",
        hide_env_values = true,
        global = true
    )]
    pub read_url: Option<String>,

    /// File with that URL, instead of the setting above
    #[arg(
        id = "DATABASE_READ_URL_FILE",
        long = "database-read-url-file",
        env = "DATABASE_READ_URL_FILE",
        global = true
    )]
    pub read_url_file: Option<PathBuf>,

    /// Connections for reading
    #[arg(id = "READ_CONNECTIONS", long = "read-connections", env = "AUFSICHT_READ_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256), global = true)]
    pub reading: u32,

    /// Longest time that a request waits for a connection or for its turn to write, e.g. 2s
    #[arg(long, env = "AUFSICHT_POOL_TIMEOUT", default_value = "2s", value_parser = duration, global = true)]
    pub pool_timeout: Duration,
}

/// The place that a URL names, given by itself or in a file.
fn target(setting: &str, url: Option<&str>, file: Option<&PathBuf>) -> Result<Option<Target>> {
    match file {
        Some(file) => in_file(setting, file).map(Some),
        None => url.map(|url| Target::parse(setting, url)).transpose(),
    }
}

/// The place that the URL in a file names.
fn in_file(setting: &str, file: &Path) -> Result<Target> {
    let setting = format!("{setting}_FILE");
    Target::parse(&setting, secret_file::text(&setting, file)?.trim_end_matches(['\n', '\r']))
}

impl DatabaseSettings {
    /// The place of the data.
    pub fn target(&self) -> Result<Target> {
        match &self.url_file {
            Some(file) => in_file("DATABASE_URL", file),
            None => Target::parse("DATABASE_URL", &self.url),
        }
    }

    /// The place where disclosures of personal data are recorded: apart from the data itself.
    pub fn access_log(&self) -> Result<Target> {
        let named =
            target("AUFSICHT_ACCESS_LOG_URL", self.access_log_url.as_deref(), self.access_log_url_file.as_ref())?;
        match (named, self.target()?) {
            (Some(target), _) => Ok(target),
            (None, Target::Sqlite(path)) => Ok(Target::Sqlite(match path.strip_suffix(".sqlite3") {
                Some(stem) => format!("{stem}.access-log.sqlite3"),
                None => format!("{path}.access-log"),
            })),
            (None, Target::Postgres(url) | Target::PostgresSchema(url, _)) => {
                Ok(Target::PostgresSchema(url, "access_log"))
            }
        }
    }
}

impl DatabaseSettings {
    /// The place of the keys of records; none where personal data is sealed with the key to all of it. It is another one than
    /// those of the data and of the access log: who copies these must not copy the keys with them.
    pub fn record_keys(&self) -> Result<Option<Target>> {
        const SETTING: &str = "AUFSICHT_RECORD_KEYS_URL";
        let named = target(SETTING, self.record_keys_url.as_deref(), self.record_keys_url_file.as_ref())?;
        let Some(keys) = named else { return Ok(None) };
        for other in [self.target()?, self.access_log()?] {
            if keys.is_beside(&other) {
                let reason =
                    "names a database that holds other data: its copies would hold the keys too; name another one";
                return Err(Error::Configuration(format!("{SETTING}: {reason}")));
            }
        }
        Ok(Some(match keys {
            Target::Postgres(url) => Target::PostgresSchema(url, "record_keys"),
            keys => keys,
        }))
    }
}

impl ConnectionSettings {
    /// The place that lists and statistics are read from.
    pub fn read_target(&self, database: &DatabaseSettings) -> Result<Target> {
        let named = target("DATABASE_READ_URL", self.read_url.as_deref(), self.read_url_file.as_ref())?;
        named.map_or_else(|| database.target(), Ok)
    }
}
