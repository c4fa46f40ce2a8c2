//! The change feed: asked for piece by piece, waited for, or streamed. It never carries personal data.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDateTime;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

use crate::api::App;
use crate::api::call::Call;
use crate::api::edge::bearer;
use crate::api::endpoint::{Content, Endpoint, JSON, Reach};
use crate::api::http::{Streamed, accepted, json_answer};
use crate::api::query::{Parameter, Query};
use crate::api::record_query::{read_registers, registers_parameter};
use crate::auth::{Caller, Scope};
use crate::clock::write_instant;
use crate::error::{self, Error, Fault, Result};
use crate::json::{reference, to_value};
use crate::records::projections::history_row::Action;
use crate::registers;
use crate::sync::change_feed::{self, FeedChange, FeedPage, FeedPlace, FeedStart};

/// The media type of server-sent events (HTML standard, section 9.2).
const EVENTS: &str = "text/event-stream";

/// In place of a cursor: the end of the feed.
const LATEST: &str = "latest";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The list that cursors of the feed are made for: they stay valid whatever else is asked.
const FEED: &str = "/v1/changes";

/// The longest wait of a client, in seconds: less than the minute after which proxies give up.
const LONGEST_WAIT: u64 = 50;

/// The interval at which the database is asked while nothing is heard: other processes may write too.
const TICK: Duration = Duration::from_secs(1);

/// The interval at which a stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The change feed.
pub fn endpoint() -> Endpoint {
    let entry = json!({
        "cursor": "c2VxMQ", "register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123",
        "action": "CREATED", "revision": 1, "at": "2017-03-14T09:30:00Z"
    });
    let line = format!("id: c2VxMQ\nevent: change\ndata: {entry}\n\n");
    Endpoint::get(FEED, changes)
        .named("list_changes", "changes", "Follow all changes")
        .described(
            "What was created, changed and deleted in all registers, oldest first, in the order in which it was kept. \
             Nothing is skipped, not even what is committed late; `next` is always there: ask again with it as \
             `after`. With `wait` an answer without items is held back until there is something. With `Accept: \
             text/event-stream` the changes come as server-sent events, whose ids are cursors. After a restore of the \
             database all cursors from before are 410, and so is one whose entry is not in the feed any more: everything \
             is to be read anew then, for what was told since the backup has never been.",
        )
        .scope(Scope::RegisterRead)
        .reaches(Reach::Narrowed)
        .headers(&["LastEventId"])
        .query(parameters())
        .answers(200, "Changes", &[], vec![
            Content::json::<ChangePage>(json!({"items": [entry], "next": "c2VxMQ"})),
            Content { schema: event_schema(), ..Content::text(EVENTS, &line) },
        ])
        .problems(&[&error::GONE])
}

/// The schema of the stream: OpenAPI has no words yet for what each event of it is.
fn event_schema() -> Value {
    json!({
        "type": "string",
        "description": "Events named `change`, each with a `Change` in JSON as its `data` and its cursor as its `id`; comments \
            in between say that the stream is still there.",
        "x-event-data": reference("Change")
    })
}

fn parameters() -> Vec<Parameter> {
    vec![
        Parameter::one(
            "after",
            "Where to go on: `next` of the answer before, or the `cursor` of an item; `latest` is the end of the feed; \
             without it, from the beginning",
            json!({"type": "string", "minLength": 1, "maxLength": 2000}),
            Value::Null,
        ),
        Parameter::one(
            "lastEventId",
            "The same as the header `Last-Event-ID`, for clients that cannot send it; the header outweighs it",
            json!({"type": "string", "maxLength": 2000}),
            Value::Null,
        ),
        registers_parameter("Only changes in these registers"),
        Parameter::one(
            "limit",
            "How many items an answer has at the most",
            json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}),
            json!(50),
        ),
        Parameter::one(
            "wait",
            "How many seconds to wait for a change when there is none",
            json!({"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0}),
            Value::Null,
        ),
    ]
}

/// A piece of the change feed.
#[derive(Serialize, ToSchema)]
struct ChangePage {
    /// The changes, oldest first.
    #[schema(max_items = 1000)]
    items: Vec<ShownChange>,
    /// The cursor to ask with later; always there.
    next: String,
}

