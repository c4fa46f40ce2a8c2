//! The chain: appending to it, reading it, and the anchors that it is held against. What it tells of is held against it
//! by [`verify`](crate::admin::verify).
//!
//! An entry holds a digest of what was written and the hash of the chain up to it. Whoever alters, removes, inserts or
//! swaps entries breaks the chain. Who computes the whole chain anew, or cuts its end off, is found by an anchor: the
//! head of the chain at some moment, signed and kept elsewhere.

use crate::audit::access_chain::ChainLink;
use crate::clock::write_instant;
use crate::context::OperationContext;
use crate::db::schema::audit_trail;
use crate::db::{Db, WriteTransaction, deferred_row};
use crate::digest;
use crate::error::Result;
use crate::identity::{self, ActorKind, Identity};
use crate::seal::{Purpose, PurposeKeys};
use crate::vocabulary::vocabulary;
use chrono::{NaiveDateTime, SecondsFormat};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
vocabulary! {
    /// The kind of thing that was written: a record, a publication of a year, figures of a year, a service account or a
    /// calendar feed (`CLIENT`), an erasure of personal data, a webhook, the day from which a connector to another system must look, or all data,
    /// taken in a backup or restored.
    TrailKind {
        Record = "RECORD",
        Publication = "PUBLICATION",
        Figures = "FIGURES",
        Client = "CLIENT",
        Erasure = "ERASURE",
        Webhook = "WEBHOOK",
        Sync = "SYNC",
        Backup = "BACKUP",
    }
}

impl TrailKind {
    /// As it is told.
    pub fn name(self) -> &'static str {
        Self::VALUES[self as usize]
    }
}

/// The writer, its request and the instant.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// The subject that acted: that of the token, or the operator.
    pub actor: &'a Identity,
    /// In which request.
    pub request_id: &'a str,
    /// The time, in UTC.
    pub at: NaiveDateTime,
}

/// The contents of a new entry.
pub struct NewTrailEntry<'a> {
    /// The kind of thing that was written.
    pub kind: TrailKind,
    /// The action that was done to it.
    pub action: &'a str,
    /// The record, year, account, webhook or system that the entry is about.
    pub subject: &'a str,
    /// The revision or version that it made.
    pub revision: Option<i64>,
    /// A digest of what it says.
    pub digest: String,
}
/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = audit_trail)]
pub struct TrailEntry {
    /// Its place, without gaps.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// The instant of the write, in UTC.
    #[serde(serialize_with = "write_instant")]
    pub at: NaiveDateTime,
    /// The actor's name: the subject of the access token, where there was one. Others may bear the same one.
    pub actor: String,
    /// The kind of identity that the actor is.
    #[schema(value_type = ActorKind)]
    pub actor_kind: String,
    /// The issuer of the access token, which vouched for the actor; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor_issuer: Option<String>,
    /// The id of the service account, if the actor was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid")]
    pub actor_client: Option<String>,
    /// In which request.
    pub request_id: String,
    /// The kind of thing that was written.
    #[schema(value_type = TrailKind, inline)]
    pub kind: String,
    /// The action that was done to it.
    pub action: String,
    /// The record, year, account, webhook, system or backup that the entry is about; `database` where one was restored.
    pub subject: String,
    /// The revision or version that it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub revision: Option<i64>,
    /// SHA-256 of what was written.
    pub digest: String,
    /// SHA-256 over the hash before and this entry.
    pub hash: String,
}

impl TrailEntry {
    /// The hash that it must have after the one before.
    pub fn chain_hash(&self, before: &str) -> String {
        let at = digest::instant(self.at);
        let revision = self.revision.map_or_else(String::new, |revision| revision.to_string());
        let seq = self.seq.to_string();
        let identity = identity::digest(&self.actor_kind, &[&self.actor_issuer, &self.actor_client]);
        let mut parts: Vec<&str> = vec![before, &seq, &at, &self.actor, &self.request_id];
        parts.extend([&self.kind, &self.action, &self.subject, &revision, &self.digest, &identity].map(String::as_str));
        digest::of(&parts)
    }
}

deferred_row!(
    TrailEntry,
    2,
    audit_trail(
        seq,
        at,
        actor,
        request_id,
        kind,
        action,
        subject,
        revision,
        digest,
        hash,
        actor_kind,
        actor_issuer,
        actor_client
    )
);

/// The action on keys of records that a copy was taken of; what it is a copy of is no backup of the data.
pub const KEYS_TAKEN: &str = "KEYS_TAKEN";

/// The end of the chain: its place and its hash.
pub fn head(db: &mut Db) -> Result<(i64, String)> {
    let last = audit_trail::table.order(audit_trail::seq.desc()).select((audit_trail::seq, audit_trail::hash));
    Ok(last.first(db).optional()?.unwrap_or_default())
}

/// True if the entry of that place has that hash; true of the beginning.
pub(crate) fn holds(db: &mut Db, seq: i64, hash: &str) -> Result<bool> {
    let held: Option<String> = audit_trail::table.find(seq).select(audit_trail::hash).first(db).optional()?;
    Ok(held.map_or(seq == 0, |held| held == hash))
}

/// The instant of the newest backup that stands after a place of the trail, and the place that was looked at up to.
pub fn backup_after(db: &mut Db, place: i64) -> Result<(Option<NaiveDateTime>, i64)> {
    let (end, _) = head(db)?;
    let backups = audit_trail::table.filter(audit_trail::kind.eq(TrailKind::Backup.name()));
    let backups = backups.filter(audit_trail::action.ne(KEYS_TAKEN));
    let after = backups.filter(audit_trail::seq.gt(place)).filter(audit_trail::seq.le(end));
    let newest = after.order(audit_trail::seq.desc()).select(audit_trail::at).first(db).optional()?;
    Ok((newest, end))
}

