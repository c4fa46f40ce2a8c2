//! The history of a record: every change with who, when and what, also after the record is gone.

use crate::audit::trail;
use crate::clock::instant;
use crate::context::OperationContext;
use crate::db::schema::{changes, history};
use crate::db::{Db, WriteTransaction, deferred_row};
use crate::error::{Error, Result};
use crate::identity::ActorKind;
use crate::json::read_stored;
use crate::records::erasable::ErasedTexts;
use crate::records::projections::history_row::{Action, PropertyChange, RecordChange};
use crate::records::projections::history_row::{ErasureFindings, HistoryRow};
use crate::records::row::RecordRow;
use crate::records::{Document, numbering};
use crate::registers::Register;
use crate::seal::Keys;
use crate::trace::TraceParent;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One entry of a record's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// The revision that the change made.
    pub revision: i64,
    /// The action that was done.
    #[schema(value_type = Action)]
    pub action: String,
    /// The time of the change, in UTC.
    #[schema(format = "date-time", example = "2017-03-14T09:30:00Z")]
    pub at: String,
    /// The actor's name: the subject of the access token. Others may bear the same one.
    pub actor: String,
    /// The kind of identity that the actor is.
    #[schema(value_type = ActorKind)]
    pub actor_kind: String,
    /// The issuer of the access token, which vouched for the actor; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "aufsicht")]
    pub actor_issuer: Option<String>,
    /// The id of the service account, if the actor was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid", example = "01932b6e-3333-7000-8000-000000000003")]
    pub actor_client: Option<String>,
    /// In which request.
    pub request_id: String,
    /// The properties that changed; personal data only with the scope `personal:read`.
    pub changes: Vec<PropertyChange>,
}

/// An entry of the change feed.
struct ChangeFeedRow {
    seq: i64,
    record_id: String,
    revision: i64,
    register: String,
    number: String,
    action: String,
    at: NaiveDateTime,
    /// The place of the request in a trace.
    trace: Option<String>,
}

deferred_row!(ChangeFeedRow, 3, changes(seq, record_id, revision, register, number, action, at, trace));

/// Appends a change to the history and to the change feed, and returns its place there.
pub fn append(
    tx: &mut WriteTransaction,
    of: &RecordChange,
    action: Action,
    differences: Vec<(String, Value, Value)>,
    by: &OperationContext,
) -> Result<i64> {
    let all = differences.into_iter().map(|(property, old, new)| PropertyChange { property, old, new });
    let row = HistoryRow::new(of, action, all, by)?;
    let entry = trail::NewTrailEntry {
        kind: trail::TrailKind::Record,
        action: &row.action,
        subject: &row.record_id,
        revision: Some(row.revision),
        digest: row.digest()?,
    };
    trail::append(tx, &entry, by)?;
    let seq = numbering::next(tx, numbering::FEED)?;
    let entry = ChangeFeedRow {
        seq,
        record_id: row.record_id.clone(),
        revision: row.revision,
        register: row.register.clone(),
        number: of.number.to_owned(),
        action: row.action.clone(),
        at: row.at,
        trace: by.trace.as_ref().map(TraceParent::written),
    };
    tx.defer(row);
    tx.defer(entry);
    Ok(seq)
}

/// The place of the last entry of the change feed; 0 before the first.
pub fn end_of_feed(db: &mut Db) -> Result<i64> {
    numbering::stored(db, numbering::FEED)
}

/// Entries of a record's history after a revision, oldest first; personal data to who has the keys. Fails when there
/// has never been such a record.
pub fn list(
    db: &mut Db,
    register: &Register,
    id: &str,
    after: i64,
    limit: i64,
    keys: Option<&Keys>,
) -> Result<Vec<Entry>> {
    let of_record = history::table.filter(history::record_id.eq(id)).filter(history::register.eq(register.name));
    let rows: Vec<HistoryRow> = of_record
        .filter(history::revision.gt(after))
        .order(history::revision)
        .limit(limit)
        .select(HistoryRow::as_select())
        .load(db)?;
    if rows.is_empty() && after == 0 {
        return Err(register.not_found(id));
    }
    rows.into_iter()
        .map(|row| {
            let mut changes = row.changes(keys)?;
            changes.sort_by(|a, b| a.property.cmp(&b.property));
            let HistoryRow { revision, action, actor, actor_kind, actor_issuer, actor_client, request_id, .. } = row;
            let at = instant(row.at);
            Ok(Entry { revision, action, at, actor, actor_kind, actor_issuer, actor_client, request_id, changes })
        })
        .collect()
}

/// All changes of records, record by record and in their order.
pub fn all_of(db: &mut Db, ids: &[String]) -> Result<Vec<HistoryRow>> {
    let of_records = history::table.filter(history::record_id.eq_any(ids));
    Ok(of_records.order((history::record_id, history::revision)).select(HistoryRow::as_select()).load(db)?)
}

/// Takes personal data and its salts out of a record's history, and the values of these properties.
pub fn erase(db: &mut Db, register: &Register, id: &str, wanted: ErasedTexts) -> Result<ErasureFindings> {
    let mut found = ErasureFindings::default();
    for mut row in all_of(db, &[id.to_owned()])? {
        if row.erase(register, wanted, &mut found)? {
            row.save_erased(db)?;
        }
    }
    Ok(found)
}

/// The actor of a revision of a record: the name and the kind.
pub fn actor(db: &mut Db, id: &str, revision: i64) -> Result<Option<(String, String)>> {
    let who = history::table.find((id, revision)).select((history::actor, history::actor_kind));
    Ok(who.first(db).optional()?)
}

