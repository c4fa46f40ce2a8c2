//! Calendar feeds over HTTP: addresses that calendar programs subscribe to.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::App;
use crate::api::calendar::MEDIA_TYPE;
use crate::api::call::Call;
use crate::api::client_address;
use crate::api::deadlines::{CalendarOf, calendar_of};
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, Reach};
use crate::api::http::{Body, json_answer, json_body, register_tag, tagged};
use crate::api::idempotency::{Claim, IssuedSecret, SecretSeed, replay_or_run, with_replay_header};
use crate::api::public_address;
use crate::api::query::Query;
use crate::api::statistics::request::{lang_parameter, read_lang};
use crate::auth::calendar_feeds::{self, CalendarFeed};
use crate::auth::{Caller, Scope};
use crate::clock::{read_instant, write_instant};
use crate::error::{self, Error, Fault, Result};
use crate::faults::Faults;
use crate::registers::validation;
use crate::text;

const COLLECTION: &str = "/v1/calendar-feeds";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![list_endpoint(), create_endpoint(), revoke_endpoint(), calendar_endpoint()]
}

fn example() -> Value {
    json!({
        "id": "01932b6e-6666-7000-8000-000000000006", "responsible": "RF", "titles": false,
        "created_at": "2017-03-14T09:30:00Z", "expires_at": "2018-03-15T09:30:00Z"
    })
}

fn list_endpoint() -> Endpoint {
    Endpoint::get(COLLECTION, list)
        .named("list_calendar_feeds", "deadlines", "List one's calendar feeds")
        .described("Those of the account, without their addresses; with the scope `admin` those of all accounts.")
        .scope(Scope::RegisterRead)
        .reaches(Reach::Nothing)
        .answers(200, "The calendar feeds", &[], vec![Content::json::<CalendarFeedList>(json!({"items": [example()]}))])
}

fn create_endpoint() -> Endpoint {
    let mut with_address = example();
    with_address["address"] =
        json!("https://host.example/v1/calendar-feeds/01932b6e-6666-7000-8000-000000000006/shown-once/deadlines.ics");
    Endpoint::new(Method::POST, COLLECTION, create)
        .named("create_calendar_feed", "deadlines", "Make an address for a calendar program")
        .described(
            "Calendar programs send no token: whoever knows the address reads what the account is responsible for and is \
             due, in the registers that the account may see, and nothing else. The address is shown in this answer and \
             never again; it ends after a year, with the account, or when it is deleted. An account has ten at the most. \
             Titles are left out unless they are asked for: they may hold names, and calendars lie in other hands.",
        )
        .scope(Scope::RegisterRead)
        .reaches(Reach::Nothing)
        .headers(&["IdempotencyKey"])
        .body(vec![Content::json::<NewCalendarFeed>(json!({"titles": false}))])
        .answers(
            201,
            "The feed with its address",
            &["IdempotencyReplayed"],
            vec![Content::json::<CalendarFeedWithAddress>(with_address)],
        )
        .problems(&[&error::CONFLICT])
}

fn revoke_endpoint() -> Endpoint {
    Endpoint::new(Method::DELETE, format!("{COLLECTION}/{{feed_id}}"), revoke)
        .named("delete_calendar_feed", "deadlines", "Revoke a calendar feed")
        .described("Its address shows nothing any more. With the scope `admin` also one of another account.")
        .scope(Scope::RegisterRead)
        .reaches(Reach::Nothing)
        .headers(&["IdempotencyKey"])
        .answers(204, "Revoked", &["IdempotencyReplayed"], vec![])
}

