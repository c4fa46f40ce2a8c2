//! Lookups in other records before a record is kept: who has this number, this key, this name?
//!
//! For many records in one transaction the answers are read together beforehand. What has been written since is asked
//! anew, and what was not read beforehand is asked when it is needed.

use crate::db::schema::{own_keys, records};
use crate::db::{Db, WriteTransaction};
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

/// A public body by what it can be meant with: its id, and what its number and name are compared by.
type OrganisationKeys = (String, String, String);

/// The answers about other records that are known in this transaction. An answer that is not there is unknown.
#[derive(Default)]
pub struct Lookups {
    numbers: HashMap<String, Option<Holder>>,
    keys: HashMap<(String, String), Option<StoredRecord>>,
    tombstones: HashMap<(String, String), Option<Tombstone>>,
    bodies: HashMap<String, Vec<OrganisationKeys>>,
    own_keys: HashMap<(&'static str, String), Option<String>>,
}

impl Lookups {
    /// Reads beforehand the answers that these documents of a register will need.
    pub fn prefetch(tx: &mut WriteTransaction, register: &Register, documents: &[&Document]) -> Result<Lookups> {
        let mut lookups = Lookups::default();
        let db = tx.flushed()?;
        lookups.read_keys(db, register, documents)?;
        lookups.read_bodies(db, register, documents)?;
        lookups.read_own_keys(db, register, documents)?;
        lookups.read_numbers(tx, register, documents)?;
        Ok(lookups)
    }

    fn read_keys(&mut self, db: &mut Db, register: &Register, documents: &[&Document]) -> Result<()> {
        let mut by_system: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (system, id) in documents.iter().filter_map(|document| key(document)) {
            self.keys.insert((system.to_owned(), id.clone()), None);
            by_system.entry(system).or_default().push(id);
        }
        for (system, ids) in by_system {
            let held = records::table
                .filter(records::register.eq(register.name))
                .filter(records::external_system.eq(system))
                .filter(records::external_id.eq_any(&ids))
                .select(StoredRecord::as_select());
            for id in &ids {
                self.tombstones.insert((system.to_owned(), id.clone()), None);
            }
            for (id, tombstone) in tombstones::find_all(db, register.name, system, &ids)? {
                self.tombstones.insert((system.to_owned(), id), Some(tombstone));
            }
            for row in held.load(db)? {
                let id = row.row.external_id.clone().unwrap_or_default();
                self.keys.insert((system.to_owned(), id), Some(row));
            }
        }
        Ok(())
    }

    fn read_numbers(&mut self, tx: &mut WriteTransaction, register: &Register, documents: &[&Document]) -> Result<()> {
        let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
        let mut asked: Vec<String> = Vec::new();
        for document in documents {
            let number = document.get("number").and_then(|number| number.as_str()).map(str::to_owned);
            let held = key(document).and_then(|key| self.held(key)).map(|row| row.row.number.clone());
            match number.or(held) {
                Some(number) => asked.push(number),
                None => *wanted.entry(document::series(register, document)?).or_default() += 1,
            }
        }
        for (series, count) in wanted {
            let last = numbering::current_of_series(tx, &series)?;
            asked.extend((1..=count).map(|further| numbering::in_series(&series, last + further)));
        }
        let asked: Vec<String> = asked.iter().map(|number| text::key(number)).collect();
        type NumberRow = (Option<String>, String, String, String);
        let held: Vec<NumberRow> = records::table
            .filter(find::has_number(asked.clone()))
            .select((records::number_key, records::number, records::id, records::register))
            .load(tx.flushed()?)?;
        self.numbers.extend(asked.into_iter().map(|number| (number, None)));
        let holders = held.into_iter().map(|(key, number, id, register)| (key.unwrap_or(number), Some((id, register))));
        self.numbers.extend(holders);
        Ok(())
    }

    fn read_bodies(&mut self, db: &mut Db, register: &Register, documents: &[&Document]) -> Result<()> {
        let named = documents.iter().filter_map(|document| document::named_body(register, document));
        let named: Vec<String> = named.map(text::key).collect();
        if named.is_empty() {
            return Ok(());
        }
        let among = || {
            let columns = (records::id, records::number, records::title);
            records::table.filter(records::register.eq_any(ORGANISATIONS)).select(columns)
        };
        let mut bodies: Vec<OrganisationKeys> = among().filter(records::organisation_key.eq_any(&named)).load(db)?;
        bodies.extend(among().filter(find::has_number(named.clone())).load::<OrganisationKeys>(db)?);
        bodies.extend(among().filter(records::id.eq_any(&named)).load::<OrganisationKeys>(db)?);
        let compared = |(id, number, title): OrganisationKeys| (id, text::key(&number), text::key(&title));
        let mut bodies: Vec<OrganisationKeys> = bodies.into_iter().map(compared).collect();
        bodies.sort();
        bodies.dedup();
        for name in named {
            let meant = |(id, number, title): &&OrganisationKeys| [id, number, title].contains(&&name);
            let meant = bodies.iter().filter(meant).cloned().collect();
            self.bodies.insert(name, meant);
        }
        Ok(())
    }

