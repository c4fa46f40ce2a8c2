//! Service accounts over HTTP.

use crate::api::App;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::{Body, json_body};
use crate::api::idempotency::{Claim, IssuedSecret, SecretSeed, replay_or_run, with_replay_header};
use crate::auth::service_accounts::{NewClient, ServiceAccount, create, get, list, rotate};
use crate::auth::{Caller, Scope};
use crate::db::WriteTransaction;
use crate::error::Result;
use crate::json::reference;
use crate::json::to_json;
use crate::webhooks::subscriptions;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

const ITEM: &str = "/v1/clients/{client_id}";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![list_endpoint(), create_endpoint(), rotation_endpoint(), revoke_endpoint()]
}

fn example() -> Value {
    json!({
        "client_id": "01932b6e-3333-7000-8000-000000000003", "name": "konsul", "scopes": ["register:read", "register:write"],
        "registers": ["cases"], "created_at": "2017-03-14T09:30:00Z", "created_by": "admin"
    })
}

fn example_with_secret() -> Value {
    let mut with_secret = example();
    with_secret["client_secret"] = json!("shown once, here only");
    with_secret
}

fn list_endpoint() -> Endpoint {
    Endpoint::get("/v1/clients", list_clients)
        .named("list_clients", "access", "List the service accounts")
        .described("All of them, also those revoked; never with a secret.")
        .scope(Scope::Admin)
        .answers(200, "The service accounts", &[], vec![Content::json("Clients", json!({"items": [example()]}))])
        .schema_value("Clients", json!({
            "type": "object", "description": "The service accounts.", "required": ["items"],
            "properties": {"items": {"type": "array", "items": reference("Client"), "description": "The oldest first."}}
        }))
        .schema_value("Client", schema(false))
}

fn create_endpoint() -> Endpoint {
    let new = json!({"name": "konsul", "scopes": ["register:read", "register:write"], "registers": ["cases"]});
    Endpoint::new(Method::POST, "/v1/clients", create_client)
        .named("create_client", "access", "Create a service account")
        .described(
            "The secret is shown in this answer and never again: what is kept is a hash of it. Bound to \
             registers, the account sees and changes nothing of the others, and gets no figures that tell of them. `admin` alone \
             can make an account with every scope, and so can give itself all of them: each account stands in the \
             audit trail.",
        )
        .scope(Scope::Admin)
        .headers(&["IdempotencyKey"])
        .body(vec![Content::json("NewClient", new)])
        .answers(201, "The account with its secret", &["IdempotencyReplayed"], vec![Content::json("ClientWithSecret", example_with_secret())])
        .schema::<NewClient>()
        .schema_value("ClientWithSecret", schema(true))
}

fn rotation_endpoint() -> Endpoint {
    Endpoint::new(Method::POST, format!("{ITEM}/rotation"), rotate_client)
        .named("rotate_client", "access", "Give a service account another secret")
        .described("The secret before is no longer taken; tokens that were issued go on until they expire.")
        .scope(Scope::Admin)
        .headers(&["IdempotencyKey"])
        .answers(
            200,
            "The account with its new secret",
            &["IdempotencyReplayed"],
            vec![Content::json("ClientWithSecret", example_with_secret())],
        )
}

fn revoke_endpoint() -> Endpoint {
    Endpoint::new(Method::DELETE, ITEM, revoke_client)
        .named("revoke_client", "access", "Revoke a service account")
        .described("It can do nothing any more, not even with tokens that it has; this takes a minute at the most. Its webhooks \
             become inactive.")
        .scope(Scope::Admin)
        .answers(204, "Revoked", &[], vec![])
}

fn schema(with_secret: bool) -> Value {
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let mut required = vec!["client_id", "name", "scopes", "created_at", "created_by"];
    let mut properties = json!({
        "client_id": {"type": "string", "format": "uuid", "description": "What it logs in with."},
        "name": {"type": "string", "description": "What it is called."},
        "scopes": {"type": "array", "items": {"type": "string", "enum": scopes}, "description": "What it may."},
        "registers": {"type": "array", "items": {"type": "string"}, "description": "The registers that it is bound to; all of them when absent."},
        "created_at": {"type": "string", "format": "date-time", "description": "When it was made, in UTC."},
        "created_by": {"type": "string", "description": "Who made it, by name; which identity that is stands in the audit trail."},
        "revoked_at": {"type": "string", "format": "date-time", "description": "When it was revoked, in UTC."}
    });
    if with_secret {
        properties["client_secret"] = json!({"type": "string", "description": "Its secret; shown once."});
        required.push("client_secret");
    }
    json!({"type": "object", "description": "A service account.", "required": required, "properties": properties})
}

async fn list_clients(app: Data<App>) -> Result<HttpResponse> {
    let all = app.database.read_primary(list).await?;
    let items: Vec<Value> = all.iter().map(ServiceAccount::shown).collect();
    Ok(HttpResponse::Ok().insert_header(("content-type", JSON)).body(to_json(&json!({"items": items}))?))
}

/// Does what gives an account a secret, and shows both: the secret of this request, also when it is sent again after
/// another one gave the account another secret.
async fn with_secret(
    app: &App,
    caller: &Caller,
    (request, body): (&HttpRequest, &[u8]),
    status: StatusCode,
    work: impl FnOnce(&mut WriteTransaction, &str) -> Result<ServiceAccount> + Send + 'static,
) -> Result<HttpResponse> {
    let claim = Claim::of(app, caller, request, body)?;
    let under = Claim::request(&claim);
    let (seed, purposes) = (SecretSeed::new()?, app.purposes.clone());
    let made = app.database.write(move |tx| {
        let make = |tx: &mut WriteTransaction| Ok(IssuedSecret { id: work(tx, &seed.text(&purposes))?.id, seed });
        let (made, replayed) = replay_or_run(tx, under.as_ref(), 0, make)?;
        Ok((get(tx.unflushed(), &made.id)?, made.seed.text(&purposes), replayed))
    });
    let (client, secret, replayed) = made.await?;
    app.clients.invalidate();
    let mut body = client.shown();
    body["client_secret"] = secret.into();
    Ok(with_replay_header(
        HttpResponse::build(status).insert_header(("content-type", JSON)).body(to_json(&body)?),
        replayed,
    ))
}

async fn create_client(app: Data<App>, caller: Caller, request: HttpRequest, body: Body) -> Result<HttpResponse> {
    let new = NewClient::read(json_body(&request, &body)?)?;
    let by = operation_context(&app, &caller, &request);
    let work = move |tx: &mut WriteTransaction, secret: &str| create(tx, new, secret, &by);
    with_secret(&app, &caller, (&request, &body.0), StatusCode::CREATED, work).await
}

async fn rotate_client(app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>) -> Result<HttpResponse> {
    let by = operation_context(&app, &caller, &request);
    let work = move |tx: &mut WriteTransaction, secret: &str| rotate(tx, &id, secret, &by);
    with_secret(&app, &caller, (&request, &[]), StatusCode::OK, work).await
}

async fn revoke_client(app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>) -> Result<HttpResponse> {
    let by = operation_context(&app, &caller, &request);
    app.database.write(move |tx| subscriptions::revoke_account(tx, &id, &by)).await?;
    app.clients.invalidate();
    Ok(HttpResponse::NoContent().finish())
}
