//! Service accounts over HTTP.

use crate::api::App;
use crate::api::call::Call;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{Body, json_answer, json_body};
use crate::api::idempotency::{Claim, IssuedSecret, SecretSeed, replay_or_run, with_replay_header};
use crate::auth::service_accounts::{NewClient, ServiceAccount, create, get, list, rotate};
use crate::auth::{Caller, Scope};
use crate::db::WriteTransaction;
use crate::error::Result;
use crate::webhooks::subscriptions;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

const ITEM: &str = "/v1/clients/{client_id}";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![list_endpoint(), create_endpoint(), rotation_endpoint(), revoke_endpoint()]
}

fn example() -> Value {
    json!({
        "client_id": "01932b6e-3333-7000-8000-000000000003", "name": "gever", "scopes": ["register:read", "register:write"],
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
        .answers(200, "The service accounts", &[], vec![Content::json::<AccountList>(json!({"items": [example()]}))])
}

fn create_endpoint() -> Endpoint {
    let new = json!({"name": "gever", "scopes": ["register:read", "register:write"], "registers": ["cases"]});
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
        .body(vec![Content::json::<NewClient>(new)])
        .answers(201, "The account with its secret", &["IdempotencyReplayed"], vec![Content::json::<AccountWithSecret>(example_with_secret())])
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
            vec![Content::json::<AccountWithSecret>(example_with_secret())],
        )
}

fn revoke_endpoint() -> Endpoint {
    Endpoint::new(Method::DELETE, ITEM, revoke_client)
        .named("revoke_client", "access", "Revoke a service account")
        .described("It can do nothing any more, not even with tokens that it has; this takes a minute at the most. Its webhooks \
             become inactive.")
        .scope(Scope::Admin)
        .headers(&["IdempotencyKey"])
        .answers(204, "Revoked", &["IdempotencyReplayed"], vec![])
}

/// The service accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = Clients)]
struct AccountList {
    /// The oldest first.
    items: Vec<ServiceAccount>,
}

/// A service account with its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientWithSecret)]
struct AccountWithSecret {
    #[serde(flatten)]
    #[schema(inline)]
    account: ServiceAccount,
    /// Its secret; shown once.
    client_secret: String,
}

async fn list_clients(app: Data<App>) -> Result<HttpResponse> {
    json_answer(StatusCode::OK, &AccountList { items: app.database.read_primary(list).await? })
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
        let make = |tx: &mut WriteTransaction| {
            Ok(IssuedSecret::<()> { id: work(tx, &seed.text(&purposes))?.id, seed, made: None })
        };
        let (made, replayed) = replay_or_run(tx, under.as_ref(), 0, make)?;
        Ok((get(tx.unflushed(), &made.id)?, made.seed.text(&purposes), replayed))
    });
    let (account, client_secret, replayed) = made.await?;
    app.clients.invalidate();
    Ok(with_replay_header(json_answer(status, &AccountWithSecret { account, client_secret })?, replayed))
}

async fn create_client(Call { app, caller, request }: Call, body: Body) -> Result<HttpResponse> {
    let new = NewClient::read(json_body(&request, &body)?)?;
    let by = operation_context(&app, &caller, &request);
    let work = move |tx: &mut WriteTransaction, secret: &str| create(tx, new, secret, &by);
    with_secret(&app, &caller, (&request, &body.0), StatusCode::CREATED, work).await
}

async fn rotate_client(Call { app, caller, request }: Call, id: Path<String>) -> Result<HttpResponse> {
    let by = operation_context(&app, &caller, &request);
    let work = move |tx: &mut WriteTransaction, secret: &str| rotate(tx, &id, secret, &by);
    with_secret(&app, &caller, (&request, &[]), StatusCode::OK, work).await
}

async fn revoke_client(Call { app, caller, request }: Call, id: Path<String>) -> Result<HttpResponse> {
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let revoking = app
        .database
        .write(move |tx| replay_or_run(tx, under.as_ref(), 0, |tx| subscriptions::revoke_account(tx, &id, &by)));
    let ((), replayed) = revoking.await?;
    app.clients.invalidate();
    Ok(with_replay_header(HttpResponse::NoContent().finish(), replayed))
}