    fn read_own_keys(&mut self, db: &mut Db, register: &Register, documents: &[&Document]) -> Result<()> {
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
                .load(db)?;
            self.own_keys.extend(values.into_iter().map(|value| ((property, value), None)));
            self.own_keys.extend(held.into_iter().map(|(value, holder)| ((property, value), Some(holder))));
        }
        Ok(())
    }

    fn held(&self, (system, id): (&str, String)) -> Option<&StoredRecord> {
        self.keys.get(&(system.to_owned(), id))?.as_ref()
    }

    /// The record that has a key in another system; the id is what it is compared by.
    pub fn external_key_holder(
        &mut self,
        tx: &mut WriteTransaction,
        register: &Register,
        key: (&str, &str),
    ) -> Result<Option<StoredRecord>> {
        let key = (key.0.to_owned(), key.1.to_owned());
        if let Some(row) = self.keys.get(&key) {
            return Ok(row.clone());
        }
        let row = held_under_key(tx, register, (&key.0, &key.1))?;
        self.keys.insert(key, row.clone());
        Ok(row)
    }

    /// Returns the tombstone of a key in another system, if it has one; the id is what it is compared by.
    pub fn tombstone(
        &self,
        tx: &mut WriteTransaction,
        register: &Register,
        key: (&str, &str),
    ) -> Result<Option<Tombstone>> {
        match self.tombstones.get(&(key.0.to_owned(), key.1.to_owned())) {
            Some(tombstone) => Ok(tombstone.clone()),
            None => tombstones::find(tx.unflushed(), register.name, key),
        }
    }

    /// The record that has a number.
    pub fn number_holder(&mut self, tx: &mut WriteTransaction, number: &str) -> Result<Option<Holder>> {
        let key = text::key(number);
        match self.numbers.get(&key) {
            Some(holder) => Ok(holder.clone()),
            None => find::number_holder(tx.flushed_if(|new: &RecordRow| new.compared_number() == key)?, number),
        }
    }

    /// The public body that a text means.
    pub fn organisation(&mut self, tx: &mut WriteTransaction, text: &str) -> Result<Match> {
        let name = text::key(text);
        let Some(bodies) = self.bodies.get(&name) else { return find::match_for(tx, text, ORGANISATIONS) };
        let exact = bodies.iter().find(|(id, number, _)| *id == name || *number == name);
        Ok(match (exact, bodies.as_slice()) {
            (Some((id, ..)), _) | (None, [(id, ..)]) => Match::One(id.clone()),
            (None, []) => Match::NoMatch,
            (None, _) => Match::Ambiguous,
        })
    }

    /// The record of a register that has a value that only one can have.
    pub fn unique_value_holder(
        &mut self,
        tx: &mut WriteTransaction,
        register: &Register,
        property: &'static str,
        value: &str,
    ) -> Result<Option<String>> {
        if let Some(holder) = self.own_keys.get(&(property, value.to_owned())) {
            return Ok(holder.clone());
        }
        let holder = own_keys::table.find((register.name, property, value)).select(own_keys::record_id);
        Ok(holder.first(tx.flushed_up_to::<references::UniqueValue>()?).optional()?)
    }

    /// Forgets what is no longer so when a record is written that says this.
    pub fn invalidate(&mut self, register: &Register, columns: &RecordRow, document: &Document) {
        self.numbers.remove(columns.compared_number());
        if let (Some(system), Some(id)) = (&columns.external_system, &columns.external_id) {
            self.keys.remove(&(system.clone(), id.clone()));
        }
        if ORGANISATIONS.contains(&register.name) {
            self.bodies.clear();
        }
        for key in document::unique_values(register, document) {
            self.own_keys.remove(&key);
        }
    }
}

/// The key in another system that a document has; the id is what it is compared by.
fn key(document: &Document) -> Option<(&str, String)> {
    let external = document.get("external")?;
    Some((external.get("system")?.as_str()?, text::id_key(external.get("id")?.as_str()?)))
}

/// The record that has a key in another system, among those of this transaction too.
pub fn held_under_key(
    tx: &mut WriteTransaction,
    register: &Register,
    (system, id): (&str, &str),
) -> Result<Option<StoredRecord>> {
    let is_it = |new: &RecordRow| {
        new.external_id.as_deref() == Some(id)
            && new.external_system.as_deref() == Some(system)
            && new.register == register.name
    };
    find::find_external(tx.flushed_if(is_it)?, register, system, id)
}
