//! Records, their histories and their entries in the change feed and in the audit trail, each against the others.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::admin::verify::links::Bodies;
use crate::admin::verify::numbers::Numbers;
use crate::admin::verify::record_keys;
use crate::admin::verify::tombstones::Graves;
use crate::admin::verify::trail::TrailSummary;
use crate::audit::trail::{TrailEntry as Entry, TrailKind};
use crate::db::Db;
use crate::db::schema::{audit_trail, changes, history, own_keys, record_links, records};
use crate::error::{Error, KeyNeed, Result};
use crate::json::flat;
use crate::records::Document;
use crate::records::own_values::{self, StoredOwnValues, count as stored_own_values};
use crate::records::projections::history::{Flat, all_of, document, replay};
use crate::records::projections::history_row::Action;
use crate::records::projections::history_row::{Erased, HistoryRow, erasure_digest, erasure_of};
use crate::records::references;
use crate::records::row::{RecordRow, StoredRecord};
use crate::registers::{self, Register};
use crate::seal::{Keys, StoredKey};

/// The number of records that are looked at together.
const PAGE: i64 = 500;

/// The most differences of a kind that are named.
const NAMED: i64 = 100;

/// The findings over the records that have a history.
#[derive(Default)]
pub struct SeenRecords {
    records: i64,
    /// Entries of the trail that tell of them.
    entries: i64,
    /// Their links, own keys and own values.
    kept: (i64, i64, i64),
    /// The numbers that have been used.
    pub numbers: Numbers,
    /// The names that public bodies had.
    pub bodies: Bodies,
    /// The records that were deleted, and the keys that they had.
    pub graves: Graves,
}

/// An entry of the change feed: record, revision, register, number, action, time.
type RecordFeedEntry = (String, i64, String, String, String, NaiveDateTime);

/// All that there is of some records.
struct RecordsPage {
    history: BTreeMap<String, Vec<HistoryRow>>,
    entries: BTreeMap<String, Vec<Entry>>,
    feed: BTreeMap<String, Vec<RecordFeedEntry>>,
    records: BTreeMap<String, StoredRecord>,
    kept: StoredRows,
}

/// The rows beside those of records that follow from them.
struct StoredRows {
    references: references::StoredReferences,
    own: StoredOwnValues,
}

fn by<T>(rows: Vec<T>, id: impl Fn(&T) -> &String) -> BTreeMap<String, Vec<T>> {
    let mut out: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for row in rows {
        out.entry(id(&row).clone()).or_default().push(row);
    }
    out
}

impl RecordsPage {
    fn read(db: &mut Db, ids: &[String]) -> Result<RecordsPage> {
        let told = audit_trail::table
            .filter(audit_trail::subject.eq_any(ids))
            .filter(audit_trail::kind.eq_any([TrailKind::Record.name(), TrailKind::Erasure.name()]))
            .order(audit_trail::seq)
            .select(Entry::as_select());
        let feed = changes::table.filter(changes::record_id.eq_any(ids)).order(changes::seq).select((
            changes::record_id,
            changes::revision,
            changes::register,
            changes::number,
            changes::action,
            changes::at,
        ));
        let rows: Vec<StoredRecord> =
            records::table.filter(records::id.eq_any(ids)).select(StoredRecord::as_select()).load(db)?;
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let entered = own_values::entered(db)?;
        let own = StoredOwnValues::of(db, &rows, entered)?;
        Ok(RecordsPage {
            history: by(all_of(db, ids)?, |row| &row.record_id),
            entries: by(told.load::<Entry>(db)?, |entry| &entry.subject),
            feed: by(feed.load::<RecordFeedEntry>(db)?, |change| &change.0),
            records: rows.into_iter().map(|row| (row.row.id.clone(), row)).collect(),
            kept: StoredRows { references: references::StoredReferences::of(db, &names)?, own },
        })
    }
}

impl RecordsPage {
    /// The keys of their own that the records are sealed with.
    fn keys(&self) -> Vec<KeyNeed> {
        let of_records = self.records.values().filter_map(|row| row.row.key());
        of_records.chain(self.history.values().flatten().filter_map(HistoryRow::key)).collect()
    }
}

/// Reads all records that have a history and adds where they differ from it, or from what the trail and the feed tell.
pub fn read(db: &mut Db, keys: &Keys, out: &mut Vec<String>) -> Result<SeenRecords> {
    let mut seen = SeenRecords { numbers: Numbers::read(db)?, ..SeenRecords::default() };
    let mut after = String::new();
    loop {
        let ids = history::table.filter(history::record_id.gt(&after)).order(history::record_id);
        let ids: Vec<String> = ids.select(history::record_id).distinct().limit(PAGE).load(db)?;
        let Some(last) = ids.last() else { return Ok(seen) };
        after.clone_from(last);
        let mut page = RecordsPage::read(db, &ids)?;
        let keys = &keys.provided_now(page.keys())?;
        let mut stored = by(keys.stored(ids.clone())?, |key| &key.record);
        seen.records += page.records.len() as i64;
        let (links, own_keys) = page.kept.references.count;
        seen.kept = (seen.kept.0 + links, seen.kept.1 + own_keys, seen.kept.2 + page.kept.own.count);
        seen.entries += page.entries.values().map(|entries| entries.len() as i64).sum::<i64>();
        for id in &ids {
            let register = page.history.get(id).and_then(|rows| rows.first()).map(|row| row.register.clone());
            let name = format!("record {id} ({})", register.unwrap_or_default());
            let stored = stored.remove(id).unwrap_or_default();
            let found = of_record(&mut page, id, (keys, &stored), &mut seen)?;
            out.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
        }
    }
}

