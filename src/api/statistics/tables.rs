//! The tables of the layouts. None of them shows personal data.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON, Reach};
use crate::api::formats::{contents, format_parameter};
use crate::api::public_address::prefix;
use crate::api::query::{Parameter, Query};
use crate::api::statistics::request::{
    answer, lang_parameter, layout_parameter, read_form, read_lang, read_layout, read_layout_name, read_years_until,
    rendered, shape_parameter,
};
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::error::{self, Error, Result};
use crate::formats::Offer;
use crate::json::to_json;
use crate::json::to_value;
use crate::statistics::layout::{Layout, LineSource, TABLES, TableLayout};
use crate::statistics::repository::TableRequest;
use crate::statistics::table::Table;
use crate::statistics::{public, publications, repository};

/// The formats of tables.
pub const OFFER: Offer = Offer::WithChart;
/// The endpoints of the statistics.
pub fn endpoints() -> Vec<Endpoint> {
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
    all.extend([layouts_endpoint(), tables_endpoint(), named_table_endpoint()]);
    all
}

fn named_table_endpoint() -> Endpoint {
    let described = "Any table of a layout, in the shape of the services table; `/v1/statistics/tables` lists them.";
    drawn_endpoint(
        "/v1/statistics/tables/{table}".into(),
        |app: Data<App>, caller: Option<Caller>, request: HttpRequest, name: Path<String>| {
            table(name.into_inner(), app, caller, request)
        },
    )
    .named("get_table", "statistics", "A table of a layout")
    .described(format!("{described} {DRAWN}"))
    .problems(&[&error::NOT_FOUND])
}

const DRAWN: &str = "Where the statistics are public no token is needed: then published years alone are shown, and \
    small numbers are hidden, with those that they could be computed from (`suppressed`). Without `from` and `to`: the six years up to the last complete one; at most 50 years. A value is \
    null where the rubric was not collected, which is not 0; a year before the first record, or one that has not \
    begun, has the basis `NONE`. Figures of a year that is not over are `provisional`, and have no development.";

fn table_endpoint(name: &'static str, summary: &str, description: &str) -> Endpoint {
    drawn_endpoint(
        format!("/v1/statistics/{name}"),
        move |app: Data<App>, caller: Option<Caller>, request: HttpRequest| {
            table(name.to_owned(), app, caller, request)
        },
    )
    .named(format!("get_{}_statistics", name.replace('-', "_")), "statistics", summary)
    .described(format!("{description} {DRAWN}"))
}

