//! The endpoints of the audit trail.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::admin::verify;
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::page;
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::api::registers::{PageRequest, page_parameters};
use crate::audit::access_chain;
use crate::audit::trail::{self, TrailEntry, TrailFilter, TrailKind};
use crate::auth::{Caller, Scope};
use crate::clock::instant;
use crate::error::Result;
use crate::identity::ActorKind;
use crate::json::reference;
use crate::json::to_json;
use crate::registers::schema;

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![list_endpoint(), verification_endpoint()]
}

fn entry_example() -> Value {
    json!({
        "seq": 1, "at": "2017-03-14T09:30:00Z", "actor": "konsul", "actor_kind": "SERVICE_ACCOUNT", "actor_issuer": "aufsicht",
        "actor_client": "01932b6e-3333-7000-8000-000000000003", "request_id": "01932b6e-6f0a-7c3e-9d55-0a4f6f3b2c11",
        "kind": "RECORD", "action": "CREATED", "subject": "01932b6e-1111-7000-8000-000000000001", "revision": 1,
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
    })
}

fn list_endpoint() -> Endpoint {
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    let subject = "Only entries of this record, year, account, webhook, system or backup";
    let kinds = json!({"type": "string", "enum": TrailKind::NAMES});
    let mut parameters = page_parameters();
    parameters.extend([
        Parameter::one("subject", subject, text.clone(), Value::Null),
        Parameter::one("actor", "Only what actors of this name did", text, Value::Null),
        Parameter::one("kind", "Only entries of this kind", kinds, Value::Null),
    ]);
    Endpoint::get("/v1/audit-trail", list)
        .named("list_audit_trail", "audit", "Read the audit trail")
        .described(
            "Every write, oldest first: records, publications, figures, service accounts, webhooks, erasures, how far \
             connectors have come, and backups that were taken or restored; by whom, of which kind, and who vouched for \
             them. It holds digests and no data; the hash of an entry covers all entries before it.",
        )
        .scope(Scope::AccessLogRead)
        .query(parameters)
        .answers(
            200,
            "A page of entries",
            &["Link"],
            vec![Content::component("TrailPage", json!({"items": [entry_example()]}))],
        )
        .schema_value("TrailPage", schema::page("TrailEntry", false))
        .schema_value("TrailEntry", entry_schema())
        .schema::<ActorKind>()
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
        .answers(200, "What was found", &[], vec![Content::component("TrailProof", proof)])
        .schema_value("TrailProof", proof_schema())
}

fn proof_schema() -> Value {
    json!({
        "type": "object", "description": "What the proof of the audit trail found.",
        "required": ["sound", "entries", "hash", "differences"],
        "properties": {
            "sound": {"type": "boolean", "description": "Whether nothing was altered or removed."},
            "entries": {"type": "integer", "format": "int64", "minimum": 0, "description": "How many entries it has."},
            "hash": {"type": "string", "description": "The hash of the last entry, to be kept elsewhere."},
            "differences": {"type": "array", "items": {"type": "string"}, "description": "What is wrong, a sentence each."}
        }
    })
}

fn entry_schema() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    json!({
        "type": "object", "description": "An entry of the audit trail.",
        "required": ["seq", "at", "actor", "actor_kind", "request_id", "kind", "action", "subject", "digest", "hash"],
        "properties": {
            "seq": {"type": "integer", "format": "int64", "minimum": 1, "description": "Its place, without gaps."},
            "at": {"type": "string", "format": "date-time", "description": "When, in UTC."},
            "actor": text("The actor's name: the subject of the access token, where there was one. Others may bear the same one."),
            "actor_kind": reference("ActorKind"),
            "actor_issuer": text("The issuer of the access token, which vouched for the actor; absent where there was none."),
            "actor_client": {"type": "string", "format": "uuid", "description": "The id of the service account, if the actor was one."},
            "request_id": text("In which request."),
            "kind": {"type": "string", "enum": TrailKind::NAMES, "description": "What was written."},
            "action": text("What was done to it."),
            "subject": text("Which record, year, account, webhook, system or backup; `database` where one was restored."),
            "revision": {"type": "integer", "format": "int64", "minimum": 1, "description": "The revision or version that it made."},
            "digest": text("SHA-256 of what was written."),
            "hash": text("SHA-256 over the hash before and this entry.")
        }
    })
}

fn shown(kept: &TrailEntry) -> Value {
    let mut out = json!({
        "seq": kept.seq, "at": instant(kept.at), "actor": kept.actor, "actor_kind": kept.actor_kind,
        "actor_issuer": kept.actor_issuer, "actor_client": kept.actor_client, "request_id": kept.request_id,
        "kind": kept.kind, "action": kept.action, "subject": kept.subject, "revision": kept.revision,
        "digest": kept.digest, "hash": kept.hash
    });
    if let Some(map) = out.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    out
}

async fn list(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let filter = TrailFilter {
        subject: query.text("subject"),
        actor: query.text("actor"),
        kind: query.one_of("kind", &TrailKind::NAMES),
    };
    let wanted = PageRequest::read(&app, &request, &mut query);
    query.finish()?;
    let (after, limit) = (wanted.after_number()?, wanted.limit);
    let mut entries = app.database.read(move |db| trail::list(db, &filter, after, limit + 1)).await?;
    let more = entries.len() as i64 > limit;
    entries.truncate(limit as usize);
    let end = entries.last().filter(|_| more).map(|kept| vec![kept.seq.to_string()]);
    page(&request, entries.iter().map(shown).collect(), wanted.next(&app, &request, end))
}

async fn verification(app: Data<App>, caller: Caller) -> Result<HttpResponse> {
    // It reads for long: what it leaves of the connections is for everybody else.
    let _room = app.streams.exports.take(&caller.account())?;
    let (keys, now) = (app.keys.clone(), app.clock.now());
    let (entries, hash, mut differences) = app.database.read(move |db| verify::proof(db, &keys)).await?;
    differences.extend(app.access_log.database().read(move |log| access_chain::differences(log, now)).await?);
    let body = json!({"sound": differences.is_empty(), "entries": entries, "hash": hash, "differences": differences});
    Ok(HttpResponse::Ok().insert_header(("content-type", JSON)).body(to_json(&body)?))
}
