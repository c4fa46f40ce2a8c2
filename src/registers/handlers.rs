//! The endpoints of the registers: the same for each of them.

use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

use super::filter::Filter;
use super::list::{self, Order, SortField};
use super::record::{self, Columns};
use super::shown::Shown;
use super::{ALL, Dimension, Register, history, repository, schema};
use crate::access::log::{Disclosure, Viewer};
use crate::access::{Caller, Scope};
use crate::api::App;
use crate::api::edge::act;
use crate::api::endpoint::{Content, Endpoint, JSON, MERGE_PATCH, reference};
use crate::api::http::{self, Body, json_body, revision_tag, tagged, to_json};
use crate::api::idempotency::{Claim, marked, once};
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::error::{self, Error, Result};

/// The endpoints of all registers.
pub fn endpoints() -> Vec<Endpoint> {
    ALL.iter().flat_map(endpoints_of).collect()
}

fn endpoints_of(register: &'static Register) -> Vec<Endpoint> {
    let (name, record) = (register.name, register.record);
    let (new, changes) = (format!("New{record}"), format!("{record}Changes"));
    let snake = name.replace('-', "_");
    let single = schema::snake(record);
    let words = single.replace('_', " ");
    let collection = format!("/v1/{name}");
    let item = format!("/v1/{name}/{{id}}");
    let example = schema::record_example(register);
    let with_schemas = |mut endpoint: Endpoint| {
        for (name, value) in schema::schemas(register) {
            endpoint = endpoint.schema_value(name, value);
        }
        endpoint
    };
    let tagged_headers: &[&'static str] = &["ETag"];
    vec![
        Endpoint::get(&collection, move |app: Data<App>, caller: Caller, request: HttpRequest| {
            list(register, app, caller, request)
        })
        .named(format!("list_{snake}"), name, format!("List {}", snake.replace('_', " ")))
        .described(
            "Records that match all filters given, newest first unless `sort` says otherwise. Follow `next` (or the \
             `Link` header) until it is absent: records that exist throughout come exactly once, whatever else is \
             written meanwhile.",
        )
        .scope(Scope::RegisterRead)
        .headers(&["AccessPurpose"])
        .query([filter_parameters(Some(register)), list_parameters()].concat())
        .answers(
            200,
            "A page of records",
            &["Link"],
            vec![Content::json(&format!("{record}Page"), json!({"items": [example]}))],
        ),
        Endpoint::new(
            Method::POST,
            &collection,
            move |app: Data<App>, caller: Caller, request: HttpRequest, body: Body| {
                create(register, app, caller, request, body)
            },
        )
        .named(format!("create_{single}"), name, format!("Create {} {words}", schema::article(&words)))
        .described(
            "The business number is given by the service unless the body has one. Personal data can be given without \
             the scope `personal:read`, but is then not shown in the answer.",
        )
        .scope(Scope::RegisterWrite)
        .headers(&["IdempotencyKey"])
        .body(vec![Content::json(&new, (register.example)())])
        .answers(
            201,
            "The record created",
            &["Location", "ETag", "IdempotencyReplayed"],
            vec![Content::json(record, example.clone())],
        )
        .problems(&[&error::CONFLICT]),
        Endpoint::get(&item, move |app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>| {
            get(register, app, caller, request, id)
        })
        .named(format!("get_{single}"), name, format!("Read {} {words}", schema::article(&words)))
        .described("One record. Personal data is left out unless the token has the scope `personal:read`.")
        .scope(Scope::RegisterRead)
        .headers(&["IfNoneMatch", "AccessPurpose"])
        .answers(200, "The record", tagged_headers, vec![Content::json(record, example.clone())])
        .answers(304, "Unchanged since the revision in `If-None-Match`", tagged_headers, vec![]),
        Endpoint::new(
            Method::PATCH,
            &item,
            move |app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>, body: Body| {
                patch(register, app, caller, request, id, body)
            },
        )
        .named(format!("update_{single}"), name, format!("Change {} {words}", schema::article(&words)))
        .described(
            "A JSON Merge Patch (RFC 7396): what is absent stays, null takes away, lists are replaced. Personal data \
             stays as it is unless the token has the scope `personal:read`; a patch that names it without the scope is \
             refused. A patch that changes nothing leaves the revision as it is. `application/json` is taken alike.",
        )
        .scope(Scope::RegisterWrite)
        .headers(&["IfMatch"])
        .body(vec![Content {
            media_type: MERGE_PATCH,
            schema: reference(&changes),
            example: json!({"title": "Videoüberwachung beim Schulhaus"}),
        }])
        .answers(200, "The record as it is now", tagged_headers, vec![Content::json(record, example.clone())])
        .problems(&[&error::CONFLICT]),
        Endpoint::new(
            Method::DELETE,
            &item,
            move |app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>| {
                delete(register, app, caller, request, id)
            },
        )
        .named(format!("delete_{single}"), name, format!("Delete {} {words}", schema::article(&words)))
        .described("The record is gone from lists and counts; its history stays, and its number is not given again.")
        .scope(Scope::RegisterWrite)
        .headers(&["IfMatch"])
        .answers(204, "Deleted", &[], vec![]),
        Endpoint::get(
            format!("{item}/history"),
            move |app: Data<App>, caller: Caller, request: HttpRequest, id: Path<String>| {
                history(register, app, caller, request, id)
            },
        )
        .named(format!("list_{single}_history"), name, format!("Follow {} {words}", schema::article(&words)))
        .described(
            "Every change of the record, oldest first: who, when, and the old and new values; also after the record \
             was deleted. Changes of personal data are left out unless the token has the scope `personal:read`.",
        )
        .scope(Scope::RegisterRead)
        .headers(&["AccessPurpose"])
        .query(page_parameters())
        .answers(200, "A page of changes", &["Link"], vec![Content::json("HistoryPage", schema::history_example())])
        .schema::<history::Entry>()
        .schema_value("HistoryPage", schema::page("Entry", false)),
    ]
    .into_iter()
    .map(with_schemas)
    .collect()
}

/// The parameters that choose records, as [`read_filter`] reads them.
pub fn filter_parameters(register: Option<&'static Register>) -> Vec<Parameter> {
    let mut all: Vec<Parameter> = Vec::new();
    for dimension in Dimension::ALL {
        if register.is_some_and(|r| dimension == Dimension::Register || !r.has(dimension)) {
            continue;
        }
        all.push(dimension_parameter(dimension, register));
    }
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    all.extend([
        Parameter::many("number", "Business numbers, to the letter", text.clone(), json!("2017-0123")),
        Parameter::many("organisation", "Public bodies, to the letter", text.clone(), json!("Gemeinde Horw")),
        Parameter { many: true, ..Parameter::year("year", "Years received (Europe/Zurich)", 2017) },
        Parameter::date("received_from", "Received on this day or later", "2017-01-01"),
        Parameter::date("received_to", "Received on this day or earlier", "2017-12-31"),
        Parameter::date("closed_from", "Closed on this day or later", "2017-01-01"),
        Parameter::date("closed_to", "Closed on this day or earlier", "2017-12-31"),
        Parameter::one(
            "updated_since",
            "Changed at this instant or later",
            json!({"type": "string", "format": "date-time"}),
            json!("2017-03-14T09:30:00Z"),
        ),
        Parameter::one(
            "q",
            "Words to look for in title and number: beginnings of words, whatever their case and accents",
            text,
            json!("daten gemeinde"),
        ),
    ]);
    all.into_iter().map(Parameter::hinted).collect()
}

/// A filter parameter for the values of a dimension that a register has.
pub fn dimension_parameter(dimension: Dimension, register: Option<&'static Register>) -> Parameter {
    let values = match register {
        Some(register) => register.vocabulary.iter().find(|(d, _)| *d == dimension).map(|(_, v)| v.to_vec()),
        None => None,
    };
    let mut description = format!("Any of these values of {}", dimension.name());
    if dimension.can_be_absent() {
        description += "; `NONE` for records without one";
    }
    let schema = match values.or_else(|| dimension.values()) {
        Some(mut values) => {
            if dimension.can_be_absent() {
                values.push(super::ABSENT);
            }
            json!({"type": "string", "enum": values})
        }
        None => json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH}),
    };
    let example = schema["enum"].get(0).cloned().unwrap_or(json!("RF"));
    Parameter::many(dimension.name(), description, schema, example)
}

