//! Subscriptions to changes, and what became of their deliveries.

use std::net::Ipv4Addr;
use std::num::NonZero;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::App;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, JSON, MERGE_PATCH, Reach};
use crate::api::http::{Body, json_body, page};
use crate::api::idempotency::{Claim, IssuedSecret, SecretSeed, replay_or_run, with_replay_header};
use crate::api::query::{Parameter, Query};
use crate::api::registers::{PageRequest, page_parameters};
use crate::auth::{Caller, Scope};
use crate::clock::instant;
use crate::db::{Db, WriteTransaction};
use crate::error::{Error, Fault, Result};
use crate::faults::Faults;
use crate::json::reference;
use crate::json::to_json;
use crate::registers::validation::{self};
use crate::registers::{self, schema};
use crate::seal::PurposeKeys;
use crate::text;
use crate::webhooks::delivery;
use crate::webhooks::subscriptions::{self, Webhook, WebhookDelivery};

const STATES: [&str; 3] = ["PENDING", "DELIVERED", "PARKED"];
/// The most webhooks there can be.
const WEBHOOKS: usize = 100;
/// The time for which a replaced secret still signs too.
const FORMER: TimeDelta = TimeDelta::hours(24);

/// A subscription, or changes of one.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// The address that events are sent to: https, on the public internet.
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(format = "uri", min_length = 1, max_length = 2000)]
    url: Option<String>,
    /// The registers whose changes are told; all of them when absent or empty.
    #[serde(default)]
    registers: Option<Vec<String>>,
    /// Set to send events. A webhook that is taken up again goes on where it was.
    #[serde(default)]
    #[schema(default = true)]
    active: Option<bool>,
}

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let example = json!({
        "id": "01932b6e-4444-7000-8000-000000000004", "url": "https://chancellery.example/hooks/aufsicht",
        "registers": ["cases"], "active": true, "created_at": "2017-03-14T09:30:00Z", "created_by": "admin"
    });
    let mut with_secret = example.clone();
    with_secret["secret"] = json!("whsec_c2hvd24gb25jZSwgaGVyZSBvbmx5ISE=");
    let delivery = json!({
        "id": "01932b6e-5555-7000-8000-000000000005", "register": "cases", "record": "01932b6e-1111-7000-8000-000000000001",
        "action": "CREATED", "revision": 1, "state": "PENDING", "attempts": 1, "next_at": "2017-03-14T09:30:10Z",
        "last_status": 500, "last_error": "the receiver answered 500", "created_at": "2017-03-14T09:30:00Z"
    });
    let new = json!({"url": "https://chancellery.example/hooks/aufsicht", "registers": ["cases"]});
    let item = "/v1/webhooks/{webhook_id}";
    let mut log_parameters = page_parameters();
    log_parameters.push(Parameter::one(
        "state",
        "Only deliveries in this state",
        json!({"type": "string", "enum": STATES}),
        Value::Null,
    ));
    vec![
        Endpoint::get("/v1/webhooks", list)
            .named("list_webhooks", "webhooks", "List the webhooks")
            .described("All of them, without their secrets.")
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .answers(200, "The webhooks", &[], vec![Content::json("Webhooks", json!({"items": [example]}))])
            .schema_value("Webhooks", json!({
                "type": "object", "description": "The webhooks.", "required": ["items"],
                "properties": {"items": {"type": "array", "items": reference("Webhook"), "description": "The oldest first."}}
            }))
            .schema_value("Webhook", webhook_schema(false)),
        Endpoint::new(Method::POST, "/v1/webhooks", create)
            .named("create_webhook", "webhooks", "Subscribe to changes")
            .described(
                "From now on each change is sent to the address as an event (CloudEvents 1.0 in JSON) that names the \
                 change and carries no record, signed with the secret (Standard Webhooks), at least once and with the \
                 same `webhook-id`, in order for each record. What fails is tried again with growing pauses for a day, \
                 then parked. The secret is shown in this answer and never again. An address hears of changes only \
                 when somebody has switched it on who may read them: without `register:read` the webhook is made \
                 inactive.",
            )
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .headers(&["IdempotencyKey"])
            .body(vec![Content::json("NewWebhook", new)])
            .answers(201, "The webhook with its secret", &["Location", "IdempotencyReplayed"], vec![Content::json("WebhookWithSecret", with_secret.clone())])
            .schema::<NewWebhook>()
            .schema_value("WebhookWithSecret", webhook_schema(true)),
        Endpoint::get(item, get)
            .named("get_webhook", "webhooks", "Read a webhook")
            .described("A subscription, without its secret.")
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .answers(200, "The webhook", &[], vec![Content::json("Webhook", example.clone())]),
        Endpoint::new(Method::PATCH, item, patch)
            .named("update_webhook", "webhooks", "Change a webhook")
            .described(
                "What is absent stays. An inactive webhook that is taken up again goes on where it was. To switch one on, \
                 or to change where an active one sends what, needs `register:read` too. `application/json` is taken alike.",
            )
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .body(vec![Content { media_type: MERGE_PATCH, schema: reference("NewWebhook"), example: json!({"active": false}) }])
            .answers(200, "The webhook as it is now", &[], vec![Content::json("Webhook", example)]),
        Endpoint::new(Method::DELETE, item, delete)
            .named("delete_webhook", "webhooks", "Unsubscribe")
            .described("Nothing more is sent, not even what was waiting.")
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .answers(204, "Deleted", &[], vec![]),
        Endpoint::new(Method::POST, format!("{item}/rotation"), rotate)
            .named("rotate_webhook", "webhooks", "Give a webhook another secret")
            .described("For a day events carry two signatures, one of them with the secret before.")
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .headers(&["IdempotencyKey"])
            .answers(200, "The webhook with its new secret", &["IdempotencyReplayed"], vec![Content::json("WebhookWithSecret", with_secret)]),
        Endpoint::get(format!("{item}/deliveries"), deliveries)
            .named("list_deliveries", "webhooks", "See what became of the deliveries")
            .described("Each event to this webhook, oldest first, and how the attempts went. Which change it tells of is shown with the scope `register:read` only.")
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .query(log_parameters)
            .answers(200, "A page of deliveries", &["Link"], vec![Content::json("DeliveryPage", json!({"items": [delivery]}))])
            .schema_value("DeliveryPage", schema::page("Delivery", false))
            .schema_value("Delivery", delivery_schema()),
        Endpoint::new(Method::POST, format!("{item}/deliveries/{{delivery_id}}/redelivery"), redeliver)
            .named("redeliver", "webhooks", "Deliver again")
            .described("The event is sent again with the same id, whatever became of it, and tried for a day. Which change it tells of is shown with the scope `register:read` only.")
            .scope(Scope::WebhooksManage)
            .reaches(Reach::Narrowed)
            .headers(&["IdempotencyKey"])
            .answers(202, "It will be sent", &["IdempotencyReplayed"], vec![Content::json("Delivery", delivery)]),
    ]
}

