//! The endpoints of the statistics. None of them shows personal data.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON, Reach};
use crate::api::formats::{contents, format_parameter, read_format};
use crate::api::query::{Parameter, Query};
use crate::api::record_query::list_parameters;
use crate::api::registers::find_page;
use crate::api::statistics::request::{
    answer, lang_parameter, layout_parameter, read_lang, read_layout, read_layout_name, read_year, read_years, rendered,
};
use crate::auth::{Caller, Scope};
use crate::clock::write_instant;
use crate::error::{Error, Result};
use crate::formats::Offer;
use crate::json::to_json;
use crate::json::to_value;
use crate::records::query::filter::Filter;
use crate::records::row::RecordRow;
use crate::registers::common::Status;
use crate::registers::{Selection, Vocabulary};
use crate::statistics::layout::{Layout, TABLES};
use crate::statistics::repository::TableRequest;
use crate::statistics::table::Table;
use crate::statistics::{public, repository};

/// The formats of tables.
pub const OFFER: Offer = Offer::WithChart;
/// The endpoints of the statistics.
pub fn endpoints(vocabulary: &Vocabulary) -> Vec<Endpoint> {
    let mut all: Vec<Endpoint> = [
        (
            "services",
            "Services of the year",
            "The table of the activity report: inquiries by requester and area, \
            projects, audits and events. Only what was received in the year counts; media requests stay outside.",
        ),
        (
            "channels",
            "Inquiries by channel",
            "How the inquiries of each year came in, in the shape of the services table.",
        ),
        (
            "media-requests",
            "Media requests by medium",
            "The media requests of each year, in the shape of the services \
            table. They are never counted among the new cases.",
        ),
    ]
    .into_iter()
    .map(|(name, summary, description)| table_endpoint(name, summary, description))
    .collect();
    all.extend([layouts_endpoint(), records_endpoint(vocabulary)]);
    all
}

fn table_endpoint(name: &'static str, summary: &str, description: &str) -> Endpoint {
    let example = table_example();
    Endpoint::get(format!("/v1/statistics/{name}"), move |app: Data<App>, caller: Option<Caller>, request: HttpRequest| {
        table(name, app, caller, request)
    })
    .named(format!("get_{}_statistics", name.replace('-', "_")), "statistics", summary)
    .described(format!(
        "{description} Where the statistics are public no token is needed: then published years alone are shown, and \
         small numbers are hidden, with those that they could be computed from (`suppressed`). Without `from` and `to`: the six years up to the last complete one; at most 50 years. A value is \
         null where the rubric was not collected, which is not 0; a year before the first record, or one that has not \
         begun, has the basis `NONE`. Figures of a year that is not over are `provisional`, and have no development."
    ))
    .scope(Scope::StatisticsRead)
    .figures()
    .public_statistics()
    .headers(&["IfNoneMatch", "AcceptLanguage"])
    .query(vec![
        Parameter::year("from", "The first year", 2012),
        Parameter::year("to", "The last year", 2017),
        layout_parameter(),
        lang_parameter(),
        format_parameter(&OFFER.formats(), "json"),
    ])
    .answers(
        200,
        "The table",
        &["ETag"],
        contents(
            &OFFER.formats(),
            Some(&Content::json::<Table>(example)),
            &["code;label;2016;2017;development;development_percent;footnotes"],
        ),
    )
    .answers(304, "Unchanged", &["ETag"], vec![])
}

fn table_example() -> Value {
    json!({
        "from": 2016, "to": 2017, "years": [2016, 2017],
        "lines": [{
            "code": "inquiries.municipality", "label": "Anfragen Gemeinden", "level": 1, "values": [53, 62],
            "basis": ["LIVE", "LIVE"], "development": {"absolute": 9, "percent": 16.98, "display": "+17%"},
            "footnotes": []
        }],
        "footnotes": [], "warnings": [],
        "sources": [{"year": 2016, "basis": "LIVE"}, {"year": 2017, "basis": "LIVE"}]
    })
}

fn layouts_endpoint() -> Endpoint {
    let example = json!({"items": [{
        "name": "lucerne", "title": "Dienstleistungen des Datenschutzbeauftragten des Kantons Luzern", "tables": TABLES
    }]});
    Endpoint::get("/v1/statistics/layouts", layouts)
        .named("list_layouts", "statistics", "List the layouts")
        .described("The layouts of the statistics tables, the default first; `layout` picks one by name.")
        .scope(Scope::StatisticsRead)
        .reaches(Reach::Nothing)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![lang_parameter()])
        .answers(200, "The layouts", &["ETag"], vec![Content::json::<LayoutList>(example)])
        .answers(304, "Unchanged", &["ETag"], vec![])
}

