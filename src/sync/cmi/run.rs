//! One run of the connector: looks at each matter that the search names, and at those that are pending from the runs before.

use crate::records::find;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::client::{CmiClient, Hit, Silence};
use super::settings::Settings;
use super::{CmiOptions, MatterRoute, MatterRoutes, RunSummary, plain};
use crate::audit::trail;
use crate::clock::Clock;
use crate::context::OperationContext;
use crate::db::schema::{records, sync_pending, sync_states};
use crate::db::{self, Db, WriteError};
use crate::digest;
use crate::error::{Error, Fault, Result};
use crate::identity::Identity;
use crate::outgoing::Trust;
use crate::profile::Profile;
use crate::records::row::RecordRow;
use crate::records::store::external::{self, Outcome};
use crate::records::tombstones;
use crate::registers::{self, Register};
use crate::seal::Keys;
use crate::sync::external::Sender;
use crate::sync::external::ValidatedLine;
use crate::sync::mapping::{MappedColumn, Unknown, put};
use crate::sync::reason;
use crate::text;

/// So often a matter is looked at anew when something was taken out of it: what is left may be at fault without it.
const ROUNDS: usize = 10;

/// One run. What was not kept, or not kept whole, is asked for again in each run, wherever the search begins.
pub fn synchronise(
    db: &mut Db,
    (settings, ways): (&Settings, &MatterRoutes),
    options: &CmiOptions,
    (profile, clock): (&Profile, &Clock),
    (keys, trust): (&Keys, &Trust),
) -> Result<RunSummary> {
    let mut client = CmiClient::new(settings, trust)?;
    let started = clock.today();
    let last = if options.full { None } else { last_run(db, &settings.system)? };
    let since = last.or(settings.first).unwrap_or(started);
    let mut hits = client.search(&settings.query.replace("{since}", &since.to_string()))?;
    let told = RunSummary { found: hits.len(), ..RunSummary::default() };
    let pending = pending(db, &settings.system)?;
    let mut further: Vec<Hit> = pending.iter().map(|id| Hit::new(id, None)).collect();
    if options.full {
        further.extend(all_held(db, &settings.system)?.iter().map(|id| Hit::new(id, None)));
    }
    let mut known: BTreeSet<String> = hits.iter().map(|hit| hit.key.clone()).collect();
    hits.extend(further.into_iter().filter(|hit| known.insert(hit.key.clone())));
    let mut run = CmiRun { db, client, settings, ways, delete: options.delete, profile, clock, keys, pending, told };
    hits.iter().try_for_each(|hit| run.matter(hit))?;
    let (told, pending, act) = (std::mem::take(&mut run.told), std::mem::take(&mut run.pending), run.act());
    // A day back, since days are all that it is asked by.
    let since = started.checked_sub_days(Days::new(1)).unwrap_or(started);
    remember(db, &settings.system, since, &pending, &act)?;
    Ok(told)
}

/// The record that is held of a matter.
struct HeldMatter {
    register: &'static Register,
    id: String,
    number: String,
    version: Option<i64>,
}

/// A run that goes on.
struct CmiRun<'a> {
    db: &'a mut Db,
    client: CmiClient<'a>,
    settings: &'a Settings,
    ways: &'a MatterRoutes,
    /// True if records of matters that are not there any more are deleted here.
    delete: bool,
    profile: &'a Profile,
    clock: &'a Clock,
    keys: &'a Keys,
    /// The ids of matters that were not kept, or not kept whole, as they are compared.
    pending: BTreeSet<String>,
    told: RunSummary,
}

