//! The chain of the access log: each entry's hash covers the entry before it, so that none is altered, put in or taken
//! out unseen. The oldest go when they have been kept long enough: the chain then begins after the last that went. Its
//! end stands beside the log, and in each anchor.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clock::SETTLED;
use crate::db::schema::{access_log, access_log_ends};
use crate::db::{Db, DeferredRow, InsertBatch, insert_rows, snapshot, upsert_rows};
use crate::digest;
use crate::error::Result;
use crate::identity::{self, Identity};

/// So long each disclosure is kept at least: the database's own rules do not let it go before.
const YEAR: TimeDelta = TimeDelta::days(365);

/// Entries that are read by one query.
const PAGE: i64 = 5_000;

/// A place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Queryable, Selectable)]
#[diesel(table_name = access_log_ends)]
pub struct ChainLink {
    /// The entry.
    pub id: i64,
    /// The time it was recorded, in UTC.
    pub at: NaiveDateTime,
    /// The hash there, which covers all entries before it.
    pub hash: String,
}

impl ChainLink {
    /// The digest of its place, time and hash, which the entry after it and an anchor cover.
    pub fn digest(&self) -> String {
        digest::of(&[&self.id.to_string(), &digest::instant(self.at), &self.hash])
    }
}

/// A disclosure that is about to be recorded.
pub(crate) struct DisclosureRow {
    pub(crate) at: NaiveDateTime,
    pub(crate) identity: Identity,
    pub(crate) register: &'static str,
    pub(crate) record_id: String,
    pub(crate) properties: String,
    pub(crate) operation: String,
    pub(crate) purpose: Option<String>,
    pub(crate) request_id: String,
}

impl DeferredRow for DisclosureRow {
    const RANK: u8 = 1;

    fn insert<'r>(db: &mut Db, _: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        append(db, rows)
    }
}

/// The time at which a disclosure is recorded, and for which it is kept.
pub(crate) struct Retention {
    pub(crate) now: NaiveDateTime,
    pub(crate) kept: TimeDelta,
}

impl DeferredRow for Retention {
    const RANK: u8 = 0;

    fn insert<'r>(db: &mut Db, _: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        rows.iter().max_by_key(|retention| retention.now).map_or(Ok(()), |retention| prune(db, retention))
    }
}

/// An entry as it is kept.
#[derive(Queryable, Selectable)]
#[diesel(table_name = access_log)]
pub(crate) struct AccessEntry {
    pub(crate) id: i64,
    pub(crate) at: NaiveDateTime,
    pub(crate) subject: String,
    pub(crate) client: Option<String>,
    pub(crate) register: String,
    pub(crate) record_id: String,
    pub(crate) properties: String,
    pub(crate) operation: String,
    pub(crate) purpose: Option<String>,
    pub(crate) request_id: String,
    /// The kind of identity that saw it.
    pub(crate) actor_kind: String,
    /// The issuer that vouched for it, if one did.
    pub(crate) actor_issuer: Option<String>,
    hash: String,
}

impl AccessEntry {
    /// The entry that tells of a disclosure, after the one before.
    fn after(before: Option<&ChainLink>, said: &DisclosureRow) -> AccessEntry {
        let mut kept = AccessEntry {
            id: before.map_or(0, |before| before.id) + 1,
            at: said.at,
            subject: said.identity.name.clone(),
            client: said.identity.client.clone(),
            register: said.register.to_owned(),
            record_id: said.record_id.clone(),
            properties: said.properties.clone(),
            operation: said.operation.clone(),
            purpose: said.purpose.clone(),
            request_id: said.request_id.clone(),
            actor_kind: said.identity.kind.as_str().to_owned(),
            actor_issuer: said.identity.issuer.clone(),
            hash: String::new(),
        };
        kept.hash = kept.chain_hash(before);
        kept
    }

    fn chain_hash(&self, before: Option<&ChainLink>) -> String {
        let (before, id, at) =
            (before.map_or_else(String::new, ChainLink::digest), self.id.to_string(), digest::instant(self.at));
        let [client, purpose] = [&self.client, &self.purpose].map(|text| digest::optional(text.as_deref()));
        let identity = identity::digest(&self.actor_kind, &[&self.actor_issuer]);
        let mut parts: Vec<&str> = vec![&before, &id, &at, &self.subject, &client, &self.register, &self.record_id];
        parts.extend([&self.properties, &self.operation, &purpose, &self.request_id, &identity].map(String::as_str));
        digest::of(&parts)
    }

    pub(crate) fn link(&self) -> ChainLink {
        ChainLink { id: self.id, at: self.at, hash: self.hash.clone() }
    }
}

const FORGOTTEN: &str = "forgotten";
const LAST: &str = "last";

fn end(db: &mut Db, name: &str) -> Result<Option<ChainLink>> {
    Ok(access_log_ends::table.find(name).select(ChainLink::as_select()).first(db).optional()?)
}

/// The row that an end of the chain is kept in.
struct ChainEnd<'a> {
    name: &'a str,
    id: i64,
    at: NaiveDateTime,
    hash: &'a str,
}

fn set_end(db: &mut Db, name: &str, ChainLink { id, at, hash }: &ChainLink) -> Result<()> {
    let row = ChainEnd { name, id: *id, at: *at, hash };
    upsert_rows!(db, &[row], access_log_ends(name; id, at, hash))
}