fn webhook_schema(with_secret: bool) -> Value {
    let mut required = vec!["id", "url", "registers", "active", "created_at", "created_by"];
    let mut properties = json!({
        "id": {"type": "string", "format": "uuid", "description": "Its id."},
        "url": {"type": "string", "format": "uri", "description": "Where events are sent."},
        "registers": {"type": "array", "items": {"type": "string"}, "description": "Whose changes are told; all when empty."},
        "active": {"type": "boolean", "description": "Whether events are sent."},
        "created_at": {"type": "string", "format": "date-time", "description": "When it was made, in UTC."},
        "created_by": {"type": "string", "description": "Who made it, by name; which identity that is stands in the audit trail."}
    });
    if with_secret {
        properties["secret"] = json!({"type": "string", "description": "What events are signed with; shown once."});
        required.push("secret");
    }
    json!({"type": "object", "description": "A subscription to changes.", "required": required, "properties": properties})
}

fn delivery_schema() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    let time = |what: &str| json!({"type": "string", "format": "date-time", "description": what});
    json!({
        "type": "object", "description": "An event to a webhook, and how the attempts went.",
        "required": ["id", "state", "attempts", "created_at"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "The event's id: the same on every attempt."},
            "register": text("The record's register; this and what follows of the change with `register:read` only."),
            "record": {"type": "string", "format": "uuid", "description": "The record."},
            "action": text("What was done to it."),
            "revision": {"type": "integer", "format": "int64", "minimum": 1, "description": "The revision that it made."},
            "state": {"type": "string", "enum": STATES, "description": "Where it stands."},
            "attempts": {"type": "integer", "format": "int64", "minimum": 0, "description": "How often it was tried."},
            "next_at": time("When it is tried next, in UTC; only while it is pending."),
            "last_status": {"type": "integer", "description": "What the receiver answered last."},
            "last_error": text("Why it failed last."),
            "created_at": time("Since when it is tried, in UTC."),
            "finished_at": time("When it was delivered or parked, in UTC.")
        }
    })
}