impl CmiRun<'_> {
    fn act(&self) -> OperationContext {
        let (actor, request_id) = (Identity::system(&self.settings.system), uuid::Uuid::now_v7().to_string());
        OperationContext {
            actor,
            request_id,
            trace: None,
            at: self.clock.now(),
            keys: self.keys.clone(),
            registers: None,
        }
    }

    /// Looks at a matter, and fetches and keeps it where that may change something.
    fn matter(&mut self, hit: &Hit) -> Result<()> {
        let held = held(self.db, &self.settings.system, &hit.key)?;
        let version = held.as_ref().and_then(|held| held.version);
        if version.zip(hit.version).is_some_and(|(held, there)| there <= held) && !self.pending.contains(&hit.key) {
            self.told.unchanged += 1;
            return Ok(());
        }
        if let (None, Some(there)) = (&held, hit.version)
            && tombstones::newest(self.db, &self.settings.system, &hit.key)?.is_some_and(|deleted| there <= deleted)
        {
            self.told.deleted += 1;
            return self.is_pending(hit, false);
        }
        let matter = match self.client.matter(&hit.guid) {
            Ok(matter) => matter,
            Err(silence @ Silence::Refused(_)) => return Err(silence.into()),
            Err(Silence::Missing) => return self.missing(hit, held),
            Err(Silence::GivenUp(why)) => return self.failed(hit, why),
        };
        let stored = self.store(hit, matter, held.as_ref()).map_err(WriteError::from);
        self.count(hit, stored)
    }

    /// Counts what became of a matter that was fetched, and notes if it is to be asked for again.
    fn count(&mut self, hit: &Hit, stored: std::result::Result<(Outcome, Vec<Unknown>), WriteError>) -> Result<()> {
        match stored {
            Ok((outcome, left_out)) => {
                *match outcome {
                    Outcome::Created => &mut self.told.created,
                    Outcome::Updated => &mut self.told.updated,
                    Outcome::Unchanged => &mut self.told.unchanged,
                } += 1;
                self.is_pending(hit, !left_out.is_empty())?;
                left_out.into_iter().for_each(|unknown| *self.told.unknown.entry(unknown).or_default() += 1);
                Ok(())
            }
            Err(WriteError::Refused(Error::StaleVersion { .. })) => {
                self.told.unchanged += 1;
                self.is_pending(hit, false)
            }
            Err(WriteError::Refused(Error::Deleted { .. })) => {
                self.told.deleted += 1;
                self.is_pending(hit, false)
            }
            Err(WriteError::Refused(error)) => self.failed(hit, reason(&error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells why a matter is not kept; it is asked for again in the next run.
    fn failed(&mut self, hit: &Hit, why: String) -> Result<()> {
        self.told.failed.push((hit.guid.clone(), why));
        self.is_pending(hit, true)
    }

    /// Tells that a matter is not there any more. What is held of it stays, and is told in each run, unless it is to be
    /// deleted; what is held no newer than that does not come back then.
    fn missing(&mut self, hit: &Hit, held: Option<HeldMatter>) -> Result<()> {
        let Some(HeldMatter { register, number, .. }) = held else {
            self.told.gone.push((hit.guid.clone(), "is not there any more, and was never held here".into()));
            return self.is_pending(hit, false);
        };
        let what = format!("is not there any more; held here as {number} of {}", register.name);
        if !self.delete {
            self.told.gone.push((hit.guid.clone(), format!("{what} (--full --delete deletes it)")));
            return self.is_pending(hit, true);
        }
        let (act, key) = (self.act(), (self.settings.system.as_str(), hit.key.as_str()));
        let deleted =
            act.providing(|act| db::exclusively(self.db, |tx| external::delete_external(tx, register, key, None, act)));
        match deleted.map_err(WriteError::from) {
            Ok(()) => {
                self.told.gone.push((hit.guid.clone(), format!("{what}, and deleted now")));
                self.is_pending(hit, false)
            }
            Err(WriteError::Refused(error)) => self.failed(hit, format!("{what}: {}", reason(&error))),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a matter. What is not understood, or is not valid and can be done without, is left out.
    fn store(
        &mut self,
        hit: &Hit,
        matter: Map<String, Value>,
        held: Option<&HeldMatter>,
    ) -> Result<(Outcome, Vec<Unknown>)> {
        let fields = fields_of(&matter);
        let way = self.ways.of(&fields);
        let register = way.register;
        if let Some(HeldMatter { register: other, .. }) = held.filter(|held| held.register.name != register.name) {
            let detail =
                format!("it is held in the register {} and would go to {}: move it by hand", other.name, register.name);
            return Err(Error::Conflict { detail, record: None, register: None });
        }
        let (mut body, mut left_out) = understood(way, &fields);
        put(&mut body, "external.system", self.settings.system.clone().into());
        put(&mut body, "external.id", hit.guid.clone().into());
        left_out.extend(self.taken_number(&mut body, held)?);
        let rules = self.profile.rules(self.clock.today());
        let sender = Sender { sees_personal_data: true, must_say_day: true, rules };
        let mut rounds = 1..=ROUNDS;
        let outcome = loop {
            match self.try_store(register, &sender, &body, held.is_some())? {
                Ok(outcome) => break outcome,
                Err(faults) if rounds.next().is_none() => return Err(Error::Validation(faults)),
                Err(faults) => {
                    for fault in &faults {
                        let repaired = repair(register, &mut body, fault);
                        left_out.push(repaired.ok_or_else(|| explained(faults.clone(), &left_out))?);
                    }
                }
            }
        };
        Ok((outcome, left_out))
    }

    /// Keeps a body, or returns its faults. Values that the vocabulary has no longer are none where the record has them.
    fn try_store(
        &mut self,
        register: &'static Register,
        sender: &Sender,
        body: &Map<String, Value>,
        is_held: bool,
    ) -> Result<std::result::Result<Outcome, Vec<Fault>>> {
        let line = match ValidatedLine::read(register, sender, Value::Object(body.clone())) {
            Err(Error::Validation(faults)) => return Ok(Err(faults)),
            read => read?,
        };
        let is_doubtful = !line.doubts().is_empty();
        if is_doubtful && !is_held {
            return Ok(Err(line.doubts().to_vec()));
        }
        let act = self.act();
        match act.providing(|act| db::exclusively(self.db, |tx| Ok(line.store(tx, register, act)?.0))) {
            Err(Error::Validation(faults)) if is_doubtful => Ok(Err(faults)),
            stored => stored.map(Ok),
        }
    }

    /// Takes a number out of a body that another record has here: the matter keeps the one that it has, or gets another.
    fn taken_number(&mut self, body: &mut Map<String, Value>, held: Option<&HeldMatter>) -> Result<Option<Unknown>> {
        let Some(number) = body.get("number").and_then(Value::as_str).map(str::to_owned) else { return Ok(None) };
        let holder = find::number_holder(self.db, &number)?.filter(|(id, _)| held.is_none_or(|held| held.id != *id));
        Ok(holder.map(|_| {
            body.shift_remove("number");
            Unknown { property: "number".into(), detail: format!("{number} is the number of another record here") }
        }))
    }

    /// Notes whether a matter is to be asked for again in the next run: a run that does not come to its end is repeated as a
    /// whole.
    fn is_pending(&mut self, hit: &Hit, is_pending: bool) -> Result<()> {
        match is_pending {
            true => self.pending.insert(hit.key.clone()),
            false => self.pending.remove(&hit.key),
        };
        Ok(())
    }
}

/// Takes a fault out of a body, and says what is left out; `None` when it is none that can be done without.
fn repair(register: &Register, body: &mut Map<String, Value>, fault: &Fault) -> Option<Unknown> {
    let property = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('/').replace('/', ".");
    if register.property_name("title") == Some(property.as_str()) {
        const SHORTENED: &str = "must not be longer than 300; its beginning is kept";
        let title = body.get_mut(&property).filter(|_| fault.code == "too_long")?;
        let beginning: String = text::line(title.as_str()?).ok()?.chars().take(299).collect();
        *title = format!("{}…", beginning.trim_end()).into();
        return Some(Unknown { property, detail: SHORTENED.into() });
    }
    let outer = property.split('.').next().unwrap_or_default();
    if fault.code != "required" && !body.contains_key(outer) {
        // It went with another fault of the same.
        return Some(Unknown { property, detail: fault.detail.clone() });
    }
    let is_needed = register.property_name("received_on") == Some(property.as_str());
    (!is_needed && take_out(body, &property)).then(|| Unknown { property, detail: fault.detail.clone() })
}

/// Faults, each explained by the text that was not understood where that is their cause.
fn explained(mut faults: Vec<Fault>, unknown: &[Unknown]) -> Error {
    for fault in &mut faults {
        let property = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('/').replace('/', ".");
        if let Some(cause) = unknown.iter().find(|unknown| unknown.property == property) {
            fault.detail = cause.detail.clone();
        }
    }
    Error::Validation(faults)
}

/// The body that the fields of a matter make.
fn understood(way: &MatterRoute, fields: &BTreeMap<String, Value>) -> (Map<String, Value>, Vec<Unknown>) {
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut unnamed = Vec::new();
    for (name, value) in fields {
        let Some(MappedColumn::Property(property)) = way.translator.column(name) else { continue };
        match (plain(value), value) {
            // An id says nobody's name.
            (Some(text), _) if property == "responsible" && uuid::Uuid::try_parse(text.trim()).is_ok() => {
                unnamed.push(unnamed_value(property, name, "is an id and no name"));
            }
            (Some(text), _) => texts.push((property.clone(), text)),
            (None, Value::Object(_)) => unnamed.push(unnamed_value(property, name, "is an object without a name")),
            (None, Value::Array(_)) => unnamed.push(unnamed_value(property, name, "is a list")),
            _ => {}
        }
    }
    let pairs = texts.iter().map(|(property, text)| (property.as_str(), text.as_str()));
    let (mut body, mut unknown) = way.translator.body(pairs);
    unknown.extend(unnamed);
    for (property, value) in &way.constants {
        put(&mut body, property, value.clone());
    }
    (body, unknown)
}

/// The reason told of a field whose value is none that can be kept.
fn unnamed_value(property: &str, field: &str, what: &str) -> Unknown {
    let detail = format!("{field} {what}; the mapping can name a part of it, as in \"{field}.DisplayName\"");
    Unknown { property: property.to_owned(), detail }
}

/// The fields of a matter: those within objects by their path, and an object itself by what it is called.
fn fields_of(matter: &Map<String, Value>) -> BTreeMap<String, Value> {
    const CALLED: [&str; 4] = ["DisplayName", "Name", "Bezeichnung", "Text"];
    let mut all = BTreeMap::new();
    for (name, value) in matter {
        let Value::Object(parts) = value else {
            all.insert(name.clone(), value.clone());
            continue;
        };
        let called = CALLED.iter().find_map(|called| parts.get(*called).filter(|value| value.is_string()));
        all.insert(name.clone(), called.unwrap_or(value).clone());
        all.extend(fields_of(parts).into_iter().map(|(part, value)| (format!("{name}.{part}"), value)));
    }
    all
}

/// Takes a property out of a body; false when it is none that can be done without.
fn take_out(body: &mut Map<String, Value>, property: &str) -> bool {
    if property.is_empty() || property.starts_with("external") {
        return false;
    }
    match property.split_once('.') {
        Some((name, part)) => match body.get_mut(name) {
            Some(Value::Object(inner)) => inner.shift_remove(part).is_some(),
            _ => body.shift_remove(name).is_some(),
        },
        // A matter that is closed without a day cannot say so.
        None if property == "closed_on" && !body.contains_key(property) => body.shift_remove("status").is_some(),
        None => body.shift_remove(property).is_some(),
    }
}

/// Returns the record that is held of a matter; `id` is the form by which ids are compared.
fn held(db: &mut Db, system: &str, id: &str) -> Result<Option<HeldMatter>> {
    for register in registers::ALL {
        if let Some(row) = find::find_external(db, register, system, id)? {
            let RecordRow { id, number, external_version: version, .. } = row.row;
            return Ok(Some(HeldMatter { register, id, number, version }));
        }
    }
    Ok(None)
}

/// The ids of all matters of a system that are held.
fn all_held(db: &mut Db, system: &str) -> Result<Vec<String>> {
    let of_system = records::table.filter(records::external_system.eq(system)).order(records::pos);
    type Id = (Option<String>, Option<String>);
    let ids: Vec<Id> = of_system.select((records::external_given, records::external_id)).load(db)?;
    Ok(ids.into_iter().filter_map(|(given, id)| given.or(id)).collect())
}

/// The ids of the matters of a system that were not kept, or not kept whole.
fn pending(db: &mut Db, system: &str) -> Result<BTreeSet<String>> {
    let of_system = sync_pending::table.filter(sync_pending::system.eq(system));
    let ids: Vec<String> = of_system.select(sync_pending::external_id).load(db)?;
    Ok(ids.into_iter().collect())
}

/// From which day on the next run must look.
fn last_run(db: &mut Db, system: &str) -> Result<Option<NaiveDate>> {
    Ok(sync_states::table.find(system).select(sync_states::since).first(db).optional()?)
}

/// Returns the digest of a connector's progress for the audit trail: the day from which it must look, and the matters
/// to look at again.
fn digest(system: &str, since: Option<NaiveDate>, pending: &BTreeSet<String>) -> String {
    let since = digest::optional(since.map(|day| day.to_string()).as_deref());
    let parts: Vec<&str> = [system, &since].into_iter().chain(pending.iter().map(String::as_str)).collect();
    digest::of(&parts)
}

/// Returns the digest that the audit trail must hold last of each connector, by system.
pub fn digests(db: &mut Db) -> Result<Vec<(String, String)>> {
    let mut systems: Vec<String> = sync_states::table.select(sync_states::system).load(db)?;
    systems.extend(sync_pending::table.select(sync_pending::system).distinct().load::<String>(db)?);
    systems.sort();
    systems.dedup();
    let one = |system: String| {
        let digest = digest(&system, last_run(db, &system)?, &pending(db, &system)?);
        Ok((system, digest))
    };
    systems.into_iter().map(one).collect()
}

fn remember(
    db: &mut Db,
    system: &str,
    since: NaiveDate,
    wanted: &BTreeSet<String>,
    by: &OperationContext,
) -> Result<()> {
    db::exclusively(db, |tx| {
        let db = tx.unflushed();
        let held = pending(db, system)?;
        if last_run(db, system)? == Some(since) && held == *wanted {
            return Ok(());
        }
        let digest = digest(system, Some(since), wanted);
        let entry = trail::NewTrailEntry {
            kind: trail::TrailKind::Sync,
            action: "CAME_TO",
            subject: system,
            revision: None,
            digest,
        };
        trail::append(tx, &entry, by)?;
        let db = tx.unflushed();
        for id in wanted.difference(&held) {
            let row = (sync_pending::system.eq(system), sync_pending::external_id.eq(id));
            diesel::insert_into(sync_pending::table).values(row).execute(db)?;
        }
        for id in held.difference(wanted) {
            diesel::delete(sync_pending::table.find((system, id))).execute(db)?;
        }
        let changed = diesel::update(sync_states::table.find(system)).set(sync_states::since.eq(since)).execute(db)?;
        if changed == 0 {
            let row = (sync_states::system.eq(system), sync_states::since.eq(since));
            diesel::insert_into(sync_states::table).values(row).execute(db)?;
        }
        Ok(())
    })
}
