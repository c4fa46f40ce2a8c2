//! Queries of the synchronisation: the change feed.

use std::sync::Arc;

use chrono::SecondsFormat;
use diesel::prelude::*;

use super::generation;
use crate::db::schema::{changes, history};
use crate::db::{Backend, Db};
use crate::digest;
use crate::error::{Error, Result};
use crate::records::projections::history::end_of_feed;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = changes)]
struct FeedRow {
    seq: i64,
    register: String,
    record_id: String,
    number: String,
    action: String,
    revision: i64,
    at: chrono::NaiveDateTime,
    trace: Option<String>,
}

/// An entry of the change feed.
#[derive(Clone, Debug)]
pub struct FeedChange {
    /// Its place: a number without gaps, in the order of the commits.
    pub seq: i64,
    /// The record's register.
    pub register: String,
    /// The record.
    pub record_id: String,
    /// The record's business number.
    pub number: String,
    /// The action of the change.
    pub action: String,
    /// The revision that it made.
    pub revision: i64,
    /// The instant at which it was published, in UTC.
    pub at: chrono::NaiveDateTime,
    /// The place of the request in a trace, as it came with it.
    pub trace: Option<String>,
    /// The mark that tells the entry from any other that may come to stand at its place.
    mark: String,
    /// The generation of the feed.
    generation: Arc<str>,
}

/// An entry, and the request that made it; none where the history has lost it.
type FeedRowWithRequest = (FeedRow, Option<String>);

/// A piece of the digest of an entry: after a restore another entry stands at its place, or the same.
fn mark(of: (&str, i64), (action, at): (&str, chrono::NaiveDateTime), request: Option<&str>) -> String {
    let at = at.and_utc().to_rfc3339_opts(SecondsFormat::Micros, true);
    let digest = digest::of(&[of.0, &of.1.to_string(), action, &at, request.unwrap_or_default()]);
    digest.chars().take(16).collect()
}

impl FeedChange {
    fn told((row, request): FeedRowWithRequest, generation: &Arc<str>) -> Self {
        let mark = mark((&row.record_id, row.revision), (&row.action, row.at), request.as_deref());
        let FeedRow { seq, register, record_id, number, action, revision, at, trace } = row;
        FeedChange {
            seq,
            register,
            record_id,
            number,
            action,
            revision,
            at,
            trace,
            mark,
            generation: generation.clone(),
        }
    }

    /// The place behind it.
    pub fn place(&self) -> FeedPlace {
        let entry = (self.record_id.clone(), self.revision, self.mark.clone());
        FeedPlace { seq: self.seq, entry: Some(entry), generation: self.generation.clone() }
    }
}

/// A place in the feed: behind the entry of that number. It knows the generation, for whoever has read on may know what a
/// restore took back; and the entry, for after the loss of a server, which nobody tells, another history may have come to
/// the same number.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedPlace {
    /// The number of the entry; 0 before the first.
    pub seq: i64,
    /// The record, its revision and the mark of the entry; none where no entry stands there.
    entry: Option<(String, i64, String)>,
    /// The generation of the feed; empty before the first restore.
    generation: Arc<str>,
}

impl FeedPlace {
    /// As it stands in a cursor.
    pub fn written(&self) -> Vec<String> {
        let entry =
            self.entry.iter().flat_map(|(record, revision, mark)| [record.clone(), revision.to_string(), mark.clone()]);
        let generation = Some(self.generation.to_string()).filter(|generation| !generation.is_empty());
        std::iter::once(self.seq.to_string()).chain(entry).chain(generation).collect()
    }

    /// Reads what stands in a cursor.
    pub fn read(written: &[String]) -> Option<Self> {
        let (seq, rest) = written.split_first()?;
        let (entry, generation) = match rest {
            [] => (None, ""),
            [generation] => (None, generation.as_str()),
            [record, revision, mark, rest @ ..] => {
                let entry = (record.clone(), revision.parse().ok()?, mark.clone());
                (Some(entry), rest.first().map_or("", String::as_str))
            }
            _ => return None,
        };
        Some(FeedPlace { seq: seq.parse().ok()?, entry, generation: generation.into() })
    }
}

/// The place where a reader of the feed begins.
#[derive(Clone, Debug)]
pub enum FeedStart {
    /// With the first entry there is.
    Oldest,
    /// Behind the last one.
    Latest,
    /// Behind a place.
    After(FeedPlace),
    /// Behind the entry of a number that stands in this very database, so that both have the same history.
    Behind(i64),
}