/// Reads the values that a query chooses in the dimensions that its parameters name.
pub fn read_dimensions(query: &mut Query, parameters: &[Parameter]) -> Vec<(Dimension, Vec<String>)> {
    let mut chosen = Vec::new();
    for dimension in Dimension::ALL {
        let Some(parameter) = parameters.iter().find(|p| p.name == dimension.name()) else { continue };
        let known: Option<Vec<String>> = parameter.schema["enum"]
            .as_array()
            .map(|values| values.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        let list = known.as_ref().map(|values| values.join(", ")).unwrap_or_default();
        let knows = |value: &str| known.as_ref().is_none_or(|values| values.iter().any(|v| v == value));
        let values = query.choice(dimension.name(), knows, &list);
        if !values.is_empty() {
            chosen.push((dimension, values));
        }
    }
    chosen
}

/// Reads the filters of a register's lists.
pub fn read_filter(query: &mut Query, register: &'static Register) -> Filter {
    let q = query.one("q");
    if q.as_ref().is_some_and(|q| q.trim().is_empty() || q.chars().count() > VALUE_LENGTH) {
        query.fault("q", "invalid_length", "must have 1 to 300 characters");
    }
    Filter {
        register: Some(register),
        dimensions: read_dimensions(query, &filter_parameters(Some(register))),
        selections: Vec::new(),
        numbers: query.many("number"),
        organisations: query.many("organisation"),
        years: query.years("year"),
        received_from: query.date("received_from"),
        received_to: query.date("received_to"),
        closed_from: query.date("closed_from"),
        closed_to: query.date("closed_to"),
        updated_since: query.instant("updated_since"),
        q,
    }
}

/// The parameters that move within a list.
pub fn page_parameters() -> Vec<Parameter> {
    vec![
        Parameter::one(
            "limit",
            "How many items a page has at the most",
            json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}),
            json!(50),
        ),
        Parameter::one(
            "cursor",
            "Where the page before ended: its `next`",
            json!({"type": "string", "minLength": 1, "maxLength": 2000}),
            Value::Null,
        ),
    ]
}

