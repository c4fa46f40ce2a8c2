//! The connector to CMI AXIOMA (Konsul): looks for matters, fetches those whose version is newer than the one held, and
//! keeps them like any other delivery. What it remembers is the versions held and when the last run was complete, so
//! that it can be stopped at any moment. What it does not understand it tells, and leaves out.

mod client;
mod settings;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::batch::Checked;
use super::external::Sender;
use super::mapping::{Column, Mapping, Translator, Unknown, put};
use crate::audit::trail;
use crate::clock::Clock;
use crate::config::{Config, duration};
use crate::db::schema::sync_states;
use crate::db::{self, Db};
use crate::error::{Error, Result};
use crate::registers::history::Act;
use crate::registers::record::flat;
use crate::registers::repository::{self, Outcome};
use crate::registers::{self, Register};
use crate::seal::{self, Keys};
use client::{Client, Hit, Silence};
use settings::{Route, Settings};

/// An example of the settings.
pub const EXAMPLE: &str = include_str!("example.toml");
const FIELDS: &str = include_str!("../mappings/cmi.toml");

/// What is synchronised, and how often.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The settings (TOML)
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    config: Option<PathBuf>,
    /// Once (default)
    #[arg(long, conflicts_with = "every")]
    once: bool,
    /// Again and again, with this pause, e.g. 5m
    #[arg(long, value_name = "PAUSE", value_parser = duration)]
    every: Option<Duration>,
    /// Only print an example of the settings
    #[arg(long, conflicts_with_all = ["config", "once", "every"])]
    example: bool,
}

/// What a run did.
#[derive(Debug, Default)]
struct Told {
    found: usize,
    created: usize,
    updated: usize,
    unchanged: usize,
    /// Matters that were not kept, and why.
    failed: Vec<(String, String)>,
    /// What was not understood, and in how many matters.
    unknown: BTreeMap<Unknown, usize>,
}

impl Told {
    fn text(&self) -> String {
        let mut text = format!(
            "CMI: {} matters found, {} created, {} changed, {} as before, {} not kept.",
            self.found,
            self.created,
            self.updated,
            self.unchanged,
            self.failed.len()
        );
        for (guid, why) in &self.failed {
            let _ = write!(text, "\n{guid}: {why}");
        }
        for (Unknown { property, detail }, matters) in &self.unknown {
            let _ = write!(text, "\n{property}: {detail}; left out ({matters} matters)");
        }
        text
    }
}

/// Runs the connector; `say` is told of each run. Returns whether everything was kept.
pub fn run(config: &Config, options: &Options, clock: &Clock, say: impl Fn(&str) -> Result<()>) -> Result<bool> {
    if options.example {
        say(EXAMPLE.trim_end())?;
        return Ok(true);
    }
    let path = options.config.clone().unwrap_or_default();
    let settings = Settings::load(&path)?;
    let ways = Ways::new(&settings)?;
    loop {
        let once = || -> Result<Told> {
            let mut db = db::connect(config)?;
            db::migrate(&mut db)?;
            let keys = seal::keys_for(&mut db, config)?;
            synchronise(&mut db, &settings, &ways, clock, &keys)
        };
        match (once(), options.every) {
            (Ok(told), None) => {
                say(&told.text())?;
                return Ok(told.failed.is_empty());
            }
            (Err(error), None) => return Err(error),
            (Ok(told), Some(_)) => say(&told.text())?,
            // Whatever it was, it may be better the next time.
            (Err(error), Some(_)) => log::warn!("{error}"),
        }
        std::thread::sleep(options.every.unwrap_or_default());
    }
}

/// Where matters go, and how they are understood there.
struct Ways {
    routes: Vec<(Route, Way)>,
    else_: Way,
}

/// A register, and what the fields mean in it.
struct Way {
    register: &'static Register,
    translator: Translator,
    constants: Vec<(String, Value)>,
}

