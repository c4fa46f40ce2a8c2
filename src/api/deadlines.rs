//! Deadlines: what is due over all registers, as a list and as a calendar.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::calendar::{DeadlineCalendar, MEDIA_TYPE};
use crate::api::call::Call;
use crate::api::endpoint::{Content, Endpoint, Reach};
use crate::api::http;
use crate::api::public_address;
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::api::record_query::{PageRequest, page_parameters, read_registers, registers_parameter};
use crate::api::statistics::request::{lang_parameter, read_lang};
use crate::auth::{Scope, restrict_registers};
use crate::error::Result;
use crate::messages::Lang;
use crate::records::query::filter::Filter;
use crate::records::query::page::{self, Order, SortField};
use crate::records::row::RecordRow;
use crate::registers::Dimension;
use crate::registers::common::Status;

/// The most entries that a calendar has.
const ENTRIES: i64 = 1000;

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![list_endpoint(), calendar_endpoint()]
}

fn list_endpoint() -> Endpoint {
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    let example = json!({
        "register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123",
        "title": "Videoüberwachung beim Entsorgungsplatz", "due_on": "2017-04-13", "overdue": true, "status": "OPEN",
        "responsible": "RF"
    });
    let mut parameters = page_parameters();
    parameters.extend([
        Parameter::date("until", "Due on this day or earlier", "2017-12-31"),
        registers_parameter("Only records of these registers"),
        Parameter::many("responsible", "Only what these persons are responsible for", text, Value::Null),
    ]);
    Endpoint::get("/v1/deadlines", list)
        .named("list_deadlines", "deadlines", "List deadlines")
        .described(
            "What is due and not closed, over all registers: the oldest date first, so that what is overdue leads.",
        )
        .scope(Scope::RegisterRead)
        .reaches(Reach::Narrowed)
        .query(parameters)
        .answers(
            200,
            "A page of deadlines",
            &["Link"],
            vec![Content::page::<Deadline>("DeadlinePage", json!({"items": [example]}))],
        )
}

fn calendar_endpoint() -> Endpoint {
    Endpoint::get("/v1/deadlines.ics", calendar)
        .named("get_deadline_calendar", "deadlines", "Read one's deadlines as a calendar")
        .described(
            "What the subject of the access token is responsible for and is due, as a calendar (iCalendar, RFC 5545): \
             an entry for each record, over the whole day. Calendar programs send no token: they subscribe to an address of \
             `POST /v1/calendar-feeds`.",
        )
        .scope(Scope::RegisterRead)
        .reaches(Reach::Narrowed)
        .headers(&["AcceptLanguage"])
        .query(vec![lang_parameter()])
        .answers(200, "The calendar", &[], vec![Content::text(MEDIA_TYPE, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")])
}

/// A record that is due.
#[derive(Serialize, ToSchema)]
struct Deadline {
    /// The record's register.
    register: String,
    /// The record.
    #[schema(format = "uuid")]
    id: String,
    /// Its number.
    number: String,
    /// The matter that the record is about.
    title: String,
    /// The day on which the record is due.
    #[schema(value_type = NaiveDate)]
    due_on: Option<NaiveDate>,
    /// True if that day has gone.
    overdue: bool,
    /// The state of the record.
    status: String,
    /// The person at the authority who is responsible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    responsible: Option<String>,
}

impl Deadline {
    fn of(columns: &RecordRow, today: NaiveDate) -> Self {
        Deadline {
            register: columns.register.clone(),
            id: columns.id.clone(),
            number: columns.number.clone(),
            title: columns.title.clone(),
            due_on: columns.due_on,
            overdue: columns.due_on.is_some_and(|due| due < today),
            status: columns.status.clone(),
            responsible: columns.responsible.clone(),
        }
    }
}

/// Returns the filter of records that are due until a day and not closed, in those of the chosen registers that may be seen.
fn due(
    seen: Option<&[String]>,
    mut registers: Vec<String>,
    responsible: Vec<String>,
    until: Option<NaiveDate>,
) -> Filter {
    restrict_registers(seen, &mut registers);
    let pending = Status::VALUES.iter().filter(|status| **status != "CLOSED").map(|status| (*status).to_owned());
    let mut dimensions = vec![(Dimension::Status, pending.collect())];
    for (dimension, values) in [(Dimension::Register, registers), (Dimension::Responsible, responsible)] {
        if !values.is_empty() {
            dimensions.push((dimension, values));
        }
    }
    Filter { dimensions, due: (None, Some(until.unwrap_or(LAST))), ..Filter::default() }
}

/// Later than any date that a record can have.
const LAST: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

fn by_date() -> Order {
    Order::new(vec![(SortField::DueOn, false)])
}

async fn list(Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let wanted = PageRequest::read(&app, &request, &mut query);
    let registers = read_registers(&mut query);
    let (responsible, until) = (query.many("responsible"), query.date("until"));
    query.finish()?;
    let filter = due(caller.registers.as_deref(), registers, responsible, until);
    let (after, limit) = (wanted.after.clone(), wanted.limit);
    let listing = page::PageQuery { filter, order: by_date(), after, limit, include_total: false };
    let page = app.database.read(move |db| page::page(db, &listing)).await?.ok_or_else(PageRequest::bad_cursor)?;
    let today = app.clock.today();
    let items = page.rows.iter().map(|row| Deadline::of(&row.row, today)).collect();
    http::page(&request, items, wanted.next(&app, &request, page.end))
}

async fn calendar(Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let of = CalendarOf { responsible: caller.identity.name, registers: caller.registers, titles: true };
    let text = calendar_of(&app, &request, lang, of).await?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/calendar; charset=utf-8")).body(text))
}

/// The deadlines that a calendar shows, and how much of them.
pub struct CalendarOf {
    /// The person who is responsible.
    pub responsible: String,
    /// The registers that may be seen; none for all of them.
    pub registers: Option<Vec<String>>,
    /// True if titles are shown.
    pub titles: bool,
}

/// The calendar of what somebody is responsible for and is due.
pub async fn calendar_of(app: &App, request: &HttpRequest, lang: Lang, of: CalendarOf) -> Result<String> {
    let filter = due(of.registers.as_deref(), Vec::new(), vec![of.responsible.clone()], None);
    let listing = page::PageQuery { filter, order: by_date(), after: None, limit: ENTRIES, include_total: false };
    let page = app.database.read(move |db| page::page(db, &listing)).await?.ok_or_else(PageRequest::bad_cursor)?;
    let base = public_address::address(&app.config, request);
    let CalendarOf { responsible, titles, .. } = &of;
    let calendar = DeadlineCalendar {
        writing: app.writing(lang),
        responsible,
        titles: *titles,
        today: app.clock.today(),
        base: &base,
    };
    Ok(calendar.text(&page.rows))
}