/// The parameters of lists of records.
pub fn list_parameters() -> Vec<Parameter> {
    let fields: Vec<&str> = SortField::ALL.iter().map(|(name, _)| *name).collect();
    let mut all = page_parameters();
    all.push(Parameter::one(
        "include_total",
        "Whether `total` says how many there are in all",
        json!({"type": "boolean", "default": false}),
        Value::Null,
    ));
    all.push(Parameter::one(
        "sort",
        format!(
            "Fields separated by commas, descending with a minus sign: {}. The business number decides what they leave \
             open; records without the date come last in ascending order, for example `-received_on,number`.",
            fields.join(", ")
        ),
        json!({"type": "string", "default": "-received_on", "pattern": format!("^-?({0})(,-?({0}))*$", fields.join("|"))}),
        Value::Null,
    ));
    all
}

/// Reads `sort`.
pub fn read_order(query: &mut Query) -> Order {
    let mut fields: Vec<(SortField, bool)> = Vec::new();
    for text in query.many("sort") {
        let (name, descending) = text.strip_prefix('-').map_or((text.as_str(), false), |name| (name, true));
        match SortField::ALL.iter().find(|(known, _)| *known == name) {
            Some((_, field)) if fields.iter().all(|(other, _)| other != field) => fields.push((*field, descending)),
            Some(_) => query.fault("sort", "repeated", "must name each field once only"),
            None => {
                let known: Vec<&str> = SortField::ALL.iter().map(|(name, _)| *name).collect();
                query.fault("sort", "invalid_value", &format!("must name fields among {}", known.join(", ")));
            }
        }
    }
    if fields.is_empty() { Order::default() } else { Order::new(fields) }
}

/// What a request says of the page that it wants.
pub struct PageRequest {
    /// How many items at the most.
    pub limit: i64,
    /// Where the page before ended.
    pub after: Option<Vec<String>>,
    identity: String,
}

const BAD_CURSOR: &str =
    "is none of this list's; begin again without a cursor, with the same filters and sort on every page";

impl PageRequest {
    /// Reads `limit` and `cursor`.
    pub fn read(app: &App, request: &HttpRequest, query: &mut Query) -> Self {
        let identity = query.list_identity(request.path());
        let limit = query.number("limit", 1..=1000).unwrap_or(50);
        let after = query.one("cursor").and_then(|cursor| {
            let place = app.cursors.read(&identity, &cursor);
            if place.is_none() {
                query.fault("cursor", "invalid_cursor", BAD_CURSOR);
            }
            place
        });
        PageRequest { limit, after, identity }
    }

