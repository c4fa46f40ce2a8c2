//! The one write path, and reading single records. Nothing else writes records.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::cube::Resolution;
use super::history::{self, Action, OperationContext, RecordChange};
use super::lookups::{Holder, Lookups, write_new};
use super::record::{self, Document, RecordRow, StoredRecord};
use super::references::{self, References};
use super::{ALL, Dimension, Register, cube, erasable, history_row, numbering, personal, search, tombstones};
use crate::audit::trail;
use crate::db::schema::records;
use crate::db::{Db, Later, cached, insert, later};
use crate::error::{Error, Result};
use crate::seal::Keys;
use crate::text;

/// The revisions that a client accepts a record to be at before it is changed (`If-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Any revision.
    Any,
    /// One of these revisions.
    Revisions(Vec<i64>),
}

impl Expected {
    fn check(&self, held: i64) -> Result<()> {
        match self {
            Expected::Revisions(list) if !list.contains(&held) => Err(Error::Stale { held }),
            _ => Ok(()),
        }
    }
}

/// The record with that id.
pub fn get(db: &mut Db, register: &Register, id: &str) -> Result<StoredRecord> {
    write_new(db, |new| new.id == id)?;
    records::table
        .filter(records::id.eq(id))
        .filter(records::register.eq(register.name))
        .select(StoredRecord::as_select())
        .first(db)
        .optional()?
        .ok_or_else(|| register.not_found(id))
}

/// Creates a record from a checked document.
pub fn create(
    db: &mut Db,
    known: &mut Lookups,
    register: &Register,
    mut document: Document,
    by: &OperationContext,
) -> Result<RecordRow> {
    refuse_taken(db, known, register, None, &document)?;
    let links = references::resolve(db, known, register, None, &mut document, by)?;
    if !document.contains_key("number") {
        let number = numbering::next_of_series(db, known, &series(register, &document)?)?;
        document.insert("number".into(), number.into());
    }
    let columns = RecordRow::new(register, Uuid::now_v7().to_string(), document, by.at, &by.keys)?;
    apply(db, known, register, None, Some(columns), Some(&links), by)?
        .ok_or_else(|| Error::Internal("nothing was created".into()))
}

/// The series that a new record is numbered in: its register's, or that of the business numbers of the year received.
pub fn series(register: &Register, document: &Document) -> Result<String> {
    if let Some(series) = register.series {
        return Ok(series.to_owned());
    }
    let received = register.property_name("received_on").and_then(|name| document.get(name)?.as_str());
    let year = received.and_then(|date| date.get(..4));
    Ok(year.ok_or_else(|| Error::Internal("a checked document has no year".into()))?.to_owned())
}

/// Changes a record: `change` makes the new document from the one held. Without a difference nothing is written and
/// the revision stays.
pub fn update(
    db: &mut Db,
    known: &mut Lookups,
    register: &Register,
    id: &str,
    expected: &Expected,
    change: impl FnOnce(&RecordRow, Document) -> Result<Document>,
    by: &OperationContext,
) -> Result<RecordRow> {
    let before = get(db, register, id)?;
    replace(db, known, register, before, expected, change, by)
}

/// The same of a record that was read already.
fn replace(
    db: &mut Db,
    known: &mut Lookups,
    register: &Register,
    before: StoredRecord,
    expected: &Expected,
    change: impl FnOnce(&RecordRow, Document) -> Result<Document>,
    by: &OperationContext,
) -> Result<RecordRow> {
    let id = before.row.id.as_str();
    expected.check(before.row.revision)?;
    let held = before.row.document(register, Some(&by.keys))?;
    let number = before.row.number.clone();
    let mut document = change(&before.row, held)?;
    document.entry("number").or_insert_with(|| number.into());
    record::retain_external_spelling(&mut document, &before.row);
    refuse_taken(db, known, register, Some(id), &document)?;
    let links = references::resolve(db, known, register, Some(&before.row), &mut document, by)?;
    let mut after = RecordRow::new(register, id.to_owned(), document, by.at, &by.keys)?;
    after.created_at = before.row.created_at;
    after.updated_at = before.row.updated_at;
    after.revision = before.row.revision;
    if register.property_name("received_on").is_none() {
        after.received_on = before.row.received_on;
    }
    if after.document(register, Some(&by.keys))? == before.row.document(register, Some(&by.keys))? {
        return Ok(before.row);
    }
    after.updated_at = by.at;
    after.revision += 1;
    apply(db, known, register, Some(before), Some(after), Some(&links), by)?
        .ok_or_else(|| Error::Internal("nothing was changed".into()))
}

