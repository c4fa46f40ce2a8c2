//! The access log: each disclosure of personal data, recorded before the answer goes out. It lies apart from the data,
//! and what cannot be recorded is not given (Art. 4 of the Swiss data protection ordinance).

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::identity::{ActorKind, Identity};
use super::{Caller, Scope, chain};
use crate::api::App;
use crate::api::edge::RequestId;
use crate::api::endpoint::{Content, Endpoint, Reach, reference};
use crate::api::http::page;
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::db::schema::access_log;
use crate::db::{Db, DeferredRow, WriteTransaction, exclusively};
use crate::error::{Error, Fault, Result};
use crate::registers::handlers::{PageRequest, page_parameters};
use crate::registers::record::instant;
use crate::registers::{self, schema};
use crate::text;

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

/// A disclosure that is about to be recorded.
pub(super) struct DisclosureRow {
    pub(super) at: NaiveDateTime,
    pub(super) identity: Identity,
    pub(super) register: &'static str,
    pub(super) record_id: String,
    pub(super) properties: String,
    pub(super) operation: String,
    pub(super) purpose: Option<String>,
    pub(super) request_id: String,
}

impl DeferredRow for DisclosureRow {
    const RANK: u8 = 1;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        chain::append(db, rows)
    }
}

/// Disclosures before this instant are kept no longer.
struct RetentionLimit(NaiveDateTime);

impl DeferredRow for RetentionLimit {
    const RANK: u8 = 0;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        let instant = rows.iter().map(|RetentionLimit(instant)| *instant).max();
        instant.map_or(Ok(()), |instant| chain::prune_before(db, instant))
    }
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

impl DisclosureContext {
    /// The viewer of a request.
    pub fn of(caller: &Caller, request: &HttpRequest) -> Result<DisclosureContext> {
        let purpose = request.headers().get(PURPOSE).map(|value| {
            let text = std::str::from_utf8(value.as_bytes()).ok().and_then(stated);
            text.ok_or_else(|| Error::Parameters(vec![Fault::of(PURPOSE, "invalid_value", STATED)]))
        });
        Ok(DisclosureContext {
            identity: caller.identity.clone(),
            operation: format!("{} {}", request.method(), request.match_pattern().unwrap_or_default()),
            purpose: purpose.transpose()?,
            request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        })
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
        tx.defer(RetentionLimit(at - kept));
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

    /// Records what an answer shows. Only when this has succeeded may the answer go out. An answer to HEAD tells how long
    /// the data is, and by its tag whether it is the same: it is recorded like the one to GET.
    pub async fn record(&self, app: &App, disclosures: Vec<Disclosure>) -> Result<()> {
        if disclosures.is_empty() {
            return Ok(());
        }
        let (viewer, at, kept) = (self.clone(), app.clock.now(), app.config.access_log_retention);
        let recording = move |tx: &mut WriteTransaction| {
            viewer.defer(tx, &disclosures, at, kept);
            Ok(())
        };
        app.access_log.write_together(recording).await.map_err(|error| {
            log::error!("the access log cannot be written: {error}");
            Error::Unavailable("the disclosure could not be recorded".into())
        })
    }
}

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let names: Vec<&str> = registers::ALL.iter().map(|register| register.name).collect();
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    let instant = json!({"type": "string", "format": "date-time"});
    let mut parameters = page_parameters();
    parameters.extend([
        Parameter::one(
            "record",
            "Only disclosures of this record",
            json!({"type": "string", "format": "uuid"}),
            Value::Null,
        ),
        Parameter::one("subject", "Only what subjects of this name saw", text.clone(), Value::Null),
        Parameter::one("client", "Only what this service account saw", text, Value::Null),
        Parameter::many(
            "register",
            "Only records of these registers",
            json!({"type": "string", "enum": names}),
            json!("cases"),
        )
        .hinted(),
        Parameter::one("since", "At this instant or later", instant.clone(), Value::Null),
        Parameter::one("until", "Before this instant", instant, Value::Null),
    ]);
    let example = json!({
        "at": "2017-03-14T09:30:00Z", "subject": "rf", "actor_kind": "USER", "actor_issuer": "https://login.example/realms/canton", "register": "cases", "record": "01932b6e-1111-7000-8000-000000000001",
        "properties": ["requester.name", "notes"], "operation": "GET /v1/cases/{id}", "purpose": "Auskunft nach § 15",
        "request_id": "01932b6e-6f0a-7c3e-9d55-0a4f6f3b2c11"
    });
    Endpoint::get("/v1/access-log", list)
        .named("list_access_log", "audit", "Read the access log")
        .described(
            "Each disclosure of personal data, oldest first: who saw which properties of which record, when, in which \
             request, and what for, if the request said so in `X-Access-Purpose`. With `record` it is the access \
             report of a data subject.",
        )
        .scope(Scope::AccessLogRead)
        .reaches(Reach::Narrowed)
        .query(parameters)
        .answers(
            200,
            "A page of disclosures",
            &["Link"],
            vec![Content::json("AccessLogPage", json!({"items": [example]}))],
        )
        .schema_value("AccessLogPage", schema::page("AccessLogEntry", false))
        .schema_value("AccessLogEntry", entry_schema())
        .schema::<ActorKind>()
}

