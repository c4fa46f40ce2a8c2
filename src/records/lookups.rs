//! Lookups in other records before a record is kept: who has this number, this key, this name?
//!
//! The answers that are known are kept with the transaction. For many records the answers are read together beforehand: for those
//! of a batch, and for those of all writes that share a transaction. What is written changes the answers: [`invalidate`]
//! forgets them, and they are asked anew when they are needed.

use crate::db::schema::{own_keys, records};
use crate::db::{Db, Foresight, WriteTransaction};
use crate::error::Result;
use crate::records::Document;
use crate::records::document;
use crate::records::find::Match;
use crate::records::find::{self, Holder};
use crate::records::numbering;
use crate::records::references;
use crate::records::row::{RecordRow, StoredRecord};
use crate::records::tombstones::{self, Tombstone};
use crate::registers::ORGANISATIONS;
use crate::registers::Register;
use crate::text;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A public body by what it can be meant with: its id, and what its number and name are compared by.
type OrganisationKeys = (String, String, String);

/// The key of a record in another system: the register, the system, and what the id there is compared by.
type RegisterKey = (&'static str, String, String);

/// The same within a register.
type Key<'k> = (&'k str, String);

/// The answers about other records that are known in a transaction. An answer that is not there is unknown.
#[derive(Default)]
struct Lookups {
    rows: HashMap<String, StoredRecord>,
    numbers: HashMap<String, Option<Holder>>,
    keys: HashMap<RegisterKey, Option<StoredRecord>>,
    tombstones: HashMap<RegisterKey, Option<Tombstone>>,
    bodies: HashMap<String, Vec<OrganisationKeys>>,
    own_keys: HashMap<(&'static str, &'static str, String), Option<String>>,
}

