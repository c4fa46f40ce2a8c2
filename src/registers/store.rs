//! The one write path, and reading single records. Nothing else writes records.

pub mod erase;
pub mod external;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::cube::Resolution;
use super::document;
use super::history::{self, Action, RecordChange};
use super::lookups::{Holder, Lookups};
use super::record::{Document, RecordRow, StoredRecord};
use super::references::{self, References};
use super::{ALL, Dimension, Register, cube, numbering, personal, search, tombstones};
use crate::context::OperationContext;
use crate::db::schema::records;
use crate::db::{Db, DeferredRow, WriteTransaction, cached, insert};
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
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    register: &Register,
    mut document: Document,
    by: &OperationContext,
) -> Result<RecordRow> {
    refuse_taken(tx, lookups, register, None, &document)?;
    let references = references::resolve(tx, lookups, register, None, &mut document, by)?;
    if !document.contains_key("number") {
        let number = numbering::next_of_series(tx, lookups, &series(register, &document)?)?;
        document.insert("number".into(), number.into());
    }
    let row = RecordRow::new(register, Uuid::now_v7().to_string(), document, by.at, &by.keys)?;
    let record = Record::of(row.clone(), register, by)?;
    apply(tx, lookups, Change { register, pos: None, before: None, after: Some(record) }, Some(&references), by)?;
    Ok(row)
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
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    register: &Register,
    id: &str,
    expected: &Expected,
    change: impl FnOnce(&RecordRow, Document) -> Result<Document>,
    by: &OperationContext,
) -> Result<RecordRow> {
    let before = get(tx.flushed_if(|NewRecordRow(new)| new.id == id)?, register, id)?;
    replace(tx, lookups, register, before, expected, change, by)
}

/// The same of a record that was read already.
fn replace(
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    register: &Register,
    StoredRecord { pos, row }: StoredRecord,
    expected: &Expected,
    change: impl FnOnce(&RecordRow, Document) -> Result<Document>,
    by: &OperationContext,
) -> Result<RecordRow> {
    expected.check(row.revision)?;
    let before = Record::of(row, register, by)?;
    let held = &before.row;
    let mut document = change(held, before.document.clone())?;
    document.entry("number").or_insert_with(|| held.number.clone().into());
    document::retain_external_spelling(&mut document, held);
    refuse_taken(tx, lookups, register, Some(&held.id), &document)?;
    let references = references::resolve(tx, lookups, register, Some(held), &mut document, by)?;
    let mut row = RecordRow::new(register, held.id.clone(), document, by.at, &by.keys)?;
    row.created_at = held.created_at;
    row.revision = held.revision + 1;
    if register.property_name("received_on").is_none() {
        row.received_on = held.received_on;
    }
    let after = Record::of(row.clone(), register, by)?;
    if after.document == before.document {
        return Ok(before.row);
    }
    let change = Change { register, pos: Some(pos), before: Some(before), after: Some(after) };
    apply(tx, lookups, change, Some(&references), by)?;
    Ok(row)
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
pub fn delete(
    tx: &mut WriteTransaction,
    register: &Register,
    id: &str,
    expected: &Expected,
    by: &OperationContext,
) -> Result<()> {
    let before = get(tx.flushed_if(|NewRecordRow(new)| new.id == id)?, register, id)?;
    expected.check(before.row.revision)?;
    let version = before.row.external_version.unwrap_or_default();
    delete_row(tx, register, before, version, by)
}

fn delete_row(
    tx: &mut WriteTransaction,
    register: &Register,
    StoredRecord { pos, row }: StoredRecord,
    version: i64,
    by: &OperationContext,
) -> Result<()> {
    if let Some((record, register)) = references::referrer(tx, &row.id)? {
        let detail = "another record refers to it; take that reference away first".into();
        return Err(Error::Conflict { detail, record: Some(record), register: Some(register) });
    }
    let RecordRow { id, external_system, external_id, .. } = row.clone();
    let before = Record::of(row, register, by)?;
    let change = Change { register, pos: Some(pos), before: Some(before), after: None };
    apply(tx, &mut Lookups::default(), change, None, by)?;
    match (external_system, external_id) {
        (Some(system), Some(external)) => {
            tombstones::record_deletion(tx.unflushed(), register, (&system, &external), version, Some(&id))
        }
        _ => Ok(()),
    }
}

/// The message for a number that another record has.
pub const NUMBER_TAKEN: &str = "the number is taken by another record";

/// Refuses what another record has already and only one can have.
fn refuse_taken(
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    register: &Register,
    id: Option<&str>,
    document: &Document,
) -> Result<()> {
    let other = |holder: Option<Holder>| holder.filter(|(holder, _)| Some(holder.as_str()) != id);
    if let Some(number) = document.get("number").and_then(Value::as_str)
        && let Some((holder, register)) = other(lookups.number_holder(tx, number)?)
    {
        let detail = NUMBER_TAKEN.into();
        return Err(Error::Conflict { detail, record: Some(holder), register: Some(register) });
    }
    if let Some((property, holder)) = references::taken_value(tx, lookups, register, id, document)? {
        let detail = format!("the value of `{property}` is taken by another record");
        return Err(Error::Conflict { detail, record: Some(holder), register: Some(register.name.into()) });
    }
    let external = |part: &str| document.get("external").and_then(|external| external.get(part)?.as_str());
    if let (Some(system), Some(external_id)) = (external("system"), external("id")) {
        let holder =
            lookups.external_key_holder(tx, register, (system, &text::id_key(external_id)))?.map(|row| row.row.id);
        if let Some(holder) = holder.filter(|holder| Some(holder.as_str()) != id) {
            let detail = "the key in the other system is taken by another record".into();
            return Err(Error::Conflict { detail, record: Some(holder), register: Some(register.name.into()) });
        }
    }
    Ok(())
}

/// A record: its row, and the document that the row was made from.
struct Record {
    row: RecordRow,
    document: Document,
}

impl Record {
    fn of(row: RecordRow, register: &Register, by: &OperationContext) -> Result<Record> {
        Ok(Record { document: row.document(register, Some(&by.keys))?, row })
    }
}

/// A change of a record: without `before` it is new, without `after` it is gone.
struct Change<'a> {
    register: &'a Register,
    /// The place of the row, once there is one.
    pos: Option<i64>,
    before: Option<Record>,
    after: Option<Record>,
}

