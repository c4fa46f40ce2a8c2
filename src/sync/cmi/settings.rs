//! The connector's settings: where CMI is, who asks, what is looked for, and what its fields mean.

use std::path::Path;
use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

use super::login::LoginSettings;
use crate::config::duration;
use crate::error::{Error, Result, reason_of};
use crate::sync::mapping::Mapping;
use crate::text;

/// The settings as a file says them (TOML).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of the interface.
    pub base: String,
    /// True if the interface may be asked without TLS.
    #[serde(default)]
    pub insecure: bool,
    /// The query for matters; `{since}` becomes a day.
    pub query: String,
    /// The day that `{since}` becomes the first time.
    #[serde(default, deserialize_with = "crate::registers::validation::date")]
    pub first: Option<NaiveDate>,
    /// The name under which its keys are kept.
    #[serde(default = "cmi")]
    pub system: String,
    /// The register that matters go to where no route fits.
    #[serde(default = "cases")]
    pub register: String,
    /// The parameter with the number of a page of the search, where it answers in pages.
    pub page_parameter: Option<String>,
    /// The longest time that a request may take.
    #[serde(default = "thirty_seconds", deserialize_with = "pause")]
    pub timeout: Duration,
    /// The number of times that a request is tried.
    #[serde(default = "five")]
    pub attempts: u32,
    /// The pause before the second attempt; it doubles each time.
    #[serde(default = "second", deserialize_with = "pause")]
    pub pause: Duration,
    /// The credentials for the interface.
    #[serde(default)]
    pub login: LoginSettings,
    /// Matters that go to another register.
    #[serde(default)]
    pub routes: Vec<RouteSettings>,
    /// The meaning of fields and words.
    #[serde(default)]
    pub mapping: Mapping,
}

/// A route for the matters that have one of the values in a field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSettings {
    /// The field.
    pub field: String,
    /// Its values.
    pub values: Vec<String>,
    /// The register.
    pub register: String,
    /// The values that the records get where the fields say nothing.
    #[serde(default)]
    pub constants: std::collections::BTreeMap<String, toml::Value>,
}

fn cmi() -> String {
    "cmi".into()
}

fn cases() -> String {
    "cases".into()
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

fn five() -> u32 {
    5
}

fn second() -> Duration {
    Duration::from_secs(1)
}

fn pause<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Duration, D::Error> {
    duration(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

impl Settings {
    /// Reads and checks the settings.
    pub fn load(path: &Path) -> Result<Settings> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::Configuration(format!("cannot read {name}: {}", reason_of(&error))))?;
        let mut settings: Settings = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            Error::Configuration(format!("{name}, line {line}: {}", error.message()))
        })?;
        let system = text::line(&settings.system).map(|line| line.into_owned());
        settings.system = system.map_err(|why| Error::Configuration(format!("{name}: system {why}")))?;
        settings.check(&name)?;
        Ok(settings)
    }

    fn check(&self, name: &str) -> Result<()> {
        let wrong = |what: &str| Err(Error::Configuration(format!("{name}: {what}")));
        let schemes: &[&str] = if self.insecure { &["https://", "http://"] } else { &["https://"] };
        if !schemes.iter().any(|scheme| self.base.starts_with(scheme)) {
            return wrong("base must begin with https:// (or with http://, and insecure = true)");
        }
        if self.login.token_url.as_ref().is_some_and(|url| !schemes.iter().any(|scheme| url.starts_with(scheme))) {
            return wrong("token_url must begin with https:// (or with http://, and insecure = true)");
        }
        if !(1..=20).contains(&self.attempts) {
            return wrong("attempts must be from 1 to 20");
        }
        if self.query.contains("{since}") && self.first.is_none() {
            return wrong("first must give the day that {since} is the first time");
        }
        if !(1..=50).contains(&self.system.chars().count()) {
            return wrong("system must have 1 to 50 characters");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_one() {
        let settings: Settings = toml::from_str(include_str!("example.toml")).unwrap();
        settings.check("x").unwrap();
        assert_eq!((settings.attempts, settings.routes.len()), (5, 1));
    }
}