impl Ways {
    fn new(settings: &Settings) -> Result<Ways> {
        let beneath =
            Mapping::german()?.words_only().with_columns_of(Mapping::parse(FIELDS, "the built-in mapping of CMI")?);
        let way = |name: &str, constants: &BTreeMap<String, toml::Value>| {
            let register = registers::named(name)?;
            let translator = Translator::new(register, &beneath, Some(&settings.mapping))?;
            let constants = constants.iter().map(|(property, value)| {
                let value = serde_json::to_value(value).map_err(|error| Error::Configuration(error.to_string()))?;
                Ok((property.clone(), value))
            });
            Ok::<_, Error>(Way { register, translator, constants: constants.collect::<Result<_>>()? })
        };
        let routes = settings.routes.iter().map(|route| Ok((route.clone(), way(&route.register, &route.constants)?)));
        Ok(Ways { routes: routes.collect::<Result<_>>()?, else_: way(&settings.register, &BTreeMap::new())? })
    }

    fn of(&self, fields: &BTreeMap<String, Value>) -> &Way {
        let fits = |(route, _): &&(Route, Way)| {
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

/// One run.
fn synchronise(db: &mut Db, settings: &Settings, ways: &Ways, clock: &Clock, keys: &Keys) -> Result<Told> {
    let client = Client::new(settings)?;
    let started = clock.today();
    let since = last_run(db, &settings.system)?.or(settings.first).unwrap_or(started);
    let hits = client.search(&settings.query.replace("{since}", &since.to_string()))?;
    let mut told = Told { found: hits.len(), ..Told::default() };
    let act = || {
        let (actor, request_id) = (settings.system.clone(), uuid::Uuid::now_v7().to_string());
        Act { actor, request_id, at: clock.now(), keys: keys.clone(), registers: None }
    };
    for hit in hits {
        let held = held(db, &settings.system, &hit.guid)?;
        if let (Some((_, Some(held))), Some(version)) = (&held, hit.version)
            && version <= *held
        {
            told.unchanged += 1;
            continue;
        }
        let matter = match client.matter(&hit.guid) {
            Ok(matter) => matter,
            Err(silence @ Silence::Refused(_)) => return Err(silence.into()),
            Err(Silence::Missing) => {
                told.failed.push((hit.guid, "the search names it, but it is not there".into()));
                continue;
            }
            Err(Silence::GivenUp(why)) => {
                told.failed.push((hit.guid, why));
                continue;
            }
        };
        let act = act();
        match keep(db, ways, settings, &hit, matter, held.map(|(register, _)| register), (&act, clock, &mut told)) {
            Ok(Outcome::Created) => told.created += 1,
            Ok(Outcome::Updated) => told.updated += 1,
            Ok(Outcome::Unchanged) | Err(Error::StaleVersion { .. }) => told.unchanged += 1,
            Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
            Err(error) => told.failed.push((hit.guid, super::reason(&error))),
        }
    }
    if told.failed.is_empty() {
        // A day back, since days are all that it is asked by.
        remember(db, &settings.system, started.checked_sub_days(Days::new(1)).unwrap_or(started), &act())?;
    }
    Ok(told)
}

/// Keeps a matter. What is not understood, or is not valid and can be done without, is left out and told.
fn keep(
    db: &mut Db,
    ways: &Ways,
    settings: &Settings,
    hit: &Hit,
    matter: Map<String, Value>,
    held: Option<&'static str>,
    (act, clock, told): (&Act, &Clock, &mut Told),
) -> Result<Outcome> {
    let fields = flat(&matter);
    let way = ways.of(&fields);
    if let Some(other) = held.filter(|name| *name != way.register.name) {
        let detail =
            format!("it is held in the register {other} and would go to {}: move it by hand", way.register.name);
        return Err(Error::Conflict { detail, record: None, register: None });
    }
    let (mut body, unknown) = understood(way, &fields);
    put(&mut body, "external.system", settings.system.clone().into());
    put(&mut body, "external.id", hit.guid.clone().into());
    let sender = Sender { sees_personal_data: true, today: clock.today() };
    let mut left_out = unknown;
    let mut checked = Checked::read(way.register, sender, Value::Object(body.clone()));
    if let Err(Error::Validation(faults)) = &checked {
        for fault in faults {
            let property = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('/').replace('/', ".");
            if !take_out(&mut body, &property) {
                return checked.map(|_| Outcome::Unchanged);
            }
            left_out.push(Unknown { property, detail: fault.detail.clone() });
        }
        checked = Checked::read(way.register, sender, Value::Object(body));
    }
    let checked = checked?;
    let outcome = db::exclusively(db, |db| Ok(checked.keep(db, way.register, act)?.0))?;
    for unknown in left_out {
        *told.unknown.entry(unknown).or_default() += 1;
    }
    Ok(outcome)
}

/// The body that the fields of a matter make.
fn understood(way: &Way, fields: &BTreeMap<String, Value>) -> (Map<String, Value>, Vec<Unknown>) {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (name, value) in fields {
        if let (Some(Column::Property(property)), Some(text)) = (way.translator.column(name), plain(value)) {
            texts.push((property.clone(), text));
        }
    }
    let pairs = texts.iter().map(|(property, text)| (property.as_str(), text.as_str()));
    let (mut body, unknown) = way.translator.body(pairs);
    for (property, value) in &way.constants {
        put(&mut body, property, value.clone());
    }
    (body, unknown)
}

/// Takes a property out of a body; false when it is none that can be done without.
fn take_out(body: &mut Map<String, Value>, property: &str) -> bool {
    if property.is_empty() || property == "title" || property.starts_with("external") {
        return false;
    }
    match property.split_once('.') {
        Some((name, part)) => {
            let inner = body.get_mut(name).and_then(Value::as_object_mut);
            inner.is_some_and(|inner| inner.shift_remove(part).is_some())
        }
        // A matter that is closed without a day cannot say so.
        None if property == "closed_on" && !body.contains_key(property) => body.shift_remove("status").is_some(),
        None => body.shift_remove(property).is_some(),
    }
}

/// The register and the version in which a matter is held.
fn held(db: &mut Db, system: &str, guid: &str) -> Result<Option<(&'static str, Option<i64>)>> {
    for register in registers::ALL {
        if let Some(row) = repository::find_external(db, register, system, guid)? {
            return Ok(Some((register.name, row.columns.external_version)));
        }
    }
    Ok(None)
}

/// From which day on the next run must look.
fn last_run(db: &mut Db, system: &str) -> Result<Option<NaiveDate>> {
    Ok(sync_states::table.find(system).select(sync_states::since).first(db).optional()?)
}

/// What the audit trail holds of the day from which on a connector must look.
fn digest(system: &str, since: NaiveDate) -> String {
    trail::digest(&[system, &since.to_string()])
}

/// What the audit trail must hold of the connectors last, by their systems.
pub fn digests(db: &mut Db) -> Result<Vec<(String, String)>> {
    let all: Vec<(String, NaiveDate)> = sync_states::table.order(sync_states::system).load(db)?;
    Ok(all.into_iter().map(|(system, since)| (system.clone(), digest(&system, since))).collect())
}

fn remember(db: &mut Db, system: &str, since: NaiveDate, by: &Act) -> Result<()> {
    db::exclusively(db, |db| {
        if last_run(db, system)? == Some(since) {
            return Ok(());
        }
        let digest = digest(system, since);
        let entry =
            trail::Entry { kind: trail::Kind::Sync, action: "CAME_TO", subject: system, revision: None, digest };
        trail::append(db, &entry, by)?;
        let changed = diesel::update(sync_states::table.find(system)).set(sync_states::since.eq(since)).execute(db)?;
        if changed == 0 {
            let row = (sync_states::system.eq(system), sync_states::since.eq(since));
            diesel::insert_into(sync_states::table).values(row).execute(db)?;
        }
        Ok(())
    })
}
