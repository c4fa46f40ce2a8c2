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

use super::backlog::{self, Pending};
use super::lang::Lang;
use super::repository::{self, Kind};
use super::request::{
    Format, answer, format_parameter, lang_parameter, read_format, read_lang, read_year, read_years, rendered,
    year_parameters,
};
use super::table::{Basis, Development, Table, TableLine, round_half_even};
use crate::access::{Caller, Scope};
use crate::api::App;
use crate::api::edge::act;
use crate::api::endpoint::{Content, Endpoint, JSON, to_value};
use crate::api::http::{Body, json_body, to_json};
use crate::api::query::Query;
use crate::db::Db;
use crate::error::{self, Error, Fault, Result};
use crate::formats::svg::{Chart, Kind as ChartKind};
use crate::formats::{Cell, Sheet};
use crate::registers::validation::{self, Faults};
use crate::text;

/// The formats of the website's figures.
pub const FORMATS: [Format; 5] = [Format::Json, Format::Csv, Format::Xlsx, Format::Svg, Format::JsonStat];
/// The formats of the staff's figures.
pub const PLAIN: [Format; 4] = [Format::Json, Format::Csv, Format::Xlsx, Format::JsonStat];

/// A document that visitors of the website took.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// What it is called.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 300)]
    title: Option<String>,
    /// How often it was taken.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    count: Option<i64>,
}

/// The website's figures of a year.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebsiteFigures {
    /// How many visitors it had.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    visitors: Option<i64>,
    /// How many pages they looked at.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    page_views: Option<i64>,
    /// What was downloaded most.
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
    let of_year = |kind: Kind, path: &str, name: &str, what: &str, schema: &str, example: &Value| {
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
            Kind::Website,
            "/v1/website-figures/{year}",
            "website_figures",
            "the website's figures",
            "WebsiteFigures",
            &website,
        )
        .map(Endpoint::schema::<WebsiteFigures>),
    );
    all.extend(
        of_year(Kind::Staffing, "/v1/staffing/{year}", "staffing", "the staff", "Staffing", &staffing)
            .map(Endpoint::schema::<Staffing>),
    );
    all.push(website_endpoint());
    all.push(staffing_endpoint());
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

fn staffing_endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.push(format_parameter(&PLAIN));
    let example = json!({"from": 2017, "to": 2017, "items": [{
        "year": 2017, "positions_percent": 180, "new_cases": 331, "pending": 17,
        "new_cases_per_position": 183.9, "pending_per_position": 9.4
    }]});
    let number = |what: &str| json!({"type": ["number", "null"], "minimum": 0, "description": what});
    let count = |what: &str| json!({"type": ["integer", "null"], "format": "int64", "minimum": 0, "description": what});
    Endpoint::get("/v1/statistics/staffing", staffing)
        .named("get_staffing_statistics", "statistics", "Compare work and staff")
        .described("New cases (the last line of the services table) and what was pending at the end of each year, per full position.")
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch"])
        .query(parameters)
        .answers(200, "The figures", &["ETag"], vec![
            Content::json("StaffingStatistics", example),
            Format::Csv.content("year;positions_percent;new_cases;pending;new_cases_per_position;pending_per_position"),
            Format::Xlsx.content(""),
            Format::JsonStat.content(""),
        ])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value("StaffingStatistics", json!({
            "type": "object", "description": "Work and staff.", "required": ["from", "to", "items"],
            "properties": {
                "from": {"type": "integer", "description": "The first year."},
                "to": {"type": "integer", "description": "The last year."},
                "items": {"type": "array", "description": "The years.", "items": {
                    "type": "object", "required": ["year"],
                    "properties": {
                        "year": {"type": "integer", "description": "The year."},
                        "positions_percent": count("Positions in percent."),
                        "new_cases": count("New cases."),
                        "pending": count("Pending at the end of the year, over all registers but media requests and events."),
                        "new_cases_per_position": number("New cases per full position, to one decimal."),
                        "pending_per_position": number("Pending per full position, to one decimal.")
                    }
                }}
            }
        }))
}

async fn get(kind: Kind, app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    query.finish()?;
    let found = app.database.read(move |db| repository::year_figures(db, kind, &(year..=year))).await?.remove(&year);
    let found = found.ok_or_else(|| Error::NotFound(format!("nothing was entered for {year}")))?;
    Ok(answer(&request, JSON, to_json(&found)?))
}

