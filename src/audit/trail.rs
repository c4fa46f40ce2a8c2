//! The chain: appending to it, reading it, and proving it.
//!
//! An entry holds a digest of what was written and the hash of the chain up to it. Whoever alters, removes, inserts or
//! swaps entries breaks the chain. Who computes the whole chain anew, or cuts its end off, is found by an anchor: the
//! head of the chain at some moment, signed and kept elsewhere.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, SecondsFormat};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api::cursor::Cursors;
use crate::db::schema::{audit_trail, history, published};
use crate::db::{Db, Later, insert, later, noted};
use crate::error::Result;
use crate::registers::history::{self as changes, Act};
use crate::seal::Keys;
use crate::statistics::repository;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A record.
    Record,
    /// A publication of a year.
    Publication,
    /// Figures of a year.
    Figures,
    /// A service account.
    Client,
    /// Personal data was erased.
    Erasure,
    /// A webhook.
    Webhook,
}

impl Kind {
    /// All kinds as they are told.
    pub const NAMES: [&str; 6] = ["RECORD", "PUBLICATION", "FIGURES", "CLIENT", "ERASURE", "WEBHOOK"];

    fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// What an entry says.
pub struct Entry<'a> {
    /// What was written.
    pub kind: Kind,
    /// What was done to it.
    pub action: &'a str,
    /// Which record, year or account.
    pub subject: &'a str,
    /// The revision or version that it made.
    pub revision: Option<i64>,
    /// A digest of what it says.
    pub digest: String,
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = audit_trail)]
pub struct Kept {
    /// Its place, from 1, without gaps.
    pub seq: i64,
    /// When, in UTC.
    pub at: NaiveDateTime,
    /// Who.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// What was written.
    pub kind: String,
    /// What was done to it.
    pub action: String,
    /// Which record, year or account.
    pub subject: String,
    /// The revision or version that it made.
    pub revision: Option<i64>,
    /// A digest of what it says.
    pub digest: String,
    /// The hash of the chain up to here.
    pub hash: String,
}

/// A digest of texts: SHA-256 over each with its length, in hexadecimal.
pub fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Kept {
    fn chained(&self, before: &str) -> String {
        let at = self.at.and_utc().to_rfc3339_opts(SecondsFormat::Micros, true);
        let revision = self.revision.map_or_else(String::new, |revision| revision.to_string());
        digest(&[
            before,
            &self.seq.to_string(),
            &at,
            &self.actor,
            &self.request_id,
            &self.kind,
            &self.action,
            &self.subject,
            &revision,
            &self.digest,
        ])
    }
}

impl Later for Kept {
    const RANK: u8 = 2;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        const INTO: &str = "audit_trail (seq, at, actor, request_id, kind, action, subject, revision, digest, hash)";
        insert(db, INTO, rows, |values, kept| {
            let values = values.bind::<BigInt, _>(kept.seq).bind::<Timestamp, _>(kept.at);
            let values = values.bind::<Text, _>(&kept.actor).bind::<Text, _>(&kept.request_id);
            let values = values.bind::<Text, _>(&kept.kind).bind::<Text, _>(&kept.action);
            let values = values.bind::<Text, _>(&kept.subject).bind::<Nullable<BigInt>, _>(kept.revision);
            values.bind::<Text, _>(&kept.digest).bind::<Text, _>(&kept.hash)
        })
    }
}

/// The end of the chain: its place and its hash.
pub fn head(db: &mut Db) -> Result<(i64, String)> {
    if let Some(end) = noted(|rows: &[Kept]| rows.last().map(|kept| (kept.seq, kept.hash.clone()))) {
        return Ok(end);
    }
    let last = audit_trail::table.order(audit_trail::seq.desc()).select((audit_trail::seq, audit_trail::hash));
    Ok(last.first(db).optional()?.unwrap_or_default())
}

/// Appends an entry, inside the transaction of what it tells of.
pub fn append(db: &mut Db, entry: &Entry, by: &Act) -> Result<()> {
    let (seq, before) = head(db)?;
    let mut kept = Kept {
        seq: seq + 1,
        at: by.at,
        actor: by.actor.clone(),
        request_id: by.request_id.clone(),
        kind: entry.kind.name().to_owned(),
        action: entry.action.to_owned(),
        subject: entry.subject.to_owned(),
        revision: entry.revision,
        digest: entry.digest.clone(),
        hash: String::new(),
    };
    kept.hash = kept.chained(&before);
    later(kept);
    Ok(())
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this subject.
    pub subject: Option<String>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
}

/// Entries after a place, oldest first.
pub fn list(db: &mut Db, filter: &Filter, after: i64, limit: i64) -> Result<Vec<Kept>> {
    let mut query = audit_trail::table
        .filter(audit_trail::seq.gt(after))
        .order(audit_trail::seq)
        .limit(limit)
        .select(Kept::as_select())
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

/// The end of the chain at some moment, signed, to be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    /// The place.
    pub seq: i64,
    /// The hash there.
    pub hash: String,
    /// When it was made, in UTC.
    pub at: String,
    /// Proves that the holder of the service's secret made it.
    pub signature: String,
}

