//! The ways from record to record: what a document says of other records is looked up, kept as links, and followed back.

use crate::db::schema::{own_keys, record_links, records};
use crate::db::{Db, WriteTransaction, deferred_row};
use crate::error::Result;
use crate::records::Document;
use crate::records::document::unique_values;
use crate::records::find::{Match, match_for};
use crate::records::row::{RecordRow, StoredRecord};
use crate::registers::{ORGANISATION, ORGANISATIONS};
use crate::registers::{Reference, Register};
use crate::text;
use diesel::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The links of a record that is about to be written.
pub struct References {
    /// The links that are written.
    pub(super) found: BTreeSet<(&'static str, String)>,
    /// The links that go before that.
    pub(super) stale: StaleLinks,
}

/// The links that a record has and loses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StaleLinks {
    /// None: the record is new, or names no other and the same public body as before.
    None,
    /// All but that to the public body: its text did not change, even if the body was renamed.
    AllButOrganisation,
    All,
}

/// The records that a document names by one kind of reference.
pub(super) fn named<'a>(reference: &Reference, document: &'a Document) -> Vec<&'a str> {
    match (reference.part, document.get(reference.property)) {
        (None, Some(value)) => value.as_str().into_iter().collect(),
        (Some(part), Some(Value::Array(items))) => items.iter().filter_map(|item| item.get(part)?.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The texts of a document in which a reference stands, each with its place.
pub(super) fn places<'a>(reference: &Reference, document: &'a mut Document) -> Vec<(String, &'a mut Value)> {
    let Some(value) = document.get_mut(reference.property) else { return Vec::new() };
    match (reference.part, value) {
        (None, value) => vec![(format!("/{}", reference.property), value)],
        (Some(part), Value::Array(items)) => {
            let place = |index| format!("/{}/{index}/{part}", reference.property);
            let items = items.iter_mut().enumerate();
            items.filter_map(|(index, item)| Some((place(index), item.get_mut(part)?))).collect()
        }
        _ => Vec::new(),
    }
}

/// The records that a document names by reference: ids, numbers or names.
pub fn all_named<'a>(register: &Register, document: &'a Document) -> Vec<&'a str> {
    register.references.iter().flat_map(|reference| named(reference, document)).collect()
}

/// Calls the records that a document names by reference as they are called now, where that is known.
pub fn rename(register: &Register, document: &mut Document, now: impl Fn(&str) -> Option<String>) {
    for reference in register.references {
        for (_, value) in places(reference, document) {
            if let Some(name) = value.as_str().and_then(&now) {
                *value = name.into();
            }
        }
    }
}

/// Takes the references out of a document that name one of these records, each with what stands beside it.
pub fn take_out(register: &Register, document: &mut Document, is_meant: impl Fn(&str) -> bool) {
    for reference in register.references {
        if named(reference, document).into_iter().any(&is_meant) {
            document.shift_remove(reference.property);
        }
    }
}

/// A way from a record to another.
pub(super) struct ReferenceRow {
    source: String,
    property: &'static str,
    target: String,
}

deferred_row!(ReferenceRow, 1, record_links(source, property, target));

/// A value that only one record of its register can have.
pub struct UniqueValue {
    register: &'static str,
    property: &'static str,
    value: String,
    record_id: String,
}

deferred_row!(UniqueValue, 1, own_keys(register, property, value, record_id));

/// Keeps the links and own keys of a record that was written, whose document was another before.
pub fn store(
    tx: &mut WriteTransaction,
    register: &Register,
    after: &RecordRow,
    (before, document): (&Document, &Document),
    links: Option<&References>,
) -> Result<()> {
    if let Some(References { found, stale }) = links {
        if *stale != StaleLinks::None {
            let kept = if *stale == StaleLinks::All { "" } else { ORGANISATION };
            let of_record = record_links::table.filter(record_links::source.eq(&after.id));
            let stale = of_record.filter(record_links::property.ne(kept));
            diesel::delete(stale).execute(tx.flushed_up_to::<ReferenceRow>()?)?;
        }
        for (property, target) in found {
            tx.defer(ReferenceRow { source: after.id.clone(), property, target: target.clone() });
        }
    }
    let (were, are) = (unique_values(register, before), unique_values(register, document));
    if !were.is_empty() {
        let stale = own_keys::table.filter(own_keys::record_id.eq(&after.id));
        diesel::delete(stale).execute(tx.flushed_up_to::<UniqueValue>()?)?;
    }
    for (property, value) in are {
        tx.defer(UniqueValue { register: register.name, property, value, record_id: after.id.clone() });
    }
    Ok(())
}

/// The links and own keys that are kept of records, by the record's id: each a property with its target or value.
#[derive(Default)]
pub struct StoredReferences {
    links: BTreeMap<String, Vec<(String, String)>>,
    keys: BTreeMap<String, Vec<(String, String, String)>>,
    /// The number of links, and of own keys.
    pub count: (i64, i64),
}