fn calendar_endpoint() -> Endpoint {
    Endpoint::get(format!("{COLLECTION}/{{feed_id}}/{{feed_secret}}/deadlines.ics"), calendar)
        .named("read_calendar_feed", "deadlines", "Subscribe to deadlines without a token")
        .described(
            "The calendar at an address of `POST /v1/calendar-feeds`, for calendar programs: as `GET /v1/deadlines.ics` \
             gives it, with or without titles. Wrong addresses count as failed logins.",
        )
        .at_secret_address()
        .headers(&["AcceptLanguage", "IfNoneMatch"])
        .query(vec![lang_parameter()])
        .answers(200, "The calendar", &["ETag"], vec![Content::text(MEDIA_TYPE, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")])
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// The calendar feeds.
#[derive(Serialize, ToSchema)]
#[schema(as = CalendarFeeds)]
struct CalendarFeedList {
    /// The oldest first.
    items: Vec<ShownCalendarFeed>,
}

/// An address by which a calendar program reads deadlines.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = CalendarFeed)]
struct ShownCalendarFeed {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// The person whose deadlines it shows.
    responsible: String,
    /// True if the titles of the matters are shown.
    titles: bool,
    /// The instant at which the address was made, in UTC.
    #[serde(serialize_with = "write_instant", deserialize_with = "read_instant")]
    created_at: NaiveDateTime,
    /// The instant at which the address ends, in UTC.
    #[serde(serialize_with = "write_instant", deserialize_with = "read_instant")]
    expires_at: NaiveDateTime,
}

/// A calendar feed with its address.
#[derive(Serialize, ToSchema)]
struct CalendarFeedWithAddress {
    #[serde(flatten)]
    #[schema(inline)]
    feed: ShownCalendarFeed,
    /// The address to subscribe to; shown once. It is a secret.
    #[schema(format = "uri")]
    address: String,
}

impl From<CalendarFeed> for ShownCalendarFeed {
    fn from(feed: CalendarFeed) -> Self {
        let CalendarFeed { id, responsible, titles, created_at, expires_at, .. } = feed;
        ShownCalendarFeed { id, responsible, titles, created_at, expires_at }
    }
}

/// A calendar feed to be made.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCalendarFeed {
    /// Set to show the titles of the matters; without them there are number and register.
    #[serde(default)]
    #[schema(default = false)]
    titles: Option<bool>,
}

impl NewCalendarFeed {
    /// Reads a body and names all its faults.
    fn read(mut body: Value) -> Result<Self> {
        let mut faults = Faults::default();
        text::normalise(&mut body, &mut faults);
        let Value::Object(mut map) = body else {
            return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
        };
        map.retain(|_, value| !value.is_null());
        let read = validation::read::<NewCalendarFeed>(map, &mut faults);
        faults.into_result()?;
        Ok(read.unwrap_or_default())
    }
}

/// The account whose feeds a caller sees and revokes; none for all of them.
fn reach(caller: &Caller) -> Option<String> {
    (!caller.has(Scope::Admin)).then(|| caller.account())
}

async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse> {
    let account = reach(&caller);
    let feeds = app.database.read_primary(move |db| calendar_feeds::list(db, account.as_deref())).await?;
    json_answer(StatusCode::OK, &CalendarFeedList { items: feeds.into_iter().map(Into::into).collect() })
}

async fn create(Call { app, caller, request }: Call, body: Body) -> Result<HttpResponse> {
    let titles = NewCalendarFeed::read(json_body(&request, &body)?)?.titles.unwrap_or(false);
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let (seed, purposes) = (SecretSeed::new()?, app.purposes.clone());
    let making = app.database.write(move |tx| {
        let (made, replayed) = replay_or_run(tx, under.as_ref(), 0, |tx| {
            let feed = calendar_feeds::create(tx, titles, &seed.text(&purposes), &by)?;
            Ok(IssuedSecret { id: feed.id.clone(), seed, made: Some(ShownCalendarFeed::from(feed)) })
        })?;
        // One that was revoked since is told as it was made; its address shows nothing.
        let held = calendar_feeds::find(tx.unflushed(), &made.id)?.map(ShownCalendarFeed::from);
        Ok((held.or(made.made).ok_or_else(calendar_feeds::missing)?, made.seed.text(&purposes), replayed))
    });
    let (feed, secret, replayed) = making.await?;
    let base = public_address::address(&app.config, &request);
    let address = format!("{base}{COLLECTION}/{}/{secret}/deadlines.ics", feed.id);
    let shown = CalendarFeedWithAddress { feed, address };
    Ok(with_replay_header(json_answer(StatusCode::CREATED, &shown)?, replayed))
}

async fn revoke(Call { app, caller, request }: Call, id: Path<String>) -> Result<HttpResponse> {
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let account = reach(&caller);
    let revoking = app.database.write(move |tx| {
        replay_or_run(tx, under.as_ref(), 0, |tx| calendar_feeds::revoke(tx, &id, account.as_deref(), &by))
    });
    let ((), replayed) = revoking.await?;
    Ok(with_replay_header(HttpResponse::NoContent().finish(), replayed))
}

/// Returns the calendar that an address opens, as far as its account still stands behind it. Wrong addresses are limited like
/// failed logins, and all answered alike.
async fn opened(app: &App, request: &HttpRequest, id: String, secret: String) -> Result<CalendarOf> {
    let address = client_address::counted(&app.config, request);
    app.limits.may_still_log_in(&address)?;
    let (now, named) = (app.clock.now(), id.clone());
    let found = app.database.read_primary(move |db| calendar_feeds::opened(db, &named, &secret, now)).await?;
    let opened = match found {
        Some(feed) => registers_of(app, &feed).await?.map(|registers| CalendarOf {
            responsible: feed.responsible,
            registers,
            titles: feed.titles,
        }),
        None => None,
    };
    opened.ok_or_else(|| {
        app.limits.login_failed(&address, &id);
        Error::NotFound("there is no such calendar: the address is wrong, was revoked, or its time is over".into())
    })
}

/// Returns the registers that the account of a feed may read; none where it may read nothing any more.
async fn registers_of(app: &App, feed: &CalendarFeed) -> Result<Option<Option<Vec<String>>>> {
    let Some(client) = &feed.client else { return Ok(Some(feed.registers())) };
    let account = app.clients.active(client).await?;
    let reads = account.filter(|account| account.scopes.contains(&Scope::RegisterRead));
    Ok(reads.map(|account| account.registers))
}

async fn calendar(app: Data<App>, request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let (id, secret) = path.into_inner();
    let of = opened(&app, &request, id, secret).await?;
    let text = calendar_of(&app, &request, lang, of).await?.into_bytes();
    let tag = register_tag(&app, &text);
    let mut answer = tagged(&request, StatusCode::OK, "text/calendar; charset=utf-8", &tag, text);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(answer)
}
