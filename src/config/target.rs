//! The place of the data: the meaning of a database URL.

use std::path::Path;

use crate::error::{Error, Result};

/// The place of the data, read from a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The path of a SQLite file.
    Sqlite(String),
    /// The URL of a PostgreSQL database.
    Postgres(String),
    /// A schema of a PostgreSQL database.
    PostgresSchema(String, &'static str),
}

impl Target {
    /// Reads a database URL: `postgres://...`, `postgresql://...`, `sqlite:PATH` or the path of a file. Anything else
    /// is refused, for a mistyped scheme must not become the name of a new file.
    pub fn parse(url: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::Configuration(format!("DATABASE_URL: {why}")));
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Target::Postgres(url.to_owned()));
        }
        let path = match url.strip_prefix("sqlite:") {
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None if url.contains("://") || url.split('/').next().is_some_and(|head| head.contains(':')) => {
                let scheme = url.split(':').next().unwrap_or_default();
                return refuse(&format!("the scheme \"{scheme}\" is not known; use postgres://... or sqlite:PATH"));
            }
            None => url,
        };
        if path.is_empty() || path == ":memory:" {
            return refuse("give the path of a SQLite file, for example sqlite:aufsicht.sqlite3");
        }
        Ok(Target::Sqlite(path.to_owned()))
    }

    /// Checks that the directory of a SQLite file exists and that the path is no directory itself. Nothing is created
    /// for a path that cannot be right.
    pub fn check(&self) -> Result<()> {
        let Target::Sqlite(path) = self else { return Ok(()) };
        let path = Path::new(path);
        let directory = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !directory.is_dir() {
            return Err(Error::Configuration(format!(
                "DATABASE_URL: the directory {} does not exist; create it first",
                directory.display()
            )));
        }
        if path.is_dir() {
            return Err(Error::Configuration(format!("DATABASE_URL: {} is a directory, not a file", path.display())));
        }
        Ok(())
    }
}
