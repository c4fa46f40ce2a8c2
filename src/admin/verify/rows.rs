//! Rows of which the audit trail holds digests, each against its last entry; and rows that follow from others.

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::admin::verify::trail::TrailSummary;
use crate::audit::trail::{TrailEntry, TrailKind};
use crate::auth::{calendar_feeds, service_accounts};
use crate::db::schema::{changes, deliveries, registers as known, webhooks};
use crate::db::{self, Db};
use crate::error::Result;
use crate::records::projections::history::end_of_feed;
use crate::registers;
use crate::seal::Keys;
use crate::statistics::{entered_figures, publications, repository};
use crate::sync::cmi;
use crate::webhooks::subscriptions;

/// Returns the differences between rows and what the trail last tells of them.
pub fn differences(db: &mut Db, keys: &Keys, told: &TrailSummary) -> Result<Vec<String>> {
    let mut out = publications(db, told)?;
    let access = service_accounts::digests(db)?.into_iter().chain(calendar_feeds::digests(db)?);
    let access = access.map(|(id, digest)| (id, Some(digest))).collect();
    out.extend(held("service account or calendar feed", access, told, TrailKind::Client));
    out.extend(held("webhook", subscriptions::digests(db, keys)?, told, TrailKind::Webhook));
    let connectors = cmi::digests(db)?.into_iter().map(|(system, digest)| (system, Some(digest))).collect();
    out.extend(held("connector", connectors, told, TrailKind::Sync));
    out.extend(figures(db, told)?);
    let names: Vec<String> = known::table.order(known::name).select(known::name).load(db)?;
    let right: BTreeSet<&str> = registers::ALL.iter().map(|register| register.name).collect();
    if names.iter().map(String::as_str).collect::<BTreeSet<_>>() != right {
        out.push(format!("registers: there are {}, and should be {:?}", names.join(", "), right));
    }
    Ok(out)
}

/// Holds rows, with what the trail must hold of them, against the last entries of a kind.
fn held(what: &str, rows: Vec<(String, Option<String>)>, told: &TrailSummary, kind: TrailKind) -> Vec<String> {
    let mut entries = told.last_of(kind);
    let mut out = Vec::new();
    for (subject, digest) in rows {
        match entries.remove(subject.as_str()) {
            None => out.push(format!("{what} {subject}: the audit trail says nothing of it")),
            Some(entry) if digest.as_ref() == Some(&entry.digest) && entry.action != "DELETED" => {}
            Some(entry) => {
                out.push(format!("{what} {subject}: is not what entry {} of the audit trail says", entry.seq));
            }
        }
    }
    let gone = entries.into_values().filter(|entry| entry.action != "DELETED");
    out.extend(gone.map(|entry| {
        format!("{what} {}: is gone, which entry {} of the audit trail does not say", entry.subject, entry.seq)
    }));
    out
}

/// True if a row was made by the actor, in the request and at the time that an entry tells.
fn is_by(entry: &TrailEntry, actor: &str, request_id: &str, at: chrono::NaiveDateTime) -> bool {
    (entry.actor.as_str(), entry.request_id.as_str(), entry.at) == (actor, request_id, at)
}

fn figures(db: &mut Db, told: &TrailSummary) -> Result<Vec<String>> {
    let entries = told.last_of(TrailKind::Figures);
    let is_right = |subject: &str, actor: &str, request_id: &str, at| {
        entries.get(subject).is_none_or(|entry| is_by(entry, actor, request_id, at))
    };
    let mut rows: Vec<(String, Option<String>)> = Vec::new();
    for row in repository::all_figures(db)? {
        let is_right = is_right(&row.subject(), &row.actor, &row.request_id, row.at);
        rows.push((row.subject(), is_right.then(|| row.digest())));
    }
    for row in entered_figures::all(db)? {
        let is_right = is_right(&row.subject(), &row.actor, &row.request_id, row.at);
        rows.push((row.subject(), is_right.then(|| row.digest())));
    }
    Ok(held("figures", rows, told, TrailKind::Figures))
}

fn publications(db: &mut Db, told: &TrailSummary) -> Result<Vec<String>> {
    let mut out = publications::without_line(db)?;
    let mut unseen: BTreeSet<&(String, i64)> = told.publications.keys().collect();
    for row in publications::told(db)? {
        let name = (row.subject, row.version);
        unseen.remove(&name);
        let is_right = told
            .publications
            .get(&name)
            .is_some_and(|entry| entry.digest == row.digest && is_by(entry, &row.actor, &row.request_id, row.at));
        if !is_right {
            let (subject, version) = name;
            out.push(format!("audit trail: version {version} of the publication {subject} is not what was published"));
        }
    }
    out.extend(
        unseen
            .into_iter()
            .map(|(subject, version)| format!("audit trail: version {version} of the publication {subject} is gone")),
    );
    Ok(out)
}

/// Deliveries that tell of something else than the feed, webhooks that have come to where they cannot be, and a schema
/// that is not this version's.
pub fn of_operation(db: &mut Db) -> Result<Vec<String>> {
    let same = changes::record_id
        .eq(deliveries::record_id)
        .and(changes::revision.eq(deliveries::revision))
        .and(changes::register.eq(deliveries::register))
        .and(changes::number.eq(deliveries::number))
        .and(changes::action.eq(deliveries::action))
        .and(changes::at.eq(deliveries::changed_at));
    let strange: Vec<String> = deliveries::table
        .left_join(changes::table.on(changes::seq.eq(deliveries::seq).and(same)))
        .filter(changes::seq.nullable().is_null())
        .order(deliveries::id)
        .limit(100)
        .select(deliveries::id)
        .load(db)?;
    let mut out: Vec<String> = strange
        .into_iter()
        .map(|delivery| format!("delivery {delivery}: tells of something else than the change feed"))
        .collect();
    let end = end_of_feed(db)?;
    let of_later = deliveries::table
        .filter(deliveries::webhook_id.eq(webhooks::id))
        .filter(deliveries::seq.gt(webhooks::position));
    let ahead: Vec<String> = webhooks::table
        .filter(webhooks::position.gt(end).or(webhooks::position.lt(0)).or(exists(of_later)))
        .order(webhooks::id)
        .select(webhooks::id)
        .load(db)?;
    out.extend(ahead.into_iter().map(|hook| format!("webhook {hook}: has come to a place that it cannot be at")));
    if !db::is_current(db)? {
        out.push("migrations: those that were applied are not those of this version".to_owned());
    }
    Ok(out)
}
