//! The endpoints of the registers: the same for each of them.

mod endpoints;

pub use endpoints::endpoints;

use crate::records::find;
use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::App;
use crate::api::access_log::disclosure_context;
use crate::api::call::Call;
use crate::api::edge::operation_context;
use crate::api::endpoint::JSON;
use crate::api::http::{self, Body, NextPage, json_body, revision_tag, tagged};
use crate::api::idempotency::{Claim, replay_or_run, with_replay_header};
use crate::api::public_address::prefix;
use crate::api::query::Query;
use crate::api::record_query::{PageRequest, read_expand, read_filter, read_order};
use crate::audit::access_log::{Disclosure, DisclosureContext};
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::error::{self, Error, KeyNeed, Result};
use crate::json::to_json;
use crate::records::lookups::ForeseenRecord;
use crate::records::projections::history;
use crate::records::query::filter::Filter;
use crate::records::query::page;
use crate::records::row::{RecordRow, StoredRecord};
use crate::records::view::RecordView;
use crate::records::view::View;
use crate::records::{Document, document};
use crate::records::{personal, references, store};
use crate::registers::Register;
use crate::registers::schema;
use crate::seal::Keys;

/// The most records of a register that are shown with one that they refer to.
const REFERRING: usize = 100;

/// The most that are shown with all records of a page together.
const REFERRING_PAGE: usize = 2000;

/// Records of another register that refer to those shown, by the id that they refer to: the first of them, and whether there
/// are more.
struct Referrers {
    register: &'static Register,
    found: HashMap<String, (Vec<StoredRecord>, bool)>,
}

/// Reads what is to be shown with records, and records what that shows of personal data; the keys to it are added to those to the
/// records.
async fn read_expanded(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    registers: Vec<&'static Register>,
    (ids, keys): (Vec<String>, &Keys),
) -> Result<(Vec<Referrers>, Keys)> {
    let most = (REFERRING_PAGE / (ids.len() * registers.len()).max(1)).clamp(1, REFERRING);
    let read = move |db: &mut Db| {
        let of = |db: &mut Db, register, id: &String| Ok((id.clone(), references::referring(db, register, id, most)?));
        let read_one = |register| {
            let found = ids.iter().map(|id| of(db, register, id)).collect::<Result<_>>()?;
            Ok(Referrers { register, found })
        };
        registers.iter().copied().map(read_one).collect::<Result<_>>()
    };
    let others: Vec<Referrers> = app.database.read(read).await?;
    let rows = || others.iter().flat_map(|referring| referring.found.values()).flat_map(|(rows, _)| rows);
    let keys = keys.provided(rows().filter_map(|row| row.row.key()).collect()).await?;
    disclose(app, caller, request, rows().map(|row| &row.row)).await?;
    Ok((others, keys))
}

/// A record as it is shown, with what was asked to be shown with it.
struct WithReferrers<'a> {
    shown: RecordView<'a>,
    others: &'a [Referrers],
    /// The path that a proxy has before the service's own.
    prefix: &'a str,
}

impl WithReferrers<'_> {
    fn document(&self) -> Result<Map<String, Value>> {
        let RecordView { columns, register, view } = self.shown;
        let mut document = columns.answer(register, view)?;
        let mut rest = Map::new();
        for Referrers { register: other, found } in self.others {
            let Some((rows, more)) = found.get(&columns.id) else { continue };
            let list = rows.iter().map(|row| Ok(Value::Object(row.row.answer(other, view)?)));
            document.insert(other.name.replace('-', "_"), Value::Array(list.collect::<Result<_>>()?));
            if *more {
                let list = |property| format!("{}/v1/{}?{property}={}", self.prefix, other.name, columns.id);
                rest.insert(other.name.replace('-', "_"), other.properties_to(register).map(list).collect());
            }
        }
        if !rest.is_empty() {
            document.insert(schema::REST.into(), Value::Object(rest));
        }
        Ok(document)
    }
}

impl Serialize for WithReferrers<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.document().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// Lists the personal data of records that is about to be shown to somebody who may see it: the names of the properties
/// of each record.
pub fn disclosures<'a>(records: impl Iterator<Item = &'a RecordRow>) -> Result<Vec<Disclosure>> {
    let mut all = Vec::new();
    for columns in records {
        let (properties, register) = (columns.personal_properties()?, crate::registers::find(&columns.register));
        if let (false, Some(register)) = (properties.is_empty(), register) {
            all.push(Disclosure { register: register.name, record: columns.id.clone(), properties });
        }
    }
    Ok(all)
}

