//! Deadlines: what is due over all registers, as a list and as a calendar.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use chrono::{Days, NaiveDate};
use icalendar::{Calendar, Component, Event, EventLike};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::call::Call;
use crate::api::endpoint::{Content, Endpoint, Reach};
use crate::api::http;
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::api::record_query::{PageRequest, page_parameters, read_registers, registers_parameter};
use crate::auth::{Caller, Scope};
use crate::error::Result;
use crate::records::query::filter::Filter;
use crate::records::query::page::{self, Order, SortField};
use crate::records::row::RecordRow;
use crate::registers::Dimension;
use crate::registers::common::Status;

/// The media type of iCalendar (RFC 5545).
const CALENDAR: &str = "text/calendar";

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
        .named("get_deadline_calendar", "deadlines", "Subscribe to one's deadlines")
        .described(
            "What the subject of the access token is responsible for and is due, as a calendar (iCalendar, RFC 5545): \
             an entry for each record, over the whole day.",
        )
        .scope(Scope::RegisterRead)
        .reaches(Reach::Narrowed)
        .answers(200, "The calendar", &[], vec![Content::text(CALENDAR, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")])
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

/// Returns the filter of records that are due until a day and not closed, in the registers that the caller may see.
fn due(caller: &Caller, mut registers: Vec<String>, responsible: Vec<String>, until: Option<NaiveDate>) -> Filter {
    caller.restrict_registers(&mut registers);
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
    let filter = due(&caller, registers, responsible, until);
    let (after, limit) = (wanted.after.clone(), wanted.limit);
    let listing = page::PageQuery { filter, order: by_date(), after, limit, include_total: false };
    let page = app.database.read(move |db| page::page(db, &listing)).await?.ok_or_else(PageRequest::bad_cursor)?;
    let today = app.clock.today();
    let items = page.rows.iter().map(|row| Deadline::of(&row.row, today)).collect();
    http::page(&request, items, wanted.next(&app, &request, page.end))
}

async fn calendar(app: Data<App>, caller: Caller) -> Result<HttpResponse> {
    let filter = due(&caller, Vec::new(), vec![caller.identity.name.clone()], None);
    let listing = page::PageQuery { filter, order: by_date(), after: None, limit: ENTRIES, include_total: false };
    let page = app.database.read(move |db| page::page(db, &listing)).await?.ok_or_else(PageRequest::bad_cursor)?;
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0")).append_property(("PRODID", "-//aufsicht//deadlines//EN"));
    calendar.extend(page.rows.iter().filter_map(|row| entry(&row.row)));
    let content_type = (CONTENT_TYPE, "text/calendar; charset=utf-8");
    Ok(HttpResponse::Ok().insert_header(content_type).body(calendar.to_string()))
}

/// The entry of a record that is due; `None` for one that is not.
fn entry(columns: &RecordRow) -> Option<Event> {
    let due = columns.due_on?;
    let entry = Event::new()
        .uid(&format!("{}@aufsicht", columns.id))
        .timestamp(columns.updated_at.and_utc())
        .starts(due)
        .ends(due + Days::new(1))
        .summary(&printable(&format!("{} {}", columns.number, columns.title)))
        .done();
    Some(entry)
}

/// A text without control characters, which iCalendar does not know, and without what some readers take for the end of
/// a line. A space stands for each.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
}

#[cfg(test)]
mod tests {
    use crate::api::deadlines::*;

    fn summary(text: &str) -> String {
        let mut calendar = Calendar::empty();
        calendar.push(Event::new().summary(&printable(text)).done());
        calendar.to_string()
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        for title in ["ä".repeat(60), "Aufsicht ".repeat(40), "x ä 老虎".repeat(30)] {
            let text = summary(&title);
            assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
            assert!(text.replace("\r\n ", "").contains(&format!("\r\nSUMMARY:{title}\r\n")), "{text}");
        }
    }

    #[test]
    fn what_separates_is_escaped_and_nothing_ends_a_line() {
        let text = summary("a,b;c\\d\u{85}END:VEVENT\r\n\u{2028}b\u{b}c");
        assert!(text.contains("\r\nSUMMARY:a\\,b\\;c\\\\d END:VEVENT   b c\r\n"), "{text}");
        assert_eq!(text.split(char::is_control).filter(|line| *line == "END:VEVENT").count(), 1);
    }
}