    /// The place where the page before ended, for lists in the order of a number; 0 at the beginning.
    pub fn after_number(&self) -> Result<i64> {
        match self.after.as_deref() {
            None => Ok(0),
            Some([number]) => number.parse().map_err(|_| PageRequest::bad_cursor()),
            Some(_) => Err(PageRequest::bad_cursor()),
        }
    }

    /// The cursor for the place where this page ends, and the query of the next one.
    pub fn next(&self, app: &App, request: &HttpRequest, end: Option<Vec<String>>) -> Option<(String, String)> {
        let cursor = app.cursors.write(&self.identity, &end?);
        let query = Query::of(request).with_cursor(&cursor);
        Some((cursor, query))
    }

    /// What is said when a cursor's place cannot be read.
    pub fn bad_cursor() -> Error {
        Error::Parameters(vec![error::Fault::of("cursor", "invalid_cursor", BAD_CURSOR)])
    }
}

/// What of the personal data of records is about to be shown to somebody who may see it.
pub fn disclosures<'a>(records: impl Iterator<Item = &'a Columns>) -> Result<Vec<Disclosure>> {
    let mut all = Vec::new();
    for columns in records {
        let (properties, register) = (columns.personal_properties()?, super::find(&columns.register));
        if let (false, Some(register)) = (properties.is_empty(), register) {
            all.push(Disclosure { register: register.name, record: columns.id.clone(), properties });
        }
    }
    Ok(all)
}

/// Records what is shown of personal data. Only then may the answer go out.
pub async fn disclose<'a>(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    records: impl Iterator<Item = &'a Columns>,
) -> Result<()> {
    let viewer = Viewer::of(caller, request)?;
    if !caller.sees_personal_data() {
        return Ok(());
    }
    viewer.sees(app, disclosures(records)?).await
}

/// A page that was found.
pub struct Found {
    page: list::Page,
    next: Option<(String, String)>,
}

impl Found {
    /// The answer, with each record as `show` says.
    pub fn answer<'a, T: Serialize>(
        &'a self,
        request: &HttpRequest,
        show: impl Fn(&'a Columns) -> T,
    ) -> Result<HttpResponse> {
        let items = self.page.rows.iter().map(|row| show(&row.columns)).collect();
        http::page(request, items, self.next.clone(), self.page.total)
    }
}

/// Reads a page of records for a request; with their personal data for the one named.
pub async fn find_page(
    app: &App,
    request: &HttpRequest,
    mut query: Query,
    filter: Filter,
    shown_to: Option<&Caller>,
) -> Result<Found> {
    let order = read_order(&mut query);
    let include_total = query.flag("include_total");
    let wanted = PageRequest::read(app, request, &mut query);
    query.finish()?;
    let listing = list::Request { filter, order, after: wanted.after.clone(), limit: wanted.limit, include_total };
    let found = app.database.read(move |db| list::page(db, &listing)).await?;
    let mut page = found.ok_or_else(PageRequest::bad_cursor)?;
    if let Some(caller) = shown_to {
        disclose(app, caller, request, page.rows.iter().map(|row| &row.columns)).await?;
    }
    let next = wanted.next(app, request, page.end.take());
    Ok(Found { page, next })
}

async fn list(
    register: &'static Register,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let filter = read_filter(&mut query, register);
    let found = find_page(&app, &request, query, filter, Some(&caller)).await?;
    let keys = app.keys_of(&caller);
    found.answer(&request, |columns| Shown { columns, register, keys })
}

/// The answer that shows one record.
pub async fn shown(
    app: &App,
    register: &Register,
    request: &HttpRequest,
    caller: &Caller,
    status: StatusCode,
    columns: &Columns,
) -> Result<HttpResponse> {
    let tag = revision_tag(columns.revision);
    if status != StatusCode::OK || !http::is_known(request, &tag) {
        disclose(app, caller, request, std::iter::once(columns)).await?;
    }
    let body = to_json(&Shown { columns, register, keys: app.keys_of(caller) })?;
    if status != StatusCode::OK {
        let response = HttpResponse::build(status)
            .insert_header((LOCATION, format!("/v1/{}/{}", register.name, columns.id)))
            .insert_header((ETAG, tag))
            .insert_header(("content-type", JSON))
            .body(body);
        return Ok(response);
    }
    Ok(tagged(request, status, JSON, &tag, body))
}