/// The end of the chain; none before the first entry.
pub fn head(db: &mut Db) -> Result<Option<ChainLink>> {
    end(db, LAST)
}

/// Appends entries, under the writer's lock.
pub(crate) fn append(db: &mut Db, said: &[DisclosureRow]) -> Result<()> {
    let mut last = head(db)?;
    let mut all = Vec::with_capacity(said.len());
    for said in said {
        let kept = AccessEntry::after(last.as_ref(), said);
        last = Some(kept.link());
        all.push(kept);
    }
    insert_rows!(
        db,
        &all,
        access_log(
            id,
            at,
            subject,
            client,
            register,
            record_id,
            properties,
            operation,
            purpose,
            request_id,
            hash,
            actor_kind,
            actor_issuer
        )
    )?;
    last.map_or(Ok(()), |last| set_end(db, LAST, &last))
}

/// Takes away what has been kept for long enough: so long before the newest entry that has settled itself.
fn prune(db: &mut Db, Retention { now, kept }: &Retention) -> Result<()> {
    let at_least = *now - SETTLED;
    let oldest = access_log::table.order(access_log::id).select(access_log::at);
    if oldest.first::<NaiveDateTime>(db).optional()?.is_none_or(|at| at >= at_least - *kept) {
        return Ok(());
    }
    let settled = access_log::table.filter(access_log::at.le(at_least)).order(access_log::at.desc());
    let settled: Option<NaiveDateTime> = settled.select(access_log::at).first(db).optional()?;
    settled.map_or(Ok(()), |settled| prune_before(db, settled - *kept))
}

/// Takes the entries away that lie before the first one of this instant or later, and keeps where the chain goes on.
pub(crate) fn prune_before(db: &mut Db, instant: NaiveDateTime) -> Result<()> {
    // In the order of the chain: no more is looked at than goes.
    let kept = access_log::table.filter(access_log::at.ge(instant)).order(access_log::id).select(access_log::id);
    let first: Option<i64> = kept.first(db).optional()?;
    let gone = access_log::table.filter(access_log::id.lt(first.unwrap_or(i64::MAX)));
    let last = gone.order(access_log::id.desc()).select((access_log::id, access_log::at, access_log::hash));
    let Some(last) = last.first::<ChainLink>(db).optional()? else { return Ok(()) };
    diesel::delete(gone).execute(db)?;
    set_end(db, FORGOTTEN, &last)
}

/// Entries after a place, oldest first.
pub(crate) fn after(db: &mut Db, place: i64, most: i64) -> Result<Vec<AccessEntry>> {
    let page = access_log::table.filter(access_log::id.gt(place)).order(access_log::id).limit(most);
    Ok(page.select(AccessEntry::as_select()).load(db)?)
}

/// True if the chain has had an entry with that hash, as far as it is kept.
pub(crate) fn may_have_held(db: &mut Db, id: i64, hash: &str) -> Result<bool> {
    let held: Option<String> = access_log::table.find(id).select(access_log::hash).first(db).optional()?;
    let end = head(db)?.map_or(0, |last| last.id);
    Ok(held.map_or(id <= end, |held| held == hash))
}

/// Every place where the chain does not fit together. `now` says what may have been forgotten.
pub fn differences(db: &mut Db, now: NaiveDateTime) -> Result<Vec<String>> {
    snapshot(db, |db| broken(db, now))
}

fn broken(db: &mut Db, now: NaiveDateTime) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let (forgotten, recorded) = (end(db, FORGOTTEN)?, end(db, LAST)?);
    // Who recorded last may have had a clock that was ahead of this one.
    let now = recorded.as_ref().map_or(now, |last| now.max(last.at));
    out.extend(forgotten.as_ref().filter(|link| link.at > now - YEAR).map(|link| {
        format!("access log: says that entry {} was not kept any longer, which is not a year old", link.id)
    }));
    let (mut after, mut last) = (i64::MIN, forgotten);
    loop {
        let page = self::after(db, after, PAGE)?;
        let Some(end) = page.last() else { break };
        after = end.id;
        for kept in page {
            if kept.chain_hash(last.as_ref()) != kept.hash {
                out.push(format!("access log: entry {} does not follow from the one before", kept.id));
            }
            last = Some(kept.link());
        }
    }
    if last != recorded {
        out.push("access log: ends with another entry than the one that was recorded last".to_owned());
    }
    Ok(out)
}

/// The difference between the chain and an anchor, if there is one; entries that are a year old may have gone.
pub fn difference_from_anchor(db: &mut Db, anchored: &ChainLink, now: NaiveDateTime) -> Result<Option<String>> {
    let held: Option<String> = access_log::table.find(anchored.id).select(access_log::hash).first(db).optional()?;
    let forgotten = end(db, FORGOTTEN)?;
    let has_gone = forgotten.as_ref().is_some_and(|link| link.id >= anchored.id);
    let id = anchored.id;
    Ok(match held {
        Some(hash) if hash == anchored.hash => None,
        Some(_) => Some(format!("access log: entry {id} is not what the anchor says")),
        None if !has_gone => Some(format!("access log: entry {id}, which the anchor knows, is missing")),
        None if anchored.at > now - YEAR => Some(format!("access log: entry {id} has gone before it was a year old")),
        None if forgotten.is_some_and(|link| link.id == id && link.hash != anchored.hash) => {
            Some(format!("access log: entry {id} was not what the anchor says"))
        }
        None => None,
    })
}