impl StoredReferences {
    /// Reads the links and own keys of these records.
    pub fn of(db: &mut Db, ids: &[&str]) -> Result<StoredReferences> {
        let mut kept = StoredReferences::default();
        let links: Vec<(String, String, String)> = record_links::table
            .filter(record_links::source.eq_any(ids))
            .order((record_links::property, record_links::target))
            .select((record_links::source, record_links::property, record_links::target))
            .load(db)?;
        kept.count.0 = links.len() as i64;
        for (source, property, target) in links {
            kept.links.entry(source).or_default().push((property, target));
        }
        let keys: Vec<(String, String, String, String)> = own_keys::table
            .filter(own_keys::record_id.eq_any(ids))
            .select((own_keys::record_id, own_keys::register, own_keys::property, own_keys::value))
            .load(db)?;
        kept.count.1 = keys.len() as i64;
        for (record, register, property, value) in keys {
            kept.keys.entry(record).or_default().push((register, property, value));
        }
        Ok(kept)
    }

    /// Returns the differences between what is stored and what a record's document says, a phrase each. A link to a
    /// public body follows the name that the record had when it was made, so only its target can be held against the
    /// document's absence.
    pub fn differences(&mut self, register: &Register, columns: &RecordRow, document: &Document) -> Vec<&'static str> {
        let mut document = document.clone();
        let mut right: Vec<(String, String)> = Vec::new();
        for reference in register.references {
            let named = places(reference, &mut document).into_iter();
            right.extend(
                named.filter_map(|(_, value)| Some((reference.property.to_owned(), value.as_str()?.to_owned()))),
            );
        }
        right.sort();
        right.dedup();
        let mut held = self.links.remove(&columns.id).unwrap_or_default();
        let mut out = Vec::new();
        let bodies = held.iter().filter(|(property, _)| property == ORGANISATION).count();
        if bodies > usize::from(columns.organisation.is_some()) {
            out.push("is linked to a public body that it does not name");
        }
        held.retain(|(property, _)| property != ORGANISATION);
        if held != right {
            out.push("its links differ from the records that it names");
        }
        let own = unique_values(register, &document).into_iter();
        let mut own: Vec<(String, String, String)> =
            own.map(|(property, value)| (register.name.to_owned(), property.to_owned(), value)).collect();
        own.sort();
        let mut keys = self.keys.remove(&columns.id).unwrap_or_default();
        keys.sort();
        if keys != own {
            out.push("its own keys differ from its values");
        }
        out
    }
}

/// A record that refers to this one: its id and register.
pub fn referrer(tx: &mut WriteTransaction, id: &str) -> Result<Option<(String, String)>> {
    let of = record_links::table.filter(record_links::target.eq(id)).select(record_links::source);
    let found = records::table.filter(records::id.eq_any(of)).select((records::id, records::register));
    Ok(found.first(tx.flushed_up_to::<ReferenceRow>()?).optional()?)
}

/// The first records of a register that refer to this one, in the order of their numbers, and whether there are more.
pub fn referring(db: &mut Db, register: &Register, to: &str, most: usize) -> Result<(Vec<StoredRecord>, bool)> {
    let properties: Vec<&str> = register.references.iter().map(|reference| reference.property).collect();
    // One may refer by several properties, and stands there as often.
    let read = (most + 1) * properties.len().max(1);
    let found = records::table
        .inner_join(record_links::table.on(record_links::source.eq(records::id)))
        .filter(record_links::target.eq(to))
        .filter(record_links::property.eq_any(properties))
        .filter(records::register.eq(register.name))
        .order((records::number, record_links::property))
        .limit(read as i64)
        .select(StoredRecord::as_select());
    let mut rows: Vec<StoredRecord> = found.load(db)?;
    rows.dedup_by(|one, other| one.pos == other.pos);
    let more = rows.len() > most;
    rows.truncate(most);
    Ok((rows, more))
}

/// Links the records that name a public body which has just been entered, or has got their name.
pub fn link_records_naming(tx: &mut WriteTransaction, body: &RecordRow) -> Result<()> {
    if !ORGANISATIONS.contains(&body.register.as_str())
        || !matches!(match_for(tx, &body.title, ORGANISATIONS)?, Match::One(_))
    {
        return Ok(());
    }
    let linked = record_links::table
        .filter(record_links::source.eq(records::id))
        .filter(record_links::property.eq(ORGANISATION));
    let registers =
        crate::registers::ALL.iter().map(|register| register.name).filter(|name| !ORGANISATIONS.contains(name));
    let naming: Vec<String> = records::table
        .filter(records::register.eq_any(registers.collect::<Vec<&str>>()))
        .filter(records::organisation_key.assume_not_null().eq(text::key(&body.title)))
        .filter(diesel::dsl::not(diesel::dsl::exists(linked)))
        .select(records::id)
        .load(tx.flushed_up_to::<ReferenceRow>()?)?;
    for source in naming {
        tx.defer(ReferenceRow { source, property: ORGANISATION, target: body.id.clone() });
    }
    Ok(())
}