/// A whole record as another system delivers it, under its key there.
pub struct ExternalRecord {
    /// The other system.
    pub system: String,
    /// The form of the record's id there by which it is compared.
    pub external_id: String,
    /// The version there.
    pub version: i64,
    /// The body as it was sent, with the key in `external`.
    pub body: Value,
    /// True if the sender may see personal data; if not, the personal data already held in the record stays.
    pub sees_personal_data: bool,
    /// True if the body gives the day received.
    pub says_day: bool,
    /// Today.
    pub today: NaiveDate,
}

/// The result of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a new record.
    Created,
    /// The record was changed.
    Updated,
    /// It said the same again.
    Unchanged,
}

/// The record that has a key in another system; the id is what it is compared by.
pub fn find_external(
    db: &mut Db,
    register: &Register,
    system: &str,
    external_id: &str,
) -> Result<Option<StoredRecord>> {
    write_new(db, |new| {
        new.external_id.as_deref() == Some(external_id)
            && new.external_system.as_deref() == Some(system)
            && new.register == register.name
    })?;
    let keyed = records::table
        .filter(records::register.eq(register.name))
        .filter(records::external_system.eq(system))
        .filter(records::external_id.eq(external_id));
    Ok(keyed.select(StoredRecord::as_select()).first(db).optional()?)
}

/// Creates or replaces the record that has a key in another system. `document` is the delivery's body, checked as that
/// of a new record; a new one must say the day received. The version decides: an older one than is held is refused, so that deliveries may come doubled and
/// in any order, and so is one that is no newer than what was deleted here. What is absent is cleared, except the number, the day received, and personal data that the sender
/// does not see.
pub fn upsert(
    db: &mut Db,
    known: &mut Lookups,
    register: &Register,
    delivery: &ExternalRecord,
    document: Document,
    expected: Option<&Expected>,
    by: &OperationContext,
) -> Result<(Outcome, RecordRow)> {
    let Some(row) = known.external_key_holder(db, register, (&delivery.system, &delivery.external_id))? else {
        return match expected {
            Some(_) => Err(Error::Stale { held: 0 }),
            None if !delivery.says_day => Err(Error::Validation(vec![record::no_day(register)])),
            None => {
                if let Some(deleted) = known.tombstone(db, register, (&delivery.system, &delivery.external_id))? {
                    deleted.refuse(register, delivery.version)?;
                }
                Ok((Outcome::Created, create(db, known, register, document, by)?))
            }
        };
    };
    let held = &row.row;
    if let Some(version) = held.external_version.filter(|version| *version > delivery.version) {
        return Err(Error::StaleVersion {
            record: Some(held.id.clone()),
            register: Some(held.register.clone()),
            version,
        });
    }
    let revision = held.revision;
    let change = |columns: &RecordRow, mut before: Document| {
        let mut document = match delivery.says_day {
            true => document,
            false => record::read_again(register, delivery.body.clone(), delivery.today, columns.received_on)?,
        };
        record::retain_element_ids(&mut document, &delivery.body, &before);
        if !delivery.sees_personal_data {
            personal::put_back(&mut document, personal::take(&mut before));
        }
        Ok(document)
    };
    let after = replace(db, known, register, row, expected.unwrap_or(&Expected::Any), change, by)?;
    let outcome = if after.revision == revision { Outcome::Unchanged } else { Outcome::Updated };
    Ok((outcome, after))
}

