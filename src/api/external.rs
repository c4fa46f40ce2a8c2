//! Records under the keys of other systems, over HTTP.

use crate::api::call::Call;
use crate::api::document::EXAMPLE_KEY;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{self, Body, json_body};
use crate::api::idempotency::{Claim, replay_or_run, with_replay_header};
use crate::api::query::{Parameter, Query};
use crate::api::registers::{WriteAnswer, placed, shown};
use crate::auth::Scope;
use crate::context::OperationContext;
use crate::db::WriteTransaction;
use crate::error::{self, Error, Fault, Result};
use crate::records::Document;
use crate::records::lookups::ForeseenRecord;
use crate::records::store::external::{self as deliveries, Outcome};
use crate::registers::example;
use crate::registers::schema;
use crate::registers::{Register, Vocabulary};
use crate::sync::external::{Sender, check};
use crate::text;
use actix_web::HttpResponse;
use actix_web::http::header::IF_MATCH;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Path;
use serde_json::{Value, json};
use std::sync::Arc;

/// Reading and writing by another system's key.
pub fn endpoints(register: &'static Register, vocabulary: &Vocabulary) -> [Endpoint; 3] {
    let path = format!("/v1/{}/external/{{system}}/{{external_id}}", register.name);
    [
        get_endpoint(register, vocabulary, &path),
        delete_endpoint(register, &path),
        put_endpoint(register, vocabulary, &path),
    ]
}

/// An answer of a schema, with the record's key.
fn content(register: &Register, vocabulary: &Vocabulary, schema: &str) -> Vec<Content> {
    vec![Content::component(schema, delivered(example::record(register, vocabulary)))]
}

fn get_endpoint(register: &'static Register, vocabulary: &Vocabulary, path: &str) -> Endpoint {
    let single = schema::snake(register.record);
    let words = single.replace('_', " ");
    let article = schema::article(&words);
    Endpoint::get(
        path,
        move |call: Call, key: Path<(String, String)>| {
            get(register, call, key)
        },
    )
    .named(format!("get_external_{single}"), register.name, format!("Read {article} {words} by another system's key"))
    .described("The record that has this key in another system. Personal data is left out unless the token has the scope `personal:read`.")
    .scope(Scope::RegisterRead)
    .headers(&["IfNoneMatch", "AccessPurpose"])
    .answers(200, "The record", &["ETag"], content(register, vocabulary, register.record))
    .answers(304, "Unchanged since the revision in `If-None-Match`", &["ETag"], vec![])
}

fn put_endpoint(register: &'static Register, vocabulary: &Vocabulary, path: &str) -> Endpoint {
    let single = schema::snake(register.record);
    let words = single.replace('_', " ");
    let article = schema::article(&words);
    let written = format!("Written{}", register.record);
    let endpoint = Endpoint::new(Method::PUT, path, move |call: Call, key: Path<(String, String)>, body: Body| {
        put(register, call, key, body)
    })
    .named(format!("put_external_{single}"), register.name, format!("Deliver {article} {words} from another system"))
    .described(
        "Creates or replaces the record that has this key in another system. The body is the whole record: what is \
         absent is cleared, except the number, the day received, and personal data that the token does not show; a new \
         record must say the day received. \
         `external.version` must grow with every change there: an older one than is held is refused, so that \
         deliveries may come twice and in any order. A delivery that says the same again leaves the revision as it \
         is. Delivering personal data needs the scope `personal:read` too. Without `register:read` the answer says the \
         id, the number and the revision only.",
    )
    .scope(Scope::RegisterWrite)
    .headers(&["IfMatchOptional", "AccessPurpose"])
    .body(vec![Content::component(
        &format!("{}Delivery", register.record),
        delivered(example::new_record(register, vocabulary)),
    )])
    .answers(200, "The record as it is now", &["Location", "ETag"], content(register, vocabulary, &written))
    .answers(201, "The record created", &["Location", "ETag"], content(register, vocabulary, &written))
    .problems(&[&error::CONFLICT, &error::STALE_VERSION, &error::DELETED]);
    schema::schemas(register, vocabulary)
        .into_iter()
        .fold(endpoint, |endpoint, (name, schema)| endpoint.schema_value(name, schema))
}

