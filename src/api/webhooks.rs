//! Subscriptions to changes, and what became of their deliveries.

mod endpoints;
mod shown;

pub use endpoints::endpoints;

use std::net::Ipv4Addr;
use std::num::NonZero;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use validator::Validate;

use crate::api::App;
use crate::api::call::Call;
use crate::api::edge::{operation_context, trace};
use crate::api::http::{Body, json_answer, json_body, page};
use crate::api::idempotency::{Claim, IssuedSecret, SecretSeed, replay_or_run, with_replay_header};
use crate::api::query::Query;
use crate::api::record_query::PageRequest;
use crate::auth::{Caller, Scope};
use crate::config::WebhookSettings;
use crate::context::OperationContext;
use crate::db::{Db, WriteTransaction};
use crate::error::{Error, Fault, Result};
use crate::faults::Faults;
use crate::registers;
use crate::registers::validation;
use crate::seal::PurposeKeys;
use crate::text;
use crate::webhooks::event::ChangeEvent;
use crate::webhooks::sending::{self, Message};
use crate::webhooks::subscriptions::{self, Webhook};
use shown::{DeliveryState, ShownAttempt, ShownDelivery, ShownWebhook, WebhookList, WebhookWithSecret};

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

fn answer(status: StatusCode, webhook: &Webhook) -> Result<HttpResponse> {
    json_answer(status, &ShownWebhook::from(webhook))
}

fn answer_with_secret(status: StatusCode, webhook: ShownWebhook, secret: String) -> Result<HttpResponse> {
    json_answer(status, &WebhookWithSecret { webhook, secret })
}

/// A secret of 32 bytes as the specification writes it.
fn secret(seed: &SecretSeed, purposes: &PurposeKeys) -> String {
    format!("whsec_{}", STANDARD.encode(seed.secret(purposes)))
}