/// Records what is shown of the personal data of records that are read. Only then may the answer go out.
pub async fn disclose<'a>(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    records: impl Iterator<Item = &'a RecordRow>,
) -> Result<()> {
    let viewer = disclosure_context(caller, request)?;
    match app.view_of(caller).keys() {
        None => Ok(()),
        Some(_) => app.access_log.record(&viewer, disclosures(records)?).await,
    }
}

/// The answer to the one who writes: as much of the record as may be read. It is made before the write, so that
/// nothing is left that could refuse a request whose write is kept.
///
/// A disclosure by the answer is recorded between the commit and the answer. Of which record and which properties that is follows
/// from what is held, so it is known in the transaction only, where all writes would wait for another database; and before
/// the commit the log would tell of what a refused write never showed.
pub struct WriteAnswer<'a> {
    app: &'a App,
    view: View<'a>,
    viewer: DisclosureContext,
}

impl<'a> WriteAnswer<'a> {
    /// The sender of a request.
    pub fn of(app: &'a App, caller: &Caller, request: &HttpRequest) -> Result<Self> {
        Ok(WriteAnswer { app, view: app.view_of(caller), viewer: disclosure_context(caller, request)? })
    }

    /// The answer to a write that is kept. When the disclosure cannot be recorded, or the key is not to be had, it leaves personal
    /// data out.
    pub async fn answer(&self, register: &Register, status: StatusCode, columns: &RecordRow) -> Result<HttpResponse> {
        let keys = match self.view.keys() {
            Some(keys) => keys.provided(columns.key().into_iter().collect()).await.ok(),
            None => None,
        };
        let view = match (&keys, self.view) {
            (Some(keys), View::Whole(_)) if self.is_recorded(columns).await => View::Whole(keys),
            (_, View::Whole(_)) => View::Impersonal,
            (_, view) => view,
        };
        Ok(HttpResponse::build(status)
            .insert_header((ETAG, revision_tag(columns.revision)))
            .insert_header(("content-type", JSON))
            .body(to_json(&RecordView { columns, register, view })?))
    }

    /// Records the disclosure in the access log. True if nothing is disclosed that is not recorded there.
    async fn is_recorded(&self, columns: &RecordRow) -> bool {
        match disclosures(std::iter::once(columns)) {
            Ok(seen) => self.app.access_log.record(&self.viewer, seen).await.is_ok(),
            Err(error) => {
                log::error!("{error}");
                false
            }
        }
    }
}

/// An answer that says where the record is.
pub fn placed(mut answer: HttpResponse, register: &Register, columns: &RecordRow) -> HttpResponse {
    if let Ok(place) = format!("/v1/{}/{}", register.name, columns.id).parse() {
        answer.headers_mut().insert(LOCATION, place);
    }
    answer
}

/// A page that was found.
pub struct FoundPage {
    page: page::RecordPage,
    next: NextPage,
    /// The keys to what is shown of the records.
    keys: Keys,
}

impl FoundPage {
    /// The answer, with each record as `show` says.
    pub fn answer<'a, T: Serialize>(
        &'a self,
        request: &HttpRequest,
        show: impl Fn(&'a RecordRow) -> T,
    ) -> Result<HttpResponse> {
        let items = self.page.rows.iter().map(|row| show(&row.row)).collect();
        http::counted_page(request, items, self.next.clone(), self.page.total)
    }
}

/// Reads a page of records for a request; with their personal data for the one named.
pub async fn find_page(
    app: &App,
    request: &HttpRequest,
    mut query: Query,
    filter: Filter,
    shown_to: Option<&Caller>,
) -> Result<FoundPage> {
    let order = read_order(&mut query, filter.register, &app.profile.vocabulary, filter.published);
    let include_total = query.flag("include_total");
    let wanted = PageRequest::read(app, request, &mut query);
    query.finish()?;
    let listing = page::PageQuery { filter, order, after: wanted.after.clone(), limit: wanted.limit, include_total };
    let found = app.database.read(move |db| page::page(db, &listing)).await?;
    let mut page = found.ok_or_else(PageRequest::bad_cursor)?;
    let mut keys = app.keys.clone();
    if let Some(caller) = shown_to {
        keys = app.keys_to(caller, page.rows.iter().map(|row| &row.row)).await?;
        disclose(app, caller, request, page.rows.iter().map(|row| &row.row)).await?;
    }
    let next = wanted.next(app, request, page.end.take());
    Ok(FoundPage { page, next, keys })
}