fn shown(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id, "url": webhook.url, "registers": webhook.register_names(), "active": webhook.active,
        "created_at": instant(webhook.created_at), "created_by": webhook.created_by
    })
}

/// With the secret that the request gave it, which another one may have replaced since.
fn with_secret(webhook: &Webhook, secret: String) -> Value {
    let mut out = shown(webhook);
    out["secret"] = secret.into();
    out
}

/// A delivery; which change it tells of, as `/v1/changes` does, to who may read that.
fn shown_delivery(delivery: &WebhookDelivery, reads: bool) -> Value {
    let told = |value: Value| Some(value).filter(|_| reads);
    let mut out = json!({
        "id": delivery.id, "register": told(delivery.register.as_str().into()),
        "record": told(delivery.record_id.as_str().into()), "action": told(delivery.action.as_str().into()),
        "revision": told(delivery.revision.into()), "state": delivery.state, "attempts": delivery.attempts,
        "next_at": (delivery.state == "PENDING").then(|| instant(delivery.next_at)),
        "last_status": delivery.last_status, "last_error": delivery.last_error,
        "created_at": instant(delivery.created_at), "finished_at": delivery.finished_at.map(instant)
    });
    if let Some(map) = out.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    out
}

fn answer(status: StatusCode, body: &Value) -> Result<HttpResponse> {
    Ok(HttpResponse::build(status).insert_header(("content-type", JSON)).body(to_json(body)?))
}

/// A secret of 32 bytes as the specification writes it.
fn secret(seed: &SecretSeed, purposes: &PurposeKeys) -> String {
    format!("whsec_{}", STANDARD.encode(seed.secret(purposes)))
}

/// Returns the fault of an address, if there is one; the address is checked again when its name is resolved.
fn fault_of(url: &str, private: bool) -> Option<&'static str> {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else {
        return Some("is not an address; give one like https://host/path");
    };
    let scheme = uri.scheme_str().unwrap_or_default();
    if scheme != "https" && !(private && scheme == "http") {
        return Some("must begin with https://");
    }
    let Some(authority) = uri.authority() else { return Some("must name a host") };
    if authority.as_str().contains('@') {
        return Some("must not have a name or password in it");
    }
    let port = authority.as_str().strip_prefix(authority.host()).and_then(|rest| rest.strip_prefix(':'));
    if port.is_some_and(|port| port.parse::<NonZero<u16>>().is_err()) {
        return Some("must have a port from 1 to 65535, or none");
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if is_number(host) && host.parse::<Ipv4Addr>().is_err() {
        return Some("must name its host, or give its address as four numbers from 0 to 255");
    }
    let inside = host.parse().is_ok_and(|address| !delivery::is_public(address))
        || host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost");
    if inside && !private { Some("must be an address on the public internet") } else { None }
}

/// Tells a host that ends with a number: programs take it for an address in one of several spellings, and no name ends so.
fn is_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or(last.strip_prefix("0X"));
    !host.contains(':') && (hex.is_some() || (!last.is_empty() && last.chars().all(|one| one.is_ascii_digit())))
}