/// Records that have no history, and entries of the trail that tell of none.
pub fn unseen(db: &mut Db, told: &TrailSummary, seen: &SeenRecords) -> Result<Vec<String>> {
    let mut out = Vec::new();
    if records::table.count().get_result::<i64>(db)? != seen.records {
        let known = history::table.filter(history::record_id.eq(records::id));
        let unknown = records::table.filter(diesel::dsl::not(diesel::dsl::exists(known)));
        let unknown: Vec<(String, String)> = unknown.select((records::id, records::register)).limit(NAMED).load(db)?;
        out.extend(unknown.into_iter().map(|(id, register)| format!("record {id} ({register}): has no history")));
    }
    let (links, keys) = (record_links::table.count().get_result(db)?, own_keys::table.count().get_result(db)?);
    let kept = (links, keys, stored_own_values(db)?);
    if kept != seen.kept {
        out.push(format!("links, own keys and own values: there are {kept:?}, and {:?} are of records", seen.kept));
    }
    if told.of_records != seen.entries {
        let known = history::table.filter(history::record_id.eq(audit_trail::subject));
        let unknown = audit_trail::table
            .filter(audit_trail::kind.eq_any([TrailKind::Record.name(), TrailKind::Erasure.name()]))
            .filter(diesel::dsl::not(diesel::dsl::exists(known)));
        let unknown: Vec<(i64, String)> =
            unknown.select((audit_trail::seq, audit_trail::subject)).limit(NAMED).load(db)?;
        out.extend(
            unknown
                .into_iter()
                .map(|(seq, id)| format!("audit trail: entry {seq} tells of record {id}, which never was")),
        );
    }
    Ok(out)
}

/// Adds the faults of each change by itself.
fn faults_of(rows: &[HistoryRow], keys: &Keys, erased: &Erased, out: &mut Vec<String>) -> Result<()> {
    for row in rows {
        match row.fault(keys, erased) {
            Err(Error::Corrupt(difference)) => out.push(difference),
            fault => out.extend(fault?),
        }
    }
    Ok(())
}

fn of_record(
    page: &mut RecordsPage,
    id: &str,
    (keys, stored): (&Keys, &[StoredKey]),
    seen: &mut SeenRecords,
) -> Result<Vec<String>> {
    let rows = page.history.remove(id).unwrap_or_default();
    let entries = page.entries.remove(id).unwrap_or_default();
    let mut out = Vec::new();
    let erased = erased(id, &entries, rows.last().map_or(0, |row| row.revision), &mut out);
    told(&rows, &entries, &mut out)?;
    out.extend(record_keys::left(stored, &erased));
    faults_of(&rows, keys, &erased, &mut out)?;
    let Some(register) = rows.first().and_then(|row| registers::find(&row.register)) else {
        out.push("there is no such register".to_owned());
        return Ok(out);
    };
    if rows.iter().any(|row| row.register != register.name) {
        out.push("its history tells of several registers".to_owned());
    }
    let mut numbers = BTreeMap::new();
    let replayed = replay(&rows, keys, |row, before, after| {
        let number = |state: &Flat| state.get("number").and_then(|number| number.as_str()).map(str::to_owned);
        if let Some(number) = number(after).or_else(|| number(before)) {
            seen.numbers.add(&number);
            numbers.insert(row.revision, number);
        }
        seen.bodies.add(register, row, after);
        if row.action == Action::Deleted.as_str() {
            seen.graves.add(id, register.name, before, &erased);
        }
    })?;
    feed(page.feed.remove(id).unwrap_or_default(), &rows, &numbers, &mut out);
    let record = page.records.remove(id).map(|row| row.row);
    match (replayed, record) {
        (Err(difference), _) => out.push(difference),
        (Ok((_, Some(_))), None) => out.push("is gone, but its history does not say so".to_owned()),
        (Ok((_, None)), None) => {}
        (Ok((revision, state)), Some(columns)) => {
            let times = rows.first().map(|row| row.at).zip(rows.last().map(|row| row.at));
            let Some(times) = times else { return Ok(out) };
            out.extend(now(register, &columns, (revision, state), times, keys, &mut page.kept)?);
        }
    }
    Ok(out)
}