/// True if there is or ever was a record with that id, in any register.
pub fn has(tx: &mut WriteTransaction, id: &str) -> Result<bool> {
    let first = history::table.find((id, 1)).select(history::revision);
    let db = tx.flushed_if(|new: &HistoryRow| new.record_id == id)?;
    Ok(first.first::<i64>(db).optional()?.is_some())
}

/// Returns the changes that a revision made to a record, personal data aside.
pub fn open_changes(db: &mut Db, id: &str, revision: i64) -> Result<Vec<PropertyChange>> {
    read_stored(&history::table.find((id, revision)).select(history::changes).first::<String>(db)?, "history")
}

/// A record as it was at a revision.
pub struct PastRecord {
    /// The time at which it was created.
    pub created_at: NaiveDateTime,
    /// The time at which it got that revision.
    pub updated_at: NaiveDateTime,
    /// The document.
    pub document: Document,
}

/// Returns a record as it was at a revision, from its history.
pub fn as_of(db: &mut Db, register: &Register, id: &str, revision: i64, keys: &Keys) -> Result<PastRecord> {
    let rows: Vec<HistoryRow> = history::table
        .filter(history::record_id.eq(id))
        .filter(history::register.eq(register.name))
        .filter(history::revision.le(revision))
        .order(history::revision)
        .select(HistoryRow::as_select())
        .load(db)?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Err(register.not_found(id)) };
    let mut state = Flat::new();
    for row in &rows {
        state.extend(row.changes(Some(keys))?.into_iter().map(|change| (change.property, change.new)));
    }
    state.retain(|_, value| !value.is_null());
    Ok(PastRecord { created_at: first.at, updated_at: last.at, document: document(state) })
}

/// Rebuilds a record from entries of its history, without personal data; `None` if it was not there.
fn state(register: &Register, rows: &[&HistoryRow]) -> Result<Option<RecordRow>> {
    let Some(last) = rows.last().filter(|row| row.action != Action::Deleted.as_str()) else { return Ok(None) };
    let mut state = Flat::new();
    for row in rows {
        state.extend(row.changes(None)?.into_iter().map(|change| (change.property, change.new)));
    }
    state.retain(|_, value| !value.is_null());
    Ok(Some(RecordRow::without_personal_data(register, last.record_id.clone(), document(state), last.at)?))
}

/// Records before a revision of each, as far as they were changed after a place in the change feed and their history has one of
/// two marks: those that were not there then are left out.
pub fn before(
    db: &mut Db,
    seq: i64,
    marks: &[String; 2],
    revisions: &BTreeMap<&str, i64>,
) -> Result<BTreeMap<String, RecordRow>> {
    let dated = diesel::alias!(history as dated);
    let [one, other] = marks.clone();
    let is_marked = dated.field(history::changes).like(one).or(dated.field(history::changes).like(other));
    let of_record = dated.filter(dated.field(history::record_id).eq(history::record_id)).filter(is_marked);
    let changed = changes::table.filter(changes::seq.gt(seq)).select(changes::record_id);
    let rows: Vec<HistoryRow> = history::table
        .filter(history::record_id.eq_any(changed))
        .filter(diesel::dsl::exists(of_record))
        .order((history::record_id, history::revision))
        .select(HistoryRow::as_select())
        .load(db)?;
    let mut out = BTreeMap::new();
    for of_record in rows.chunk_by(|one, other| one.record_id == other.record_id) {
        let Some(first) = of_record.first() else { continue };
        let Some(register) = crate::registers::find(&first.register) else { continue };
        let Some(revision) = revisions.get(first.record_id.as_str()) else { continue };
        let earlier = of_record.iter().take_while(|row| row.revision < *revision).collect::<Vec<_>>();
        if let Some(columns) = state(register, &earlier)? {
            out.insert(first.record_id.clone(), columns);
        }
    }
    Ok(out)
}

/// A document from properties with dots between the parts of an object.
pub fn document(flat: impl IntoIterator<Item = (String, Value)>) -> Document {
    let mut document = Document::new();
    for (property, value) in flat {
        match property.split_once('.') {
            None => {
                document.insert(property, value);
            }
            Some((name, part)) => {
                let inner = document.entry(name).or_insert_with(|| Value::Object(Document::new()));
                if let Value::Object(inner) = inner {
                    inner.insert(part.to_owned(), value);
                }
            }
        }
    }
    document
}

/// The end of a record's history: the revision, and the state with dots between the parts of an object; `None` if the
/// record was deleted. `Err` says what does not fit together.
pub type Replayed = std::result::Result<(i64, Option<Flat>), String>;

/// Replays the history of a record. `at_each` is told the state before and after each change.
pub fn replay(
    rows: &[HistoryRow],
    keys: &Keys,
    mut at_each: impl FnMut(&HistoryRow, &Flat, &Flat),
) -> Result<Replayed> {
    let mut state = Flat::new();
    let mut revision = 0;
    let mut exists = false;
    for row in rows {
        revision += 1;
        if row.revision != revision {
            return Ok(Err(format!("revision {revision} is missing in the history")));
        }
        let before = state.clone();
        let changes = match row.changes(Some(keys)) {
            Err(Error::Corrupt(difference)) => return Ok(Err(difference)),
            changes => changes?,
        };
        for change in changes {
            if state.get(&change.property).unwrap_or(&Value::Null) != &change.old {
                return Ok(Err(format!("revision {revision} changes {} from what it was not", change.property)));
            }
            if change.new.is_null() {
                state.remove(&change.property);
            } else {
                state.insert(change.property, change.new);
            }
        }
        at_each(row, &before, &state);
        exists = row.action != Action::Deleted.as_str();
    }
    Ok(Ok((revision, exists.then_some(state))))
}

/// A document with dots between the parts of an object.
pub type Flat = BTreeMap<String, Value>;