/// Appends an entry, inside the transaction of what it tells of.
pub fn append(tx: &mut WriteTransaction, entry: &NewTrailEntry, by: &OperationContext) -> Result<()> {
    append_as(tx, entry, Author { actor: &by.actor, request_id: &by.request_id, at: by.at })
}

/// The same for what is done where no key to personal data need be at hand.
pub fn append_as(tx: &mut WriteTransaction, entry: &NewTrailEntry, by: Author) -> Result<()> {
    let last = tx.deferred::<TrailEntry>().last().map(|entry| (entry.seq, entry.hash.clone()));
    let (seq, before) = last.map_or_else(|| head(tx.unflushed()), Ok)?;
    let mut kept = TrailEntry {
        seq: seq + 1,
        at: by.at,
        actor: by.actor.name.clone(),
        actor_kind: by.actor.kind.as_str().to_owned(),
        actor_issuer: by.actor.issuer.clone(),
        actor_client: by.actor.client.clone(),
        request_id: by.request_id.to_owned(),
        kind: entry.kind.name().to_owned(),
        action: entry.action.to_owned(),
        subject: entry.subject.to_owned(),
        revision: entry.revision,
        digest: entry.digest.clone(),
        hash: String::new(),
    };
    kept.hash = kept.chain_hash(&before);
    tx.defer(kept);
    Ok(())
}

/// A filter on the entries to list.
#[derive(Clone, Debug, Default)]
pub struct TrailFilter {
    /// Only of this subject.
    pub subject: Option<String>,
    /// Only by actors of this name.
    pub actor: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
}

/// Entries after a place, oldest first.
pub fn list(db: &mut Db, filter: &TrailFilter, after: i64, limit: i64) -> Result<Vec<TrailEntry>> {
    let mut query = audit_trail::table
        .filter(audit_trail::seq.gt(after))
        .order(audit_trail::seq)
        .limit(limit)
        .select(TrailEntry::as_select())
        .into_boxed();
    if let Some(subject) = &filter.subject {
        query = query.filter(audit_trail::subject.eq(subject.clone()));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_trail::actor.eq(actor.clone()));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(audit_trail::kind.eq(kind.clone()));
    }
    Ok(query.load(db)?)
}

/// The ends of the chains of the audit trail and of the access log at some moment, signed, to be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    /// The place.
    pub seq: i64,
    /// The hash there.
    pub hash: String,
    /// The end of the access log; none before its first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log: Option<ChainLink>,
    /// The time at which the anchor was made, in UTC.
    pub at: String,
    /// Proves that the holder of the service's keys made it.
    pub signature: String,
}

impl Anchor {
    /// An anchor of the chains that end so.
    pub fn new(
        (seq, hash): (i64, String),
        access_log: Option<ChainLink>,
        keys: &PurposeKeys,
        now: NaiveDateTime,
    ) -> Anchor {
        let at = now.and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
        let anchor = Anchor { seq, hash, access_log, at, signature: String::new() };
        Anchor { signature: anchor.signed(keys), ..anchor }
    }

    fn signed(&self, keys: &PurposeKeys) -> String {
        let seq = self.seq.to_string();
        let log = self.access_log.as_ref().map_or_else(String::new, ChainLink::digest);
        keys.digest(
            Purpose::Anchor,
            &[b"anchor", seq.as_bytes(), self.hash.as_bytes(), log.as_bytes(), self.at.as_bytes()],
        )
    }

    /// True if the anchor was made with these keys.
    pub fn is_signed(&self, keys: &PurposeKeys) -> bool {
        self.signed(keys) == self.signature
    }
}

/// Checks the chain against an anchor. Returns `None` if they agree, else a sentence that says what is wrong.
pub fn difference_from_anchor(db: &mut Db, anchor: &Anchor) -> Result<Option<String>> {
    let held: Option<String> = audit_trail::table.find(anchor.seq).select(audit_trail::hash).first(db).optional()?;
    Ok(match held {
        _ if anchor.seq == 0 => None,
        Some(hash) if hash == anchor.hash => None,
        Some(_) => Some(format!("audit trail: entry {} is not what the anchor of {} says", anchor.seq, anchor.at)),
        None => Some(format!("audit trail: entry {}, which the anchor of {} knows, is missing", anchor.seq, anchor.at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_covers_all_of_an_identity() {
        let text = |text: &str| Some(text.to_owned());
        let mut kept = TrailEntry {
            seq: 2,
            at: NaiveDateTime::default(),
            actor: "RF".into(),
            actor_kind: String::new(),
            actor_issuer: None,
            actor_client: None,
            request_id: "x".into(),
            kind: "RECORD".into(),
            action: "CREATED".into(),
            subject: "1".into(),
            revision: Some(1),
            digest: "d".into(),
            hash: String::new(),
        };
        let mut hashes = std::collections::BTreeSet::new();
        for (kind, issuer, client) in [
            ("USER", None, None),
            ("TOKEN", None, None),
            ("TOKEN", text("a"), None),
            ("TOKEN", None, text("a")),
            ("TOKEN", text(""), text("a")),
        ] {
            (kept.actor_kind, kept.actor_issuer, kept.actor_client) = (kind.into(), issuer, client);
            assert!(hashes.insert(kept.chain_hash("h")), "{kept:?}");
        }
    }
}