/// Reads a body; `new` when it makes a webhook.
fn read(app: &App, caller: &Caller, mut body: Value, new: bool) -> Result<NewWebhook> {
    let mut faults = Faults::default();
    text::normalise(&mut body, &mut faults);
    let Value::Object(mut map) = body else {
        return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
    };
    map.retain(|_, value| !value.is_null());
    let read = validation::read::<NewWebhook>(map, &mut faults);
    if let Some(read) = &read {
        match &read.url {
            None if new => faults.add("/url", "required", "is required"),
            Some(url) => {
                if let Some(detail) = fault_of(url, app.config.webhook_private) {
                    faults.add("/url", "invalid_value", detail);
                }
            }
            None => {}
        }
        for (index, name) in read.registers.iter().flatten().enumerate() {
            if registers::find(name).is_none() {
                faults.add(format!("/registers/{index}"), "invalid_value", "is no register");
            }
        }
    }
    faults.into_result()?;
    let mut read = read.ok_or_else(|| Error::Internal("an unreadable body has no fault".into()))?;
    if new || read.registers.is_some() {
        let chosen = read.registers.get_or_insert_default();
        if chosen.iter().any(|name| !caller.can_access(name)) {
            return Err(Error::OtherRegister);
        }
        caller.restrict_registers(chosen);
    }
    Ok(read)
}

/// True if the caller may know of a webhook: one that tells of other registers is not shown.
fn may(caller: &Caller, webhook: &Webhook) -> bool {
    let names = webhook.register_names();
    caller.registers.is_none() || (!names.is_empty() && names.iter().all(|name| caller.can_access(name)))
}

fn permitted(caller: &Caller, webhook: Webhook) -> Result<Webhook> {
    if may(caller, &webhook) { Ok(webhook) } else { Err(Error::NotFound("there is no such webhook".into())) }
}

async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse> {
    let all = app.database.read_primary(subscriptions::list).await?;
    let items: Vec<Value> = all.iter().filter(|webhook| may(&caller, webhook)).map(shown).collect();
    answer(StatusCode::OK, &json!({"items": items}))
}

async fn create(app: Data<App>, caller: Caller, request: HttpRequest, body: Body) -> Result<HttpResponse> {
    let new = read(&app, &caller, json_body(&request, &body)?, true)?;
    if new.active == Some(true) {
        caller.require(Scope::RegisterRead)?;
    }
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let mut webhook = Webhook {
        id: uuid::Uuid::now_v7().to_string(),
        url: new.url.unwrap_or_default(),
        registers: new.registers.unwrap_or_default().join(" "),
        active: new.active.unwrap_or(caller.has(Scope::RegisterRead)),
        secret: String::new(),
        former_secret: None,
        former_until: None,
        position: 0,
        created_at: by.at,
        created_by: by.actor.name.clone(),
        client: caller.identity.client.clone(),
    };
    let (seed, purposes) = (SecretSeed::new()?, app.purposes.clone());
    webhook.take_secret(&app.keys, &secret(&seed, &purposes))?;
    let making = app.database.write(move |tx| {
        let (made, replayed) = replay_or_run(tx, under.as_ref(), 0, |tx| {
            if subscriptions::list(tx.unflushed())?.len() >= WEBHOOKS {
                let detail = format!("there are {WEBHOOKS} webhooks already; delete one that is not needed first");
                return Err(Error::Validation(vec![Fault::at("", "too_many", detail)]));
            }
            Ok(IssuedSecret { id: subscriptions::create(tx, webhook, &by)?.id, seed })
        })?;
        Ok((
            permitted(&caller, subscriptions::get(tx.unflushed(), &made.id)?)?,
            secret(&made.seed, &purposes),
            replayed,
        ))
    });
    let (made, secret, replayed) = making.await?;
    let mut response = with_replay_header(answer(StatusCode::CREATED, &with_secret(&made, secret))?, replayed);
    let place = format!("/v1/webhooks/{}", made.id);
    if let Ok(place) = place.parse() {
        response.headers_mut().insert(actix_web::http::header::LOCATION, place);
    }
    Ok(response)
}

async fn get(app: Data<App>, caller: Caller, id: Path<String>) -> Result<HttpResponse> {
    let webhook = app.database.read_primary(move |db| subscriptions::get(db, &id)).await?;
    answer(StatusCode::OK, &shown(&permitted(&caller, webhook)?))
}