fn entry_schema() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    json!({
        "type": "object", "description": "A disclosure of personal data.",
        "required": ["at", "subject", "register", "record", "properties", "operation", "request_id"],
        "properties": {
            "at": {"type": "string", "format": "date-time", "description": "When, in UTC."},
            "subject": text("Who saw it, by name: the subject of the access token. Others may bear the same one."),
            "actor_kind": reference("ActorKind"),
            "actor_issuer": text("The issuer of the access token, which vouched for the subject; absent where there was none."),
            "client": text("The id of the service account, if it was one."),
            "register": text("The record's register."),
            "record": {"type": "string", "format": "uuid", "description": "The record."},
            "properties": {"type": "array", "items": {"type": "string"}, "description": "Which of its properties."},
            "operation": text("What was asked."),
            "purpose": text("What for."),
            "request_id": text("In which request.")
        }
    })
}

fn shown(kept: &chain::AccessEntry) -> Value {
    let properties: Vec<&str> = kept.properties.split(',').collect();
    let mut out = json!({
        "at": instant(kept.at), "subject": kept.subject, "actor_kind": kept.actor_kind,
        "actor_issuer": kept.actor_issuer, "client": kept.client, "register": kept.register,
        "record": kept.record_id, "properties": properties, "operation": kept.operation, "purpose": kept.purpose,
        "request_id": kept.request_id
    });
    if let Some(map) = out.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    out
}

/// All disclosures of a record as the endpoint shows them, oldest first.
pub fn of_record(log: &mut Db, record: &str) -> Result<Vec<Value>> {
    let kept = access_log::table.filter(access_log::record_id.eq(record)).order(access_log::id);
    Ok(kept.select(chain::AccessEntry::as_select()).load::<chain::AccessEntry>(log)?.iter().map(shown).collect())
}

async fn list(app: Data<App>, caller: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let wanted = PageRequest::read(&app, &request, &mut query);
    let names: Vec<&str> = registers::ALL.iter().map(|register| register.name).collect();
    let mut chosen = query.choice("register", |name| names.contains(&name), &names.join(", "));
    let (record, subject, client) = (query.uuid("record"), query.text("subject"), query.text("client"));
    let (since, until) = (query.instant("since"), query.instant("until"));
    query.finish()?;
    caller.restrict_registers(&mut chosen);
    let (after, limit) = (wanted.after_number()?, wanted.limit);
    let read = move |db: &mut Db| {
        let mut query =
            access_log::table.filter(access_log::id.gt(after)).order(access_log::id).limit(limit + 1).into_boxed();
        if !chosen.is_empty() {
            query = query.filter(access_log::register.eq_any(chosen));
        }
        if let Some(record) = record {
            query = query.filter(access_log::record_id.eq(record));
        }
        if let Some(subject) = subject {
            query = query.filter(access_log::subject.eq(subject));
        }
        if let Some(client) = client {
            query = query.filter(access_log::client.eq(client));
        }
        if let Some(since) = since {
            query = query.filter(access_log::at.ge(since));
        }
        if let Some(until) = until {
            query = query.filter(access_log::at.lt(until));
        }
        Ok(query.select(chain::AccessEntry::as_select()).load::<chain::AccessEntry>(db)?)
    };
    let mut rows = app.access_log.read(read).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let end = rows.last().filter(|_| more).map(|row| vec![row.id.to_string()]);
    page(&request, rows.iter().map(shown).collect(), wanted.next(&app, &request, end), None)
}
