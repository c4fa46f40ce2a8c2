//! The ways from record to record: what a document says of other records is looked up, kept as links, and followed back.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::Value;

use super::filter::Condition;
use super::lookups::Lookups;
use super::record::{Document, RecordRow, StoredRecord};
use super::store::NewRecordRow;
use super::{Dimension, Reference, Register, numbering};
use crate::context::OperationContext;
use crate::db::schema::{own_keys, record_links, records};
use crate::db::{Db, DeferredRow, WriteTransaction, insert};
use crate::error::{Error, Fault, Result};
use crate::text;

/// The property whose links lead to public bodies, in all registers.
pub const ORGANISATION: &str = "organisation";
/// The register of public bodies.
pub const ORGANISATIONS: &[&str] = &["organisations"];

/// The links of a record that is about to be written.
pub struct References {
    found: Vec<(&'static str, String)>,
    /// Keep the existing link to the organisation: the text did not change, even if the organisation was renamed.
    same_organisation: bool,
    /// True if the record is new, so that it has no links yet.
    is_new: bool,
}

/// The result of looking up the record that a text means.
pub enum Match {
    /// There is none.
    NoMatch,
    /// The record with that id.
    One(String),
    /// Several have that name.
    Ambiguous,
}

/// The record of these registers that a text means: its id, its number, or a name that only one has. The case of a number
/// does not matter, nor does that of a public body's name.
pub fn find_match(db: &mut Db, text: &str, registers: &[&str]) -> Result<Match> {
    let among = || records::table.filter(records::register.eq_any(registers.to_vec())).select(records::id);
    let key = text::key(text);
    let exact: Condition = Box::new(records::id.eq(text.to_owned()));
    for exact in [exact, numbering::has_number(vec![key.clone()])] {
        if let Some(id) = among().filter(exact).first(db).optional()? {
            return Ok(Match::One(id));
        }
    }
    let has_name: Condition = match registers {
        ORGANISATIONS => Box::new(records::organisation_key.assume_not_null().eq(key)),
        _ => Box::new(records::title.eq(text.to_owned())),
    };
    let mut named: Vec<String> = among().filter(has_name).limit(2).load(db)?;
    Ok(match (named.pop(), named.pop()) {
        (None, _) => Match::NoMatch,
        (Some(id), None) => Match::One(id),
        _ => Match::Ambiguous,
    })
}

/// The same among the records of this transaction too.
pub fn match_for(tx: &mut WriteTransaction, text: &str, registers: &[&str]) -> Result<Match> {
    find_match(tx.flushed_if(|NewRecordRow(new)| registers.contains(&new.register.as_str()))?, text, registers)
}

/// The texts of a document in which a reference stands, each with its place.
fn places<'a>(reference: &Reference, document: &'a mut Document) -> Vec<(String, &'a mut Value)> {
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

fn fault(pointer: String, why: &str) -> Error {
    Error::Validation(vec![Fault::at(pointer, "unknown_reference", why)])
}

/// Looks up the records that a document names and puts their ids in the place of numbers and names. Records of registers
/// that `by` may not see are not there for it; a reference that the record has already stays.
pub fn resolve(
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    register: &Register,
    held: Option<&RecordRow>,
    document: &mut Document,
    by: &OperationContext,
) -> Result<References> {
    let mut found = Vec::new();
    for reference in register.references {
        for (pointer, value) in places(reference, document) {
            let text = value.as_str().unwrap_or_default().to_owned();
            let id = match held {
                Some(held) if refers_to(tx, held, reference, &text)? => text,
                _ => referred(tx, reference, &text, by)?.map_err(|why| fault(pointer.clone(), &why))?,
            };
            if held.is_some_and(|held| held.id == id) {
                return Err(fault(pointer, "must not be the record itself"));
            }
            *value = id.clone().into();
            found.push((reference.property, id));
        }
    }
    found.sort();
    found.dedup();
    let (body, same) = organisation(tx, lookups, register, held, document, by)?;
    found.extend(body.map(|id| (ORGANISATION, id)));
    Ok(References { found, same_organisation: same, is_new: held.is_none() })
}

/// True if a record refers to that id already.
fn refers_to(tx: &mut WriteTransaction, held: &RecordRow, reference: &Reference, id: &str) -> Result<bool> {
    let link = record_links::table.find((&held.id, reference.property, id)).count();
    Ok(link.get_result::<i64>(tx.flushed_up_to::<ReferenceRow>()?)? > 0)
}

/// The id of the record that a reference names, or why it names none.
fn referred(
    tx: &mut WriteTransaction,
    reference: &Reference,
    text: &str,
    by: &OperationContext,
) -> Result<std::result::Result<String, String>> {
    let seen: Vec<&str> = reference.to.iter().copied().filter(|register| by.can_access(register)).collect();
    Ok(match match_for(tx, text, &seen)? {
        Match::One(id) => Ok(id),
        Match::Ambiguous => Err("is the name of several records; give the id".into()),
        Match::NoMatch => Err(format!("is the id, number or name of no record of {}", reference.to.join(", "))),
    })
}

/// Returns the place at which a document names its public body: the object that it is in, if any, and the property.
fn body_path(register: &Register) -> (Option<&'static str>, &'static str) {
    let called = register.property_name("organisation").unwrap_or_default();
    (register.has(Dimension::Requester).then_some("requester"), called)
}

/// The text by which a document names a public body.
pub fn named_body<'d>(register: &Register, document: &'d Document) -> Option<&'d str> {
    let (outer, name) = body_path(register);
    let inside = match outer {
        Some(outer) => document.get(outer)?.as_object()?,
        None => document,
    };
    inside.get(name)?.as_str()
}