/// Up to which revision what of a record was erased, as the trail tells.
fn erased(id: &str, entries: &[Entry], last: i64, out: &mut Vec<String>) -> Erased {
    let mut erased = Erased::new();
    for entry in entries.iter().filter(|entry| entry.kind == TrailKind::Erasure.name()) {
        let revision = entry.revision.unwrap_or_default();
        match erasure_of(&entry.action) {
            Some(property) if entry.digest == erasure_digest(id, property, revision) && revision <= last => {
                let until = erased.entry(property.to_owned()).or_default();
                *until = revision.max(*until);
            }
            _ => out.push(format!("entry {} of the audit trail tells of no erasure that could have been", entry.seq)),
        }
    }
    erased
}

/// Holds the changes and the entries of the trail against each other.
fn told(rows: &[HistoryRow], entries: &[Entry], out: &mut Vec<String>) -> Result<()> {
    let mut told: BTreeMap<i64, &Entry> = BTreeMap::new();
    let mut before = 0;
    for entry in entries.iter().filter(|entry| entry.kind == TrailKind::Record.name()) {
        let revision = entry.revision.unwrap_or_default();
        if revision <= before {
            out.push(format!("entry {} of the audit trail does not come after the change before", entry.seq));
        }
        before = revision;
        told.insert(revision, entry);
    }
    for row in rows {
        let digest = match row.digest() {
            Err(Error::Corrupt(difference)) => {
                out.push(difference);
                continue;
            }
            digest => digest?,
        };
        match told.remove(&row.revision) {
            None => out.push(format!("the audit trail says nothing of revision {}", row.revision)),
            Some(entry) if entry.digest == digest && entry.action == row.action => {}
            Some(entry) => {
                out.push(format!("entry {} of the audit trail differs from the history", entry.seq));
            }
        }
    }
    out.extend(told.into_iter().map(|(revision, entry)| {
        format!("entry {} of the audit trail tells of revision {revision}, which the history lacks", entry.seq)
    }));
    Ok(())
}

/// Holds the changes and the entries of the feed against each other.
fn feed(feed: Vec<RecordFeedEntry>, rows: &[HistoryRow], numbers: &BTreeMap<i64, String>, out: &mut Vec<String>) {
    let mut held: BTreeMap<i64, RecordFeedEntry> = BTreeMap::new();
    let mut before = 0;
    for change in feed {
        if change.1 <= before {
            out.push(format!("change feed: revision {} does not come after the one before", change.1));
        }
        before = change.1;
        held.insert(change.1, change);
    }
    for row in rows {
        let Some((_, revision, register, number, action, at)) = held.remove(&row.revision) else {
            out.push(format!("change feed: says nothing of revision {}", row.revision));
            continue;
        };
        let is_same = (&register, &action, at) == (&row.register, &row.action, row.at)
            && numbers.get(&revision).is_none_or(|right| *right == number);
        if !is_same {
            out.push(format!("change feed: the entry of revision {revision} differs from the history"));
        }
    }
    out.extend(held.into_keys().map(|revision| format!("change feed: tells of revision {revision}, which never was")));
}

/// Returns the differences between a record and what follows from its history, and from the record itself.
fn now(
    register: &Register,
    columns: &RecordRow,
    (revision, state): (i64, Option<Flat>),
    times: (NaiveDateTime, NaiveDateTime),
    keys: &Keys,
    kept: &mut StoredRows,
) -> Result<Vec<String>> {
    let held = match columns.document(register, Some(keys)) {
        Err(Error::Corrupt(difference)) => return Ok(vec![difference]),
        held => held?,
    };
    let differences = kept.references.differences(register, columns, &held);
    let mut out: Vec<String> = differences.into_iter().map(str::to_owned).collect();
    if !kept.own.is_right(register, &columns.id, &held) {
        out.push("its own values differ from what it says".to_owned());
    }
    if revision != columns.revision {
        out.push(format!("has revision {}, its history ends with {revision}", columns.revision));
        return Ok(out);
    }
    let Some(state) = state else {
        out.push("was deleted according to its history".to_owned());
        return Ok(out);
    };
    let differing = differing(&held, &state);
    if !differing.is_empty() {
        out.push(format!("differs from its history in {}", differing.join(", ")));
        return Ok(out);
    }
    let mut right = match RecordRow::without_personal_data(register, columns.id.clone(), document(state), times.0) {
        Err(Error::Corrupt(difference)) => return Ok(vec![difference]),
        right => right?,
    };
    (right.updated_at, right.revision) = (times.1, revision);
    let differing = columns.differing(&right);
    if !differing.is_empty() {
        out.push(format!("has columns that do not follow from its history: {}", differing.join(", ")));
    }
    Ok(out)
}

/// The properties in which a record differs from what its history says.
fn differing(held: &Document, state: &Flat) -> Vec<String> {
    let held = flat(held);
    let names: BTreeSet<&String> = held.keys().chain(state.keys()).collect();
    names.into_iter().filter(|name| held.get(*name) != state.get(*name)).cloned().collect()
}