async fn create(
    register: &'static Register,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse> {
    let document = record::read(register, json_body(&request, &body)?, app.clock.today())?;
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let (by, under, keys) = (act(&app, &caller, &request), Claim::request(&claim), app.keys.clone());
    let creating = app.database.write(move |db| {
        let mut created = None;
        let (id, replayed) = once(db, under.as_ref(), 0, |db| {
            let record = repository::create(db, register, document, &by)?;
            Ok(created.insert(record).id.clone())
        })?;
        let record = created.map_or_else(|| repository::as_created(db, register, &id, &keys), Ok)?;
        Ok((record, replayed))
    });
    let (created, replayed) = creating.await.map_err(|error| caller.veil(error))?;
    let response = shown(&app, register, &request, &caller, StatusCode::CREATED, &created).await?;
    Ok(marked(response, replayed))
}

async fn get(
    register: &'static Register,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse> {
    let id = record_id(&id)?;
    let row = app.database.read_one(move |db| repository::get(db, register, &id)).await?;
    shown(&app, register, &request, &caller, StatusCode::OK, &row.columns).await
}

async fn patch(
    register: &'static Register,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
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
    if !personal && repository::touches_personal_data(&patch) {
        return Err(Error::MissingScope(Scope::PersonalRead.as_str()));
    }
    let by = act(&app, &caller, &request);
    let today = app.clock.today();
    let change = move |_: &Columns, held: record::Document| record::patched(register, held, &patch, personal, today);
    let writing = app.database.write(move |db| repository::update(db, register, &id, &expected, change, &by));
    let changed = writing.await.map_err(|error| caller.veil(error))?;
    disclose(&app, &caller, &request, std::iter::once(&changed)).await?;
    let body = to_json(&Shown { columns: &changed, register, keys: app.keys_of(&caller) })?;
    let tag = revision_tag(changed.revision);
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).insert_header(("content-type", JSON)).body(body))
}

async fn delete(
    register: &'static Register,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse> {
    let id = record_id(&id)?;
    let expected = http::if_match(&request)?;
    let by = act(&app, &caller, &request);
    app.database.write(move |db| repository::delete(db, register, &id, &expected, &by)).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn history(
    register: &'static Register,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse> {
    let id = record_id(&id)?;
    let mut query = Query::of(&request);
    let wanted = PageRequest::read(&app, &request, &mut query);
    query.finish()?;
    let after = wanted.after_number()?;
    let (limit, personal) = (wanted.limit, caller.sees_personal_data());
    let (record, keys) = (id.clone(), app.keys_of(&caller).cloned());
    let reading = move |db: &mut _| history::list(db, register, &id, after, limit + 1, keys.as_ref());
    let mut entries = app.database.read(reading).await?;
    let more = entries.len() as i64 > limit;
    entries.truncate(limit as usize);
    let end = entries.last().filter(|_| more).map(|entry| vec![entry.revision.to_string()]);
    if personal {
        let seen = entries.iter().flat_map(|entry| entry.changes.iter().map(|change| change.property.clone()));
        let mut properties: Vec<String> = seen.filter(|property| record::is_personal(property)).collect();
        properties.sort();
        properties.dedup();
        let disclosure = Disclosure { register: register.name, record, properties };
        let disclosures = Some(disclosure).filter(|disclosure| !disclosure.properties.is_empty());
        Viewer::of(&caller, &request)?.sees(&app, disclosures.into_iter().collect()).await?;
    }
    let items = entries.iter().map(crate::api::endpoint::to_value).collect();
    http::page(&request, items, wanted.next(&app, &request, end), None)
}

/// An id of a path: a UUID in its usual form.
fn record_id(text: &str) -> Result<String> {
    let canonical = uuid::Uuid::try_parse(text).ok().map(|id| id.hyphenated().to_string());
    canonical.filter(|id| id.eq_ignore_ascii_case(text)).ok_or_else(|| {
        Error::Parameters(vec![error::Fault::of("id", "invalid_id", "is not a UUID such as records have")])
    })
}