fn records_endpoint(vocabulary: &Vocabulary) -> Endpoint {
    let example = json!({"items": [{
        "register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123",
        "title": "Videoüberwachung beim Entsorgungsplatz", "received_on": "2017-03-14", "status": "OPEN",
        "updated_at": "2017-03-14T09:30:00Z", "revision": 1
    }]});
    let mut parameters = list_parameters(None, vocabulary);
    parameters.push(layout_parameter());
    Endpoint::get("/v1/statistics/services/{code}/{year}/records", records)
        .named("list_cell_records", "statistics", "Explain a cell")
        .described(
            "The very records that a cell of the services table counts, from all registers, in pages: there are as \
             many as the cell says, when it is counted live.",
        )
        .scope(Scope::RegisterRead)
        .query(parameters)
        .answers(
            200,
            "A page of records",
            &["Link"],
            vec![Content::counted_page::<CellRecord>("CellRecordPage", example)],
        )
}

/// The layouts there are.
#[derive(Serialize, ToSchema)]
#[schema(as = Layouts)]
struct LayoutList {
    /// The default first.
    #[schema(inline)]
    items: Vec<LayoutSummary>,
}

/// A layout in short.
#[derive(Serialize, ToSchema)]
struct LayoutSummary {
    /// For the parameter `layout`.
    name: String,
    /// The title of the layout, in the language asked for.
    title: String,
    /// The tables it has.
    tables: Vec<&'static str>,
}

/// A record in short, without personal data.
#[derive(Serialize, ToSchema)]
struct CellRecord {
    /// Its register.
    register: String,
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// Its business number.
    number: String,
    /// The matter that the record is about.
    title: String,
    /// The day it was received.
    received_on: NaiveDate,
    /// The day it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_on: Option<NaiveDate>,
    /// The state of the record.
    #[schema(value_type = Status)]
    status: String,
    /// The person at the authority who is responsible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    responsible: Option<String>,
    /// The instant of the last change, in UTC.
    #[serde(serialize_with = "write_instant")]
    updated_at: NaiveDateTime,
    /// Its revision.
    #[schema(minimum = 1)]
    revision: i64,
}

impl CellRecord {
    fn of(columns: &RecordRow) -> Self {
        CellRecord {
            register: columns.register.clone(),
            id: columns.id.clone(),
            number: columns.number.clone(),
            title: columns.title.clone(),
            received_on: columns.received_on,
            closed_on: columns.closed_on,
            status: columns.status.clone(),
            responsible: columns.responsible.clone(),
            updated_at: columns.updated_at,
            revision: columns.revision,
        }
    }
}

async fn table(
    name: &'static str,
    app: Data<App>,
    caller: Option<Caller>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &OFFER.formats())?;
    let lang = read_lang(&request, &mut query);
    let years = read_years(&app, &mut query);
    let is_public = caller.is_none();
    let chosen = match is_public {
        true => crate::api::statistics::public::read_layout(&app, &mut query)
            .map(|layout| layout.name.clone())
            .unwrap_or_default(),
        false => read_layout_name(&app, &mut query).await?,
    };
    query.finish()?;
    let (state, asked, today) = (app.clone(), chosen.clone(), app.clock.today());
    let table = app
        .database
        .read(move |db| {
            let layout = state.profile.layouts.get(Some(&asked));
            let wanted = TableRequest { layout: &asked, table: name, lang, years, today };
            match (&state.public, layout) {
                (Some(suppression), Some(layout)) if is_public => public::table(db, suppression, layout, &wanted),
                _ => repository::table(db, layout, &wanted),
            }
        })
        .await?;
    let layout = app.profile.layouts.get(Some(&chosen)).and_then(|layout| layout.table(name));
    let chart = || Some(table.chart(layout?.chart.as_ref()?));
    let sheet = || if format.is_of_observations() { table.by_year(name) } else { table.sheet(name) };
    let answer = rendered(&request, format, &to_value(&table), sheet, chart)?;
    Ok(if is_public { crate::api::statistics::public::cacheable(answer) } else { answer })
}

async fn layouts(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let shown = |layout: &Layout| {
        let (name, title) = (layout.name.clone(), layout.title.get(lang).to_owned());
        LayoutSummary { name, title, tables: TABLES.to_vec() }
    };
    let items = app.profile.layouts.iter().map(shown).collect();
    Ok(answer(&request, JSON, to_json(&LayoutList { items })?))
}

async fn records(app: Data<App>, request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse> {
    let (code, year) = path.into_inner();
    let mut query = Query::of(&request);
    let layout = read_layout(&app, &mut query);
    let year = read_year(&year, &mut query);
    let Some(layout) = layout else { return Err(unreadable(query)) };
    let line = layout.table("services").and_then(|table| table.line(&code));
    let line = line.ok_or_else(|| Error::NotFound("the table has no line of that code".into()))?;
    let selections: Vec<Selection> = line.selections(year).cloned().collect();
    // A rubric that was not collected in the year counts no record of it, however many fit; nor does an entered figure.
    let counts = line.is_collected(year) && !selections.is_empty();
    let years = if counts { vec![year] } else { vec![i32::MIN] };
    let filter = Filter { selections, years, ..Filter::default() };
    find_page(&app, &request, query, filter, None).await?.answer(&request, CellRecord::of)
}

fn unreadable(query: Query) -> Error {
    query.finish().err().unwrap_or_else(|| Error::Internal("no fault was noted".into()))
}