impl Change<'_> {
    fn rows(&self) -> (Option<&RecordRow>, Option<&RecordRow>) {
        (self.before.as_ref().map(|record| &record.row), self.after.as_ref().map(|record| &record.row))
    }
}

/// Writes a change of a record, and all that follows from it: they stand and fall together. Every change comes through
/// here, inside the writer's transaction. What can be refused for a reason of the sender's was refused before: a failure
/// from here on takes the transaction, or a savepoint, with it.
fn apply(
    tx: &mut WriteTransaction,
    lookups: &mut Lookups,
    change: Change,
    references: Option<&References>,
    by: &OperationContext,
) -> Result<()> {
    let (before, after) = change.rows();
    let Some(named) = after.or(before) else { return Ok(()) };
    let action = write_row(tx, change.pos, before, after)?;
    for Record { row, document } in change.before.iter().chain(&change.after) {
        lookups.invalidate(change.register, row, document);
    }
    if let Some(Record { row, document }) = &change.after {
        references::store(tx, change.register, row, document, references)?;
        if before.is_none_or(|before| before.title != row.title) {
            references::link_records_naming(tx, row)?;
        }
    }
    let changed = RecordChange {
        register: change.register,
        id: &named.id,
        number: &named.number,
        revision: before.map_or(1, |before| before.revision + 1),
    };
    let nothing = Document::new();
    let [old, new] = [&change.before, &change.after].map(|of| of.as_ref().map_or(&nothing, |record| &record.document));
    let differences = document::differences(old, new);
    history::append(tx, &changed, action, differences, by)?;
    search::defer_words(tx, change.pos, before, after);
    cube::adjust(tx, before, after);
    Ok(())
}

/// Writes, changes or takes away the row itself.
fn write_row(
    tx: &mut WriteTransaction,
    pos: Option<i64>,
    before: Option<&RecordRow>,
    after: Option<&RecordRow>,
) -> Result<Action> {
    let (Some(pos), Some(before)) = (pos, before) else {
        let after = after.ok_or_else(|| Error::Internal("there is nothing to write".into()))?;
        tx.defer(NewRecordRow(after.clone()));
        return Ok(Action::Created);
    };
    let held = records::table.find(pos).filter(records::revision.eq(before.revision));
    let db = tx.flushed_if(|NewRecordRow(new)| new.id == before.id)?;
    let (action, written): (Action, Option<i64>) = match after {
        Some(after) => {
            let changing = diesel::update(held).set(after).returning(records::pos);
            (Action::Updated, cached(changing).get_result(db).optional()?)
        }
        None => (Action::Deleted, diesel::delete(held).returning(records::pos).get_result(db).optional()?),
    };
    written.map(|_| action).ok_or(Error::Stale { held: before.revision })
}

/// The row of a new record.
pub struct NewRecordRow(pub RecordRow);

impl DeferredRow for NewRecordRow {
    const RANK: u8 = 0;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
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

/// True if a body touches personal data. A caller without `personal:read` may not send it, because that caller cannot
/// see the data.
pub fn touches_personal_data(body: &Value) -> bool {
    !personal::pointers(body).is_empty()
}