async fn put(
    kind: Kind,
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
    let mut body = json_body(&request, &body)?;
    text::normalise(&mut body, &mut faults);
    let Value::Object(map) = body else {
        return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
    };
    let read = match kind {
        Kind::Website => validation::read::<WebsiteFigures>(map, &mut faults).map(|read| to_value(&read)),
        Kind::Staffing => validation::read::<Staffing>(map, &mut faults).map(|read| to_value(&read)),
    };
    faults.into_result()?;
    let mut body = read.ok_or_else(|| Error::Internal("an unreadable body has no fault".into()))?;
    if kind == Kind::Website && body["downloads"].is_null() {
        body["downloads"] = json!([]);
    }
    let by = act(&app, &caller, &request);
    let kept = body.clone();
    let new = app.database.write(move |db| repository::set_year_figures(db, kind, year, &kept, &by)).await?;
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
pub fn website_table(found: &BTreeMap<i32, Value>, years: RangeInclusive<i32>, lang: Lang) -> Table {
    let labels = match lang {
        Lang::De => ["Besucherinnen und Besucher", "pro Tag", "Seitenaufrufe", "pro Tag"],
        Lang::Fr => ["Visiteurs", "par jour", "Pages vues", "par jour"],
        Lang::It => ["Visitatori", "al giorno", "Pagine viste", "al giorno"],
        Lang::En => ["Visitors", "per day", "Page views", "per day"],
    };
    let value = |year: i32, property: &str| found.get(&year).and_then(|figures| figures[property].as_i64());
    let per_day = |year: i32, property: &str| {
        value(year, property).map(|number| round_half_even(number.into(), days_of(year).into()) as i64)
    };
    let line = |code: &str, label: &str, level: u8, values: Vec<Option<i64>>| {
        let development = match values.as_slice() {
            [.., Some(before), Some(after)] => Some(tenths(*before, *after)),
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
    Table { from, to, years: years.collect(), lines, footnotes: vec![], warnings: vec![], sources: vec![] }
}

/// A document that visitors of the website took in a year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Downloaded {
    /// The year.
    pub year: i32,
    /// What it is called.
    pub title: String,
    /// How often it was taken.
    pub count: i64,
}

/// What was downloaded in the years, most first: what was entered with the website's figures, and what is known of
/// publications that everybody may see. Of a title that is in both, what was entered counts.
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
        let found = repository::year_figures(db, Kind::Website, &asked)?;
        let downloads = downloads(db, &found, &asked)?;
        Ok((found, downloads))
    };
    let (found, downloads) = app.database.read(read).await?;
    let table = website_table(&found, years, lang);
    let mut body = to_value(&table);
    body["downloads"] = downloads.iter().map(to_value).collect();
    let chart = || {
        let series = [0, 2].map(|index| table.lines[index].series());
        let categories = table.years.iter().map(i32::to_string).collect();
        Some(Chart { title: "Website".into(), kind: ChartKind::Lines, categories, series: series.to_vec(), note: None })
    };
    let sheet = || if format == Format::JsonStat { table.by_year("website") } else { table.sheet("website") };
    rendered(&request, format, &body, sheet, chart)
}

/// The staff of a year, and its work.
#[derive(Clone, Debug, PartialEq)]
pub struct StaffYear {
    /// The year.
    pub year: i32,
    /// Positions in percent.
    pub percent: Option<i64>,
    /// New cases.
    pub new: Option<i64>,
    /// Pending at the end of the year.
    pub pending: Option<i64>,
}

impl StaffYear {
    /// New cases for each full position, to one decimal.
    pub fn new_per_position(&self) -> Option<f64> {
        per_position(self.new, self.percent)
    }

    /// Pending for each full position, to one decimal.
    pub fn pending_per_position(&self) -> Option<f64> {
        per_position(self.pending, self.percent)
    }
}

fn per_position(number: Option<i64>, percent: Option<i64>) -> Option<f64> {
    Some(round_half_even(1000 * i128::from(number?), percent?.into()) as f64 / 10.0)
}

/// The staff of the years of a services table, whose last line is the total of the new cases.
pub fn staff_years(db: &mut Db, services: &Table, pending: &[Pending]) -> Result<Vec<StaffYear>> {
    let staff = repository::year_figures(db, Kind::Staffing, &(services.from..=services.to))?;
    // Media requests and events are no matters that stay pending.
    let open = |year: i32| {
        let rows =
            pending.iter().filter(|row| row.period == year && !["media-requests", "events"].contains(&row.register));
        rows.map(|row| row.closing()).sum::<i64>()
    };
    let total = services.lines.last();
    let of_year = |(index, year): (usize, &i32)| {
        let percent = staff.get(year).and_then(|figures| figures["positions_percent"].as_i64());
        let live = total.is_some_and(|line| line.basis[index] == Basis::Live);
        StaffYear {
            year: *year,
            percent,
            new: total.and_then(|line| line.values[index]),
            pending: (live || open(*year) > 0).then(|| open(*year)),
        }
    };
    Ok(services.years.iter().enumerate().map(of_year).collect())
}

async fn staffing(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &PLAIN)?;
    let years = read_years(&app, &mut query);
    query.finish()?;
    let (asked, state) = (years.clone(), app.clone());
    let read = move |db: &mut Db| {
        let layout = state.layouts.get(None).ok_or_else(|| Error::Internal("no layout".into()))?;
        let services = layout.table("services").ok_or_else(|| Error::Internal("no table".into()))?;
        let table = repository::table(db, layout, services, Lang::De, asked.clone())?;
        let pending = backlog::pending(db, &asked, false, &[])?;
        staff_years(db, &table, &pending)
    };
    let rows = app.database.read(read).await?;
    let item = |row: &StaffYear| {
        json!({
            "year": row.year, "positions_percent": row.percent, "new_cases": row.new, "pending": row.pending,
            "new_cases_per_position": row.new_per_position(), "pending_per_position": row.pending_per_position()
        })
    };
    let items: Vec<Value> = rows.iter().map(item).collect();
    let body = json!({"from": years.start(), "to": years.end(), "items": items});
    rendered(&request, format, &body, || staff_sheet(&rows), || None)
}

fn staff_sheet(rows: &[StaffYear]) -> Sheet {
    let header =
        ["year", "positions_percent", "new_cases", "pending", "new_cases_per_position", "pending_per_position"];
    let row = |row: &StaffYear| -> Vec<Cell> {
        let counts = [row.percent, row.new, row.pending].map(Cell::from);
        let shares = [row.new_per_position(), row.pending_per_position()].map(Cell::from);
        std::iter::once(Cell::Number(row.year.into())).chain(counts).chain(shares).collect()
    };
    Sheet {
        name: "staffing".into(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.iter().map(row).collect(),
        keys: 1,
        ..Sheet::default()
    }
}
