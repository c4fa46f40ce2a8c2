//! The access log over HTTP.

use crate::api::call::Call;
use crate::api::edge::RequestId;
use crate::api::endpoint::{Content, Endpoint, Reach};
use crate::api::http::page;
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::api::record_query::{PageRequest, page_parameters, read_registers, registers_parameter};
use crate::audit::access_chain;
use crate::audit::access_log::{AccessLogEntry, DisclosureContext, PURPOSE};
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::db::schema::access_log;
use crate::error::Result;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use diesel::prelude::*;
use serde_json::{Value, json};

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let example = json!({
        "at": "2017-03-14T09:30:00Z", "subject": "rf", "actor_kind": "USER", "actor_issuer": "https://login.example/realms/canton", "register": "cases", "record": "01932b6e-1111-7000-8000-000000000001",
        "properties": ["requester.name", "notes"], "operation": "GET /v1/cases/{id}", "purpose": "Auskunft an die betroffene Person",
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
        .query(parameters())
        .answers(
            200,
            "A page of disclosures",
            &["Link"],
            vec![Content::page::<AccessLogEntry>("AccessLogPage", json!({"items": [example]}))],
        )
}

fn parameters() -> Vec<Parameter> {
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
        registers_parameter("Only records of these registers"),
        Parameter::one("since", "At this instant or later", instant.clone(), Value::Null),
        Parameter::one("until", "Before this instant", instant, Value::Null),
    ]);
    parameters
}

async fn list(Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let wanted = PageRequest::read(&app, &request, &mut query);
    let mut chosen = read_registers(&mut query);
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
        Ok(query.select(access_chain::AccessEntry::as_select()).load::<access_chain::AccessEntry>(db)?)
    };
    let mut rows = app.access_log.database().read_primary(read).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let end = rows.last().filter(|_| more).map(|row| vec![row.id.to_string()]);
    let entries = rows.into_iter().map(AccessLogEntry::from).collect();
    page(&request, entries, wanted.next(&app, &request, end))
}

/// The context of the disclosures that a request asks for.
pub fn disclosure_context(caller: &Caller, request: &HttpRequest) -> Result<DisclosureContext> {
    let operation = format!("{} {}", request.method(), request.match_pattern().unwrap_or_default());
    let purpose = request.headers().get(PURPOSE).map(|purpose| purpose.as_bytes());
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    DisclosureContext::of(caller.identity.clone(), operation, purpose, request_id)
}