/// A piece of the change feed.
pub struct FeedPage {
    /// The entries, oldest first.
    pub changes: Vec<FeedChange>,
    /// The place to go on after.
    pub end: FeedPlace,
}

#[diesel::dsl::auto_type]
fn told() -> _ {
    let same = history::record_id.eq(changes::record_id).and(history::revision.eq(changes::revision));
    changes::table.left_join(history::table.on(same))
}

/// The entry of that number.
fn entry(db: &mut Db, seq: i64, generation: &Arc<str>) -> Result<Option<FeedChange>> {
    let found = told().filter(changes::seq.eq(seq)).select((FeedRow::as_select(), history::request_id.nullable()));
    Ok(found.first::<FeedRowWithRequest>(db).optional()?.map(|told| FeedChange::told(told, generation)))
}

/// The place behind the entry of that number.
fn place(db: &mut Db, seq: i64, generation: &Arc<str>) -> Result<FeedPlace> {
    let nothing = || FeedPlace { seq, entry: None, generation: generation.clone() };
    Ok(entry(db, seq, generation)?.map_or_else(nothing, |change| change.place()))
}

/// True if a place is of the generation that the feed is in, and the entry that it knows is the one that stands there, or
/// stood there before the beginning was removed.
fn is_of_this_history(db: &mut Db, place: &FeedPlace, generation: &Arc<str>) -> Result<bool> {
    if place.generation != *generation {
        return Ok(false);
    }
    if let Some(change) = entry(db, place.seq, generation)? {
        return Ok(change.place() == *place);
    }
    let Some((record, revision, known)) = &place.entry else { return Ok(true) };
    let held: Option<(String, chrono::NaiveDateTime, String)> = history::table
        .find((record, revision))
        .select((history::action, history::at, history::request_id))
        .first(db)
        .optional()?;
    Ok(held.is_some_and(|(action, at, request)| mark((record, *revision), (&action, at), Some(&request)) == *known))
}

/// The entries from a place on, of some registers or of all. Fails with [`Error::Gone`] when entries after the place
/// were removed, or when the place is none of this feed's history.
///
/// Nothing is ever skipped: a place in the feed is given by the one writer, over all processes, in the transaction
/// that makes the change, and the next writer gets its turn after the commit only (see `db::exclusively`). So what a
/// reader sees is always the whole feed up to some place.
pub fn changes(db: &mut Db, begin: &FeedStart, registers: &[String], limit: i64) -> Result<FeedPage> {
    db.transaction(|db| {
        let (newest, generation) = (end_of_feed(db)?, generation::current(db)?.into());
        let oldest: Option<i64> = changes::table.select(diesel::dsl::min(changes::seq)).first(db)?;
        let oldest = oldest.unwrap_or(newest + 1);
        let after = match begin {
            FeedStart::Oldest => oldest - 1,
            FeedStart::Latest => newest,
            FeedStart::After(FeedPlace { seq, .. }) | FeedStart::Behind(seq) => *seq,
        };
        if after + 1 < oldest || after > newest {
            return Err(Error::Gone);
        }
        if let FeedStart::After(place) = begin
            && !is_of_this_history(db, place, &generation)?
        {
            return Err(Error::Gone);
        }
        let changes = following(db, after, registers, limit, &generation)?;
        let end = match changes.last() {
            Some(last) if changes.len() as i64 == limit => last.place(),
            _ => place(db, newest, &generation)?,
        };
        Ok(FeedPage { changes, end })
    })
}

fn following(
    db: &mut Db,
    after: i64,
    registers: &[String],
    limit: i64,
    generation: &Arc<str>,
) -> Result<Vec<FeedChange>> {
    let mut query = told()
        .filter(changes::seq.gt(after))
        .order(changes::seq)
        .limit(limit)
        .select((FeedRow::as_select(), history::request_id.nullable()))
        .into_boxed::<Backend>();
    match registers {
        [] => {}
        [one] => query = query.filter(changes::register.eq(one.clone())),
        many => query = query.filter(changes::register.eq_any(many.to_vec())),
    }
    Ok(query.load::<FeedRowWithRequest>(db)?.into_iter().map(|told| FeedChange::told(told, generation)).collect())
}
