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
    /// is refused, for a mistyped scheme must not become the name of a new file. The refusal names the setting.
    pub fn parse(setting: &str, url: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::Configuration(format!("{setting}: {why}")));
        if let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) {
            return match unreadable(rest) {
                Some(why) => refuse(why),
                None => Ok(Target::Postgres(url.to_owned())),
            };
        }
        let path = match url.strip_prefix("sqlite:") {
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None if url.contains("://") || url.split('/').next().is_some_and(|head| head.contains(':')) => {
                // More than a word may be a secret in the wrong place.
                let scheme = url.split(':').next().filter(|scheme| url[scheme.len()..].starts_with("://"));
                let named = scheme.map_or_else(String::new, |scheme| format!(" \"{scheme}\""));
                return refuse(&format!("the scheme{named} is not known; use postgres://... or sqlite:PATH"));
            }
            None if url.contains('=') => {
                return refuse(
                    "name=value pairs are not taken; give postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH",
                );
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

    /// True if both are in one database, as far as their names tell.
    pub fn is_beside(&self, other: &Target) -> bool {
        let place = |target: &Target| {
            let (Target::Sqlite(place) | Target::Postgres(place) | Target::PostgresSchema(place, _)) = target;
            std::fs::canonicalize(place).unwrap_or_else(|_| place.into())
        };
        place(self) == place(other)
    }

    /// Fails where a SQLite file is missing: a slip in its name, or a volume that is not mounted, must not become an empty
    /// database.
    pub fn must_exist(&self) -> Result<()> {
        self.check()?;
        match self {
            Target::Sqlite(path) if !Path::new(path).exists() => Err(Error::Configuration(format!(
                "there is no database {path}: name the one that is meant, or make it with `aufsicht migrate`"
            ))),
            _ => Ok(()),
        }
    }
}

/// The reason why the rest of a PostgreSQL URL cannot be read: libpq would repeat a piece of it, which may be of the password.
fn unreadable(rest: &str) -> Option<&'static str> {
    let is_hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' && !(is_hex(bytes.next()) && is_hex(bytes.next())) {
            return Some("a % stands for itself only as %25; so do @ as %40, : as %3A, / as %2F in a password");
        }
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_port = |host: &str| {
        let port = host.rsplit_once(']').map_or(host, |(_, port)| port).rsplit_once(':').map_or("", |(_, port)| port);
        port.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_sound = !user.contains('@') && hosts.split(',').all(is_port) && !hosts.contains(char::is_whitespace);
    (!is_sound).then_some("is not postgres://USER:PASSWORD@HOST:PORT/NAME; in a password @ is %40, : is %3A, / is %2F, ? is %3F, # is %23")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_url_shows_nothing_of_its_password() {
        for url in [
            "postgres://u:geheim%PW@h/x",
            "postgres://u:gehe@im@h/x",
            "postgres://u:geheim/x@h/x",
            "postgres://u:geheim?x@h/x",
            "geheim:x",
            "host=h password=geheim",
        ] {
            let told = Target::parse("DATABASE_URL", url).unwrap_err().to_string();
            assert!(told.starts_with("DATABASE_URL: ") && !told.contains("gehe"), "{url}: {told}");
        }
        for url in [
            "postgres://u:p%40w@h:5432/x?sslmode=verify-full",
            "postgresql://h,i:5433/x",
            "postgres://u@[::1]:5432/x",
            "postgres:///x?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/x",
        ] {
            assert_eq!(Target::parse("DATABASE_URL", url).unwrap(), Target::Postgres(url.into()));
        }
    }
}