/// A record that a write will ask for.
#[derive(Clone)]
pub enum ForeseenRecord {
    /// A new record, or one that another system delivers.
    Document(&'static Register, Arc<Document>),
    /// One that another system deletes: the system, and what the id there is compared by.
    Key(&'static Register, (String, String)),
    /// One that is held, by its id.
    Held(String),
}

impl Foresight for ForeseenRecord {
    fn look_up(tx: &mut WriteTransaction, all: &[&Self]) -> Result<()> {
        let mut documents: BTreeMap<&str, (&'static Register, Vec<&Document>)> = BTreeMap::new();
        let (mut keys, mut ids) = (BTreeMap::<&str, (&'static Register, Vec<Key>)>::new(), Vec::new());
        for foreseen in all {
            match foreseen {
                ForeseenRecord::Document(register, document) => {
                    documents.entry(register.name).or_insert((register, Vec::new())).1.push(document);
                }
                ForeseenRecord::Key(register, (system, id)) => {
                    keys.entry(register.name).or_insert((register, Vec::new())).1.push((system, id.clone()));
                }
                ForeseenRecord::Held(id) => ids.push(id.as_str()),
            }
        }
        documents.into_values().try_for_each(|(register, documents)| look_up(tx, register, &documents))?;
        keys.into_values().try_for_each(|(register, keys)| look_up_keys(tx, register, keys))?;
        look_up_rows(tx, &ids)
    }
}

/// Reads the answers that documents of a register will need, and no others are known any more: for one part after the other
/// of a long transaction.
pub fn look_up_only(tx: &mut WriteTransaction, register: &'static Register, documents: &[&Document]) -> Result<()> {
    *tx.known() = Lookups::default();
    look_up(tx, register, documents)
}

/// Reads the answers that documents of a register will need.
fn look_up(tx: &mut WriteTransaction, register: &'static Register, documents: &[&Document]) -> Result<()> {
    look_up_keys(tx, register, documents.iter().filter_map(|document| key(document)))?;
    look_up_bodies(tx, register, documents)?;
    look_up_own_keys(tx, register, documents)?;
    look_up_numbers(tx, register, documents)
}

fn look_up_rows(tx: &mut WriteTransaction, ids: &[&str]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let held = records::table.filter(records::id.eq_any(ids)).select(StoredRecord::as_select());
    let held: Vec<StoredRecord> = held.load(tx.flushed_up_to::<RecordRow>()?)?;
    tx.known::<Lookups>().rows.extend(held.into_iter().map(|held| (held.row.id.clone(), held)));
    Ok(())
}

fn look_up_keys<'k>(
    tx: &mut WriteTransaction,
    register: &'static Register,
    keys: impl IntoIterator<Item = Key<'k>>,
) -> Result<()> {
    let mut by_system: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (system, id) in keys {
        by_system.entry(system).or_default().push(id);
    }
    for (system, ids) in by_system {
        let held = records::table
            .filter(records::register.eq(register.name))
            .filter(records::external_system.eq(system))
            .filter(records::external_id.eq_any(&ids))
            .select(StoredRecord::as_select());
        let held: Vec<StoredRecord> = held.load(tx.flushed_up_to::<RecordRow>()?)?;
        let buried = tombstones::find_all(tx.unflushed(), register.name, system, &ids)?;
        let known: &mut Lookups = tx.known();
        let key = |id: String| (register.name, system.to_owned(), id);
        known.keys.extend(ids.iter().map(|id| (key(id.clone()), None)));
        known.keys.extend(held.into_iter().filter_map(|held| Some((key(held.row.external_id.clone()?), Some(held)))));
        known.tombstones.extend(ids.into_iter().map(|id| (key(id), None)));
        known.tombstones.extend(buried.into_iter().map(|(id, tombstone)| (key(id), Some(tombstone))));
    }
    Ok(())
}

fn look_up_numbers(tx: &mut WriteTransaction, register: &'static Register, documents: &[&Document]) -> Result<()> {
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    let mut asked: Vec<String> = Vec::new();
    for document in documents {
        let number = document.get("number").and_then(|number| number.as_str());
        match number {
            Some(number) => asked.push(text::key(number)),
            None if key(document).is_some_and(|key| is_held(tx, register, key)) => {}
            None => *wanted.entry(document::series(register, document)?).or_default() += 1,
        }
    }
    numbering::look_up(tx, wanted.keys())?;
    for (series, count) in wanted {
        let last = numbering::current_of_series(tx, &series)?;
        asked.extend((1..=count).map(|further| text::key(&numbering::in_series(&series, last + further))));
    }
    if asked.is_empty() {
        return Ok(());
    }
    type NumberRow = (Option<String>, String, String, String);
    let held: Vec<NumberRow> = records::table
        .filter(find::has_number(asked.clone()))
        .select((records::number_key, records::number, records::id, records::register))
        .load(tx.flushed_up_to::<RecordRow>()?)?;
    let numbers = &mut tx.known::<Lookups>().numbers;
    numbers.extend(asked.into_iter().map(|number| (number, None)));
    let holders = held.into_iter().map(|(key, number, id, register)| (key.unwrap_or(number), Some((id, register))));
    numbers.extend(holders);
    Ok(())
}

fn look_up_bodies(tx: &mut WriteTransaction, register: &Register, documents: &[&Document]) -> Result<()> {
    let named = documents.iter().filter_map(|document| document::named_body(register, document));
    let mut named: Vec<String> = named.map(text::key).collect();
    named.sort();
    named.dedup();
    if named.is_empty() {
        return Ok(());
    }
    let bodies = bodies(tx.flushed_up_to::<RecordRow>()?, &named)?;
    for name in named {
        let meant = |(id, number, title): &&OrganisationKeys| [id, number, title].contains(&&name);
        let meant = bodies.iter().filter(meant).cloned().collect();
        tx.known::<Lookups>().bodies.insert(name, meant);
    }
    Ok(())
}

/// The public bodies that are meant with one of these texts, in the form by which they are compared.
fn bodies(db: &mut Db, named: &[String]) -> Result<Vec<OrganisationKeys>> {
    let among = || {
        let columns = (records::id, records::number, records::title);
        records::table.filter(records::register.eq_any(ORGANISATIONS)).select(columns)
    };
    let mut bodies: Vec<OrganisationKeys> = among().filter(records::organisation_key.eq_any(named)).load(db)?;
    bodies.extend(among().filter(find::has_number(named.to_vec())).load::<OrganisationKeys>(db)?);
    let ids: Vec<&String> = named.iter().filter(|name| uuid::Uuid::try_parse(name).is_ok()).collect();
    if !ids.is_empty() {
        bodies.extend(among().filter(records::id.eq_any(ids)).load::<OrganisationKeys>(db)?);
    }
    let compared = |(id, number, title): OrganisationKeys| (id, text::key(&number), text::key(&title));
    let mut bodies: Vec<OrganisationKeys> = bodies.into_iter().map(compared).collect();
    bodies.sort();
    bodies.dedup();
    Ok(bodies)
}

fn look_up_own_keys(tx: &mut WriteTransaction, register: &'static Register, documents: &[&Document]) -> Result<()> {
    let mut by_property: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (property, value) in documents.iter().flat_map(|document| document::unique_values(register, document)) {
        by_property.entry(property).or_default().push(value);
    }
    for (property, values) in by_property {
        let held: Vec<(String, String)> = own_keys::table
            .filter(own_keys::register.eq(register.name))
            .filter(own_keys::property.eq(property))
            .filter(own_keys::value.eq_any(&values))
            .select((own_keys::value, own_keys::record_id))
            .load(tx.flushed_up_to::<references::UniqueValue>()?)?;
        let known = &mut tx.known::<Lookups>().own_keys;
        known.extend(values.into_iter().map(|value| ((register.name, property, value), None)));
        known.extend(held.into_iter().map(|(value, holder)| ((register.name, property, value), Some(holder))));
    }
    Ok(())
}

/// True if a record is known to have a key.
fn is_held(tx: &mut WriteTransaction, register: &Register, (system, id): Key) -> bool {
    matches!(tx.known::<Lookups>().keys.get(&(register.name, system.to_owned(), id)), Some(Some(_)))
}

/// A record of a register, by its id.
pub fn record(tx: &mut WriteTransaction, register: &Register, id: &str) -> Result<StoredRecord> {
    match tx.known::<Lookups>().rows.get(id) {
        Some(held) if held.row.register == register.name => Ok(held.clone()),
        Some(_) => Err(register.not_found(id)),
        None => find::get(tx.flushed_if(|new: &RecordRow| new.id == id)?, register, id),
    }
}

/// The record that has a key in another system; the id is what it is compared by.
pub fn external_key_holder(
    tx: &mut WriteTransaction,
    register: &Register,
    (system, id): (&str, &str),
) -> Result<Option<StoredRecord>> {
    let key = (register.name, system.to_owned(), id.to_owned());
    if let Some(held) = tx.known::<Lookups>().keys.get(&key) {
        return Ok(held.clone());
    }
    let is_it = |new: &RecordRow| {
        new.external_id.as_deref() == Some(id)
            && new.external_system.as_deref() == Some(system)
            && new.register == register.name
    };
    let held = find::find_external(tx.flushed_if(is_it)?, register, system, id)?;
    if held.is_none() {
        tx.known::<Lookups>().keys.insert(key, None);
    }
    Ok(held)
}

/// Returns the tombstone of a key in another system, if it has one; the id is what it is compared by.
pub fn tombstone(
    tx: &mut WriteTransaction,
    register: &Register,
    (system, id): (&str, &str),
) -> Result<Option<Tombstone>> {
    match tx.known::<Lookups>().tombstones.get(&(register.name, system.to_owned(), id.to_owned())) {
        Some(tombstone) => Ok(tombstone.clone()),
        None => tombstones::find(tx.unflushed(), register.name, (system, id)),
    }
}

/// The record that has a number.
pub fn number_holder(tx: &mut WriteTransaction, number: &str) -> Result<Option<Holder>> {
    let key = text::key(number);
    match tx.known::<Lookups>().numbers.get(&key) {
        Some(holder) => Ok(holder.clone()),
        None => find::number_holder(tx.flushed_if(|new: &RecordRow| new.compared_number() == key)?, number),
    }
}

/// The public body that a text means.
pub fn organisation(tx: &mut WriteTransaction, text: &str) -> Result<Match> {
    let name = text::key(text);
    let Some(bodies) = tx.known::<Lookups>().bodies.get(&name) else {
        return find::match_for(tx, text, ORGANISATIONS);
    };
    let exact = bodies.iter().find(|(id, number, _)| *id == name || *number == name);
    Ok(match (exact, bodies.as_slice()) {
        (Some((id, ..)), _) | (None, [(id, ..)]) => Match::One(id.clone()),
        (None, []) => Match::NoMatch,
        (None, _) => Match::Ambiguous,
    })
}

/// The record of a register that has a value that only one can have.
pub fn unique_value_holder(
    tx: &mut WriteTransaction,
    register: &Register,
    property: &'static str,
    value: &str,
) -> Result<Option<String>> {
    if let Some(holder) = tx.known::<Lookups>().own_keys.get(&(register.name, property, value.to_owned())) {
        return Ok(holder.clone());
    }
    let holder = own_keys::table.find((register.name, property, value)).select(own_keys::record_id);
    Ok(holder.first(tx.flushed_up_to::<references::UniqueValue>()?).optional()?)
}

/// Forgets what is no longer so when a record is written that says this, or is gone that said it.
pub fn invalidate(tx: &mut WriteTransaction, register: &Register, row: &RecordRow, document: &Document) {
    let known: &mut Lookups = tx.known();
    known.rows.remove(&row.id);
    known.numbers.remove(row.compared_number());
    if let (Some(system), Some(id)) = (&row.external_system, &row.external_id) {
        known.keys.remove(&(register.name, system.clone(), id.clone()));
    }
    if ORGANISATIONS.contains(&register.name) {
        known.bodies.clear();
    }
    for (property, value) in document::unique_values(register, document) {
        known.own_keys.remove(&(register.name, property, value));
    }
}

/// Forgets what is known of tombstones, which are about to change.
pub fn invalidate_tombstones(tx: &mut WriteTransaction) {
    tx.known::<Lookups>().tombstones.clear();
}

/// The key in another system that a document has; the id is what it is compared by.
fn key(document: &Document) -> Option<Key<'_>> {
    let external = document.get("external")?;
    Some((external.get("system")?.as_str()?, text::id_key(external.get("id")?.as_str()?)))
}
