//! Figures of a year that are no counts of records: the website's, and the staff's.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::lang::Lang;
use super::provisional::Progress;
use super::repository::{self, FiguresKind};
use super::request::{
    Format, answer, format_parameter, lang_parameter, read_format, read_lang, read_year, read_years, rendered,
    year_parameters,
};
use super::table::{Basis, Development, Source, Table, TableLine, round_half_even};
use crate::api::App;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, JSON, to_value};
use crate::api::http::{Body, json_body, to_json};
use crate::api::query::Query;
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::error::{self, Error, Fault, Result};
use crate::formats::svg::{Chart, ChartKind};
use crate::registers::validation::{self, Faults};
use crate::text;

/// The formats of the website's figures.
pub const FORMATS: [Format; 5] = [Format::Json, Format::Csv, Format::Xlsx, Format::Svg, Format::JsonStat];

/// A document that visitors of the website took.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// The title of the document.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 300)]
    title: Option<String>,
    /// The number of times that the document was taken.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    count: Option<i64>,
}

/// The website's figures of a year.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebsiteFigures {
    /// The number of visitors of the website.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    visitors: Option<i64>,
    /// The number of pages that the visitors looked at.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    page_views: Option<i64>,
    /// The documents that were downloaded most.
    #[serde(default)]
    #[validate(length(max = 100), nested)]
    #[schema(max_items = 100)]
    downloads: Option<Vec<Download>>,
}

/// The authority's staff in a year.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Staffing {
    /// Positions in percent: 180 is one full position and another of 80 %.
    #[serde(default)]
    #[validate(required, range(min = 1, max = 100_000))]
    #[schema(required, minimum = 1, maximum = 100_000)]
    positions_percent: Option<i64>,
}

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let website = json!({"visitors": 3298, "page_views": 9937, "downloads": [{"title": "Merkblatt Datenschutz in der Schule", "count": 61}]});
    let staffing = json!({"positions_percent": 180});
    let of_year = |kind: FiguresKind, path: &str, name: &str, what: &str, schema: &str, example: &Value| {
        [
            Endpoint::get(path, move |app: Data<App>, request: HttpRequest, year: Path<String>| {
                get(kind, app, request, year)
            })
            .named(format!("get_{name}"), "statistics", format!("Read {what} of a year"))
            .described("The figures as they were entered.")
            .scope(Scope::StatisticsRead)
            .headers(&["IfNoneMatch"])
            .answers(200, "The figures", &["ETag"], vec![Content::json(schema, example.clone())])
            .problems(&[&error::NOT_FOUND])
            .answers(304, "Unchanged", &["ETag"], vec![]),
            Endpoint::new(
                Method::PUT,
                path,
                move |app: Data<App>, caller: Caller, request: HttpRequest, year: Path<String>, body: Body| {
                    put(kind, app, caller, request, year, body)
                },
            )
            .named(format!("set_{name}"), "statistics", format!("Enter {what} of a year"))
            .described("Replaces what was entered before.")
            .scope(Scope::StatisticsPublish)
            .body(vec![Content::json(schema, example.clone())])
            .answers(200, "Replaced", &["ETag"], vec![Content::json(schema, example.clone())])
            .answers(201, "Entered", &["ETag"], vec![Content::json(schema, example.clone())]),
        ]
    };
    let mut all = Vec::new();
    all.extend(
        of_year(
            FiguresKind::Website,
            "/v1/website-figures/{year}",
            "website_figures",
            "the website's figures",
            "WebsiteFigures",
            &website,
        )
        .map(Endpoint::schema::<WebsiteFigures>),
    );
    all.extend(
        of_year(FiguresKind::Staffing, "/v1/staffing/{year}", "staffing", "the staff", "Staffing", &staffing)
            .map(Endpoint::schema::<Staffing>),
    );
    all.push(website_endpoint());
    all
}