/// A change of a record, without what it says.
#[derive(Serialize, ToSchema)]
#[schema(as = Change)]
struct ShownChange {
    /// The place in the feed.
    cursor: String,
    /// The record's register.
    #[schema(value_type = RegisterName, inline)]
    register: String,
    /// The record.
    #[schema(format = "uuid")]
    id: String,
    /// Its business number.
    number: String,
    /// The action that was done to a record.
    #[schema(value_type = Action)]
    action: String,
    /// The revision that it made.
    #[schema(minimum = 1)]
    revision: i64,
    /// The instant of the change, in UTC.
    #[serde(serialize_with = "write_instant")]
    at: NaiveDateTime,
}

/// The name of a register.
pub struct RegisterName;

impl PartialSchema for RegisterName {
    fn schema() -> RefOr<Schema> {
        let names = registers::ALL.iter().map(|register| register.name);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for RegisterName {}

/// A reader of the feed: the place where it begins, its registers and the limit of a page.
struct Follower {
    app: Data<App>,
    begin: FeedStart,
    registers: Vec<String>,
    limit: i64,
    commits: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
}

impl Follower {
    async fn read(&self) -> Result<FeedPage> {
        let (begin, registers, limit) = (self.begin.clone(), self.registers.clone(), self.limit);
        self.app.database.read(move |db| change_feed::changes(db, &begin, &registers, limit)).await
    }

    /// Waits until something may have changed, at most this long. False when the service stops.
    async fn rest(&mut self, most: Duration) -> bool {
        tokio::select! {
            _ = self.commits.changed() => {}
            _ = self.stopping.wait_for(|stopping| *stopping) => return false,
            () = tokio::time::sleep(most.min(TICK)) => {}
        }
        true
    }

    fn cursor(&self, place: &FeedPlace) -> String {
        self.app.cursors.write(FEED, &place.written())
    }

    /// The changes of a piece as server-sent events.
    fn events(&self, piece: &FeedPage) -> String {
        let event = |change: &FeedChange| {
            let shown = self.shown(change);
            format!("id: {}\nevent: change\ndata: {}\n\n", shown.cursor, to_value(&shown))
        };
        piece.changes.iter().map(event).collect()
    }

    fn shown(&self, change: &FeedChange) -> ShownChange {
        ShownChange {
            cursor: self.cursor(&change.place()),
            register: change.register.clone(),
            id: change.record_id.clone(),
            number: change.number.clone(),
            action: change.action.clone(),
            revision: change.revision,
            at: change.at,
        }
    }
}

/// The place that a cursor marks. One that another database gave out is as good as one whose history is lost: who has it
/// begins anew.
fn place(app: &App, name: &str, cursor: &str) -> Result<FeedStart> {
    if app.cursors.is_foreign(cursor) {
        return Err(Error::Gone);
    }
    let place = app.cursors.read(FEED, cursor).and_then(|place| FeedPlace::read(&place));
    let fault = || Fault::of(name, "invalid_cursor", "is no cursor of the change feed; send one as it was given");
    place.map(FeedStart::After).ok_or_else(|| Error::Parameters(vec![fault()]))
}

/// Returns the place where a request begins. A stream that is resumed begins behind the last event that came: browsers
/// tell it in a header, and `lastEventId` in the query stands in for it.
fn begin(app: &App, request: &HttpRequest, query: &mut Query, is_stream: bool) -> Result<FeedStart> {
    let header = request.headers().get(LAST_EVENT_ID).map(|last| last.to_str().unwrap_or("?").to_owned());
    let header = header.map(|last| ("Last-Event-ID", last));
    let (resumed, after) = (query.one("lastEventId"), query.one("after"));
    let last = header.into_iter().chain(resumed.map(|last| ("lastEventId", last)));
    let last = last.into_iter().find(|(_, last)| is_stream && !last.is_empty());
    match (last, after.as_deref()) {
        (Some((name, cursor)), _) => place(app, name, &cursor),
        (None, None) => Ok(FeedStart::Oldest),
        (None, Some(LATEST)) => Ok(FeedStart::Latest),
        (None, Some(cursor)) => place(app, "after", cursor),
    }
}

async fn changes(Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let mut chosen = read_registers(&mut query);
    let limit = query.number("limit", 1..=1000).unwrap_or(50);
    let wait = Duration::from_secs(query.number("wait", 0..=LONGEST_WAIT).unwrap_or(0));
    let is_stream = accepted(&request, &[JSON, EVENTS]) == Some(EVENTS);
    let begin = begin(&app, &request, &mut query, is_stream);
    if let Err(Error::Parameters(faults)) = &begin {
        for Fault { parameter, code, detail, .. } in faults {
            query.fault(parameter.as_deref().unwrap_or_default(), code, detail);
        }
    }
    query.finish()?;
    caller.restrict_registers(&mut chosen);
    let (commits, stopping) = (app.database.commits(), app.stopping.subscribe());
    let mut follower = Follower { app, begin: begin?, registers: chosen, limit, commits, stopping };
    if is_stream {
        return stream(follower, caller, bearer(&request)?.to_owned()).await;
    }
    let _room = (!wait.is_zero()).then(|| follower.app.streams.followers.take(&caller.account())).transpose()?;
    let until = Instant::now() + wait;
    loop {
        follower.commits.mark_unchanged();
        let piece = follower.read().await?;
        let left = until.saturating_duration_since(Instant::now());
        if !piece.changes.is_empty() || left.is_zero() || !follower.rest(left).await {
            let items = piece.changes.iter().map(|change| follower.shown(change)).collect();
            return json_answer(StatusCode::OK, &ChangePage { items, next: follower.cursor(&piece.end) });
        }
        follower.begin = FeedStart::After(piece.end);
    }
}

/// True if a token counts no longer: its key was withdrawn, or the service account behind it may do nothing any more; also
/// when nobody can say.
async fn is_withdrawn(app: &App, token: &str, caller: &Caller) -> bool {
    if app.tokens.check(token, app.clock.now()).await.is_err() {
        return true;
    }
    let Some(id) = &caller.identity.client else { return false };
    !matches!(app.clients.active(id).await, Ok(Some(_)))
}

/// Answers with a stream of changes.
async fn stream(follower: Follower, caller: Caller, token: String) -> Result<HttpResponse> {
    let room = follower.app.streams.followers.take(&caller.account())?;
    // What is refused is refused before the stream begins.
    let first = follower.read().await?;
    let (send, receive) = mpsc::channel::<Result<Bytes>>(4);
    actix_web::rt::spawn(async move {
        let _room = room;
        send_changes(follower, first, &caller, &token, &send).await;
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, EVENTS))
        // Compression would hold events back until it has enough of them.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .body(Streamed { first: None, rest: receive }))
}

/// Sends changes as they come, until the client goes, the token expires or its key is withdrawn, the account is revoked or
/// the service stops.
async fn send_changes(
    mut follower: Follower,
    mut piece: FeedPage,
    caller: &Caller,
    token: &str,
    client: &mpsc::Sender<Result<Bytes>>,
) {
    let mut said = Instant::now();
    let mut opening = Some("retry: 2000\n\n".to_owned());
    loop {
        let mut text = opening.take().unwrap_or_default() + &follower.events(&piece);
        follower.begin = FeedStart::After(piece.end.clone());
        if text.is_empty() && said.elapsed() >= HEARTBEAT {
            text = ": still here\n\n".into();
        }
        if !text.is_empty() {
            said = Instant::now();
            if client.send(Ok(text.into())).await.is_err() {
                return;
            }
        }
        let more = piece.changes.len() as i64 == follower.limit;
        let expired = follower.app.clock.now().and_utc().timestamp() >= caller.expires;
        if expired || client.is_closed() || (!more && !follower.rest(TICK).await) {
            return;
        }
        // After the rest, so that nothing is sent that came after the revocation.
        if is_withdrawn(&follower.app, token, caller).await {
            return;
        }
        piece = match follower.read().await {
            Ok(piece) => piece,
            // A fault that passes: the client comes back by itself with the last id.
            Err(error) => return log::error!("a stream of changes ended: {error}"),
        };
    }
}