/// A record as it was when it was created, from its history.
pub fn as_created(db: &mut Db, register: &Register, id: &str, keys: &Keys) -> Result<RecordRow> {
    let (at, document) = history::first(db, register, id, keys)?;
    RecordRow::new(register, id.to_owned(), document, at, keys)
}

/// The first records of a register that were received in a year, by day and number.
pub fn received_in(db: &mut Db, register: &str, year: i32, limit: i64) -> Result<Vec<RecordRow>> {
    let (first, last) = (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31));
    let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
    let of_year = records::table
        .filter(records::register.eq(register))
        .filter(records::received_on.between(first, last))
        .order((records::received_on, records::number));
    Ok(of_year.limit(limit).select(RecordRow::as_select()).load(db)?)
}

/// Counts the records in each register that may be told of.
pub fn record_counts(db: &mut Db, may: impl Fn(&str) -> bool) -> Result<Vec<(&'static str, i64)>> {
    let sums = cube::count(db, &(0..=9999), Resolution::Years, &[Dimension::Register], &[])?;
    let counted = |name: &str| {
        let of_register = sums.iter().filter(|sum| sum.value(Dimension::Register) == Some(name));
        of_register.map(|sum| sum.counts.received).sum()
    };
    let number = |register: &Register, db: &mut Db| match register.counted {
        true => Ok(counted(register.name)),
        false => records::table.filter(records::register.eq(register.name)).count().get_result(db),
    };
    let told = ALL.iter().filter(|register| may(register.name));
    told.map(|register| Ok((register.name, number(register, db)?))).collect()
}

/// Deletes a record; its history stays, and so does the version in which another system's matter was deleted.
pub fn delete(db: &mut Db, register: &Register, id: &str, expected: &Expected, by: &OperationContext) -> Result<()> {
    let before = get(db, register, id)?;
    expected.check(before.row.revision)?;
    let version = before.row.external_version.unwrap_or_default();
    delete_row(db, register, before, version, by)
}

/// Deletes the record that has a key in another system, as of a version there: a newer one than that stays. Without a
/// version the one that is held is meant. Deletions may come doubled and before what they delete: then they keep it from
/// coming.
pub fn delete_external(
    db: &mut Db,
    register: &Register,
    (system, id): (&str, &str),
    version: Option<i64>,
    by: &OperationContext,
) -> Result<()> {
    let held = find_external(db, register, system, id)?;
    match (held, version) {
        (None, None) => Err(Error::NotFound(format!("the register {} has no record of that key", register.name))),
        (None, Some(version)) => tombstones::record_deletion(db, register, (system, id), version, None),
        (Some(row), version) => {
            let newest = row.row.external_version.unwrap_or_default();
            let version = version.unwrap_or(newest);
            if version < newest {
                return Err(Error::StaleVersion {
                    record: Some(row.row.id),
                    register: Some(row.row.register),
                    version: newest,
                });
            }
            delete_row(db, register, row, version, by)
        }
    }
}

fn delete_row(
    db: &mut Db,
    register: &Register,
    before: StoredRecord,
    version: i64,
    by: &OperationContext,
) -> Result<()> {
    if let Some((record, register)) = references::referrer(db, &before.row.id)? {
        let detail = "another record refers to it; take that reference away first".into();
        return Err(Error::Conflict { detail, record: Some(record), register: Some(register) });
    }
    let RecordRow { id, external_system, external_id, .. } = before.row.clone();
    apply(db, &mut Lookups::together(), register, Some(before), None, None, by)?;
    match (external_system, external_id) {
        (Some(system), Some(external)) => {
            tombstones::record_deletion(db, register, (&system, &external), version, Some(&id))
        }
        _ => Ok(()),
    }
}

/// The message for a number that another record has.
pub const NUMBER_TAKEN: &str = "the number is taken by another record";

