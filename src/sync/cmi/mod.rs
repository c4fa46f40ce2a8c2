//! The connector to CMI AXIOMA: looks for matters, fetches those whose version is newer than the one held, and
//! keeps them like any other delivery. What it remembers is the versions held and when the last run was complete, so
//! that it can be stopped at any moment. What it does not understand it tells, and leaves out.

mod client;
mod login;
mod measured;
mod run;
mod settings;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::mapping::{Mapping, Translator, Unknown};
use crate::clock::{Clock, instant};
use crate::config::{Config, duration};
use crate::error::{Error, Result};
use crate::messages::Lang;
use crate::outgoing::Trust;
use crate::profile::Profile;
use crate::registers::{self, Register, Vocabulary};
use crate::{db, seal};
pub use run::digests;
use run::synchronise;
use settings::{RouteSettings, Settings};

/// An example of the settings.
pub const EXAMPLE: &str = include_str!("example.toml");
const FIELDS: &str = include_str!("../mappings/cmi.toml");

/// The options of the synchronisation with CMI: its settings, and how often it runs.
#[derive(Clone, Debug, clap::Args)]
pub struct CmiOptions {
    /// The settings (TOML)
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    config: Option<PathBuf>,
    /// Once (default)
    #[arg(long, conflicts_with = "every")]
    once: bool,
    /// Again and again, with this pause, e.g. 5m
    #[arg(long, value_name = "PAUSE", value_parser = duration)]
    every: Option<Duration>,
    /// Look for all matters from the first day on, and ask for each one that is held here and not found there
    #[arg(long)]
    full: bool,
    /// Delete here what is not there any more
    #[arg(long, requires = "full")]
    delete: bool,
    /// File for the measurements of the last whole run, as Prometheus's collector of text files reads them
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Only print an example of the settings
    #[arg(long, conflicts_with_all = ["config", "once", "every", "full"])]
    example: bool,
}

/// The summary of a run.
#[derive(Debug, Default)]
struct RunSummary {
    found: usize,
    created: usize,
    updated: usize,
    unchanged: usize,
    /// Matters that were deleted here and are no newer there.
    deleted: usize,
    /// Matters that were not kept, and why.
    failed: Vec<(String, String)>,
    /// Matters that are not there any more, and what is held of them.
    gone: Vec<(String, String)>,
    /// The texts that were not understood, with the number of matters that have each.
    unknown: BTreeMap<Unknown, usize>,
}

impl RunSummary {
    fn text(&self) -> String {
        self.first_line() + &self.details()
    }

    /// The counts.
    fn first_line(&self) -> String {
        let mut text = format!(
            "CMI: {} matters found, {} created, {} changed, {} as before, {} not kept.",
            self.found,
            self.created,
            self.updated,
            self.unchanged,
            self.failed.len()
        );
        if self.deleted > 0 {
            let _ = write!(text, " {} were deleted here and are no newer there.", self.deleted);
        }
        text
    }

    /// A line for each matter that was not kept, and for each text that was left out.
    fn details(&self) -> String {
        let mut text = String::new();
        for (guid, why) in self.failed.iter().chain(&self.gone) {
            let _ = write!(text, "\n{guid}: {why}");
        }
        for (Unknown { property, detail }, matters) in &self.unknown {
            let _ = write!(text, "\n{property}: {detail}; left out ({matters} matters)");
        }
        text
    }
}

/// Runs the connector; `say` is told of each run. Returns whether everything was kept.
pub fn run(config: &Config, options: &CmiOptions, clock: &Clock, say: impl Fn(&str) -> Result<()>) -> Result<bool> {
    if options.example {
        say(EXAMPLE.trim_end())?;
        return Ok(true);
    }
    let path = options.config.clone().unwrap_or_default();
    let settings = Settings::load(&path)?;
    let profile = Profile::of(&config.profile)?;
    let ways = MatterRoutes::new(&settings, &profile.vocabulary)?;
    let trust = Trust::of(&config.outgoing)?;
    loop {
        let started = std::time::Instant::now();
        let once = || -> Result<RunSummary> {
            let mut db = db::connect(&config.database)?;
            registers::migrate(&mut db)?;
            let keys = seal::keys_for(&mut db, config)?;
            synchronise(&mut db, (&settings, &ways), options, (&profile, clock), (&keys, &trust))
        };
        let done = once();
        if let (Ok(told), Some(file)) = (&done, &options.metrics) {
            measured::write(file, &settings.system, told, (clock.now(), started.elapsed()))?;
        }
        match (done, options.every) {
            (Ok(told), None) => {
                say(&told.text())?;
                return Ok(told.failed.is_empty());
            }
            (Err(error), None) => return Err(error),
            (Ok(told), Some(_)) => {
                let (now, took) = (instant(clock.now()), started.elapsed().as_secs_f64());
                say(&format!("{now} {} It took {took:.1} seconds.{}", told.first_line(), told.details()))?;
            }
            // Whatever it was, it may be better the next time.
            (Err(error), Some(_)) => log::warn!("{error}"),
        }
        std::thread::sleep(options.every.unwrap_or_default());
    }
}

/// The routes of matters to registers, and the meaning of the fields there.
struct MatterRoutes {
    routes: Vec<(RouteSettings, MatterRoute)>,
    else_: MatterRoute,
}

/// A register, and what the fields mean in it.
struct MatterRoute {
    register: &'static Register,
    translator: Translator,
    constants: Vec<(String, Value)>,
}

impl MatterRoutes {
    fn new(settings: &Settings, vocabulary: &Vocabulary) -> Result<MatterRoutes> {
        let fields = Mapping::parse(FIELDS, "the built-in mapping of CMI")?;
        let beneath = [Mapping::of(Lang::De)?.words_only().with_columns_of(fields)];
        let way = |name: &str, constants: &BTreeMap<String, toml::Value>| {
            let register = registers::named(name)?;
            let translator = Translator::new(register, vocabulary, &beneath, Some(&settings.mapping))?;
            let constants = constants.iter().map(|(property, value)| {
                let value = serde_json::to_value(value).map_err(|error| Error::Configuration(error.to_string()))?;
                Ok((property.clone(), value))
            });
            Ok::<_, Error>(MatterRoute { register, translator, constants: constants.collect::<Result<_>>()? })
        };
        let routes = settings.routes.iter().map(|route| Ok((route.clone(), way(&route.register, &route.constants)?)));
        Ok(MatterRoutes { routes: routes.collect::<Result<_>>()?, else_: way(&settings.register, &BTreeMap::new())? })
    }

    fn of(&self, fields: &BTreeMap<String, Value>) -> &MatterRoute {
        let fits = |(route, _): &&(RouteSettings, MatterRoute)| {
            fields.get(&route.field).and_then(plain).is_some_and(|text| route.values.contains(&text))
        };
        self.routes.iter().find(fits).map_or(&self.else_, |(_, way)| way)
    }
}

/// A plain value as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
