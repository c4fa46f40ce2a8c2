//! Rows of which the audit trail holds digests, each against its last entry; and rows that follow from others.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::admin::verify::trail::TrailSummary;
use crate::audit::trail::{TrailEntry, TrailKind};
use crate::auth::service_accounts;
use crate::db::schema::registers as known;
use crate::db::{self, Db};
use crate::error::Result;
use crate::records::projections::history::end_of_feed;
use crate::registers;
use crate::seal::Keys;
use crate::statistics::{publications, repository};
use crate::sync::cmi;
use crate::webhooks::subscriptions;

/// Returns the differences between rows and what the trail last tells of them.
pub fn differences(db: &mut Db, keys: &Keys, told: &TrailSummary) -> Result<Vec<String>> {
    let mut out = publications(db, told)?;
    let accounts = service_accounts::digests(db)?.into_iter().map(|(id, digest)| (id, Some(digest))).collect();
    out.extend(held("service account", accounts, told, TrailKind::Client));
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
    let digest = |row: &repository::FiguresRow| {
        let entry = entries.get(row.subject().as_str());
        let is_right = entry.is_none_or(|entry| is_by(entry, &row.actor, &row.request_id, row.at));
        is_right.then(|| row.digest())
    };
    let rows = repository::all_figures(db)?.iter().map(|row| (row.subject(), digest(row))).collect();
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

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Deliveries that tell of something else than the feed, webhooks that have come to where they cannot be, and a schema
/// that is not this version's.
pub fn of_operation(db: &mut Db) -> Result<Vec<String>> {
    const STRANGE: &str = "SELECT d.id AS name FROM deliveries d LEFT JOIN changes c ON c.seq = d.seq \
        WHERE c.seq IS NULL OR c.record_id <> d.record_id OR c.revision <> d.revision OR c.register <> d.register \
        OR c.number <> d.number OR c.action <> d.action OR c.at <> d.changed_at ORDER BY d.id LIMIT 100";
    let strange: Vec<NameRow> = diesel::sql_query(STRANGE).load(db)?;
    let mut out: Vec<String> = strange
        .into_iter()
        .map(|delivery| format!("delivery {}: tells of something else than the change feed", delivery.name))
        .collect();
    let end = end_of_feed(db)?;
    let ahead = format!(
        "SELECT w.id AS name FROM webhooks w WHERE w.position > {end} OR w.position < 0 \
         OR EXISTS (SELECT 1 FROM deliveries d WHERE d.webhook_id = w.id AND d.seq > w.position) ORDER BY w.id"
    );
    let ahead: Vec<NameRow> = diesel::sql_query(ahead).load(db)?;
    out.extend(
        ahead.into_iter().map(|hook| format!("webhook {}: has come to a place that it cannot be at", hook.name)),
    );
    if !db::is_current(db)? {
        out.push("migrations: those that were applied are not those of this version".to_owned());
    }
    Ok(out)
}