/// The public body that a document names, and whether it is the one named before. A body can be named that is in no
/// register; an id must be one's, and its name is kept.
fn organisation(
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    register: &Register,
    held: Option<&RecordRow>,
    document: &mut Document,
    by: &OperationContext,
) -> Result<(Option<String>, bool)> {
    let (pointer, value) = match body_path(register) {
        (Some(outer), name) => {
            (format!("/{outer}/{name}"), document.get_mut(outer).and_then(|part| part.get_mut(name)))
        }
        (None, name) => (format!("/{name}"), document.get_mut(name)),
    };
    let Some(value) = value else { return Ok((None, false)) };
    let text = value.as_str().unwrap_or_default().to_owned();
    if held.is_some_and(|held| held.organisation_key == Some(text::key(&text))) {
        return Ok((None, true));
    }
    let is_id = uuid::Uuid::try_parse(&text).is_ok();
    // For an id the body's name is shown: not to who may not see it.
    let is_hidden = is_id && !ORGANISATIONS.iter().all(|register| by.can_access(register));
    match if is_hidden { Match::NoMatch } else { lookups.organisation(tx, &text)? } {
        Match::One(id) => {
            if is_id {
                let title = records::table.filter(records::id.eq(&id)).select(records::title);
                *value = title.first::<String>(tx.flushed_up_to::<NewRecordRow>()?)?.into();
            }
            Ok((Some(id), false))
        }
        Match::NoMatch if is_id => Err(fault(pointer, "is the id of no organisation")),
        Match::NoMatch | Match::Ambiguous => Ok((None, false)),
    }
}

/// A way from a record to another.
struct ReferenceRow {
    source: String,
    property: &'static str,
    target: String,
}

impl DeferredRow for ReferenceRow {
    const RANK: u8 = 1;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        insert(db, "record_links (source, property, target)", rows, |values, row| {
            values.bind::<Text, _>(&row.source).bind::<Text, _>(row.property).bind::<Text, _>(&row.target)
        })
    }
}

/// A value that only one record of its register can have.
pub struct UniqueValue {
    register: &'static str,
    property: &'static str,
    value: String,
    record_id: String,
}

impl DeferredRow for UniqueValue {
    const RANK: u8 = 1;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        const INTO: &str = "own_keys (register, property, value, record_id)";
        insert(db, INTO, rows, |values, row| {
            let values = values.bind::<Text, _>(row.register).bind::<Text, _>(row.property);
            values.bind::<Text, _>(&row.value).bind::<Text, _>(&row.record_id)
        })
    }
}

/// Keeps the links and own keys of a record that was written.
pub fn store(
    tx: &mut WriteTransaction,
    register: &Register,
    after: &RecordRow,
    document: &Document,
    links: Option<&References>,
) -> Result<()> {
    let is_new = links.is_some_and(|links| links.is_new);
    if let Some(links) = links {
        if !is_new {
            let stale = record_links::table.filter(record_links::source.eq(&after.id));
            let kept = if links.same_organisation { ORGANISATION } else { "" };
            let stale = stale.filter(record_links::property.ne(kept));
            diesel::delete(stale).execute(tx.flushed_up_to::<ReferenceRow>()?)?;
        }
        for (property, target) in &links.found {
            tx.defer(ReferenceRow { source: after.id.clone(), property, target: target.clone() });
        }
    }
    if register.unique.is_empty() {
        return Ok(());
    }
    if !is_new {
        let stale = own_keys::table.filter(own_keys::record_id.eq(&after.id));
        diesel::delete(stale).execute(tx.flushed_up_to::<UniqueValue>()?)?;
    }
    for (property, value) in unique_values(register, document) {
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

/// The values of a document that only one record can have.
pub fn unique_values(register: &Register, document: &Document) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    register.unique.iter().filter_map(|name| Some((*name, text(document.get(*name)?)))).collect()
}

/// The property, and the record that has its value already.
pub fn taken_value(
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    register: &Register,
    id: Option<&str>,
    document: &Document,
) -> Result<Option<(&'static str, String)>> {
    for (property, value) in unique_values(register, document) {
        if let Some(holder) =
            lookups.unique_value_holder(tx, register, property, &value)?.filter(|holder| Some(holder.as_str()) != id)
        {
            return Ok(Some((property, holder)));
        }
    }
    Ok(None)
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
    let registers = super::ALL.iter().map(|register| register.name).filter(|name| !ORGANISATIONS.contains(name));
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