/// Refuses what another record has already and only one can have.
fn refuse_taken(
    db: &mut Db,
    known: &mut Lookups,
    register: &Register,
    id: Option<&str>,
    document: &Document,
) -> Result<()> {
    let other = |holder: Option<Holder>| holder.filter(|(holder, _)| Some(holder.as_str()) != id);
    if let Some(number) = document.get("number").and_then(Value::as_str)
        && let Some((holder, register)) = other(known.number_holder(db, number)?)
    {
        let detail = NUMBER_TAKEN.into();
        return Err(Error::Conflict { detail, record: Some(holder), register: Some(register) });
    }
    if let Some((property, holder)) = references::taken_value(db, known, register, id, document)? {
        let detail = format!("the value of `{property}` is taken by another record");
        return Err(Error::Conflict { detail, record: Some(holder), register: Some(register.name.into()) });
    }
    let external = |part: &str| document.get("external").and_then(|external| external.get(part)?.as_str());
    if let (Some(system), Some(external_id)) = (external("system"), external("id")) {
        let holder =
            known.external_key_holder(db, register, (system, &text::id_key(external_id)))?.map(|row| row.row.id);
        if let Some(holder) = holder.filter(|holder| Some(holder.as_str()) != id) {
            let detail = "the key in the other system is taken by another record".into();
            return Err(Error::Conflict { detail, record: Some(holder), register: Some(register.name.into()) });
        }
    }
    Ok(())
}

/// Every change of a record comes through here, inside the writer's transaction: the row, its words, its links, its
/// history, the change feed and the cube change together or not at all. What can be refused for a reason of the
/// sender's was refused before: what fails from here on takes all of the writer's transaction, or a savepoint, with it.
fn apply(
    db: &mut Db,
    known: &mut Lookups,
    register: &Register,
    before: Option<StoredRecord>,
    after: Option<RecordRow>,
    links: Option<&References>,
    by: &OperationContext,
) -> Result<Option<RecordRow>> {
    let revision = before.as_ref().map_or(1, |row| row.row.revision + 1);
    let (action, pos) = write_row(db, before.as_ref(), after.as_ref())?;
    if !known.is_together {
        write_new(db, |_| true)?;
    }
    let before = before.map(|row| row.row);
    search::defer_words(pos, before.as_ref(), after.as_ref());
    let Some(named) = after.as_ref().or(before.as_ref()) else { return Ok(None) };
    let document = |columns: &Option<RecordRow>| match columns {
        Some(columns) => columns.document(register, Some(&by.keys)),
        None => Ok(Document::new()),
    };
    let subject = RecordChange { register, id: &named.id, number: &named.number, revision };
    let (document_before, document_after) = (document(&before)?, document(&after)?);
    for (columns, document) in [(&before, &document_before), (&after, &document_after)] {
        if let Some(columns) = columns {
            known.invalidate(register, columns, document);
        }
    }
    if let Some(after) = &after {
        references::store(db, register, after, &document_after, links)?;
        if before.as_ref().is_none_or(|before| before.title != after.title) {
            references::link_records_naming(db, after)?;
        }
    }
    history::append(db, &subject, action, &document_before, &document_after, by)?;
    cube::adjust(before.as_ref(), after.as_ref());
    Ok(after)
}

/// Writes, changes or takes away the row itself; what was done, and the place of a row that was there.
fn write_row(db: &mut Db, before: Option<&StoredRecord>, after: Option<&RecordRow>) -> Result<(Action, Option<i64>)> {
    let Some(before) = before else {
        let after = after.ok_or_else(|| Error::Internal("there is nothing to write".into()))?;
        later(NewRecordRow(after.clone()));
        return Ok((Action::Created, None));
    };
    let held = records::table.find(before.pos).filter(records::revision.eq(before.row.revision));
    let (action, written) = match after {
        Some(after) => {
            let changing = diesel::update(held).set(after).returning(records::pos);
            (Action::Updated, cached(changing).get_result(db).optional()?)
        }
        None => (Action::Deleted, diesel::delete(held).returning(records::pos).get_result(db).optional()?),
    };
    let pos = written.ok_or(Error::Stale { held: before.row.revision })?;
    Ok((action, Some(pos)))
}

/// The row of a new record.
pub struct NewRecordRow(pub RecordRow);