fn drawn_endpoint<F, Args>(path: String, handler: F) -> Endpoint
where
    F: actix_web::Handler<Args> + Clone + Send + Sync,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    Endpoint::get(path, handler)
        .scope(Scope::StatisticsRead)
        .figures()
        .public_statistics()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![
            Parameter::year("from", "The first year", 2012),
            Parameter::year("to", "The last year", 2017),
            layout_parameter(),
            shape_parameter(),
            lang_parameter(),
            Parameter::one(
                "chart",
                "Which chart of the table, for `format=svg`; without it the first one",
                json!({"type": "integer", "minimum": 1, "maximum": 100}),
                Value::Null,
            ),
            format_parameter(&OFFER.formats(), "json"),
        ])
        .with_notes(true)
        .answers(
            200,
            "The table",
            &["ETag", "ContentDisposition", "Link"],
            contents(
                &OFFER.formats(),
                Some(&Content::json::<Table>(table_example())),
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
        "name": "yearly", "title": "Dienstleistungen der Aufsichtsstelle", "tables": TABLES
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

fn tables_endpoint() -> Endpoint {
    let example = json!({"layout": "yearly", "items": [{
        "name": "services", "title": "Dienstleistungen", "lines": 18, "charts": 1, "path": "/v1/statistics/tables/services"
    }]});
    Endpoint::get("/v1/statistics/tables", tables)
        .named("list_tables", "statistics", "List the tables")
        .described("The tables of a layout in their order.")
        .scope(Scope::StatisticsRead)
        .reaches(Reach::Nothing)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![layout_parameter(), lang_parameter()])
        .answers(200, "The tables", &["ETag"], vec![Content::json::<TableList>(example)])
        .answers(304, "Unchanged", &["ETag"], vec![])
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
    tables: Vec<String>,
}

/// The tables of a layout.
#[derive(Serialize, ToSchema)]
#[schema(as = Tables)]
struct TableList {
    /// The layout.
    layout: String,
    /// The tables in their order.
    #[schema(inline)]
    items: Vec<TableSummary>,
}

/// A table in short.
#[derive(Serialize, ToSchema)]
struct TableSummary {
    /// Its name.
    name: String,
    /// The title of the table, in the language asked for.
    title: String,
    /// The number of its lines.
    lines: usize,
    /// The number of its charts.
    charts: usize,
    /// The day on which its years begin, as month and day; absent where they are calendar years.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "04-01")]
    starts: Option<String>,
    /// The path of its figures, with the one that a proxy takes away, and the layout where it is not the usual one.
    path: String,
}

async fn table(name: String, app: Data<App>, caller: Option<Caller>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let form = read_form(&request, &mut query, OFFER)?;
    let lang = form.lang;
    let is_public = caller.is_none();
    let chosen = match is_public {
        true => crate::api::statistics::public::read_layout(&app, &mut query)
            .map(|layout| layout.name.clone())
            .unwrap_or_default(),
        false => read_layout_name(&app, &mut query).await?,
    };
    let layout = app.profile.layouts.get(Some(&chosen));
    let today = app.clock.today();
    let period = layout.and_then(|layout| layout.table(&name)).map(|table| table.period).unwrap_or_default();
    let years = read_years_until(period.year_of(today) - 1, &mut query);
    let number = query.number("chart", 1..=100).unwrap_or(1);
    query.finish()?;
    let (state, asked, wanted) = (app.clone(), chosen.clone(), name.clone());
    let read = move |db: &mut Db| {
        let wanted = TableRequest { layout: &asked, table: &wanted, lang, years: years.clone(), today };
        drawn(db, &state, is_public, &wanted)
    };
    let table = app.database.read(read).await?;
    let lines = layout.and_then(|layout| layout.table(&name));
    let chart = || Some(table.chart(lines?.charts.get(usize::try_from(number - 1).ok()?)?));
    let sheet = || match form.is_long {
        true => table.long_sheet(&name),
        false if form.format.is_of_observations() => table.by_year(&name, lines.map(sums).unwrap_or_default()),
        false => table.sheet(&name),
    };
    let title = layout.zip(lines).map_or(name.as_str(), |(layout, lines)| layout.title_of(lines).get(lang)).to_owned();
    let value = if form.is_long { to_value(&table.clone().in_long_shape()) } else { to_value(&table) };
    rendered(&request, form, &value, (title, sheet), chart)
}

/// Draws the table that is wanted, as everybody or as who has a token may see it.
fn drawn(db: &mut Db, app: &App, is_public: bool, wanted: &TableRequest) -> Result<Table> {
    let layout = app.profile.layouts.get(Some(wanted.layout));
    if layout.is_none_or(|layout| layout.table(wanted.table).is_none())
        && (is_public || !publications::has_table(db, &app.profile.layouts.names_of(wanted.layout), wanted.table)?)
    {
        return Err(no_table(layout, wanted.layout, wanted.table));
    }
    match (&app.public, layout) {
        (Some(suppression), Some(layout)) if is_public => public::table(db, suppression, layout, wanted),
        _ => repository::table(db, layout, wanted),
    }
}

/// The codes of the lines that are sums of others, or should be by the first check of theirs, with those of their parts.
fn sums(table: &TableLayout) -> BTreeMap<String, Vec<String>> {
    let mut sums = BTreeMap::new();
    for check in &table.checks {
        sums.entry(check.whole.clone()).or_insert_with(|| check.parts.clone());
    }
    for line in &table.lines {
        if let LineSource::Sum(parts) = &line.source {
            sums.insert(line.code.clone(), parts.clone());
        }
    }
    sums
}

/// The refusal of a table that a layout does not have.
pub(super) fn no_table(layout: Option<&Layout>, name: &str, table: &str) -> Error {
    let known: Vec<&str> = layout.into_iter().flat_map(Layout::tables).map(|table| table.name.as_str()).collect();
    Error::NotFound(format!("the layout {name} has no table {table}; it has {}", known.join(", ")))
}

async fn layouts(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let shown = |layout: &Layout| {
        let (name, title) = (layout.name.clone(), layout.title.get(lang).to_owned());
        LayoutSummary { name, title, tables: layout.tables().map(|table| table.name.clone()).collect() }
    };
    let items = app.profile.layouts.iter().map(shown).collect();
    Ok(answer(&request, JSON, to_json(&LayoutList { items })?))
}

async fn tables(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    let layout = read_layout(&app, &mut query);
    query.finish()?;
    let layout = layout.ok_or_else(|| Error::Internal("no layout".into()))?;
    let prefix = prefix(&app.config, &request);
    let is_usual = app.profile.layouts.get(None).is_some_and(|usual| usual.name == layout.name);
    let choice = if is_usual { String::new() } else { format!("?layout={}", layout.name) };
    let shown = |table: &TableLayout| TableSummary {
        name: table.name.clone(),
        title: layout.title_of(table).get(lang).to_owned(),
        lines: table.lines.len(),
        charts: table.charts.len(),
        starts: (!table.period.is_calendar()).then(|| table.period.starts()),
        path: format!("{prefix}/v1/statistics/tables/{}{choice}", table.name),
    };
    let items = layout.tables().map(shown).collect();
    Ok(answer(&request, JSON, to_json(&TableList { layout: layout.name.clone(), items })?))
}
