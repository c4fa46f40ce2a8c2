//! The access log: each disclosure of personal data, recorded before the answer goes out. It lies apart from the data,
//! and what cannot be recorded is not given (Art. 4 of the Swiss data protection ordinance).

use crate::audit::access_chain::{AccessEntry, DisclosureRow, Retention};
use crate::clock::{Clock, write_instant};
use crate::db::schema::access_log;
use crate::db::{Database, Db, WriteTransaction, exclusively};
use crate::error::{Error, Fault, Result};
use crate::identity::{ActorKind, Identity};
use crate::text;
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// The header that says what personal data is needed for.
pub const PURPOSE: &str = "X-Access-Purpose";

/// Personal data of a record that an answer is about to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Disclosure {
    /// The record's register.
    pub register: &'static str,
    /// The record.
    pub record: String,
    /// The properties of the record, such as `requester.name`.
    pub properties: Vec<String>,
}

/// The part that all disclosures of a request have in common: the subject and client that see something, the operation,
/// the purpose and the id of the request.
#[derive(Clone)]
pub struct DisclosureContext {
    identity: Identity,
    operation: String,
    purpose: Option<String>,
    request_id: String,
}

/// The demand on a purpose, as a refusal tells it.
const STATED: &str = "must have 1 to 200 characters in UTF-8, none of them a control character";

/// A purpose that says something.
fn stated(given: &str) -> Option<String> {
    let line = text::line(given).ok()?;
    Some(line.into_owned()).filter(|line| (1..=200).contains(&line.chars().count()))
}

/// The viewer, time and retention with which a command records what it is about to show.
pub struct CommandDisclosure {
    /// The viewer of the personal data.
    pub viewer: DisclosureContext,
    /// The time of the change.
    pub at: NaiveDateTime,
    /// The time for which disclosures are kept.
    pub kept: Duration,
}

impl CommandDisclosure {
    /// Records disclosures. Only then may they be made.
    pub fn write(&self, log: &mut Db, seen: &[Disclosure]) -> Result<()> {
        exclusively(log, |tx| {
            self.viewer.defer(tx, seen, self.at, self.kept);
            Ok(())
        })
    }
}

/// The access log of a running service.
pub struct AccessLog {
    database: Database,
    clock: Clock,
    kept: Duration,
}

impl AccessLog {
    /// The log in its own database, which keeps disclosures for so long.
    pub fn new(database: Database, clock: Clock, kept: Duration) -> Self {
        AccessLog { database, clock, kept }
    }

    /// The database of the log.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Records what an answer shows. Only when this has succeeded may the answer go out. An answer to HEAD tells how long
    /// the data is, and by its tag whether it is the same: it is recorded like the one to GET.
    pub async fn record(&self, context: &DisclosureContext, disclosures: Vec<Disclosure>) -> Result<()> {
        if disclosures.is_empty() {
            return Ok(());
        }
        let (context, at, kept) = (context.clone(), self.clock.now(), self.kept);
        let recording = move |tx: &mut WriteTransaction| {
            context.defer(tx, &disclosures, at, kept);
            Ok(())
        };
        self.database.write_together(recording).await.map_err(|error| {
            log::error!("the access log cannot be written: {error}");
            Error::Unavailable("the disclosure could not be recorded".into())
        })
    }
}

impl DisclosureContext {
    /// The context of a request, with the purpose that it states.
    pub fn of(identity: Identity, operation: String, purpose: Option<&[u8]>, request_id: String) -> Result<Self> {
        let purpose = purpose.map(|purpose| {
            let text = std::str::from_utf8(purpose).ok().and_then(stated);
            text.ok_or_else(|| Error::Parameters(vec![Fault::of(PURPOSE, "invalid_value", STATED)]))
        });
        Ok(DisclosureContext { identity, operation, purpose: purpose.transpose()?, request_id })
    }

    /// Somebody at the machine itself, who says what for.
    pub fn operator(operation: &str, purpose: &str) -> Result<DisclosureContext> {
        let purpose = stated(purpose).ok_or_else(|| Error::Configuration(format!("--purpose {STATED}")))?;
        Ok(DisclosureContext {
            identity: Identity::operator(),
            operation: operation.to_owned(),
            purpose: Some(purpose),
            request_id: uuid::Uuid::now_v7().to_string(),
        })
    }

    /// Notes disclosures for the end of a transaction of the access log, which forgets those that are older than they
    /// are kept.
    pub fn defer(&self, tx: &mut WriteTransaction, seen: &[Disclosure], at: NaiveDateTime, kept: Duration) {
        let kept = TimeDelta::from_std(kept).unwrap_or(TimeDelta::days(400));
        tx.defer(Retention { now: at, kept });
        for Disclosure { register, record, properties } in seen {
            tx.defer(DisclosureRow {
                at,
                identity: self.identity.clone(),
                register,
                record_id: record.clone(),
                properties: properties.join(","),
                operation: self.operation.clone(),
                purpose: self.purpose.clone(),
                request_id: self.request_id.clone(),
            });
        }
    }
}

/// A disclosure of personal data.
#[derive(Serialize, ToSchema)]
pub struct AccessLogEntry {
    /// The instant of the disclosure, in UTC.
    #[serde(serialize_with = "write_instant")]
    at: NaiveDateTime,
    /// The name of who saw the data: the subject of the access token. Others may bear the same one.
    subject: String,
    /// The kind of identity that the subject is.
    #[schema(value_type = ActorKind)]
    actor_kind: String,
    /// The issuer of the access token, which vouched for the subject; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    actor_issuer: Option<String>,
    /// The id of the service account, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client: Option<String>,
    /// The record's register.
    register: String,
    /// The record.
    #[schema(format = "uuid")]
    record: String,
    /// The properties of the record that were shown.
    properties: Vec<String>,
    /// The operation that was asked for.
    operation: String,
    /// The purpose, if the request stated one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    purpose: Option<String>,
    /// In which request.
    request_id: String,
}

impl From<AccessEntry> for AccessLogEntry {
    fn from(kept: AccessEntry) -> Self {
        AccessLogEntry {
            at: kept.at,
            subject: kept.subject,
            actor_kind: kept.actor_kind,
            actor_issuer: kept.actor_issuer,
            client: kept.client,
            register: kept.register,
            record: kept.record_id,
            properties: kept.properties.split(',').map(str::to_owned).collect(),
            operation: kept.operation,
            purpose: kept.purpose,
            request_id: kept.request_id,
        }
    }
}

/// All disclosures of a record as the endpoint shows them, oldest first.
pub fn of_record(log: &mut Db, record: &str) -> Result<Vec<AccessLogEntry>> {
    let kept = access_log::table.filter(access_log::record_id.eq(record)).order(access_log::id);
    let kept: Vec<AccessEntry> = kept.select(AccessEntry::as_select()).load(log)?;
    Ok(kept.into_iter().map(AccessLogEntry::from).collect())
}