/// An anchor of the chain as it is now.
pub fn anchor(db: &mut Db, keys: &Cursors, now: NaiveDateTime) -> Result<Anchor> {
    let (seq, hash) = head(db)?;
    let at = now.and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
    let signature = keys.digest(&[b"anchor", seq.to_string().as_bytes(), hash.as_bytes(), at.as_bytes()]);
    Ok(Anchor { seq, hash, at, signature })
}

/// Whether the anchor was made with this key.
pub fn is_signed(anchor: &Anchor, keys: &Cursors) -> bool {
    let seq = anchor.seq.to_string();
    keys.digest(&[b"anchor", seq.as_bytes(), anchor.hash.as_bytes(), anchor.at.as_bytes()]) == anchor.signature
}

/// Whether the chain still has what an anchor says; else a sentence that says what is wrong.
pub fn holds(db: &mut Db, anchor: &Anchor) -> Result<Option<String>> {
    let held: Option<String> = audit_trail::table.find(anchor.seq).select(audit_trail::hash).first(db).optional()?;
    Ok(match held {
        _ if anchor.seq == 0 => None,
        Some(hash) if hash == anchor.hash => None,
        Some(_) => Some(format!("audit trail: entry {} is not what the anchor of {} says", anchor.seq, anchor.at)),
        None => Some(format!("audit trail: entry {}, which the anchor of {} knows, is missing", anchor.seq, anchor.at)),
    })
}

/// Every place where the chain does not fit together or does not fit what it tells of.
pub fn differences(db: &mut Db, keys: &Keys) -> Result<Vec<String>> {
    const PAGE: i64 = 1000;
    let mut out = Vec::new();
    let (mut expected, mut before) = (1, String::new());
    loop {
        let page = list(db, &Filter::default(), expected - 1, PAGE)?;
        let Some(last) = page.last().map(|kept| (kept.seq, kept.hash.clone())) else { break };
        let of: Vec<(String, i64)> = page
            .iter()
            .filter(|kept| kept.kind == Kind::Record.name())
            .filter_map(|kept| Some((kept.subject.clone(), kept.revision?)))
            .collect();
        let digests = changes::digests(db, &of, keys)?;
        for kept in &page {
            if kept.seq != expected {
                out.push(format!("audit trail: entry {expected} is missing"));
            } else if kept.chained(&before) != kept.hash {
                out.push(format!("audit trail: entry {} does not follow from the one before", kept.seq));
            }
            let revision = kept.revision.unwrap_or_default();
            if kept.kind == Kind::Record.name() && digests.get(&(kept.subject.clone(), revision)) != Some(&kept.digest)
            {
                out.push(format!(
                    "audit trail: entry {} differs from the history of record {}",
                    kept.seq, kept.subject
                ));
            }
            expected = kept.seq + 1;
            before.clone_from(&kept.hash);
        }
        (expected, before) = (last.0 + 1, last.1);
    }
    out.extend(untold(db)?);
    out.extend(publications(db)?);
    Ok(out)
}

/// Changes of which the trail says nothing, since it began.
fn untold(db: &mut Db) -> Result<Vec<String>> {
    let began: Option<NaiveDateTime> = audit_trail::table.find(1).select(audit_trail::at).first(db).optional()?;
    let Some(began) = began else { return Ok(Vec::new()) };
    let told = audit_trail::table
        .filter(audit_trail::subject.eq(history::record_id))
        .filter(audit_trail::revision.assume_not_null().eq(history::revision));
    let untold: Vec<(String, i64)> = history::table
        .filter(history::at.ge(began))
        .filter(diesel::dsl::not(diesel::dsl::exists(told)))
        .select((history::record_id, history::revision))
        .load(db)?;
    Ok(untold
        .into_iter()
        .map(|(id, revision)| format!("audit trail: says nothing of revision {revision} of record {id}"))
        .collect())
}

fn publications(db: &mut Db) -> Result<Vec<String>> {
    let kept: Vec<(String, Option<i64>, String)> = audit_trail::table
        .filter(audit_trail::kind.eq(Kind::Publication.name()))
        .select((audit_trail::subject, audit_trail::revision, audit_trail::digest))
        .load(db)?;
    let told: BTreeMap<(String, i64), String> =
        kept.into_iter().map(|(subject, version, digest)| ((subject, version.unwrap_or_default()), digest)).collect();
    let mut out = Vec::new();
    let mut found = 0;
    let layouts: Vec<String> = published::table.select(published::layout).distinct().load(db)?;
    for layout in layouts {
        for publication in repository::publications(db, &layout, &(i32::MIN..=i32::MAX))? {
            found += 1;
            let name = (format!("{layout}/{}", publication.year), publication.version);
            if told.get(&name) != Some(&publication.digest()?) {
                out.push(format!(
                    "audit trail: version {} of the publication {} is not what was published",
                    name.1, name.0
                ));
            }
        }
    }
    if found != told.len() {
        out.push(format!("audit trail: tells of {} publications, {found} are there", told.len()));
    }
    Ok(out)
}
