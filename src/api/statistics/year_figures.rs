//! Figures that people enter for a year, over HTTP.

use crate::api::App;
use crate::api::call::Call;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::formats::{contents, format_parameter};
use crate::api::http::{Body, json_body};
use crate::api::query::Query;
use crate::api::statistics::request::{
    answer, lang_parameter, read_form, read_year, read_years, rendered, shape_parameter, year_parameters,
};
use crate::auth::Scope;
use crate::db::Db;
use crate::error::{self, Error, Fault, Result};
use crate::faults::Faults;
use crate::formats::Offer;
use crate::formats::chart::{Chart, ChartKind};
use crate::json::to_json;
use crate::json::to_value;
use crate::registers::validation::{self};
use crate::statistics::provisional::Progress;
use crate::statistics::repository::{self, FiguresKind};
use crate::statistics::table::Table;
use crate::statistics::year_figures::{Downloaded, Staffing, WebsiteFigures, downloads, website_table};
use crate::text;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The formats of the website's figures.
pub const OFFER: Offer = Offer::WithChart;

/// Figures of a kind as the API document calls them.
struct FiguresOfYear {
    kind: FiguresKind,
    path: &'static str,
    name: &'static str,
    words: &'static str,
    content: Content,
}

impl FiguresOfYear {
    fn content(&self) -> Vec<Content> {
        vec![self.content.clone()]
    }

    fn get_endpoint(&self) -> Endpoint {
        let kind = self.kind;
        Endpoint::get(self.path, move |app: Data<App>, request: HttpRequest, year: Path<String>| {
            get(kind, app, request, year)
        })
        .named(format!("get_{}", self.name), "statistics", format!("Read {} of a year", self.words))
        .described("The figures as they were entered.")
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch"])
        .answers(200, "The figures", &["ETag"], self.content())
        .problems(&[&error::NOT_FOUND])
        .answers(304, "Unchanged", &["ETag"], vec![])
    }

    fn set_endpoint(&self) -> Endpoint {
        let kind = self.kind;
        Endpoint::new(Method::PUT, self.path, move |call: Call, year: Path<String>, body: Body| {
            put(kind, call, year, body)
        })
        .named(format!("set_{}", self.name), "statistics", format!("Enter {} of a year", self.words))
        .described("Replaces what was entered before.")
        .scope(Scope::StatisticsPublish)
        .body(self.content())
        .answers(200, "Replaced", &["ETag"], self.content())
        .answers(201, "Entered", &["ETag"], self.content())
    }
}

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let website = FiguresOfYear {
        kind: FiguresKind::Website,
        path: "/v1/website-figures/{year}",
        name: "website_figures",
        words: "the website's figures",
        content: Content::json::<WebsiteFigures>(
            json!({"visitors": 3298, "page_views": 9937, "downloads": [{"title": "Merkblatt Datenschutz in der Schule", "count": 61}]}),
        ),
    };
    let staffing = FiguresOfYear {
        kind: FiguresKind::Staffing,
        path: "/v1/staffing/{year}",
        name: "staffing",
        words: "the staff",
        content: Content::json::<Staffing>(json!({"positions_percent": 180})),
    };
    vec![
        website.get_endpoint(),
        website.set_endpoint(),
        staffing.get_endpoint(),
        staffing.set_endpoint(),
        website_endpoint(),
    ]
}

fn website_endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([shape_parameter(), lang_parameter(), format_parameter(&OFFER.formats(), "json")]);
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
        .with_notes(true)
        .answers(
            200,
            "The figures",
            &["ETag", "ContentDisposition", "Link"],
            contents(&OFFER.formats(), Some(&Content::json::<WebsiteTable>(website_example())), &["code;label;2016;2017;development;development_percent;footnotes"]),
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
}

fn website_example() -> Value {
    json!({
        "from": 2016, "to": 2017, "years": [2016, 2017],
        "lines": [{
            "code": "website.page_views", "label": "Seitenaufrufe", "level": 1, "values": [8476, 9937],
            "basis": ["LIVE", "LIVE"], "development": {"absolute": 1461, "percent": 17.24, "display": "+17.2%"}, "footnotes": []
        }],
        "footnotes": [], "warnings": [], "sources": [],
        "downloads": [{"year": 2017, "title": "Merkblatt Datenschutz in der Schule", "count": 61}]
    })
}

/// The website's figures.
#[derive(Serialize, ToSchema)]
struct WebsiteTable {
    #[serde(flatten)]
    table: Table,
    /// The documents that were downloaded most.
    #[schema(inline)]
    downloads: Vec<Downloaded>,
}

async fn get(kind: FiguresKind, app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    query.finish()?;
    let read = move |db: &mut Db| repository::year_figures(db, kind, &(year..=year));
    let found = app.database.read_primary(read).await?.remove(&year);
    let found = found.ok_or_else(|| Error::NotFound(format!("nothing was entered for {year}")))?;
    Ok(answer(&request, JSON, to_json(&found)?))
}

async fn put(
    kind: FiguresKind,
    Call { app, caller, request }: Call,
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

async fn website(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let form = read_form(&request, &mut query, OFFER)?;
    let lang = form.lang;
    let years = read_years(&app, &mut query);
    query.finish()?;
    let asked = years.clone();
    let read = move |db: &mut Db| {
        let found = repository::year_figures(db, FiguresKind::Website, &asked)?;
        let downloads = downloads(db, &found, &asked)?;
        Ok((found, downloads))
    };
    let (found, downloads) = app.database.read(read).await?;
    let body = WebsiteTable { table: website_table(&found, years, lang, app.clock.today()), downloads };
    let table = &body.table;
    let sheet = || match form.is_long {
        true => table.long_sheet("website"),
        false if form.format.is_of_observations() => table.by_year("website", BTreeMap::new()),
        false => table.sheet("website"),
    };
    let chart = || {
        let series = [0, 2].map(|index| table.lines[index].series());
        let (categories, remarks) = (table.year_labels(), table.provisional_remarks());
        let (title, series) = ("Website".to_owned(), series.to_vec());
        let mark = lang.number_style().decimal;
        Some(Chart {
            title,
            kind: ChartKind::Lines,
            categories,
            series,
            note: None,
            remarks,
            mark,
            names: Default::default(),
        })
    };
    let title = (app.writing(lang).text("dataset-website"), sheet);
    if form.is_long {
        let long = WebsiteTable { table: table.clone().in_long_shape(), downloads: body.downloads.clone() };
        return rendered(&request, form, &long, title, chart);
    }
    rendered(&request, form, &body, title, chart)
}