fn website_endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([lang_parameter(), format_parameter(&FORMATS)]);
    let example = json!({
        "from": 2016, "to": 2017, "years": [2016, 2017],
        "lines": [{
            "code": "website.page_views", "label": "Seitenaufrufe", "level": 1, "values": [8476, 9937],
            "basis": ["LIVE", "LIVE"], "development": {"absolute": 1461, "percent": 17.24, "display": "+17.2%"}, "footnotes": []
        }],
        "footnotes": [], "warnings": [], "sources": [],
        "downloads": [{"year": 2017, "title": "Merkblatt Datenschutz in der Schule", "count": 61}]
    });
    Endpoint::get("/v1/statistics/website", website)
        .named("get_website_statistics", "statistics", "See how the website was used")
        .described(
            "Visitors and page views of each year, and per day (rounded half to even over the days of the year), in \
             the shape of the services table; and what was downloaded, most first, as it was entered or as the \
             register of publications says of what is published. Developments are in tenths of a percent and compare the values shown. \
             A value is null where none was entered.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(parameters)
        .answers(
            200,
            "The figures",
            &["ETag"],
            vec![
                Content::json("WebsiteTable", example),
                Format::Csv.content("code;label;2016;2017;development;development_percent;footnotes"),
                Format::Xlsx.content(""),
                Format::Svg.content(""),
                Format::JsonStat.content(""),
            ],
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema::<Table>()
        .schema_value(
            "WebsiteTable",
            json!({"allOf": [
            {"$ref": "#/components/schemas/Table"},
            {"type": "object", "required": ["downloads"], "properties": {"downloads": {
                "type": "array", "description": "What was downloaded most.", "items": {
                    "type": "object", "required": ["year", "title", "count"],
                    "properties": {
                        "year": {"type": "integer", "description": "The year."},
                        "title": {"type": "string", "description": "The document."},
                        "count": {"type": "integer", "format": "int64", "minimum": 0, "description": "How often."}
                    }
                }
            }}}
        ], "description": "The website's figures."}),
        )
}

async fn get(kind: FiguresKind, app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    query.finish()?;
    let found = app.database.read(move |db| repository::year_figures(db, kind, &(year..=year))).await?.remove(&year);
    let found = found.ok_or_else(|| Error::NotFound(format!("nothing was entered for {year}")))?;
    Ok(answer(&request, JSON, to_json(&found)?))
}

async fn put(
    kind: FiguresKind,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    query.finish()?;
    let mut faults = Faults::default();
    // Staff is planned, but nobody has visited the website in a year that has not begun.
    if kind == FiguresKind::Website && Progress::of(year, app.clock.today()) == Progress::Ahead {
        faults.add("", "in_future", "a year that has not begun has no figures");
    }
    let mut body = json_body(&request, &body)?;
    text::normalise(&mut body, &mut faults);
    let Value::Object(map) = body else {
        return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
    };
    let read = match kind {
        FiguresKind::Website => validation::read::<WebsiteFigures>(map, &mut faults).map(|read| to_value(&read)),
        FiguresKind::Staffing => validation::read::<Staffing>(map, &mut faults).map(|read| to_value(&read)),
    };
    faults.into_result()?;
    let mut body = read.ok_or_else(|| Error::Internal("an unreadable body has no fault".into()))?;
    if kind == FiguresKind::Website && body["downloads"].is_null() {
        body["downloads"] = json!([]);
    }
    let by = operation_context(&app, &caller, &request);
    let kept = body.clone();
    let new = app.database.write(move |tx| repository::set_year_figures(tx, kind, year, &kept, &by)).await?;
    let body = to_json(&body)?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let tag = crate::api::http::content_tag(&body);
    Ok(HttpResponse::build(status).insert_header(("etag", tag)).insert_header(("content-type", JSON)).body(body))
}

fn days_of(year: i32) -> i64 {
    if NaiveDate::from_ymd_opt(year, 2, 29).is_some() { 366 } else { 365 }
}

/// A development in tenths of a percent.
fn tenths(before: i64, after: i64) -> Development {
    let mut out = Development::between(before, after);
    if before != 0 {
        let tenths = round_half_even(1000 * i128::from(after - before), before.into());
        let sign = match tenths {
            1.. => "+",
            0 => "",
            _ => "-",
        };
        out.display = format!("{sign}{}.{}%", tenths.abs() / 10, tenths.abs() % 10);
    }
    out
}

/// The website's table of some years.
pub fn website_table(found: &BTreeMap<i32, Value>, years: RangeInclusive<i32>, lang: Lang, today: NaiveDate) -> Table {
    let labels = match lang {
        Lang::De => ["Besucherinnen und Besucher", "pro Tag", "Seitenaufrufe", "pro Tag"],
        Lang::Fr => ["Visiteurs", "par jour", "Pages vues", "par jour"],
        Lang::It => ["Visitatori", "al giorno", "Pagine viste", "al giorno"],
        Lang::En => ["Visitors", "per day", "Page views", "per day"],
    };
    let value = |year: i32, property: &str| found.get(&year).and_then(|figures| figures[property].as_i64());
    // Nobody knows how many of the days of a year that is running the figures are of.
    let per_day = |year: i32, property: &str| {
        let number = value(year, property).filter(|_| Progress::of(year, today) == Progress::Over)?;
        Some(round_half_even(number.into(), days_of(year).into()) as i64)
    };
    let source = |year: i32| {
        let basis = if found.contains_key(&year) { Basis::Live } else { Basis::None };
        Source::live(year, basis, today)
    };
    let sources: Vec<Source> = years.clone().map(source).collect();
    let compares = !sources.iter().rev().take(2).any(|source| source.provisional);
    let line = |code: &str, label: &str, level: u8, values: Vec<Option<i64>>| {
        let development = match values.as_slice() {
            [.., Some(before), Some(after)] if compares => Some(tenths(*before, *after)),
            _ => None,
        };
        let basis = values.iter().map(|value| if value.is_some() { Basis::Live } else { Basis::None }).collect();
        TableLine {
            code: code.into(),
            label: label.into(),
            level,
            values,
            suppressed: vec![],
            basis,
            development,
            footnotes: vec![],
        }
    };
    let lines = vec![
        line("website.visitors", labels[0], 1, years.clone().map(|year| value(year, "visitors")).collect()),
        line("website.visitors_per_day", labels[1], 2, years.clone().map(|year| per_day(year, "visitors")).collect()),
        line("website.page_views", labels[2], 1, years.clone().map(|year| value(year, "page_views")).collect()),
        line(
            "website.page_views_per_day",
            labels[3],
            2,
            years.clone().map(|year| per_day(year, "page_views")).collect(),
        ),
    ];
    let (from, to) = (*years.start(), *years.end());
    let provisional = sources.iter().any(|source| source.provisional);
    Table { from, to, years: years.collect(), provisional, lines, footnotes: vec![], warnings: vec![], sources, lang }
}

/// A document that visitors of the website took in a year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Downloaded {
    /// The year.
    pub year: i32,
    /// The title of the document.
    pub title: String,
    /// The number of times that the document was taken.
    pub count: i64,
}