async fn patch(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse> {
    let new = read(&app, &caller, json_body(&request, &body)?, false)?;
    let by = operation_context(&app, &caller, &request);
    let changed = app.database.write(move |tx| {
        permitted(&caller, subscriptions::get(tx.unflushed(), &id)?)?;
        let change = |webhook: &mut Webhook| {
            let before = (webhook.url.clone(), webhook.registers.clone(), webhook.active);
            webhook.url = new.url.unwrap_or_else(|| webhook.url.clone());
            webhook.registers = new.registers.map_or_else(|| webhook.registers.clone(), |list| list.join(" "));
            webhook.active = new.active.unwrap_or(webhook.active);
            let is_same = before == (webhook.url.clone(), webhook.registers.clone(), true);
            if webhook.active && !is_same { caller.require(Scope::RegisterRead) } else { Ok(()) }
        };
        subscriptions::update(tx, &id, "UPDATED", change, &by)
    });
    answer(StatusCode::OK, &shown(&changed.await?))
}

async fn delete(app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>) -> Result<HttpResponse> {
    let by = operation_context(&app, &caller, &request);
    let deleting = app.database.write(move |tx| {
        permitted(&caller, subscriptions::get(tx.unflushed(), &id)?)?;
        subscriptions::delete(tx, &id, &by)
    });
    deleting.await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn rotate(app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>) -> Result<HttpResponse> {
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let (seed, purposes) = (SecretSeed::new()?, app.purposes.clone());
    let rotating = app.database.write(move |tx| {
        permitted(&caller, subscriptions::get(tx.unflushed(), &id)?)?;
        let rotate =
            |webhook: &mut Webhook| webhook.replace_secret(&by.keys, &secret(&seed, &purposes), by.at + FORMER);
        let rotate = |tx: &mut WriteTransaction| {
            subscriptions::update(tx, &id, "ROTATED", rotate, &by)?;
            Ok(IssuedSecret { id: id.clone(), seed: seed.clone() })
        };
        let (made, replayed) = replay_or_run(tx, under.as_ref(), 0, rotate)?;
        Ok((subscriptions::get(tx.unflushed(), &id)?, secret(&made.seed, &purposes), replayed))
    });
    let (webhook, secret, replayed) = rotating.await?;
    Ok(with_replay_header(answer(StatusCode::OK, &with_secret(&webhook, secret))?, replayed))
}

async fn deliveries(app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let state = query.one_of("state", &STATES);
    let wanted = PageRequest::read(&app, &request, &mut query);
    query.finish()?;
    let (after, limit, reads) = (wanted.after_number()?, wanted.limit, caller.has(Scope::RegisterRead));
    let read = move |db: &mut Db| {
        permitted(&caller, subscriptions::get(db, &id)?)?;
        // A webhook may have told of other registers before.
        subscriptions::log(db, &id, (state.as_deref(), caller.registers.as_deref()), after, limit + 1)
    };
    let mut found = app.database.read_primary(read).await?;
    let more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let end = found.last().filter(|_| more).map(|delivery| vec![delivery.seq.to_string()]);
    let items = found.iter().map(|delivery| shown_delivery(delivery, reads)).collect();
    page(&request, items, wanted.next(&app, &request, end), None)
}

async fn redeliver(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let (webhook, id) = path.into_inner();
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (now, under, reads) = (app.clock.now(), Claim::request(&claim), caller.has(Scope::RegisterRead));
    let again = app.database.write(move |tx| {
        permitted(&caller, subscriptions::get(tx.unflushed(), &webhook)?)?;
        if !caller.can_access(&subscriptions::delivery(tx.unflushed(), &webhook, &id)?.register) {
            return Err(subscriptions::no_delivery());
        }
        let ((), replayed) =
            replay_or_run(tx, under.as_ref(), 0, |tx| subscriptions::redeliver(tx, &webhook, &id, now))?;
        Ok((subscriptions::delivery(tx.unflushed(), &webhook, &id)?, replayed))
    });
    let (delivery, replayed) = again.await?;
    Ok(with_replay_header(answer(StatusCode::ACCEPTED, &shown_delivery(&delivery, reads))?, replayed))
}
