//! The databases, and the connections to them.

use std::time::Duration;

use super::duration::duration;
use super::target::Target;
use crate::error::Result;

/// The databases, and the time that one may take.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME
    #[arg(
        id = "DATABASE_URL",
        long = "database-url",
        env = "DATABASE_URL",
        default_value = "sqlite:aufsicht.sqlite3",
        hide_env_values = true,
        global = true
    )]
    pub url: String,

    /// Database that disclosures of personal data are recorded in (default: beside the SQLite file, or the schema
    /// access_log)
    #[arg(long, env = "AUFSICHT_ACCESS_LOG_URL", hide_env_values = true, global = true)]
    pub access_log_url: Option<String>,

    /// Changes no schema at the start: the service only sees whether the databases are up to date, and `aufsicht migrate`
    /// brings them there, with another account
    #[arg(id = "NO_MIGRATE", long = "no-migrate", env = "AUFSICHT_NO_MIGRATE", value_parser = clap::builder::BoolishValueParser::new(), global = true)]
    pub no_migrate: bool,

    /// Longest time that a statement of a request may take or wait for a lock, e.g. 2s
    #[arg(id = "DATABASE_TIMEOUT", long = "database-timeout", env = "AUFSICHT_DATABASE_TIMEOUT", default_value = "2s", value_parser = duration, global = true)]
    pub timeout: Duration,
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

    /// Connections for reading
    #[arg(id = "READ_CONNECTIONS", long = "read-connections", env = "AUFSICHT_READ_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256), global = true)]
    pub reading: u32,

    /// Longest time that a request waits for a connection or for its turn to write, e.g. 2s
    #[arg(long, env = "AUFSICHT_POOL_TIMEOUT", default_value = "2s", value_parser = duration, global = true)]
    pub pool_timeout: Duration,
}

impl DatabaseSettings {
    /// The place of the data.
    pub fn target(&self) -> Result<Target> {
        Target::parse(&self.url)
    }

    /// The place where disclosures of personal data are recorded: apart from the data itself.
    pub fn access_log(&self) -> Result<Target> {
        match (&self.access_log_url, self.target()?) {
            (Some(url), _) => Target::parse(url),
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

impl ConnectionSettings {
    /// The place that lists and statistics are read from.
    pub fn read_target(&self, database: &DatabaseSettings) -> Result<Target> {
        self.read_url.as_deref().map_or_else(|| database.target(), Target::parse)
    }
}