async fn list(register: &'static Register, Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let filter = read_filter(&mut query, register, &app.profile.vocabulary, &caller);
    let expand = read_expand(&mut query, register, &caller)?;
    let found = find_page(&app, &request, query, filter, Some(&caller)).await?;
    if expand.is_empty() {
        let view = caller.view(&found.keys);
        return found.answer(&request, |columns| RecordView { columns, register, view });
    }
    let ids = found.page.rows.iter().map(|row| row.row.id.clone()).collect();
    let (others, keys) = read_expanded(&app, &caller, &request, expand, (ids, &found.keys)).await?;
    let (prefix, view) = (&prefix(&app.config, &request), caller.view(&keys));
    let shown = |columns| RecordView { columns, register, view };
    found.answer(&request, |columns| WithReferrers { shown: shown(columns), others: &others, prefix })
}

/// The answer that shows one record that is read.
pub async fn shown(
    app: &App,
    register: &Register,
    request: &HttpRequest,
    caller: &Caller,
    columns: &RecordRow,
) -> Result<HttpResponse> {
    let tag = revision_tag(columns.revision);
    let keys = app.keys_to(caller, std::iter::once(columns)).await?;
    if !http::is_known(request, &tag) {
        disclose(app, caller, request, std::iter::once(columns)).await?;
    }
    let body = to_json(&RecordView { columns, register, view: caller.view(&keys) })?;
    Ok(tagged(request, StatusCode::OK, JSON, &tag, body))
}