/// Returns the downloads of the years, most first: those entered with the website's figures, and those known of
/// publications that everybody may see. For a title in both, the entered count is taken.
pub fn downloads(db: &mut Db, found: &BTreeMap<i32, Value>, years: &RangeInclusive<i32>) -> Result<Vec<Downloaded>> {
    let entered = found.iter().flat_map(|(year, figures)| {
        figures["downloads"].as_array().into_iter().flatten().filter_map(|download| {
            let (title, count) = (download["title"].as_str()?.to_owned(), download["count"].as_i64()?);
            Some(Downloaded { year: *year, title, count })
        })
    });
    let mut all: Vec<Downloaded> = entered.collect();
    let mut known: HashSet<(i32, String)> =
        all.iter().map(|download| (download.year, download.title.clone())).collect();
    for (title, year, count) in repository::publication_downloads(db)? {
        if years.contains(&year) && known.insert((year, title.clone())) {
            all.push(Downloaded { year, title, count });
        }
    }
    all.sort_by(|one, other| (one.year, other.count, &one.title).cmp(&(other.year, one.count, &other.title)));
    Ok(all)
}

async fn website(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let lang = read_lang(&request, &mut query);
    let years = read_years(&app, &mut query);
    query.finish()?;
    let asked = years.clone();
    let read = move |db: &mut Db| {
        let found = repository::year_figures(db, FiguresKind::Website, &asked)?;
        let downloads = downloads(db, &found, &asked)?;
        Ok((found, downloads))
    };
    let (found, downloads) = app.database.read(read).await?;
    let table = website_table(&found, years, lang, app.clock.today());
    let mut body = to_value(&table);
    body["downloads"] = downloads.iter().map(to_value).collect();
    let chart = || {
        let series = [0, 2].map(|index| table.lines[index].series());
        let (categories, remarks) = (table.year_labels(), table.provisional_remarks());
        let (title, series) = ("Website".to_owned(), series.to_vec());
        Some(Chart { title, kind: ChartKind::Lines, categories, series, note: None, remarks })
    };
    let sheet = || if format == Format::JsonStat { table.by_year("website") } else { table.sheet("website") };
    rendered(&request, format, &body, sheet, chart)
}