fn delete_endpoint(register: &'static Register, path: &str) -> Endpoint {
    let single = schema::snake(register.record);
    let words = single.replace('_', " ");
    let article = schema::article(&words);
    let version = Parameter::one(
        "version",
        "The version in which the matter was deleted in the other system; without it, the one that is held here",
        json!({"type": "integer", "format": "int64", "minimum": 0}),
        Value::Null,
    );
    let conflicts: &[&'static error::ProblemType] = match register.referring().next() {
        Some(_) => &[&error::CONFLICT, &error::STALE_VERSION],
        None => &[&error::STALE_VERSION],
    };
    Endpoint::new(
        Method::DELETE,
        path,
        move |call: Call, key: Path<(String, String)>| {
            delete(register, call, key)
        },
    )
    .named(
        format!("delete_external_{single}"),
        register.name,
        format!("Delete {article} {words} by another system's key"),
    )
    .described(
        "Deletes the record that has this key in another system, unless a newer version than `version` is held. From \
         then on no delivery of that version or an older one brings it back; a newer one makes it anew. Deletions may \
         come twice and in any order, too: one that comes before the matter itself keeps it from coming.",
    )
    .scope(Scope::RegisterWrite)
    .headers(&["IdempotencyKey"])
    .query(vec![version])
    .answers(204, "Deleted, or not there any more", &["IdempotencyReplayed"], vec![])
    .problems(conflicts)
}

/// An example of a body, with the key that it has in another system.
fn delivered(mut body: Value) -> Value {
    let (system, id) = EXAMPLE_KEY;
    body["external"] = json!({"system": system, "id": id, "version": 3});
    body
}

/// The key in a path.
fn key((system, external_id): (String, String)) -> Result<(String, String)> {
    let mut faults = Vec::new();
    let mut line = |name: &str, value: &str, most: usize| match text::line(value) {
        Ok(line) if (1..=most).contains(&line.chars().count()) => line.into_owned(),
        Ok(_) => {
            let detail = format!("must have 1 to {most} characters and say something");
            faults.push(Fault::of(name, "invalid_length", detail));
            String::new()
        }
        Err(why) => {
            faults.push(Fault::of(name, "invalid_character", why.to_string()));
            String::new()
        }
    };
    let key = (line("system", &system, 50), line("external_id", &external_id, 200));
    if faults.is_empty() { Ok(key) } else { Err(Error::Parameters(faults)) }
}

async fn get(
    register: &'static Register,
    Call { app, caller, request }: Call,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let (system, id) = key(path.into_inner())?;
    let id = text::id_key(&id);
    let found =
        app.database.read_primary(move |db| crate::records::find::find_external(db, register, &system, &id)).await?;
    let row =
        found.ok_or_else(|| Error::NotFound(format!("the register {} has no record of that key", register.name)))?;
    shown(&app, register, &request, &caller, &row.row).await
}

async fn delete(
    register: &'static Register,
    Call { app, caller, request }: Call,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let (system, id) = key(path.into_inner())?;
    let mut query = Query::of(&request);
    let version = query.number("version", 0..=i64::MAX);
    query.finish()?;
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let key = (system, text::id_key(&id));
    let foreseen = ForeseenRecord::Key(register, key.clone());
    let deleting = move |tx: &mut WriteTransaction, by: &OperationContext| {
        let (system, id) = &key;
        let delete = |tx: &mut WriteTransaction| deliveries::delete_external(tx, register, (system, id), version, by);
        replay_or_run(tx, under.as_ref(), 0, delete)
    };
    let ((), replayed) = app.write(by, foreseen, deleting).await.map_err(|error| caller.redact(error))?;
    Ok(with_replay_header(HttpResponse::NoContent().finish(), replayed))
}

async fn put(
    register: &'static Register,
    Call { app, caller, request }: Call,
    path: Path<(String, String)>,
    body: Body,
) -> Result<HttpResponse> {
    let key = key(path.into_inner())?;
    let expected = request.headers().contains_key(IF_MATCH).then(|| http::if_match(&request)).transpose()?;
    let (delivery, document) =
        check(register, &Sender::of(&caller, app.rules()), Some(key), json_body(&request, &body)?)?;
    let told = WriteAnswer::of(&app, &caller, &request)?;
    let by = operation_context(&app, &caller, &request);
    let document = Arc::new(document);
    let foreseen = ForeseenRecord::Document(register, document.clone());
    let upsert = move |tx: &mut WriteTransaction, by: &OperationContext| {
        deliveries::upsert(tx, register, &delivery, Document::clone(&document), expected.as_ref(), by)
    };
    let (outcome, record) = app.write(by, foreseen, upsert).await.map_err(|error| caller.redact(error))?;
    let status = if outcome == Outcome::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(placed(told.answer(register, status, &record).await?, register, &record))
}