impl Later for NewRecordRow {
    const RANK: u8 = 0;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        const INTO: &str = "records (id, register, number, title, received_on, closed_on, status, responsible, \
        kind, requester, area, channel, filing, role, medium, organisation, due_on, external_system, external_id, \
        external_version, external_url, details, personal, created_at, updated_at, revision, published, number_key, \
        organisation_key, external_given)";
        insert(db, INTO, rows, |values, NewRecordRow(row)| {
            let values = values.bind::<Text, _>(&row.id).bind::<Text, _>(&row.register);
            let values = values.bind::<Text, _>(&row.number).bind::<Text, _>(&row.title);
            let values = values.bind::<Date, _>(row.received_on).bind::<Nullable<Date>, _>(row.closed_on);
            let values = values.bind::<Text, _>(&row.status).bind::<Nullable<Text>, _>(&row.responsible);
            let values = values.bind::<Nullable<Text>, _>(&row.kind).bind::<Nullable<Text>, _>(&row.requester);
            let values = values.bind::<Nullable<Text>, _>(&row.area).bind::<Nullable<Text>, _>(&row.channel);
            let values = values.bind::<Nullable<Text>, _>(&row.filing).bind::<Nullable<Text>, _>(&row.role);
            let values = values.bind::<Nullable<Text>, _>(&row.medium).bind::<Nullable<Text>, _>(&row.organisation);
            let values = values.bind::<Nullable<Date>, _>(row.due_on).bind::<Nullable<Text>, _>(&row.external_system);
            let values = values.bind::<Nullable<Text>, _>(&row.external_id);
            let values = values.bind::<Nullable<BigInt>, _>(row.external_version);
            let values = values.bind::<Nullable<Text>, _>(&row.external_url).bind::<Text, _>(&row.details);
            let values = values.bind::<Nullable<Text>, _>(&row.personal).bind::<Timestamp, _>(row.created_at);
            let values = values.bind::<Timestamp, _>(row.updated_at).bind::<BigInt, _>(row.revision);
            let values = values.bind::<Bool, _>(row.published).bind::<Nullable<Text>, _>(&row.number_key);
            let values = values.bind::<Nullable<Text>, _>(&row.organisation_key);
            values.bind::<Nullable<Text>, _>(&row.external_given)
        })
    }
}

/// Takes all personal data out of a record and its history, for good, and the texts of these properties; tells what it
/// found. The record gets a further revision, so that nobody goes on with what they have read; the audit trail keeps its
/// digests, whose salts go. `forgets_key` says whether what is left of the key of a deleted matter goes too.
pub fn erase(
    db: &mut Db,
    register: &Register,
    id: &str,
    (wanted, forgets_key): (&[String], bool),
    by: &OperationContext,
) -> Result<history_row::ErasureFindings> {
    let before = records::table
        .filter(records::id.eq(id))
        .filter(records::register.eq(register.name))
        .select(StoredRecord::as_select())
        .first(db)
        .optional()?;
    if let Some(before) = before {
        let erased = |_: &RecordRow, mut document: Document| {
            personal::take(&mut document);
            erasable::take(register, &mut document, wanted);
            Ok(document)
        };
        replace(db, &mut Lookups::default(), register, before, &Expected::Any, erased, by)?;
    }
    let mut found = history::erase(db, register, id, wanted)?;
    found.is_key_forgotten = forgets_key && tombstones::forget(db, id)?;
    let taken = found.taken.keys().map(|property| history_row::erased_as(property));
    let taken: BTreeSet<&str> = taken.chain(found.is_key_forgotten.then_some(history_row::KEY)).collect();
    let last = history_row::last_revision(db, id)?;
    for property in taken {
        let entry = trail::NewTrailEntry {
            kind: trail::TrailKind::Erasure,
            action: &history_row::erasure(property),
            subject: id,
            revision: Some(last),
            digest: history_row::erasure_digest(id, property, last),
        };
        trail::append(db, &entry, by)?;
    }
    Ok(found)
}

/// True if a body touches personal data. A caller without `personal:read` may not send it, because that caller cannot
/// see the data.
pub fn touches_personal_data(body: &Value) -> bool {
    !personal::pointers(body).is_empty()
}