/// Returns the fault of an address, if there is one; the address is checked again when its name is resolved.
fn fault_of(url: &str, settings: &WebhookSettings) -> Option<&'static str> {
    let private = settings.private;
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
    let inside = host.parse().is_ok_and(|address| !sending::is_public(address))
        || host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost");
    if inside && !settings.allows(host) { Some("must be an address on the public internet") } else { None }
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
                if let Some(detail) = fault_of(url, &app.config.webhooks) {
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
fn may(caller: &Caller, names: &[String]) -> bool {
    caller.registers.is_none() || (!names.is_empty() && names.iter().all(|name| caller.can_access(name)))
}

fn permitted(caller: &Caller, webhook: Webhook) -> Result<Webhook> {
    if may(caller, &webhook.register_names()) {
        Ok(webhook)
    } else {
        Err(Error::NotFound("there is no such webhook".into()))
    }
}

async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse> {
    let all = app.database.read_primary(subscriptions::list).await?;
    let items = all.iter().filter(|webhook| may(&caller, &webhook.register_names())).map(ShownWebhook::from).collect();
    json_answer(StatusCode::OK, &WebhookList { items })
}

/// A new subscription as it is kept, before it has a secret.
fn subscription(new: NewWebhook, caller: &Caller, by: &OperationContext) -> Webhook {
    Webhook {
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
    }
}

/// Fails when there are as many webhooks as there can be.
fn check_room(db: &mut Db) -> Result<()> {
    if subscriptions::list(db)?.len() >= WEBHOOKS {
        let detail = format!("there are {WEBHOOKS} webhooks already; delete one that is not needed first");
        return Err(Error::Validation(vec![Fault::at("", "too_many", detail)]));
    }
    Ok(())
}

async fn create(Call { app, caller, request }: Call, body: Body) -> Result<HttpResponse> {
    let new = read(&app, &caller, json_body(&request, &body)?, true)?;
    if new.active == Some(true) {
        caller.require(Scope::RegisterRead)?;
    }
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let mut webhook = subscription(new, &caller, &by);
    let (seed, purposes) = (SecretSeed::new()?, app.purposes.clone());
    webhook.take_secret(&app.keys, &secret(&seed, &purposes))?;
    let making = app.database.write(move |tx| {
        let (made, replayed) = replay_or_run(tx, under.as_ref(), 0, |tx| {
            check_room(tx.unflushed())?;
            let made = subscriptions::create(tx, webhook, &by)?;
            Ok(IssuedSecret { id: made.id.clone(), seed, made: Some(ShownWebhook::from(&made)) })
        })?;
        // One that was deleted since is told as it was made.
        let held = subscriptions::find(tx.unflushed(), &made.id)?.map(|webhook| ShownWebhook::from(&webhook));
        let shown = held.or(made.made).filter(|shown| may(&caller, shown.registers()));
        Ok((shown.ok_or_else(subscriptions::missing)?, secret(&made.seed, &purposes), replayed))
    });
    let (made, secret, replayed) = making.await?;
    let place = format!("/v1/webhooks/{}", made.id());
    let mut response = with_replay_header(answer_with_secret(StatusCode::CREATED, made, secret)?, replayed);
    if let Ok(place) = place.parse() {
        response.headers_mut().insert(actix_web::http::header::LOCATION, place);
    }
    Ok(response)
}

async fn get(app: Data<App>, caller: Caller, id: Path<String>) -> Result<HttpResponse> {
    let webhook = app.database.read_primary(move |db| subscriptions::get(db, &id)).await?;
    answer(StatusCode::OK, &permitted(&caller, webhook)?)
}

async fn patch(Call { app, caller, request }: Call, id: Path<String>, body: Body) -> Result<HttpResponse> {
    let new = read(&app, &caller, json_body(&request, &body)?, false)?;
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let changing = app.database.write(move |tx| {
        permitted(&caller, subscriptions::get(tx.unflushed(), &id)?)?;
        let change = |webhook: &mut Webhook| {
            let before = (webhook.url.clone(), webhook.registers.clone(), webhook.active);
            webhook.url = new.url.unwrap_or_else(|| webhook.url.clone());
            webhook.registers = new.registers.map_or_else(|| webhook.registers.clone(), |list| list.join(" "));
            webhook.active = new.active.unwrap_or(webhook.active);
            let is_same = before == (webhook.url.clone(), webhook.registers.clone(), true);
            if webhook.active && !is_same { caller.require(Scope::RegisterRead) } else { Ok(()) }
        };
        let update = |tx: &mut WriteTransaction| subscriptions::update(tx, &id, "UPDATED", change, &by).map(drop);
        let ((), replayed) = replay_or_run(tx, under.as_ref(), 0, update)?;
        Ok((subscriptions::get(tx.unflushed(), &id)?, replayed))
    });
    let (webhook, replayed) = changing.await?;
    Ok(with_replay_header(answer(StatusCode::OK, &webhook)?, replayed))
}

async fn delete(Call { app, caller, request }: Call, id: Path<String>) -> Result<HttpResponse> {
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let deleting = app.database.write(move |tx| {
        replay_or_run(tx, under.as_ref(), 0, |tx| {
            permitted(&caller, subscriptions::get(tx.unflushed(), &id)?)?;
            subscriptions::delete(tx, &id, &by)
        })
    });
    let ((), replayed) = deleting.await?;
    Ok(with_replay_header(HttpResponse::NoContent().finish(), replayed))
}

async fn rotate(Call { app, caller, request }: Call, id: Path<String>) -> Result<HttpResponse> {
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let (seed, purposes) = (SecretSeed::new()?, app.purposes.clone());
    let rotating = app.database.write(move |tx| {
        permitted(&caller, subscriptions::get(tx.unflushed(), &id)?)?;
        let rotate =
            |webhook: &mut Webhook| webhook.replace_secret(&by.keys, &secret(&seed, &purposes), by.at + FORMER);
        let rotate = |tx: &mut WriteTransaction| {
            subscriptions::update(tx, &id, "ROTATED", rotate, &by)?;
            Ok(IssuedSecret::<()> { id: id.clone(), seed: seed.clone(), made: None })
        };
        let (made, replayed) = replay_or_run(tx, under.as_ref(), 0, rotate)?;
        Ok((subscriptions::get(tx.unflushed(), &id)?, secret(&made.seed, &purposes), replayed))
    });
    let (webhook, secret, replayed) = rotating.await?;
    Ok(with_replay_header(answer_with_secret(StatusCode::OK, (&webhook).into(), secret)?, replayed))
}

async fn deliveries(Call { app, caller, request }: Call, id: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let state = query.one_of("state", DeliveryState::VALUES);
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
    let items = found.iter().map(|delivery| ShownDelivery::of(delivery, reads)).collect();
    page(&request, items, wanted.next(&app, &request, end))
}

async fn redeliver(Call { app, caller, request }: Call, path: Path<(String, String)>) -> Result<HttpResponse> {
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
    Ok(with_replay_header(json_answer(StatusCode::ACCEPTED, &ShownDelivery::of(&delivery, reads))?, replayed))
}

/// Sends a receiver an event that tells of nothing, and says how that went.
async fn test(Call { app, caller, request }: Call, id: Path<String>) -> Result<HttpResponse> {
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (under, now) = (Claim::request(&claim), app.clock.now());
    let (reader, recalled) = (caller.clone(), under.clone());
    let read = app.database.read_primary(move |db| {
        let webhook = permitted(&reader, subscriptions::get(db, &id)?)?;
        let before = recalled.map(|request| request.recall::<ShownAttempt>(db, 0)).transpose()?.flatten();
        Ok((webhook, before))
    });
    let (webhook, before) = read.await?;
    if let Some(before) = before {
        return Ok(with_replay_header(json_answer(StatusCode::OK, &before)?, true));
    }
    let (state, within) = (app.clone(), trace(&request));
    let sending = web::block(move || {
        let id = uuid::Uuid::now_v7().to_string();
        let body = ChangeEvent::test(&state.event_origin(), &id, &webhook.id, now).written();
        let message = Message { id, body, within };
        let agent = sending::agent(&state.config.webhooks, &state.trust);
        let secrets = webhook.secrets(&state.keys, now)?;
        Ok::<_, Error>(sending::send((&agent, &state.spans), &webhook.url, &secrets, &message, now))
    });
    let attempt = sending.await.map_err(|_| Error::Internal("a test event was given up".into()))??;
    let shown = ShownAttempt::from(attempt);
    if let Some(under) = under {
        let kept = shown.clone();
        app.database.write(move |tx| under.remember(tx, 0, &kept)).await?;
    }
    json_answer(StatusCode::OK, &shown)
}