async fn create(register: &'static Register, Call { app, caller, request }: Call, body: Body) -> Result<HttpResponse> {
    let document = Arc::new(document::read(register, json_body(&request, &body)?, &app.rules())?);
    let told = WriteAnswer::of(&app, &caller, &request)?;
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let (mut by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let id = store::new_id();
    // What was done before under an idempotency key needs no new key.
    if under.is_none() && personal::is_in(&document) {
        by.keys = by.keys.provided(vec![KeyNeed::Sealing { record: id.clone(), erased: 0, revision: 1 }]).await?;
    }
    let foreseen = ForeseenRecord::Document(register, document.clone());
    let creating = app.write(by, foreseen, move |tx, by| {
        let mut created = None;
        let (id, replayed) = replay_or_run(tx, under.as_ref(), 0, |tx| {
            let record = store::create(tx, register, (id.clone(), Document::clone(&document)), by)?;
            Ok(created.insert(record).id.clone())
        })?;
        let record = match created {
            Some(record) => record,
            None => store::as_of(tx.flushed()?, register, &id, 1, &by.keys)?,
        };
        Ok((record, replayed))
    });
    let (created, replayed) = creating.await.map_err(|error| caller.redact(error))?;
    let response = told.answer(register, StatusCode::CREATED, &created).await?;
    Ok(with_replay_header(placed(response, register, &created), replayed))
}

async fn get(
    register: &'static Register,
    Call { app, caller, request }: Call,
    id: Path<String>,
) -> Result<HttpResponse> {
    let id = record_id(&id)?;
    let mut query = Query::of(&request);
    let expand = read_expand(&mut query, register, &caller)?;
    query.finish()?;
    let row = app.database.read_primary_inline(move |db| find::get(db, register, &id)).await?;
    let columns = &row.row;
    if caller.is_anonymous && !columns.published {
        return Err(register.not_found(&columns.id));
    }
    if expand.is_empty() {
        return shown(&app, register, &request, &caller, columns).await;
    }
    let keys = app.keys_to(&caller, std::iter::once(columns)).await?;
    disclose(&app, &caller, &request, std::iter::once(columns)).await?;
    let ids = vec![columns.id.clone()];
    let (others, keys) = read_expanded(&app, &caller, &request, expand, (ids, &keys)).await?;
    let body = to_json(&WithReferrers {
        shown: RecordView { columns, register, view: caller.view(&keys) },
        others: &others,
        prefix: &prefix(&app.config, &request),
    })?;
    Ok(tagged(&request, StatusCode::OK, JSON, &http::expanded_tag(&app, columns.revision, &body), body))
}

async fn patch(
    register: &'static Register,
    Call { app, caller, request }: Call,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse> {
    let id = record_id(&id)?;
    let expected = http::if_match(&request)?;
    let patch = json_body(&request, &body)?;
    if !patch.is_object() {
        return Err(Error::Validation(vec![error::Fault::at("", "invalid_type", "must be a JSON object")]));
    }
    let personal = caller.sees_personal_data();
    if !personal && store::touches_personal_data(&patch) {
        return Err(Error::MissingScope(Scope::PersonalRead.as_str()));
    }
    let told = WriteAnswer::of(&app, &caller, &request)?;
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let (by, under, rules) = (operation_context(&app, &caller, &request), Claim::request(&claim), app.rules());
    let writing = app.write(by, ForeseenRecord::Held(id.clone()), move |tx, by| {
        let mut changed = None;
        let (revision, replayed) = replay_or_run(tx, under.as_ref(), 0, |tx| {
            let change = |_: &RecordRow, held| document::patched(register, held, &patch, personal, &rules);
            let record = store::update(tx, register, &id, &expected, change, by)?;
            Ok(changed.insert(record).revision)
        })?;
        let record = match changed {
            Some(record) => record,
            None => store::as_of(tx.flushed()?, register, &id, revision, &by.keys)?,
        };
        Ok((record, replayed))
    });
    let (changed, replayed) = writing.await.map_err(|error| caller.redact(error))?;
    Ok(with_replay_header(told.answer(register, StatusCode::OK, &changed).await?, replayed))
}

async fn delete(
    register: &'static Register,
    Call { app, caller, request }: Call,
    id: Path<String>,
) -> Result<HttpResponse> {
    let id = record_id(&id)?;
    let expected = http::if_match(&request)?;
    let claim = Claim::of(&app, &caller, &request, &[])?;
    let (by, under) = (operation_context(&app, &caller, &request), Claim::request(&claim));
    let deleting = app.write(by, ForeseenRecord::Held(id.clone()), move |tx, by| {
        replay_or_run(tx, under.as_ref(), 0, |tx| store::delete(tx, register, &id, &expected, by))
    });
    let ((), replayed) = deleting.await.map_err(|error| caller.redact(error))?;
    Ok(with_replay_header(HttpResponse::NoContent().finish(), replayed))
}

async fn history(
    register: &'static Register,
    Call { app, caller, request }: Call,
    id: Path<String>,
) -> Result<HttpResponse> {
    let id = record_id(&id)?;
    let mut query = Query::of(&request);
    let wanted = PageRequest::read(&app, &request, &mut query);
    query.finish()?;
    let after = wanted.after_number()?;
    let limit = wanted.limit;
    let (record, keys) = (id.clone(), app.view_of(&caller).keys().cloned());
    let personal = keys.is_some();
    let mut entries = entries(&app, register, (&id, after, limit + 1), keys).await?;
    let more = entries.len() as i64 > limit;
    entries.truncate(limit as usize);
    let end = entries.last().filter(|_| more).map(|entry| vec![entry.revision.to_string()]);
    if personal {
        let seen = entries.iter().flat_map(|entry| entry.changes.iter().map(|change| change.property.clone()));
        let mut properties: Vec<String> = seen.filter(|property| personal::is_personal(property)).collect();
        properties.sort();
        properties.dedup();
        let disclosure = Disclosure { register: register.name, record, properties };
        let disclosures = Some(disclosure).filter(|disclosure| !disclosure.properties.is_empty());
        let context = disclosure_context(&caller, &request)?;
        app.access_log.record(&context, disclosures.into_iter().collect()).await?;
    }
    http::page(&request, entries, wanted.next(&app, &request, end))
}

/// Entries of a record's history after a revision, read again with the keys of the record that they lacked.
async fn entries(
    app: &App,
    register: &'static Register,
    (id, after, most): (&str, i64, i64),
    mut keys: Option<Keys>,
) -> Result<Vec<history::Entry>> {
    loop {
        let (id, opening) = (id.to_owned(), keys.clone());
        let list = move |db: &mut Db| history::list(db, register, &id, after, most, opening.as_ref());
        let read = app.database.read_primary(list).await;
        match (read, keys) {
            (Err(Error::KeysNeeded(needs)), Some(known)) => keys = Some(known.provided(needs).await?),
            (read, _) => return read,
        }
    }
}

/// An id of a path: a UUID in its usual form.
fn record_id(text: &str) -> Result<String> {
    let canonical = uuid::Uuid::try_parse(text).ok().map(|id| id.hyphenated().to_string());
    canonical.filter(|id| id.eq_ignore_ascii_case(text)).ok_or_else(|| {
        let detail = "is not a UUID such as records have; a record is found by its business number with ?number=";
        Error::Parameters(vec![error::Fault::of("id", "invalid_id", detail)])
    })
}
