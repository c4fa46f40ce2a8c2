//! The endpoints of the audit trail.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::admin::verify;
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{json_answer, page};
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::api::record_query::{PageRequest, page_parameters};
use crate::audit::access_chain;
use crate::audit::trail::{self, TrailEntry, TrailFilter, TrailKind};
use crate::auth::{Caller, Scope};
use crate::error::Result;

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![list_endpoint(), verification_endpoint()]
}

fn entry_example() -> Value {
    json!({
        "seq": 1, "at": "2017-03-14T09:30:00Z", "actor": "gever", "actor_kind": "SERVICE_ACCOUNT", "actor_issuer": "aufsicht",
        "actor_client": "01932b6e-3333-7000-8000-000000000003", "request_id": "01932b6e-6f0a-7c3e-9d55-0a4f6f3b2c11",
        "kind": "RECORD", "action": "CREATED", "subject": "01932b6e-1111-7000-8000-000000000001", "revision": 1,
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
    })
}

fn list_endpoint() -> Endpoint {
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    let subject = "Only entries of this record, year, account, webhook, system or backup";
    let kinds = json!({"type": "string", "enum": TrailKind::VALUES});
    let mut parameters = page_parameters();
    parameters.extend([
        Parameter::one("subject", subject, text.clone(), Value::Null),
        Parameter::one("actor", "Only what actors of this name did", text, Value::Null),
        Parameter::one("kind", "Only entries of this kind", kinds, Value::Null),
    ]);
    Endpoint::get("/v1/audit-trail", list)
        .named("list_audit_trail", "audit", "Read the audit trail")
        .described(
            "Every write, oldest first: records, publications, figures, service accounts, calendar feeds, webhooks, erasures, how far \
             connectors have come, and backups that were taken or restored; by whom, of which kind, and who vouched for \
             them. It holds digests and no data; the hash of an entry covers all entries before it.",
        )
        .scope(Scope::AccessLogRead)
        .query(parameters)
        .answers(
            200,
            "A page of entries",
            &["Link"],
            vec![Content::page::<TrailEntry>("TrailPage", json!({"items": [entry_example()]}))],
        )
}

fn verification_endpoint() -> Endpoint {
    let proof = json!({"sound": true, "entries": 4711, "hash": entry_example()["hash"], "differences": []});
    Endpoint::get("/v1/audit-trail/verification", verification)
        .named("verify_audit_trail", "audit", "Prove the audit trail")
        .described(
            "Computes the chains of the audit trail and of the access log anew, and holds all that the trail tells of against \
             it: records and their histories, the change feed, publications, figures, service accounts, webhooks and the \
             days from which connectors look. It reads all of it.",
        )
        .scope(Scope::AccessLogRead)
        .answers(200, "What was found", &[], vec![Content::json::<TrailProof>(proof)])
}

/// The findings of the proof of the audit trail.
#[derive(Serialize, ToSchema)]
struct TrailProof {
    /// True if nothing was altered or removed.
    sound: bool,
    /// The number of entries of the trail.
    #[schema(minimum = 0)]
    entries: i64,
    /// The hash of the last entry, to be kept elsewhere.
    hash: String,
    /// The faults that were found, a sentence each.
    differences: Vec<String>,
}

async fn list(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let filter = TrailFilter {
        subject: query.text("subject"),
        actor: query.text("actor"),
        kind: query.one_of("kind", TrailKind::VALUES),
    };
    let wanted = PageRequest::read(&app, &request, &mut query);
    query.finish()?;
    let (after, limit) = (wanted.after_number()?, wanted.limit);
    let mut entries = app.database.read(move |db| trail::list(db, &filter, after, limit + 1)).await?;
    let more = entries.len() as i64 > limit;
    entries.truncate(limit as usize);
    let end = entries.last().filter(|_| more).map(|kept| vec![kept.seq.to_string()]);
    page(&request, entries, wanted.next(&app, &request, end))
}

async fn verification(app: Data<App>, caller: Caller) -> Result<HttpResponse> {
    // It reads for long: what it leaves of the connections is for everybody else.
    let _room = app.streams.exports.take(&caller.account())?;
    let (keys, now) = (app.keys.clone(), app.clock.now());
    let (entries, hash, mut differences) = app.database.read(move |db| verify::proof(db, &keys)).await?;
    differences.extend(app.access_log.database().read(move |log| access_chain::differences(log, now)).await?);
    json_answer(StatusCode::OK, &TrailProof { sound: differences.is_empty(), entries, hash, differences })
}
